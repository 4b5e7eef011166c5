/** What is read of an image because a policy asks for it, what is not, and what a registry's refusal comes to. */

import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { ImageRules } from '../../../src/domain/image-rules.ts'
import type { Digest, PinnedImage } from '../../../src/domain/image.ts'
import type { RegistryProblem } from '../../../src/domain/registry.ts'
import { ok } from '../../../src/domain/result.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import type { Requirement, ScanRule } from '../../../src/domain/verification-policy.ts'
import { collectScans, type Tools } from '../../../src/verification/collect.ts'
import { createVerifier } from '../../../src/verification/create-verifier.ts'
import { COSIGN_VULN } from '../../../src/verification/scans/report.ts'
import { scanFact, type ScanSource } from '../../../src/verification/scans/source.ts'
import type { Question, Verified } from '../../../src/verification/verifier.ts'
import { aDigest, aPinnedImage, NOW } from '../../helpers/build.ts'
import { anAttestation, aPolicy, aSignature } from '../../helpers/evidence.ts'
import { heldContent, type HeldContent } from '../../helpers/held-content.ts'

const SARIF = 'application/sarif+json'
const REFUSED: RegistryProblem = { reason: 'unauthorized', detail: 'who are you' }
const SPOILT: RegistryProblem = { reason: 'digest-mismatch', detail: 'other bytes' }
const signed: Requirement = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }
const scanned: ScanRule = {
  kind: 'scan',
  maximum: { critical: 0 },
  fixableOnly: false,
  except: [],
  signers: [],
  vex: [],
  allowUnsupported: false,
}
const images = (rules: object): Requirement => ({ kind: 'image', rules: ImageRules.parse(rules) })

/** A scanner that finds nothing in whatever it is asked about. */
function scanner(): ScanSource & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    scanner: 'ecr',
    asked,
    knows: () => true,
    async find(question) {
      asked.push(`${question.target.platform} ${question.target.digest}`)
      return scanFact('ecr', question, { state: 'finished', detail: '', findings: [], scannedAt: NOW })
    },
  }
}

function toolsOf(content: Tools['content'], more: Partial<Tools> = {}): Tools {
  return { content, signers: {}, trust: {}, revocation: {}, scanSources: [], now: () => NOW, ...more }
}

const at = (digest: Digest): PinnedImage => aPinnedImage({ digest })

function ask(
  content: Tools['content'],
  digest: Digest,
  require: readonly Requirement[],
  more: Partial<Question> & { readonly tools?: Partial<Tools> } = {},
): Promise<Verified> {
  const { tools = {}, ...question } = more
  const usual = { image: at(digest), policy: aPolicy(require), running: null, runningBuiltAt: null, since: NOW }
  return createVerifier(toolsOf(content, tools)).verify({ ...usual, ...question })
}

/** Two platforms of one index. */
function anIndex(held: HeldContent): { readonly index: Digest; readonly platforms: readonly [Digest, Digest] } {
  const platforms = [held.putImage('1000', [7]), held.putImage('1000', [8])] as const
  const manifests = platforms.map((digest, n) => ({
    digest,
    platform: { os: 'linux', architecture: ['amd64', 'arm64'][n] },
  }))
  return { index: held.putManifest({ manifests }), platforms }
}

/** An unsigned report about it. */
function report(held: HeldContent, subject: Digest): Digest {
  const layer = { mediaType: SARIF, ...held.putBlob({ about: subject }) }
  const digest = held.putManifest({ artifactType: SARIF, subject: { digest: subject }, layers: [layer] })
  held.listed.set(subject, [digest])
  return digest
}

const rejections = (evidence: readonly Evidence[]): readonly (readonly [string, string])[] =>
  evidence.flatMap((fact) => (fact.kind === 'rejected' ? [[fact.reason, fact.source] as const] : []))
const states = ({ verdict }: Verified): readonly string[] => verdict.outcomes.map(({ state }) => state)

