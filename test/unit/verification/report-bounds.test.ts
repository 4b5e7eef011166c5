/** Attached reports one by one: which are looked at, what each costs, and whose word it is. Their signatures are by a key, for speed. */

import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { Digest } from '../../../src/domain/image.ts'
import { collectReports, reportsOfIndex } from '../../../src/verification/attached-reports.ts'
import type { Tools } from '../../../src/verification/collect.ts'
import { BLOB_BYTES_MAX, type Attached } from '../../../src/verification/discover.ts'
import { tagOf } from '../../helpers/artifacts.ts'
import { aDigest, aPinnedImage, NOW } from '../../helpers/build.ts'
import { heldContent } from '../../helpers/held-content.ts'
import { createSigstore, pair } from '../../helpers/sigstore/instance.ts'
import { keySigner, OTHER } from '../../helpers/sigstore/question.ts'
import { signLayer } from '../../helpers/sigstore/signatures.ts'

const SARIF = 'application/sarif+json'
const JSON_TYPE = 'application/json'
const sigstore = createSigstore()
const [keys, strangers] = [pair(), pair()]
const image = aPinnedImage()
const sarif = { version: '2.1.0', runs: [{ tool: { driver: { name: 'Trivy', rules: [] } }, results: [] }] }
const plenty = () => ({ deadline: NOW, bytesLeft: 100_000, materialsLeft: 100 })

type File = { readonly mediaType: string; readonly content?: unknown; readonly size?: number }

function attached(files: readonly File[], artifactType = SARIF) {
  const held = heldContent()
  const layers = files.map(({ mediaType, content = sarif, size }) => {
    const blob = held.putBlob(content)
    return { mediaType, digest: blob.digest, size: size ?? blob.size }
  })
  const source = held.putManifest({ artifactType, subject: { digest: image.digest }, layers })
  const report = { source, artifactType, layers, annotations: {} }
  const sign = (by = keys, about: Digest = source): void => {
    const { blob, ...layer } = signLayer(sigstore, about, { by: 'key', keys: by, log: 'none' })
    held.putManifest({ layers: [{ ...layer, ...held.putBlob(blob) }] }, tagOf(source, '.sig'))
  }
  const tools: Tools = {
    content: held,
    signers: { scanner: keySigner(keys.publicKey, 'ignore') },
    trust: {},
    revocation: {},
    scanSources: [],
    now: () => NOW,
  }
  const collect = (more: Partial<Attached> = {}): Promise<readonly Evidence[]> =>
    collectReports(tools, { image, reports: [report], budget: plenty(), ...more }, 'linux/amd64')
  return { held, report, sign, collect }
}

const kinds = (evidence: readonly Evidence[]): readonly string[] =>
  evidence.map((fact) => (fact.kind === 'rejected' ? fact.reason : fact.kind))

describe('a signed report', () => {
  it('is a scan of the image, by its signers, of no proven time', async () => {
    const { sign, collect } = attached([{ mediaType: SARIF }])
    sign()
    expect(await collect()).toMatchObject([
      { kind: 'scan', subject: image.digest, platform: 'linux/amd64', signers: ['scanner'], state: 'finished' },
    ])
  })

  it.each<[string, string, readonly string[]]>([
    [SARIF, 'x', ['scan']],
    ['x', SARIF, ['scan']],
    [JSON_TYPE, '', ['scan']],
    [JSON_TYPE, 'x', []],
    [`x${SARIF}`, 'x', []],
    [`${SARIF}x`, 'x', []],
    ['application/vnd.aquasec.trivy.report+json', 'x', ['scan']],
    ['x', '', []],
  ])('with a file of the type %s in an artifact of the type %j comes to %j', async (mediaType, type, expected) => {
    const { sign, collect } = attached([{ mediaType }], type)
    sign()
    expect(kinds(await collect())).toEqual(expected)
  })

  it('is those of its files that are reports', async () => {
    const { held, report, sign, collect } = attached([{ mediaType: 'x', content: 'other' }, { mediaType: SARIF }], 'x')
    sign()
    expect(kinds(await collect())).toEqual(['scan'])
    expect(held.asked).not.toContain(report.layers[0]?.digest)
  })

  it.each<[string, string, string, readonly string[]]>([
    ['named a report', SARIF, 'x', ['scan']],
    ['in an artifact named one', 'x', SARIF, ['scan']],
    ['named nothing', JSON_TYPE, '', []],
  ])('that nobody can read is a failed scan where it is %s', async (_title, mediaType, type, expected) => {
    const { sign, collect } = attached([{ mediaType, content: '{' }], type)
    sign()
    const evidence = await collect()
    expect(kinds(evidence)).toEqual(expected)
    expect(evidence.filter((fact) => fact.kind === 'scan' && fact.state === 'finished')).toEqual([])
  })
})

