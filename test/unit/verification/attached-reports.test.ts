/** Reports of scanners that are attached as they are: two hops from the image, and each of them may be an attacker's. */

import { describe, expect, it } from 'vitest'
import { digestOf } from '../../../src/cli/demo/image.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { PinnedImage, type Digest } from '../../../src/domain/image.ts'
import type { Requirement, ScanRule } from '../../../src/domain/verification-policy.ts'
import { createVerifier } from '../../../src/verification/create-verifier.ts'
import type { Verified } from '../../../src/verification/verifier.ts'
import {
  artifact,
  bundleArtifact,
  layersArtifact,
  memoryRegistry,
  tagOf,
  type Artifact,
  type MemoryRegistry,
  type Part,
  type Subject,
} from '../../helpers/artifacts.ts'
import { aPolicy } from '../../helpers/evidence.ts'
import { aClient, anImage, aWorld, type World } from '../../helpers/hostile-registry.ts'
import { createSigstore, pair } from '../../helpers/sigstore/instance.ts'
import { keySigner, ownRoot, workflowSigner } from '../../helpers/sigstore/question.ts'
import { signBundle, signLayer, statement, type SignOptions } from '../../helpers/sigstore/signatures.ts'

const HOST = 'reg.example.com'
const SARIF = 'application/sarif+json'
const TRIVY = 'application/vnd.aquasec.trivy.report+json'
const GRYPE = 'application/vnd.anchore.grype+json'
const CYCLONEDX = 'application/vnd.cyclonedx+json'
const HOUR_MS = 3_600_000
const sigstore = createSigstore()
const NOW = sigstore.now.getTime()
const own = pair()
const scanned: ScanRule = {
  kind: 'scan',
  maximum: { critical: 0 },
  fixableOnly: false,
  except: [],
  signers: ['scanner'],
  vex: [],
  allowUnsupported: false,
}

const sarif = (...scores: readonly number[]) => ({
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'Trivy',
          rules: scores.map((score, at) => ({ id: `CVE-2026-${at}`, properties: { 'security-severity': `${score}` } })),
        },
      },
      results: scores.map((_, at) => ({ ruleId: `CVE-2026-${at}` })),
    },
  ],
})
const trivy = (...severities: readonly string[]) => ({
  SchemaVersion: 2,
  ArtifactName: 'app',
  Results: [
    {
      Target: 'app',
      Vulnerabilities: severities.map((Severity, at) => ({
        VulnerabilityID: `CVE-2026-${at}`,
        PkgName: 'x',
        Severity,
      })),
    },
  ],
})
const grype = (...severities: readonly string[]) => ({
  matches: severities.map((severity, at) => ({
    vulnerability: { id: `CVE-2026-${at}`, severity, fix: { state: 'fixed', versions: ['2'] } },
    artifact: { name: 'x', version: '1' },
  })),
  source: { type: 'image' },
  descriptor: { name: 'grype', version: '0.90' },
})
const cyclonedx = (...severities: readonly string[]) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  vulnerabilities: severities.map((severity, at) => ({
    id: `CVE-2026-${at}`,
    ratings: [{ severity, source: { name: 'nvd' } }],
    affects: [{ ref: 'pkg:deb/debian/openssl@3.0.1?arch=amd64' }],
  })),
})
const cosignVuln = (report: unknown) => ({
  invocation: {},
  scanner: { uri: 'pkg:github/aquasecurity/trivy', result: report },
  metadata: { scanFinishedOn: sigstore.now.toISOString() },
})

type Image = { readonly registry: MemoryRegistry; readonly subject: Subject; readonly digest: Digest }

function push(): Image {
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', config: { User: '1000' } }))
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', annotations: {}, blob: config }
  const mediaType = 'application/vnd.oci.image.config.v1+json'
  const image = layersArtifact([layer], { config: { mediaType, digest: digestOf(config), size: config.length } })
  const registry = memoryRegistry()
  registry.put(image)
  const { manifest, digest } = image
  return { registry, digest, subject: { digest, mediaType: manifest.mediaType, size: manifest.bytes.length } }
}