describe('an image that', () => {
  it('the registry does not show us is asked for again later', async () => {
    const held = heldContent()
    const digest = held.putImage()
    for (const reference of [digest, `referrers/${digest}`]) {
      held.refused.set(reference, REFUSED)
      await expect(ask(held, digest, [signed])).rejects.toThrow(RetryLater)
      held.refused.clear()
    }
  })

  it('is not there any more is distrusted', async () => {
    expect((await ask(heldContent(), aDigest(), [signed])).verdict.state).toBe('distrusted')
  })

  it('has only to be signed is not looked into', async () => {
    const held = heldContent()
    const digest = held.putImage()
    const { platforms, evidence } = await ask(held, digest, [signed])
    expect([platforms, evidence]).toEqual([[], []])
    expect(held.asked.filter((one) => one === digest)).toHaveLength(1)
  })

  it.each([['scan'], ['image']])('cannot be read fails the rule of the kind %s', async (kind) => {
    const held = heldContent()
    const digest = held.putManifest({ layers: 'none' })
    const require = kind === 'scan' ? scanned : images({ notRoot: true })
    const source = scanner()
    const found = await ask(held, digest, [require], { tools: { scanSources: [source] } })
    expect(found).toMatchObject({ verdict: { state: 'distrusted' }, platforms: [] })
    expect(rejections(found.evidence)).toEqual([['malformed', 'image']])
    expect(source.asked).toEqual([])
  })

  it('must not be root alone is not scanned, and its reports are left', async () => {
    const held = heldContent()
    const digest = held.putImage()
    report(held, digest)
    const source = scanner()
    const found = await ask(held, digest, [images({ notRoot: true })], { tools: { scanSources: [source] } })
    expect(found).toMatchObject({ verdict: { state: 'trusted' }, evidence: [] })
    expect(source.asked).toEqual([])
  })

  it('is one has its own reports looked at, once', async () => {
    const held = heldContent()
    const digest = held.putImage()
    const source = report(held, digest)
    const { evidence, platforms } = await ask(held, digest, [scanned])
    expect(rejections(evidence)).toEqual([['unsigned-report', source]])
    expect(platforms).toEqual([])
  })
})

describe('an index', () => {
  it('stands for its platforms: each is scanned, and each has reports of its own', async () => {
    const held = heldContent()
    const { index, platforms } = anIndex(held)
    const reports = platforms.map((digest) => report(held, digest))
    const ofIndex = report(held, index)
    const source = scanner()
    const found = await ask(held, index, [scanned], { tools: { scanSources: [source] } })
    expect(found).toMatchObject({ verdict: { state: 'trusted' }, platforms })
    expect(source.asked).toEqual([`linux/amd64 ${platforms[0]}`, `linux/arm64 ${platforms[1]}`])
    expect(rejections(found.evidence)).toEqual([
      ['report-of-index', ofIndex],
      ...reports.map((one) => ['unsigned-report', one]),
    ])
  })

  it('without reports says nothing of them', async () => {
    const held = heldContent()
    const { index } = anIndex(held)
    expect((await ask(held, index, [scanned])).evidence).toEqual([])
  })

  it.each([
    ['gone since is passed over', null],
    ['refused since is asked for later', REFUSED],
  ])('one platform of which is %s', async (_title, problem) => {
    const held = heldContent()
    const { index, platforms } = anIndex(held)
    const [source, lost] = [report(held, platforms[1]), report(held, platforms[0])]
    const content: Tools['content'] = {
      ...held,
      async manifest(name, reference) {
        const isAgain = reference === platforms[0] && held.asked.includes(reference)
        if (!isAgain) return held.manifest(name, reference)
        return problem === null ? ok(null) : { ok: false, error: problem }
      },
    }
    const found = ask(content, index, [scanned])
    if (problem !== null) await expect(found).rejects.toThrow(RetryLater)
    else expect(rejections((await found).evidence)).toEqual([['unsigned-report', source]])
    expect(held.asked).not.toContain(lost)
  })
})