describe('a report that is not signed', () => {
  it('says so; by a stranger it says why; about another artifact too', async () => {
    const one = attached([{ mediaType: SARIF }])
    expect(await one.collect()).toMatchObject([{ reason: 'unsigned-report', source: one.report.source }])
    one.sign(strangers)
    expect(await one.collect()).toMatchObject([
      { reason: 'unsigned-report', detail: expect.stringContaining('bad-signature') },
    ])
    one.sign(keys, OTHER)
    expect(await one.collect()).toMatchObject([
      { reason: 'unsigned-report', detail: expect.stringContaining('wrong-subject') },
    ])
  })

  it('says nothing of reasons where nothing was refused', async () => {
    const [fact] = await attached([{ mediaType: SARIF }]).collect()
    expect(fact?.kind === 'rejected' ? fact.detail : '').not.toContain('found')
  })

  it.each([
    ['is not there any more', null],
    ['is refused', { reason: 'digest-mismatch', detail: 'other bytes' } as const],
  ])('and %s is none', async (_title, problem) => {
    const { held, report, collect } = attached([{ mediaType: SARIF }])
    const source = problem === null ? aDigest(9) : report.source
    if (problem !== null) held.refused.set(report.source, problem)
    expect(await collect({ reports: [{ ...report, source }] })).toMatchObject([{ reason: 'not-found', source }])
  })
})

describe('what reports cost', () => {
  const signedCost = async (): Promise<number> => {
    const { sign, collect } = attached([{ mediaType: SARIF }])
    sign()
    const budget = plenty()
    await collect({ budget })
    return plenty().bytesLeft - budget.bytesLeft
  }

  it('is taken off what is left, to the byte', async () => {
    const cost = await signedCost()
    const { sign, report, collect } = attached([{ mediaType: SARIF }])
    sign()
    expect(cost).toBeGreaterThan(report.layers[0]?.size ?? 0)
    expect(kinds(await collect({ budget: { ...plenty(), bytesLeft: cost } }))).toEqual(['scan'])
    expect(kinds(await collect({ budget: { ...plenty(), bytesLeft: cost - 1 } }))).toEqual(['indeterminate'])
  })

  it.each([
    [BLOB_BYTES_MAX, 'scan'],
    [BLOB_BYTES_MAX + 1, 'indeterminate'],
  ])('of a file that says to have %i bytes: %s', async (size, expected) => {
    const { sign, collect } = attached([{ mediaType: SARIF, size }])
    sign()
    const budget = { ...plenty(), bytesLeft: 2 * BLOB_BYTES_MAX }
    expect(kinds(await collect({ budget }))).toEqual([expected])
  })

  it('is bounded: 32 are looked at, and that there are more is said', async () => {
    const { report, collect } = attached([{ mediaType: SARIF }])
    const other = { ...report, artifactType: 'x', layers: report.layers.map((layer) => ({ ...layer, mediaType: 'x' })) }
    const some = [other, ...Array.from({ length: 32 }, () => report)]
    expect(kinds(await collect({ reports: some }))).toEqual(Array(32).fill('unsigned-report'))
    const more = kinds(await collect({ reports: [...some, report] }))
    expect(more).toEqual(['indeterminate', ...Array(32).fill('unsigned-report')])
  })

  it('that was too much for its signatures is said beside it', async () => {
    const { sign, collect } = attached([{ mediaType: SARIF }])
    sign()
    expect(kinds(await collect({ budget: { ...plenty(), materialsLeft: 0 } }))).toEqual([
      'indeterminate',
      'unsigned-report',
    ])
  })
})

it('an index says which of its artifacts is a report, and nothing where none is', () => {
  const { report } = attached([{ mediaType: 'x' }, { mediaType: SARIF }], 'x')
  const about = (reports: Attached['reports']) => reportsOfIndex({ image, reports, budget: plenty() })
  const other = { ...report, source: OTHER, layers: report.layers.slice(0, 1) }
  expect(about([other, report])).toMatchObject([{ reason: 'report-of-index', source: report.source }])
  expect(about([other])).toEqual([])
})