function attach({ registry, subject }: Image, content: unknown, mediaType = SARIF, artifactType = mediaType): Artifact {
  const file: Part = { mediaType, bytes: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)) }
  const report = artifact([file], { artifactType, subject })
  registry.put(report)
  registry.referrers?.push(report)
  return report
}

/** As `cosign sign registry/repository@sha256:<report>` does. */
function sign({ registry }: Image, { digest }: Artifact, options: SignOptions = {}): void {
  registry.put(layersArtifact([signLayer(sigstore, digest, options)]), tagOf(digest, '.sig'))
}

async function ask(
  { registry, digest }: Image,
  rule: Partial<ScanRule> = {},
  signers: Parameters<typeof createVerifier>[0]['signers'] = { scanner: workflowSigner() },
  require: readonly Requirement[] = [{ ...scanned, ...rule }],
): Promise<Verified & { readonly world: World }> {
  const world = aWorld({
    [HOST]: (seen) => {
      // One list for all digests would say that each refers to each.
      const [, , , , kind, about] = seen.url.pathname.split('/')
      if (kind !== 'referrers' || registry.referrers === null) return registry.script(seen)
      const all = registry.referrers
      registry.referrers = all.filter(({ manifest }) => manifest.bytes.includes(`"subject":{"digest":"${about}"`))
      const answer = registry.script(seen)
      registry.referrers = all
      return answer
    },
  })
  const { content } = aClient(world, HOST)
  const trust = { own: ownRoot(sigstore) }
  const tools = { content, signers, trust, revocation: {}, scanSources: [], now: () => NOW }
  const image = PinnedImage.parse({ ...anImage(HOST), tag: '1.0.0', digest })
  const policy = aPolicy(require)
  const question = { image, policy, running: null, runningBuiltAt: null, since: NOW }
  return { ...(await createVerifier(tools).verify(question)), world }
}

const scansOf = (evidence: readonly Evidence[]) => evidence.filter((fact) => fact.kind === 'scan')

