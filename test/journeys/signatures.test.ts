/** Signatures in real registries: pushed as cosign and GitHub push them, found and verified over HTTP. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyImage } from '../../src/cli/demo/image.ts'
import { startRegistry, type LocalRegistry } from '../../src/cli/demo/registry.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createRegistries } from '../../src/clients/registry/registries.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { type Digest, Registry, Repository } from '../../src/domain/image.ts'
import { discover } from '../../src/verification/discover.ts'
import { verifyCosignLayer, verifySigstoreBundle } from '../../src/verification/sigstore/verify.ts'
import {
  bundleArtifact,
  fallbackIndex,
  layersArtifact,
  pushArtifact,
  pushManifest,
  subjectOf,
  tagOf,
} from '../helpers/artifacts.ts'
import { startDockerRegistry } from '../helpers/docker-registry.ts'
import { startReferrersRegistry } from '../helpers/referrers-registry.ts'
import { createSigstore, WORKFLOW } from '../helpers/sigstore/instance.ts'
import { ask } from '../helpers/sigstore/question.ts'
import { attestLayer, signBundle, signLayer, statement } from '../helpers/sigstore/signatures.ts'
import { hasProgram } from '../helpers/skopeo.ts'

const REPOSITORY = 'acme/app'
const PROVENANCE = { predicateType: 'https://slsa.dev/provenance/v1', predicate: { buildDefinition: {} } }
const sigstore = createSigstore()

type Started = Pick<LocalRegistry, 'host' | 'close'>

/** All that is proven about a digest, as the verifier of the pipeline finds it. */
async function evidenceOf(host: string, subject: Digest): Promise<readonly Evidence[]> {
  const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random })
  const registry = { host: Registry.parse(host), insecure: true }
  const { content } = createRegistries({
    http,
    registries: { main: registry },
    secretOf: () => async () => [''],
    now: Date.now,
  })
  const image = { registry: Registry.parse(host), repository: Repository.parse(REPOSITORY) }
  const found = await discover({ content, image, subject, now: Date.now })
  if (!found.ok) throw new Error(found.error.detail)
  const question = ask(sigstore, { subject })
  const facts = found.value.materials.map((material) => {
    if (material.kind === 'sigstore-bundle') return verifySigstoreBundle(material, question)
    if (material.kind === 'cosign-tag-layer') return verifyCosignLayer(material, question)
    throw new Error(`no ${material.kind} was pushed`)
  })
  return [...(await Promise.all(facts)), ...found.value.evidence]
}

describe.each<[string, () => Promise<Started>, boolean]>([
  ['Debian’s docker-registry', () => startDockerRegistry(), hasProgram('docker-registry')],
  ['our own small registry', () => startRegistry(), true],
])('%s, without a referrers API', (_title, start, isHere) => {
  describe.skipIf(!isHere)('', () => {
    let registry: Started
    let image: Digest

    beforeAll(async () => {
      registry = await start()
      image = await pushImage('1.0.0')
    })
    afterAll(() => registry.close())

    async function pushImage(tag: string): Promise<Digest> {
      const config = { mediaType: 'application/vnd.oci.image.config.v1+json', bytes: Buffer.from(`{"tag":"${tag}"}`) }
      const pushed = layersArtifact([
        { mediaType: 'application/vnd.oci.image.layer.v1.tar', annotations: {}, blob: config.bytes },
      ])
      await pushArtifact(registry.host, REPOSITORY, pushed, tag)
      return pushed.digest
    }

    it('has an image that nobody signed', async () => {
      expect(await evidenceOf(registry.host, await pushImage('0.0.1'))).toEqual([])
    })

    it('has a bundle in the fallback tag', async () => {
      const subject = { digest: image, mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 1 }
      const bundles = [
        bundleArtifact(subject, signBundle(sigstore, statement(image))),
        bundleArtifact(subject, signBundle(sigstore, statement(image, PROVENANCE), { log: 'v2' })),
      ]
      for (const bundle of bundles) await pushArtifact(registry.host, REPOSITORY, bundle)
      await pushManifest(registry.host, REPOSITORY, fallbackIndex(bundles), tagOf(image))
      expect(await evidenceOf(registry.host, image)).toMatchObject([
        { kind: 'signature', subject: image, signers: ['ci'], by: WORKFLOW },
        { kind: 'attestation', subject: image, ...PROVENANCE },
      ])
    })

    it("has cosign's tags, and somebody else's signature among them", async () => {
      const old = await pushImage('0.9.0')
      const strangers = { leaf: { names: [{ kind: 'email', value: 'mallory@example.com' }] } } as const
      const layers = [signLayer(sigstore, old, strangers), signLayer(sigstore, old)]
      await pushArtifact(registry.host, REPOSITORY, layersArtifact(layers), tagOf(old, '.sig'))
      const attested = layersArtifact([attestLayer(sigstore, statement(old, PROVENANCE))])
      await pushArtifact(registry.host, REPOSITORY, attested, tagOf(old, '.att'))
      expect(await evidenceOf(registry.host, old)).toMatchObject([
        { kind: 'rejected', reason: 'wrong-identity' },
        { kind: 'signature', signers: ['ci'] },
        { kind: 'attestation', ...PROVENANCE },
      ])
    })

    it('has the signature of one image under the tag of another', async () => {
      const [signed, unsigned] = [await pushImage('2.0.0'), await pushImage('2.0.1')]
      const layers = layersArtifact([signLayer(sigstore, signed)])
      await pushArtifact(registry.host, REPOSITORY, layers, tagOf(unsigned, '.sig'))
      expect(await evidenceOf(registry.host, unsigned)).toMatchObject([{ kind: 'rejected', reason: 'wrong-subject' }])
    })
  })
})

describe('a registry with a referrers API, two referrers a page', () => {
  it('has signatures, attestations and what is neither, on all of its pages', async () => {
    const registry = await startReferrersRegistry()
    try {
      const image = tinyImage('app')
      const subject = subjectOf(image)
      const { digest } = image.manifest
      const evil = { leaf: { names: [{ kind: 'email', value: 'mallory@example.com' }] } } as const
      registry.referrers = [
        bundleArtifact(subject, signBundle(sigstore, statement(digest), evil)),
        bundleArtifact(subject, { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' }),
        bundleArtifact(subject, signBundle(sigstore, statement(digest, PROVENANCE))),
        layersArtifact([signLayer(sigstore, digest)], { subject }),
        bundleArtifact(subject, signBundle(sigstore, statement(digest), { log: 'v2' })),
      ]
      for (const one of registry.referrers) registry.put(one)
      expect(await evidenceOf(registry.host, digest)).toMatchObject([
        { kind: 'rejected', reason: 'wrong-identity' },
        { kind: 'rejected', reason: 'malformed' },
        { kind: 'attestation', ...PROVENANCE },
        { kind: 'signature', format: 'cosign-tag-layer', signers: ['ci'] },
        { kind: 'signature', format: 'sigstore-bundle', signers: ['ci'] },
      ])
    } finally {
      await registry.close()
    }
  })
})
