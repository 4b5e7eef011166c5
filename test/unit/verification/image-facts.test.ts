import { describe, expect, it } from 'vitest'
import { Digest } from '../../../src/domain/image.ts'
import { err, ok } from '../../../src/domain/result.ts'
import { readImageFacts, type ContentSource } from '../../../src/verification/image-facts.ts'

const digest = (digit: string): Digest => Digest.parse(`sha256:${digit.repeat(64)}`)
const config = { os: 'linux', architecture: 'amd64', config: { User: '1000', Labels: { team: 'payments' } } }
const manifest = { config: { digest: digest('c') }, layers: [{ digest: digest('1'), size: 7 }] }
const index = {
  manifests: [
    { digest: digest('a'), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    { digest: digest('e'), platform: { os: 'unknown', architecture: 'unknown' } },
    { digest: digest('e'), annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
  ],
  annotations: { reviewed: 'yes' },
}

function sourceOf(content: Readonly<Record<string, unknown>>): ContentSource {
  const read = async (wanted: Digest) => {
    const found = content[wanted]
    if (found === undefined) return err({ reason: 'not-found' as const, detail: `${wanted} is not there` })
    return ok(new TextEncoder().encode(typeof found === 'string' ? found : JSON.stringify(found)))
  }
  return { manifest: read, blob: read }
}

describe('facts are read', () => {
  it('of an image', async () => {
    const facts = await readImageFacts(sourceOf({ [digest('a')]: manifest, [digest('c')]: config }), digest('a'))
    expect(facts).toEqual(
      ok({
        digest: digest('a'),
        annotations: {},
        platforms: [
          {
            platform: 'linux/amd64',
            digest: digest('a'),
            layers: manifest.layers,
            user: '1000',
            labels: { team: 'payments' },
            annotations: {},
          },
        ],
      }),
    )
  })

  it('of an index, without its attestations', async () => {
    const content = { [digest('f')]: index, [digest('a')]: manifest, [digest('c')]: config }
    const facts = await readImageFacts(sourceOf(content), digest('f'))
    expect(facts).toMatchObject(
      ok({ annotations: { reviewed: 'yes' }, platforms: [{ platform: 'linux/arm64/v8', digest: digest('a') }] }),
    )
  })

  it('of what Go writes for empty maps', async () => {
    const content = { [digest('a')]: { ...manifest, annotations: null }, [digest('c')]: { config: null } }
    expect(await readImageFacts(sourceOf(content), digest('a'))).toMatchObject(
      ok({ platforms: [{ platform: null, user: '', labels: {}, annotations: {} }] }),
    )
  })
})

describe('facts are taken', () => {
  const many = (count: number, value = 'x') =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}`, value]))
  const ofImage = (more: object, configured: object = config) =>
    readImageFacts(sourceOf({ [digest('a')]: { ...manifest, ...more }, [digest('c')]: configured }), digest('a'))

  it.each([
    [1_024, true],
    [1_025, false],
  ])('with %i annotations or labels: %s', async (count, expected) => {
    expect((await ofImage({ annotations: many(count) })).ok).toBe(expected)
    expect((await ofImage({}, { ...config, config: { Labels: many(count) } })).ok).toBe(expected)
  })

  it.each<[number, object, boolean]>([
    [64, {}, true],
    [65, {}, false],
    [256, { platform: { os: 'unknown', architecture: 'unknown' } }, true],
    [257, { platform: { os: 'unknown', architecture: 'unknown' } }, false],
  ])('of an index of %i entries %j: %s', async (count, more, expected) => {
    const manifests = Array.from({ length: count }, () => ({ digest: digest('a'), ...more }))
    const content = { [digest('f')]: { manifests }, [digest('a')]: manifest, [digest('c')]: config }
    expect((await readImageFacts(sourceOf(content), digest('f'))).ok).toBe(expected)
  })

  it.each([
    [{ os: 'linux' }, null],
    [{ architecture: 'arm64' }, null],
    [{ os: 'linux', architecture: 'arm64', config: { User: null } }, 'linux/arm64'],
  ])('by a configuration of %j as %s, without a user', async (configured, platform) => {
    expect(await ofImage({}, configured)).toMatchObject(ok({ platforms: [{ platform, user: '' }] }))
  })
})

describe('facts are refused', () => {
  const layers = Array.from({ length: 1_025 }, () => manifest.layers[0])
  const manifests = Array.from({ length: 65 }, () => ({ digest: digest('a') }))
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['the manifest is not there', {}, 'not-found'],
    ['the manifest is not JSON', { [digest('a')]: 'nope' }, 'malformed'],
    ['the manifest is not one', { [digest('a')]: { layers: 3 } }, 'malformed'],
    ['the manifest is null', { [digest('a')]: 'null' }, 'malformed'],
    ['the manifest is a number', { [digest('a')]: '3' }, 'malformed'],
    [
      'the configuration of a platform is not there',
      { [digest('a')]: { manifests: [{ digest: digest('b') }] }, [digest('b')]: manifest },
      'not-found',
    ],
    ['the configuration is not there', { [digest('a')]: manifest }, 'not-found'],
    ['the configuration is not JSON', { [digest('a')]: manifest, [digest('c')]: '{' }, 'malformed'],
    ['it has too many layers', { [digest('a')]: { ...manifest, layers } }, 'malformed'],
    ['it has too many platforms', { [digest('a')]: { manifests } }, 'too-large'],
    ['the index is not well formed', { [digest('a')]: { manifests: [{ digest: 'x' }] } }, 'malformed'],
    ['a platform is not there', { [digest('a')]: { manifests: [{ digest: digest('b') }] } }, 'not-found'],
  ])('where %s', async (_title, content, reason) => {
    const facts = await readImageFacts(sourceOf(content), digest('a'))
    expect(facts).toMatchObject({ ok: false, error: { reason } })
  })
})
