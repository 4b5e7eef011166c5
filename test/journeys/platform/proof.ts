/** What proves an image, on every platform: an offline Sigstore, a Notation authority, attestations, and Harbor that scans. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { digestOf, tinyImage } from '../../../src/cli/demo/image.ts'
import type { Entry } from '../../../src/domain/history.ts'
import {
  artifact,
  bundleArtifact,
  fallbackIndex,
  pushArtifact,
  pushManifest,
  subjectOf,
  tagOf,
  type Artifact,
  type Part,
} from '../../helpers/artifacts.ts'
import { authority, DAY_MS, issue, NOTARY, pem, signJws } from '../../helpers/notation-pki.ts'
import { proofOf, send } from '../../helpers/senders.ts'
import { createSigstore } from '../../helpers/sigstore/instance.ts'
import { signBundle, statement } from '../../helpers/sigstore/signatures.ts'
import { manifest, OLD, SENDERS_HOOK, type Scene, type Stages, type World } from './world.ts'

const CASE_TIMEOUT_MS = 120_000
/** Nobody signs it in that time. */
const SIGNED_WITHIN = '5s'
const SOURCE = 'https://github.com/acme/app'
const BUILDER = 'https://github.com/acme/builder'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const NOTATION = 'application/vnd.cncf.notary.signature'
const VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1'
const SCAN_EVENT = new URL('../../fixtures/receivers/harbor/scan/body.json', import.meta.url)
const HARBOR_ARTIFACT =
  /^\/api\/v2\.0\/projects\/acme\/repositories\/[a-z]+\/artifacts\/(?<digest>sha256:[0-9a-f]{64})(?<more>\/additions\/vulnerabilities)?/u
const CRITICAL = { VulnerabilityID: 'CVE-2026-2', PkgName: 'openssl', Severity: 'CRITICAL' }
const WORKFLOW = {
  claims: { sourceRepositoryURI: SOURCE, sourceRepositoryRef: 'refs/heads/main' },
}
const MALLORY = { names: [{ kind: 'uri', value: 'https://github.com/mallory/app/.github/workflows/release.yml@main' }] }

export type Proofs = ReturnType<typeof createProofs>

/** One Sigstore, one Notation authority and one Harbor for all of the cases. */
export function createProofs() {
  const sigstore = createSigstore()
  const notation = createNotation(sigstore.now.getTime())
  const harbor = createHarbor()
  const merge = 'when-approved'
  const stages: Stages = { prod: { merge } }
  const where = [{ field: 'runDetails.builder.id', equals: BUILDER }]
  return {
    sigstore,
    notation,
    harbor,
    subscriptions: {
      keyless: stages,
      unsigned: stages,
      child: stages,
      notary: stages,
      attested: stages,
      reported: stages,
      scanned: stages,
    },
    trust: { own: { file: 'trusted_root.json' } },
    files: { 'trusted_root.json': sigstore.trustedRoot(), 'notation.pem': pem(notation.root) },
    signers: {
      workflow: {
        github: { repository: 'acme/app', workflow: 'release.yml', ref: 'refs/heads/main' },
        trust: 'own',
      },
      notary: {
        notation: { trustStores: { ca: ['notation.pem'] }, identities: ['x509.subject: C=DE, ST=BE, O=Acme'] },
      },
    },
    verify: {
      keyless: { signature: 'workflow' },
      unsigned: { signature: 'workflow', wait: SIGNED_WITHIN },
      child: { signature: 'workflow', wait: SIGNED_WITHIN },
      notary: { signature: 'notary' },
      attested: { signature: 'workflow', attestation: { type: 'slsa-provenance', where } },
      reported: { signature: 'workflow', scan: { maximum: { critical: 0 }, from: ['attestation'], newerThan: '24h' } },
      scanned: { scan: { maximum: { critical: 0 }, from: ['harbor'] } },
    },
    registries: (host: string) => ({
      local: { host, insecure: true, scan: 'harbor' },
      'harbor-local': { host, sweep: 'none', events: { type: 'harbor', secret: 'env:SENDERS_HOOK' } },
    }),
    /** What the registry's host answers beside the registry. */
    answer: harbor.answer,
  }
}

