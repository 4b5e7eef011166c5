import { describe, expect, it } from 'vitest'
import { affected } from '../../src/affected.ts'
import { candidateOf } from '../../src/domain/candidate.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { FINDINGS_KEPT_MAX, knownFrom, type Known } from '../../src/domain/known.ts'
import { newLine, newStageState, type Current } from '../../src/domain/line.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { aDigest, aPinnedImage, NOW } from '../helpers/build.ts'
import { aScan, aSignature } from '../helpers/evidence.ts'

const finding = (id: string, severity: 'critical' | 'low' = 'critical') =>
  ({ id, severity, package: 'zlib', version: '1', fixedIn: null }) as const
const withFinding: readonly Evidence[] = [
  aSignature({ by: 'ci@acme.example' }),
  aScan({ counts: { critical: 1 }, findings: [finding('CVE-2026-1')] }),
]

function runs(content: number, known: Known | undefined, pusher?: string): Current {
  const image = aPinnedImage({ digest: aDigest(content) })
  const seen = { observedAt: NOW, cause: 'hub/1', since: NOW, ...(pusher === undefined ? {} : { pusher }) }
  const candidate = candidateOf(image, seen)
  const current = { state: 'candidate', candidate, observed: true, healthySince: NOW, builtAt: null } as const
  return known === undefined ? current : { ...current, known }
}

async function ask(subject: string, current: Current, owners?: readonly string[]) {
  const { documents } = createMemoryState()
  const line = newLine('payments')
  line.stages['prod'] = { ...newStageState(), current }
  await documents.save(line, 0, NOW)
  return affected(subject, documents, [{ name: 'payments', ...(owners && { owners: [...owners] }) }])
}

describe('what is affected', () => {
  it.each([
    ['its digest', aDigest(1)],
    ['a finding', 'CVE-2026-1'],
    ['a finding in other letters', 'cve-2026-1'],
    ['a signer by name', 'ci'],
    ['a signer by who that is', 'ci@acme.example'],
  ])('is named by %s', async (_title, subject) => {
    const answer = await ask(subject, runs(1, knownFrom(withFinding, NOW)))
    expect(answer.places).toMatchObject([{ subscription: 'payments', stage: 'prod', how: 'runs' }])
    expect(answer.unknown).toEqual([])
  })

  it.each([aDigest(2), 'CVE-2026-10', 'CVE-2026', 'qa'])('is not named by %s', async (subject) => {
    expect(await ask(subject, runs(1, knownFrom(withFinding, NOW)))).toMatchObject({ places: [], unknown: [] })
  })

  it('is named by the digest of a platform that was scanned', async () => {
    const known = knownFrom([aScan({ subject: aDigest(7), platform: 'linux/arm64' })], NOW)
    expect((await ask(aDigest(7), runs(1, known))).places).toHaveLength(1)
  })

  it('says whose it is: its owners, or else who pushed it', async () => {
    expect((await ask(aDigest(1), runs(1, undefined, 'anna'))).places).toMatchObject([{ owners: ['anna'] }])
    expect((await ask(aDigest(1), runs(1, undefined, 'anna'), ['team'])).places).toMatchObject([{ owners: ['team'] }])
  })
})

describe('where nobody can say', () => {
  const many = Array.from({ length: FINDINGS_KEPT_MAX + 1 }, (_each, index) => finding(`CVE-2026-${index + 10}`, 'low'))

  it.each<[string, Evidence[] | null]>([
    ['nothing was verified', null],
    ['no scan was finished', [aScan({ state: 'pending' })]],
    ['the scanner gives counts alone', [aScan({ counts: { critical: 1 }, findings: null })]],
    ['not all findings were kept', [aScan({ counts: { low: many.length }, findings: many })]],
  ])('%s: that is said, and is no "no"', async (_title, evidence) => {
    const known = evidence === null ? undefined : knownFrom(evidence, NOW)
    expect(await ask('CVE-2026-1', runs(1, known))).toMatchObject({ places: [], unknown: [{ stage: 'prod' }] })
  })

  it('what was there before us is known by its digest alone', async () => {
    const current = { state: 'found', tag: null, digest: aDigest(1), counts: false } as const
    expect(await ask(aDigest(1), current)).toMatchObject({ places: [{ stage: 'prod' }] })
    expect(await ask(aDigest(2), current)).toMatchObject({ places: [], unknown: [] })
    expect(await ask('CVE-2026-1', current)).toMatchObject({ places: [], unknown: [{ stage: 'prod' }] })
  })
})

describe('what is kept of evidence', () => {
  it('is the worst findings first, each once, up to the bound', () => {
    const findings = [finding('CVE-2026-2', 'low'), finding('CVE-2026-1'), finding('CVE-2026-1')]
    expect(knownFrom([aScan({ findings })], NOW)).toMatchObject({ findings: ['CVE-2026-1', 'CVE-2026-2'], more: 0 })
    const many = Array.from({ length: FINDINGS_KEPT_MAX + 3 }, (_each, index) => finding(`CVE-2026-${index}`))
    expect(knownFrom([aScan({ findings: many })], NOW)).toMatchObject({ more: 3 })
  })

  it('is a few kilobytes, whatever was found', () => {
    const many = Array.from({ length: 5_000 }, (_each, index) => finding(`CVE-${index}-${'9'.repeat(10_000)}`))
    const signers = Array.from({ length: 500 }, (_each, index) => aSignature({ by: `${index}${'x'.repeat(10_000)}` }))
    const known = knownFrom([aScan({ findings: many }), ...signers], NOW)
    expect(JSON.stringify(known).length).toBeLessThan(24 * 1024)
  })
})