describe('what runs', () => {
  const growing = images({ maximumGrowth: '10%' })

  it.each<[string, readonly Requirement[], readonly number[], string]>([
    ['is compared with', [growing], [100], 'failed'],
    ['is compared with where one of two rules asks for it', [images({ notRoot: true }), growing], [100], 'failed'],
    ['may be as large', [growing], [300], 'held'],
  ])('%s', async (_title, require, sizes, expected) => {
    const held = heldContent()
    const [digest, running] = [held.putImage('1000', [300]), held.putImage('1000', sizes)]
    expect(states(await ask(held, digest, require, { running: at(running) })).at(-1)).toBe(expected)
  })

  it('and cannot be read is nothing to compare with', async () => {
    const held = heldContent()
    const digest = held.putImage('1000', [300])
    expect(states(await ask(held, digest, [growing], { running: at(aDigest()) }))).toEqual(['held'])
    expect(states(await ask(held, digest, [growing]))).toEqual(['held'])
  })

  it('is not read where nothing compares with it, or it is the same', async () => {
    const held = heldContent()
    const [digest, running] = [held.putImage('1000', [300]), held.putImage('1000', [1])]
    await ask(held, digest, [images({ notRoot: true })], { running: at(running) })
    expect(held.asked).not.toContain(running)
    const once = held.asked.length
    held.asked.length = 0
    await ask(held, digest, [growing], { running: at(digest) })
    expect(held.asked).toHaveLength(once)
  })
})

describe('a base', () => {
  const allowing = (name: string): Requirement => ({ kind: 'image', rules: { bases: [name] } })

  it('is read by its digest, and its layers are looked for', async () => {
    const held = heldContent()
    const [digest, base, other] = [held.putImage('', [1, 2]), held.putImage('0', [1]), held.putImage('0', [1, 2, 3])]
    expect(states(await ask(held, digest, [allowing(`docker.io/library/base@${base}`)]))).toEqual(['held'])
    expect(states(await ask(held, digest, [allowing(`docker.io/library/base@${other}`)]))).toEqual(['failed'])
  })

  it.each([['docker.io/library/base:3'], ['no image'], [`docker.io/library/base@${aDigest(9)}`]])(
    'as %s cannot be read, and is said to be unread',
    async (name) => {
      const held = heldContent()
      const { verdict } = await ask(held, held.putImage(), [allowing(name)])
      expect(verdict).toMatchObject({ state: 'distrusted', outcomes: [{ detail: expect.stringContaining(name) }] })
      expect(held.asked.filter((one) => !/^sha256[:-]/u.test(one))).toEqual([])
    },
  )

  it('with other bytes than its digest is none', async () => {
    const held = heldContent()
    const base = held.putImage('0', [1])
    held.refused.set(base, SPOILT)
    expect(states(await ask(held, held.putImage('', [1, 2]), [allowing(`docker.io/library/base@${base}`)]))).toEqual([
      'failed',
    ])
  })
})

describe('scans that were attested', () => {
  const [one, two] = [aDigest(1), aDigest(2)]
  const predicate = {
    scanner: { uri: 'pkg:trivy', result: { SchemaVersion: 2, Results: [{ Target: 'app', Vulnerabilities: [] }] } },
    metadata: { scanFinishedOn: new Date(NOW).toISOString() },
  }
  const attested = (subject: Digest) => anAttestation({ subject, predicateType: COSIGN_VULN, predicate })
  const targets = [
    { digest: one, platform: 'linux/amd64' },
    { digest: two, platform: 'linux/arm64' },
  ]
  const collect = (...proofs: readonly Evidence[]) =>
    collectScans(toolsOf(heldContent()), aPinnedImage(), targets, proofs)

  it('are those of the platform that they are about, or of none', async () => {
    const facts = await collect(attested(two), attested(aDigest(3)))
    expect(facts).toMatchObject([
      { subject: two, platform: 'linux/arm64', scanner: 'attestation' },
      { subject: aDigest(3), platform: null },
    ])
  })

  it('are attestations of scans, and nothing else', async () => {
    const rejected: Evidence = { kind: 'rejected', source: 'x', format: null, reason: 'malformed', detail: '' }
    expect(await collect(rejected, aSignature(), anAttestation({ subject: one }))).toEqual([])
  })
})