/** Valid today, whenever that is. */
function createNotation(now: number) {
  const valid = { notBefore: now - DAY_MS, notAfter: now + DAY_MS }
  const root = authority(valid)
  const signer = issue(valid, root)
  return { root, signer, chain: [signer, root], signedAt: new Date(now - 60_000).toISOString() }
}

type Scanned = 'running' | 'clean' | 'critical'

/** Knows an image as scanned once it is told so. */
function createHarbor() {
  const scans = new Map<string, Scanned>()
  return {
    scans,
    answer(path: string): object | null {
      const { digest = '', more } = HARBOR_ARTIFACT.exec(path)?.groups ?? {}
      const scan = scans.get(digest)
      if (scan === undefined) return null
      const type = 'application/vnd.security.vulnerability.report; version=1.1'
      const found = scan === 'critical' ? [{ id: 'CVE-2026-2', package: 'openssl', severity: 'Critical' }] : []
      if (more !== undefined) return { [type]: { vulnerabilities: found } }
      const summary = { total: found.length, summary: found.length > 0 ? { Critical: found.length } : {} }
      const done = { scan_status: 'Success', complete_percent: 100, end_time: new Date().toISOString(), summary }
      return { digest, scan_overview: { [type]: scan === 'running' ? { scan_status: 'Running' } : done } }
    },
  }
}

export function proofCases(world: () => World, proofs: () => Proofs): void {
  const journey = (title: string, name: keyof Proofs['subscriptions'], walk: (scene: Scene) => Promise<void>) =>
    it(title, { timeout: CASE_TIMEOUT_MS }, () => walk(world().scene(name)))
  const bundle = (tag: string, content = {}, leaf: object = WORKFLOW): Artifact => {
    const image = tinyImage(tag)
    const { sigstore } = proofs()
    return bundleArtifact(subjectOf(image), signBundle(sigstore, statement(image.manifest.digest, content), { leaf }))
  }

  journey('waits for what a workflow signs without a key, and takes nobody else', 'keyless', async (scene) => {
    const digest = await scene.push('1.1.0')
    const strangers = bundle('1.1.0', {}, MALLORY)
    await attach(scene, digest, [strangers])
    await scene.tell('1.1.0')
    await isWaiting(scene)
    await attach(scene, digest, [strangers, bundle('1.1.0')])
    await scene.tell(tagOf(digest))
    await isDelivered(scene, '1.1.0', digest)
  })

  journey('refuses what no workflow signed in time', 'unsigned', async (scene) => {
    await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await isRefused(scene, 'never-proven')
  })

  journey('refuses one platform of an index that is signed as a whole', 'child', async (scene) => {
    const digest = await scene.push('1.1.0')
    const index = indexOf('1.1.0')
    await pushManifest(...placeOf(scene), index, 'all')
    const { sigstore } = proofs()
    const subject = { digest: digestOf(index.bytes), mediaType: INDEX, size: index.bytes.length }
    const signed = bundleArtifact(subject, signBundle(sigstore, statement(subject.digest), { leaf: WORKFLOW }))
    await attach(scene, subject.digest, [signed])
    // A registry, or who writes to it, may list the index's signature as the child's.
    await attach(scene, digest, [signed])
    await scene.tell('1.1.0')
    await isRefused(scene, 'never-proven')
  })

  journey('waits for a signature of the Notary Project', 'notary', async (scene) => {
    const digest = await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await isWaiting(scene)
    const subject = subjectOf(tinyImage('1.1.0'))
    const { signer, chain, signedAt } = proofs().notation
    const attributes = { [`${NOTARY}signingTime`]: signedAt }
    const bytes = signJws({ signer, chain, target: subject, attributes })
    const envelope = { mediaType: 'application/jose+json', bytes }
    await attach(scene, digest, [artifact([envelope], { artifactType: NOTATION, subject })])
    await scene.tell(tagOf(digest))
    await isDelivered(scene, '1.1.0', digest)
  })

  journey(
    'delivers what the right builder built, and tells an attestation from a signature',
    'attested',
    async (scene) => {
      const digest = await scene.push('1.1.0')
      const provenance = (id: string): Artifact =>
        bundle('1.1.0', {
          predicateType: 'https://slsa.dev/provenance/v1',
          predicate: { buildDefinition: {}, runDetails: { builder: { id } } },
        })
      const [right, wrong, signature] = [provenance(BUILDER), provenance('https://mallory.example'), bundle('1.1.0')]
      await attach(scene, digest, [signature, wrong])
      await scene.tell('1.1.0')
      await isWaiting(scene)
      await attach(scene, digest, [wrong, right])
      const before = (await scene.history()).find(isUndecided)?.seq ?? Number.POSITIVE_INFINITY
      await scene.tell(tagOf(digest, '.att'))
      await scene.recorded('it waits for a signature', (entry) => isUndecided(entry) && entry.seq > before)
      await attach(scene, digest, [wrong, right, signature])
      await scene.tell(tagOf(digest))
      await isDelivered(scene, '1.1.0', digest)
    },
  )

  journey(
    'refuses what a signed report finds critical, and delivers what it finds clean',
    'reported',
    async (scene) => {
      const report = (tag: string, Vulnerabilities: readonly object[]): Artifact => {
        const result = { SchemaVersion: 2, Results: [{ Vulnerabilities }] }
        const metadata = { scanFinishedOn: proofs().sigstore.now.toISOString() }
        return bundle(tag, { predicateType: VULN, predicate: { scanner: { uri: 'trivy', result }, metadata } })
      }
      const bad = await scene.push('1.1.0')
      await attach(scene, bad, [bundle('1.1.0'), report('1.1.0', [CRITICAL])])
      await scene.tell('1.1.0')
      await isRefused(scene, 'distrusted')
      const good = await scene.push('1.2.0')
      await attach(scene, good, [bundle('1.2.0'), report('1.2.0', [])])
      await scene.tell('1.2.0')
      await isDelivered(scene, '1.2.0', good)
    },
  )

  journey(
    'waits for Harbor, refuses what it finds critical, and delivers what it finds clean',
    'scanned',
    async (scene) => {
      const { scans } = proofs().harbor
      const bad = await scene.push('1.1.0')
      scans.set(bad, 'running')
      await scene.tell('1.1.0')
      await isWaiting(scene)
      scans.set(bad, 'critical')
      await tellScanned(world(), scene, bad)
      await isRefused(scene, 'distrusted')
      const good = await scene.push('1.2.0')
      scans.set(good, 'clean')
      await scene.tell('1.2.0')
      await isDelivered(scene, '1.2.0', good)
    },
  )
}

