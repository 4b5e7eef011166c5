/** Notation in a real registry without a referrers API: pushed as `notation sign` pushes, found by the fallback tag, and judged. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHttp } from '../../src/clients/http.ts'
import { createRegistries } from '../../src/clients/registry/registries.ts'
import { type Digest, PinnedImage, Registry } from '../../src/domain/image.ts'
import type { NotationSigner } from '../../src/domain/signer.ts'
import type { Policy } from '../../src/domain/verification-policy.ts'
import { createVerifier } from '../../src/verification/create-verifier.ts'
import { createNetworkRevocation } from '../../src/verification/notation/revocation/network.ts'
import { artifact, fallbackIndex, pushArtifact, pushManifest, tagOf, type Artifact } from '../helpers/artifacts.ts'
import { startDockerRegistry, type DockerRegistry } from '../helpers/docker-registry.ts'
import {
  aChain,
  authority,
  NOTATION_NOW,
  pem,
  revocationList,
  signCose,
  signJws,
  type Issued,
} from '../helpers/notation-pki.ts'
import { hasProgram } from '../helpers/skopeo.ts'

const REPOSITORY = 'acme/app'
const NOTATION = 'application/vnd.cncf.notary.signature'
const LIST = 'http://lists.acme.example/acme.crl'
const pki = aChain({ lists: [LIST] })
const stranger = aChain({}, authority({ key: aChain({ keyKind: 'P-384' }).signer }))

const signer: NotationSigner = {
  kind: 'notation',
  level: 'strict',
  override: {},
  trustStores: { ca: [pem(pki.root)], signingAuthority: [], tsa: [] },
  identities: ['x509.subject: C=DE, ST=BE, O=Acme'],
  verifyTimestamp: 'always',
  revocation: 'network',
}
const policy: Policy = {
  require: [{ kind: 'signature', anyOf: ['acme'], atLeast: 1 }],
  wait: 0,
  fresh: 60_000,
  reconsider: false,
}

describe.skipIf(!hasProgram('docker-registry'))('Debian’s docker-registry', () => {
  let registry: DockerRegistry
  /** What the authority's list says; null: it is away. */
  let revoked: readonly Issued[] | null = []

  beforeAll(async () => {
    registry = await startDockerRegistry()
  })
  afterAll(() => registry.close())

  async function verify(digest: Digest) {
    const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random })
    const host = Registry.parse(registry.host)
    const { content } = createRegistries({
      http,
      registries: { main: { host, insecure: true } },
      secretOf: () => async () => [''],
      now: Date.now,
    })
    const lists = createHttp({
      fetch: async (url) => {
        expect(url.href).toBe(LIST)
        if (revoked === null) throw new Error('away')
        const list = revocationList({ issuer: pki.intermediate, revoked: revoked.map(({ serial }) => ({ serial })) })
        return new Response(Uint8Array.from(list))
      },
      now: Date.now,
      random: () => 0,
      sleep: async () => undefined,
    })
    const network = createNetworkRevocation({ http: lists, randomBytes: (count) => new Uint8Array(count) })
    const verifier = createVerifier({
      content,
      signers: { acme: signer },
      trust: {},
      revocation: { network },
      scanSources: [],
      now: () => NOTATION_NOW,
    })
    const image = PinnedImage.parse({ registry: host, repository: REPOSITORY, tag: '1.0.0', digest })
    const { verdict, evidence } = await verifier.verify({
      image,
      policy,
      running: null,
      runningBuiltAt: null,
      since: NOTATION_NOW,
    })
    return { state: verdict.state, evidence }
  }

  async function pushImage(tag: string): Promise<Artifact> {
    const image = artifact([{ mediaType: 'application/vnd.oci.image.layer.v1.tar', bytes: Buffer.from(tag) }])
    await pushArtifact(registry.host, REPOSITORY, image, tag)
    return image
  }

  const targetOf = ({ manifest, digest }: Artifact) => ({
    mediaType: manifest.mediaType,
    digest,
    size: manifest.bytes.length,
  })

  /** As a referrer, by its artifact type or by its configuration's, and listed under the fallback tag. */
  async function attach(image: Artifact, envelopes: readonly { readonly mediaType: string; readonly bytes: Buffer }[]) {
    const referrers = envelopes.map((layer) => artifact([layer], { artifactType: NOTATION, subject: targetOf(image) }))
    for (const referrer of referrers) await pushArtifact(registry.host, REPOSITORY, referrer)
    await pushManifest(registry.host, REPOSITORY, fallbackIndex(referrers), tagOf(image.digest))
  }
  const jws = (image: Artifact, by = pki) => ({
    mediaType: 'application/jose+json',
    bytes: signJws({ signer: by.signer, chain: by.chain, target: targetOf(image) }),
  })
  const cose = (image: Artifact, by = pki) => ({
    mediaType: 'application/cose',
    bytes: signCose({ signer: by.signer, chain: by.chain, target: targetOf(image) }),
  })

  it('with an image that nobody signed: not trusted', async () => {
    expect((await verify((await pushImage('0.1.0')).digest)).state).not.toBe('trusted')
  })

  it.each([
    ['JWS', jws, 'notation-jws'],
    ['COSE', cose, 'notation-cose'],
  ])('with an image signed in %s: trusted', async (name, sign, format) => {
    const image = await pushImage(`1.0.0-${name}`)
    await attach(image, [sign(image)])
    expect(await verify(image.digest)).toMatchObject({
      state: 'trusted',
      evidence: [
        { kind: 'signature', format, signers: ['acme'], subject: image.digest, by: 'C=DE, ST=BE, O=Acme, CN=release' },
      ],
    })
  })

  it('with a stranger’s signature beside the good one: trusted by the good one alone', async () => {
    const image = await pushImage('1.1.0')
    await attach(image, [jws(image, stranger), cose(image)])
    const { state, evidence } = await verify(image.digest)
    expect(state).toBe('trusted')
    expect(evidence.map((fact) => (fact.kind === 'rejected' ? fact.reason : fact.kind)).toSorted()).toEqual([
      'signature',
      'untrusted-chain',
    ])
  })

  it('with a good signature of another image: not trusted', async () => {
    const [image, other] = [await pushImage('1.2.0'), await pushImage('1.2.1')]
    await attach(image, [jws(other)])
    expect(await verify(image.digest)).toMatchObject({ evidence: [{ kind: 'rejected', reason: 'wrong-subject' }] })
  })

  it('with a signer who was revoked since: not trusted; where nobody can say: neither', async () => {
    const image = await pushImage('1.3.0')
    await attach(image, [jws(image)])
    expect((await verify(image.digest)).state).toBe('trusted')
    revoked = [pki.signer]
    expect(await verify(image.digest)).toMatchObject({ evidence: [{ kind: 'rejected', reason: 'revoked' }] })
    revoked = null
    expect(await verify(image.digest)).toMatchObject({ evidence: [{ kind: 'rejected', reason: 'revocation-unknown' }] })
    revoked = []
  })
})
