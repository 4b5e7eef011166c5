/** The verifier of the pipeline over a registry: what is pushed beside an image, and what it comes to under a policy. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf } from '../../src/cli/demo/image.ts'
import { startRegistry, type LocalRegistry } from '../../src/cli/demo/registry.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createRegistries } from '../../src/clients/registry/registries.ts'
import { PinnedImage, Registry, type Digest } from '../../src/domain/image.ts'
import type { Requirement } from '../../src/domain/verification-policy.ts'
import { createVerifier } from '../../src/verification/create-verifier.ts'
import type { Question, Verified } from '../../src/verification/verifier.ts'
import { layersArtifact, pushArtifact, tagOf } from '../helpers/artifacts.ts'
import { aPolicy } from '../helpers/evidence.ts'
import { createSigstore } from '../helpers/sigstore/instance.ts'
import { ownRoot, workflowSigner } from '../helpers/sigstore/question.ts'
import { attestLayer, signLayer, statement } from '../helpers/sigstore/signatures.ts'

const REPOSITORY = 'acme/app'
const sigstore = createSigstore()
const now = (): number => sigstore.now.getTime()
const byCi: Requirement = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }
const notRoot: Requirement = { kind: 'image', rules: { notRoot: true } }
const noCritical: Requirement = {
  kind: 'scan',
  maximum: { critical: 0 },
  fixableOnly: false,
  except: [],
  signers: ['ci'],
  vex: [],
  allowUnsupported: false,
}

describe('a policy over a registry', () => {
  let registry: LocalRegistry
  beforeAll(async () => {
    registry = await startRegistry()
  })
  afterAll(() => registry.close())

  async function pushImage(tag: string, user = '1000'): Promise<Digest> {
    const config = Buffer.from(
      JSON.stringify({ os: 'linux', architecture: 'amd64', config: { User: user, Labels: { tag } } }),
    )
    const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', annotations: {}, blob: config }
    const mediaType = 'application/vnd.oci.image.config.v1+json'
    // One blob serves as both, so that it is pushed once.
    const image = layersArtifact([layer], { config: { mediaType, digest: digestOf(config), size: config.length } })
    await pushArtifact(registry.host, REPOSITORY, image, tag)
    return image.digest
  }

  function verify(
    tag: string,
    digest: Digest,
    require: readonly Requirement[],
    more: Partial<Question> = {},
  ): Promise<Verified> {
    const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random })
    const host = Registry.parse(registry.host)
    const { content } = createRegistries({
      http,
      registries: { main: { host, insecure: true } },
      secretOf: () => async () => [''],
      now: Date.now,
    })
    const verifier = createVerifier({
      content,
      signers: { ci: workflowSigner() },
      trust: { own: ownRoot(sigstore) },
      revocation: {},
      scanSources: [],
      now,
    })
    const image = PinnedImage.parse({ registry: host, repository: REPOSITORY, tag, digest })
    return verifier.verify({
      image,
      policy: aPolicy(require),
      running: null,
      runningBuiltAt: null,
      since: now(),
      ...more,
    })
  }

  it('waits for a signature, and trusts the image once it is there', async () => {
    const digest = await pushImage('1.0.0')
    expect((await verify('1.0.0', digest, [byCi])).verdict.state).toBe('undecided')
    await pushArtifact(registry.host, REPOSITORY, layersArtifact([signLayer(sigstore, digest)]), tagOf(digest, '.sig'))
    const { verdict, builtAt, evidence } = await verify('1.0.0', digest, [byCi])
    expect(verdict).toMatchObject({ state: 'trusted', outcomes: [{ rule: 'signature: ci', state: 'held' }] })
    expect(builtAt).not.toBeNull()
    expect(evidence).toMatchObject([{ kind: 'signature', subject: digest, signers: ['ci'] }])
    // Validly signed long ago, under a newer tag.
    const rule: Requirement = { kind: 'source', anyOf: ['ci'], atLeast: 1, notOlder: true }
    const again = await verify('9.9.9', digest, [byCi, rule], { runningBuiltAt: (builtAt ?? 0) + 1 })
    expect(again.verdict.state).toBe('distrusted')
  })

  it('counts no signature of another image', async () => {
    const [signed, unsigned] = [await pushImage('2.0.0'), await pushImage('2.0.1')]
    await pushArtifact(
      registry.host,
      REPOSITORY,
      layersArtifact([signLayer(sigstore, signed)]),
      tagOf(unsigned, '.sig'),
    )
    const { verdict } = await verify('2.0.1', unsigned, [byCi])
    expect(verdict).toMatchObject({
      state: 'undecided',
      outcomes: [{ detail: expect.stringContaining('wrong-subject') }],
    })
  })

  it('takes no attestation for a signature, and no report that is not there for a clean one', async () => {
    const digest = await pushImage('3.0.0')
    const attested = statement(digest, { predicateType: 'https://slsa.dev/provenance/v1', predicate: {} })
    await pushArtifact(
      registry.host,
      REPOSITORY,
      layersArtifact([attestLayer(sigstore, attested)]),
      tagOf(digest, '.att'),
    )
    const { verdict } = await verify('3.0.0', digest, [byCi, noCritical])
    expect(verdict.outcomes.map(({ state }) => state)).toEqual(['waiting', 'waiting'])
  })

  it('reads what the image is', async () => {
    expect((await verify('4.0.0', await pushImage('4.0.0'), [notRoot])).verdict.state).toBe('trusted')
    expect((await verify('4.0.1', await pushImage('4.0.1', 'root'), [notRoot])).verdict.state).toBe('distrusted')
  })

  it('distrusts what is not in its registry any more', async () => {
    const gone = `sha256:${'00'.repeat(32)}` as Digest
    expect((await verify('5.0.0', gone, [byCi])).verdict.state).toBe('distrusted')
  })
})