function placeOf({ image }: Scene): [host: string, repository: string] {
  const [host = '', repository = ''] = image.split(/\/(.*)/su)
  return [host, repository]
}

function indexOf(tag: string): Part {
  const platform = { os: 'linux', architecture: 'amd64' }
  const manifests = [{ ...subjectOf(tinyImage(tag)), platform }]
  return { mediaType: INDEX, bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests })) }
}

/** As referrers, listed under the fallback tag; what was listed before is not any more. */
async function attach(scene: Scene, digest: string, referrers: readonly Artifact[]): Promise<void> {
  const [host, repository] = placeOf(scene)
  for (const one of referrers) await pushArtifact(host, repository, one)
  await pushManifest(host, repository, fallbackIndex(referrers), tagOf(digest))
}

const isUndecided = ({ kind, reason }: Entry): boolean => kind === 'verdict' && reason === 'undecided'
const isWaiting = (scene: Scene): Promise<void> => scene.recorded('it waits', isUndecided)

async function isDelivered(scene: Scene, tag: string, digest: string): Promise<void> {
  await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy')
  expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, tag, digest))
}

async function isRefused(scene: Scene, why: 'distrusted' | 'never-proven'): Promise<void> {
  await scene.recorded('it is refused', ({ kind, reason }) => kind === 'distrusted' && reason === why)
  expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, OLD))
  expect(scene.pulls).toEqual([])
}

/** As Harbor does when a scan ends. */
async function tellScanned({ platform }: World, scene: Scene, digest: string): Promise<void> {
  const [host, repository] = placeOf(scene)
  const body = readFileSync(SCAN_EVENT, 'utf8')
    .replaceAll(`sha256:${'4'.repeat(64)}`, digest)
    .replaceAll('harbor.example.com', host)
    .replaceAll('acme/payments', repository)
  const sent = Buffer.from(body)
  const response = await send(platform.hooks, 'harbor-local', proofOf('harbor', SENDERS_HOOK, sent), sent)
  expect(response.status).toBe(202)
}
