/** What an image's labels claim of its commit counts for the configured repository alone. */

import { expect, it } from 'vitest'
import { Digest } from '../../../src/domain/image.ts'
import type { ImageFacts } from '../../../src/domain/image-facts.ts'
import { Source } from '../../../src/domain/source.ts'
import { claimOf, readClaimedCommit } from '../../../src/verification/claimed-commit.ts'
import { aDigest, aPinnedImage } from '../../helpers/build.ts'
import { heldContent } from '../../helpers/held-content.ts'

const digest = Digest.parse(`sha256:${'1'.repeat(64)}`)
const id = 'a'.repeat(40)
const source = Source.parse({ github: 'acme/payments' })
const platform = { platform: 'linux/amd64', digest, layers: [], user: '', labels: {}, annotations: {} }
const claim = (repository = 'https://github.com/Acme/payments', revision = id) => ({
  'org.opencontainers.image.source': repository,
  'org.opencontainers.image.revision': revision,
})
const facts = (given: Partial<ImageFacts> = {}): ImageFacts => ({
  digest,
  annotations: {},
  platforms: [platform],
  ...given,
})

it.each([
  ['labels', facts({ platforms: [{ ...platform, labels: claim() }] })],
  ['annotations of the manifest', facts({ platforms: [{ ...platform, annotations: claim() }] })],
  ['annotations of the index', facts({ annotations: claim('https://github.com/acme/payments.git') })],
  ['all platforms alike', facts({ platforms: [platform, platform].map((one) => ({ ...one, labels: claim() })) })],
])('is taken from %s', (_title, given) => {
  expect(claimOf(given, source)).toEqual({ repository: 'https://github.com/acme/payments', id })
})

it.each([
  ['nothing', facts()],
  ['another repository', facts({ annotations: claim('https://github.com/mallory/payments') })],
  ['another host', facts({ annotations: claim('https://evil.example/acme/payments') })],
  ['a branch', facts({ annotations: claim(undefined, 'main') })],
  [
    'platforms that do not agree',
    facts({
      platforms: [
        { ...platform, labels: claim() },
        { ...platform, labels: claim(undefined, 'b'.repeat(40)) },
      ],
    }),
  ],
])('is not taken from %s', (_title, given) => {
  expect(claimOf(given, source)).toBeNull()
})

it('is not taken from a repository that only begins like ours', () => {
  const longer = Source.parse({ github: 'acme/paymentsx' })
  expect(claimOf(facts({ annotations: claim('https://github.com/acme/payments.gitx') }), longer)).toBeNull()
})

it('is read out of the registry; of what cannot be read there is none', async () => {
  const held = heldContent()
  const config = held.putBlob({ os: 'linux', architecture: 'amd64', config: { Labels: claim() } })
  const image = aPinnedImage({ digest: held.putManifest({ config, layers: [] }) })
  expect(await readClaimedCommit(held, image, source)).toMatchObject({ id })
  expect(await readClaimedCommit(held, aPinnedImage({ digest: aDigest() }), source)).toBeNull()
})