describe('a report whose artifact is signed', () => {
  it.each<[string, unknown, unknown, string]>([
    ['SARIF', sarif(5.5), sarif(9.8), SARIF],
    ['of Trivy', trivy('HIGH'), trivy('HIGH', 'CRITICAL'), TRIVY],
    ['of Trivy, told no type', trivy('HIGH'), trivy('CRITICAL'), 'application/json'],
    ['of Grype', grype('High'), grype('Critical'), GRYPE],
    ["of cosign's form", cosignVuln(trivy('LOW')), cosignVuln(trivy('CRITICAL')), 'application/json'],
    ['CycloneDX with findings', cyclonedx('high'), cyclonedx('critical'), CYCLONEDX],
  ])('%s is clean, or it is not', async (_title, clean, bad, type) => {
    for (const [report, expected] of [
      [clean, 'trusted'],
      [bad, 'distrusted'],
    ] as const) {
      const image = push()
      sign(image, attach(image, report, type))
      const { verdict, evidence } = await ask(image)
      expect(verdict.state).toBe(expected)
      expect(scansOf(evidence)).toMatchObject([{ state: 'finished', subject: image.digest, signers: ['scanner'] }])
    }
  })

  it('says what was found, and who signed it', async () => {
    const image = push()
    sign(image, attach(image, cyclonedx('critical'), CYCLONEDX))
    const { evidence } = await ask(image)
    const finding = { id: 'CVE-2026-0', severity: 'critical', package: 'openssl', version: '3.0.1' }
    expect(scansOf(evidence)).toMatchObject([{ scanner: 'cyclonedx', platform: 'linux/amd64', findings: [finding] }])
    expect(scansOf(evidence)[0]?.detail).toContain('signed by https://github.com/acme/app/')
  })

  it('may be signed by a referrer of its own', async () => {
    const image = push()
    const report = attach(image, sarif())
    const { digest, manifest } = report
    const subject = { digest, mediaType: manifest.mediaType, size: manifest.bytes.length }
    const bundle = bundleArtifact(subject, signBundle(sigstore, statement(digest)))
    image.registry.put(bundle)
    image.registry.referrers?.push(bundle)
    expect((await ask(image)).verdict.state).toBe('trusted')
  })

  it('counts among others by its newest: an old clean one does not help', async () => {
    const image = push()
    const at = new Date(NOW - HOUR_MS)
    sign(image, attach(image, sarif(1)), { leaf: { at }, append: { at } })
    sign(image, attach(image, sarif(9.9)))
    expect((await ask(image)).verdict.state).toBe('distrusted')
  })

  it('is as old as its first verified signature', async () => {
    const image = push()
    const report = attach(image, sarif())
    const at = new Date(NOW - HOUR_MS)
    const layers = [{ leaf: { at }, append: { at } }, {}].map((one) => signLayer(sigstore, report.digest, one))
    image.registry.put(layersArtifact(layers), tagOf(report.digest, '.sig'))
    expect((await ask(image, { newerThan: HOUR_MS + 2_000 })).verdict.state).toBe('trusted')
    const old = (await ask(image, { newerThan: HOUR_MS - 2_000 })).verdict
    expect(old).toMatchObject({ state: 'undecided', outcomes: [{ detail: expect.stringContaining('old, limit') }] })
  })

  it('has no age where a key alone signed it, whatever it says of itself', async () => {
    const keys = pair()
    const image = push()
    sign(image, attach(image, cosignVuln(trivy()), 'application/json'), { keys, by: 'key', log: 'none' })
    const signers = { scanner: keySigner(keys.publicKey, 'ignore') }
    expect((await ask(image, {}, signers)).verdict.state).toBe('trusted')
    const { verdict } = await ask(image, { newerThan: HOUR_MS }, signers)
    expect(verdict).toMatchObject({
      state: 'distrusted',
      outcomes: [{ detail: expect.stringContaining('no verified time') }],
    })
  })

  it('that cannot be read is no clean one', async () => {
    const image = push()
    sign(image, attach(image, '{"version":"2.1.0","runs":'))
    expect((await ask(image)).verdict.state).toBe('distrusted')
  })

  it.each([
    ['an SBOM without findings', cyclonedx(), CYCLONEDX],
    ['an SBOM that has no such list', { bomFormat: 'CycloneDX', specVersion: '1.6' }, CYCLONEDX],
    ['some other JSON', { hello: 'world' }, 'application/json'],
  ])('that is %s proves nothing, and stops nothing', async (_title, content, type) => {
    const image = push()
    sign(image, attach(image, content, type))
    const { verdict, evidence } = await ask(image)
    expect(verdict.state).toBe('undecided')
    expect(scansOf(evidence)).toEqual([])
  })
})

describe('an artifact', () => {
  it('of several files is as many reports, and the worst decides', async () => {
    const image = push()
    const parts = [sarif(1), trivy('CRITICAL')].map((content): Part => ({
      mediaType: SARIF,
      bytes: Buffer.from(JSON.stringify(content)),
    }))
    const report = artifact(parts, { artifactType: SARIF, subject: image.subject })
    image.registry.put(report)
    image.registry.referrers?.push(report)
    sign(image, report)
    const { verdict, evidence } = await ask(image)
    expect(verdict).toMatchObject({
      state: 'distrusted',
      outcomes: [{ detail: expect.stringContaining('trivy: 1 critical') }],
    })
    expect(scansOf(evidence).map(({ scanner }) => scanner)).toEqual(['sarif', 'trivy'])
  })

  it.each([
    ['application/vnd.oci.image.layer.v1.tar', SARIF, 'trusted'],
    ['application/json', 'application/vnd.unknown.artifact.v1', 'trusted'],
    ['application/json', 'application/vnd.acme.settings', 'undecided'],
    ['application/octet-stream', 'application/vnd.acme.settings', 'undecided'],
    [SARIF, 'application/vnd.acme.settings', 'trusted'],
  ])('with a file of the type %s in one of %s is looked into, or is not: %s', async (mediaType, type, expected) => {
    const image = push()
    sign(image, attach(image, sarif(), mediaType, type))
    expect((await ask(image)).verdict.state).toBe(expected)
  })

  it('that several signed is told with all of them', async () => {
    const image = push()
    const report = attach(image, sarif())
    const layers = [signLayer(sigstore, report.digest), signLayer(sigstore, report.digest, { by: 'key', keys: own })]
    image.registry.put(layersArtifact(layers), tagOf(report.digest, '.sig'))
    const signers = { scanner: workflowSigner(), key: keySigner(own.publicKey) }
    const [scan] = scansOf((await ask(image, {}, signers)).evidence)
    expect(scan?.signers).toEqual(['scanner', 'key'])
    expect(scan?.detail).toMatch(/release\.yml@refs\/heads\/main, the key of key$/u)
  })
})

describe('of an index', () => {
  it('a report speaks for none of its platforms, and says so; one of a platform does for that', async () => {
    const image = push()
    const platform = { os: 'linux', architecture: 'amd64' }
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    const document = { schemaVersion: 2, mediaType, manifests: [{ ...image.subject, platform }] }
    const bytes = Buffer.from(JSON.stringify(document))
    const digest = digestOf(bytes)
    image.registry.putManifest({ mediaType, bytes }, digest)
    const index: Image = { registry: image.registry, digest, subject: { digest, mediaType, size: bytes.length } }
    sign(index, attach(index, sarif()))
    const { verdict } = await ask(index)
    expect(verdict).toMatchObject({
      state: 'undecided',
      outcomes: [{ detail: expect.stringContaining('report-of-index') }],
    })
    sign(image, attach(image, sarif(1)))
    const { verdict: then, evidence } = await ask(index)
    expect(then.state).toBe('trusted')
    expect(scansOf(evidence)).toMatchObject([{ subject: image.digest, platform: 'linux/amd64' }])
  })
})

describe('a report does not count', () => {
  it.each<[string, (image: Image) => void, string]>([
    ['that nobody signed', (image) => void attach(image, sarif()), 'unsigned-report'],
    [
      'that nobody signed, and is bad: whoever may push must not stop a release',
      (image) => void attach(image, sarif(10)),
      'unsigned-report',
    ],
    [
      'that a stranger signed',
      (image) =>
        sign(image, attach(image, sarif()), { leaf: { names: [{ kind: 'email', value: 'mallory@example.com' }] } }),
      'wrong-identity',
    ],
    [
      'with the signature of another artifact',
      (image) => {
        const layer = signLayer(sigstore, image.digest)
        image.registry.put(layersArtifact([layer]), tagOf(attach(image, sarif()).digest, '.sig'))
      },
      'wrong-subject',
    ],
    [
      'that somebody attested something about, but did not sign',
      (image) => {
        const { digest, manifest } = attach(image, sarif())
        const subject = { digest, mediaType: manifest.mediaType, size: manifest.bytes.length }
        const attested = statement(digest, { predicateType: 'https://slsa.dev/provenance/v1' })
        const bundle = bundleArtifact(subject, signBundle(sigstore, attested))
        image.registry.put(bundle)
        image.registry.referrers?.push(bundle)
      },
      'unsigned-report',
    ],
  ])('%s', async (_title, attachTo, reason) => {
    const image = push()
    attachTo(image)
    const { verdict, evidence } = await ask(image)
    expect(verdict.state).toBe('undecided')
    expect(verdict.outcomes[0]?.detail).toContain('unsigned-report')
    expect(JSON.stringify(evidence)).toContain(reason)
    expect(scansOf(evidence)).toEqual([])
  })

  it('that refers to another image, though it is signed and listed here', async () => {
    const [image, other] = [push(), push()]
    const elsewhere = { ...image, subject: { ...other.subject, digest: `sha256:${'0'.repeat(64)}` } }
    const report = attach(elsewhere, sarif())
    sign(image, report)
    image.registry.referrers = null
    const { manifest, digest } = report
    const index = { mediaType: manifest.mediaType, digest, size: manifest.bytes.length }
    const list = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [index] }
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    image.registry.putManifest({ mediaType, bytes: Buffer.from(JSON.stringify(list)) }, tagOf(image.digest))
    const { verdict, evidence } = await ask(image)
    expect(verdict.state).toBe('undecided')
    expect(JSON.stringify(evidence)).toContain('wrong-subject')
  })

  it('by a signer who may not sign this image', async () => {
    const image = push()
    sign(image, attach(image, sarif()))
    const { verdict } = await ask(
      image,
      {},
      { scanner: { ...workflowSigner(), images: ['reg.example.com/other/app'] } },
    )
    expect(verdict.state).toBe('undecided')
  })

  it('by a signer whom the rule does not name', async () => {
    const image = push()
    sign(image, attach(image, sarif()))
    const signers = { ci: workflowSigner(), scanner: keySigner(pair().publicKey) }
    expect((await ask(image, {}, signers)).verdict.state).toBe('undecided')
  })

  it('where the rule wants attested ones alone', async () => {
    const image = push()
    sign(image, attach(image, sarif()))
    expect((await ask(image, { from: ['attestation'] })).verdict.state).toBe('undecided')
    expect((await ask(image, { from: ['sarif'] })).verdict.state).toBe('trusted')
  })
})

describe('CVE-2023-33957, CVE-2024-29902: what an attacker attaches costs a bounded amount', () => {
  it('a flood of reports that nobody signed', async () => {
    const image = push()
    const report = attach(image, sarif(1))
    sign(image, report)
    for (let n = 0; n < 150; n += 1) attach(image, { ...sarif(), n })
    const { verdict, world } = await ask(image)
    expect(verdict).toMatchObject({
      state: 'distrusted',
      outcomes: [{ detail: expect.stringContaining('indeterminate') }],
    })
    expect(world.seen.length).toBeLessThan(600)
  })

  it.each([
    [32, 'trusted'],
    [33, 'distrusted'],
  ])('of %i that are signed, the first 32', async (count, expected) => {
    const image = push()
    image.registry.pageSize = 50
    for (let n = 0; n < count; n += 1)
      sign(image, attach(image, { ...sarif(), n }), { log: 'none', by: 'key', keys: own })
    const signers = { scanner: keySigner(own.publicKey, 'ignore') }
    expect((await ask(image, {}, signers)).verdict.state).toBe(expected)
  })

  it('a file whose bytes are others than its artifact says', async () => {
    const image = push()
    const bytes = Buffer.from(JSON.stringify(sarif()))
    const layer = { mediaType: SARIF, digest: digestOf(Buffer.from('other')), size: bytes.length }
    const report = artifact([], { artifactType: SARIF, subject: image.subject, layers: [layer] })
    image.registry.put(report)
    image.registry.referrers?.push(report)
    sign(image, report)
    const { verdict, evidence } = await ask(image)
    expect(verdict.outcomes).toMatchObject([{ state: 'failed', detail: expect.stringContaining('indeterminate') }])
    expect(evidence).toContainEqual(expect.objectContaining({ kind: 'indeterminate', source: report.digest }))
  })

  it('a report of a gigabyte, though it is signed', async () => {
    const image = push()
    const layer = { mediaType: SARIF, digest: `sha256:${'1'.repeat(64)}`, size: 1024 ** 3 }
    const report = artifact([], { artifactType: SARIF, subject: image.subject, layers: [layer] })
    image.registry.put(report)
    image.registry.referrers?.push(report)
    sign(image, report)
    const { verdict, world } = await ask(image)
    expect(verdict.outcomes).toMatchObject([{ state: 'failed', detail: expect.stringContaining('indeterminate') }])
    expect(world.seen.filter(({ url }) => url.pathname.includes('1'.repeat(64)))).toEqual([])
  })

  it('nothing, where no scan is demanded', async () => {
    const image = push()
    const report = attach(image, sarif())
    const { world } = await ask(image, {}, undefined, [{ kind: 'signature', anyOf: ['scanner'], atLeast: 1 }])
    expect(world.seen.filter(({ url }) => url.pathname.includes(tagOf(report.digest)))).toEqual([])
  })
})
