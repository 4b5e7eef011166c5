/** The judgement of scans: what holds, what waits, what fails, and what is told about it. */

import { describe, expect, it } from 'vitest'
import type { AttestationFact, Finding, ScanFact } from '../../../../src/domain/evidence.ts'
import { Digest } from '../../../../src/domain/image.ts'
import type { ScanRule } from '../../../../src/domain/verification-policy.ts'
import { judgeScan, type ScanQuestion } from '../../../../src/verification/scans/judge.ts'
import { FIX_NOT_TOLD } from '../../../../src/verification/scans/severity.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const HOUR = 60 * 60_000
const AMD = Digest.parse(`sha256:${'a1'.repeat(32)}`)
const ARM = Digest.parse(`sha256:${'b2'.repeat(32)}`)
const INDEX = Digest.parse(`sha256:${'c3'.repeat(32)}`)

const aRule = (over: Partial<ScanRule> = {}): ScanRule => ({
  kind: 'scan',
  maximum: { critical: 0 },
  fixableOnly: false,
  except: [],
  signers: [],
  vex: [],
  allowUnsupported: false,
  ...over,
})
const aFinding = (over: Partial<Finding> = {}): Finding => ({
  id: 'CVE-2026-1',
  severity: 'critical',
  package: 'openssl',
  version: '3.0',
  fixedIn: '3.1',
  ...over,
})
const aScan = (over: Partial<ScanFact> = {}): ScanFact => ({
  kind: 'scan',
  state: 'finished',
  scanner: 'ecr',
  subject: AMD,
  platform: null,
  counts: {},
  findings: [],
  scannedAt: NOW - HOUR,
  databaseAt: NOW - HOUR,
  signers: [],
  source: 'ecr',
  detail: 'as ECR says',
  ...over,
})
const found = (...findings: Finding[]): Partial<ScanFact> => ({
  findings,
  counts: Object.fromEntries(
    findings.map(({ severity }) => [severity, findings.filter((one) => one.severity === severity).length]),
  ),
})
const judge = (facts: readonly ScanFact[], rule: Partial<ScanRule> = {}, over: Partial<ScanQuestion> = {}) =>
  judgeScan({
    facts,
    targets: [{ digest: AMD, platform: null }],
    attestations: [],
    rule: aRule(rule),
    now: NOW,
    ...over,
  })

describe('what is counted', () => {
  const low = aFinding({ id: 'CVE-2026-2', severity: 'low' })
  const except = [{ id: 'CVE-2026-2', until: NOW + HOUR, reason: 'later' }]

  it('of one severity is not lessened by an exception of another', () => {
    expect(judge([aScan(found(aFinding(), low))], { except }).state).toBe('failed')
    expect(judge([aScan(found(low))], { except, maximum: { low: 0 } }).state).toBe('held')
  })

  it('of one scanner is not replaced by the newer word of another', () => {
    const older = aScan({ ...found(aFinding()), scannedAt: NOW - 2 * HOUR })
    const newer = aScan({ scanner: 'harbor' })
    expect(judge([older, newer]).state).toBe('failed')
    expect(judge([newer, older]).state).toBe('failed')
  })

  it('without a time is never the older one', () => {
    const untimed = aScan({ ...found(aFinding()), scannedAt: null })
    expect(judge([untimed, aScan()]).state).toBe('failed')
    expect(judge([aScan({ ...found(aFinding()), scannedAt: NOW - 2 * HOUR }), aScan()]).state).toBe('held')
    expect(judge([aScan({ scannedAt: null }), aScan(found(aFinding()))]).state).toBe('failed')
  })
})

describe('a state', () => {
  it.each<[ScanFact['state'], string]>([
    ['finished', 'held'],
    ['pending', 'waiting'],
    ['not-found', 'waiting'],
    ['unavailable', 'waiting'],
    ['failed', 'failed'],
    ['expired', 'failed'],
    ['unsupported', 'failed'],
  ])('%s is %s, though it counts nothing', (state, expected) => {
    expect(judge([aScan({ state })]).state).toBe(expected)
  })

  it('that is unsupported holds where that is written out, and no other does', () => {
    expect(judge([aScan({ state: 'unsupported' })], { allowUnsupported: true })).toMatchObject({
      state: 'held',
      detail: 'ecr: as ECR says',
    })
    expect(judge([aScan({ state: 'failed' })], { allowUnsupported: true }).state).toBe('failed')
    expect(judge([aScan({ state: 'expired' })], { allowUnsupported: true }).state).toBe('failed')
  })

  it('that is absent waits', () => {
    expect(judge([])).toEqual({ rule: 'scan', state: 'waiting', detail: 'no scan that could prove it clean' })
  })
})

describe('a maximum', () => {
  it.each<[string, Partial<ScanRule['maximum']>, ScanFact['counts'], string]>([
    ['below', { high: 5 }, { high: 4 }, 'held'],
    ['at', { high: 5 }, { high: 5 }, 'held'],
    ['above', { high: 5 }, { high: 6 }, 'failed'],
    ['of another severity', { high: 5 }, { medium: 99 }, 'held'],
    ['of what nobody rated', { unknown: 0 }, { unknown: 1 }, 'failed'],
    ['one of two', { critical: 0, high: 5 }, { critical: 1, high: 1 }, 'failed'],
  ])('%s', (_name, maximum, counts, state) => {
    expect(judge([aScan({ counts, findings: null })], { maximum }).state).toBe(state)
  })

  it('that is passed is told with the number', () => {
    expect(judge([aScan(found(aFinding(), aFinding({ id: 'CVE-2026-2' })))]).detail).toBe('ecr: 2 critical, limit 0')
    expect(judge([aScan({ counts: { low: 3, medium: 1 } })]).detail).toBe('ecr: 1 medium, 3 low')
    expect(judge([aScan()]).detail).toBe('ecr: no findings')
  })

  it('counts what a list leaves out', () => {
    expect(
      judge([aScan({ counts: { critical: 2 }, findings: [aFinding()] })], {
        except: [{ id: 'CVE-2026-1', until: NOW + 1, reason: 'x' }],
      }),
    ).toMatchObject({ state: 'failed', detail: expect.stringContaining('1 critical') })
  })
})

describe('platforms', () => {
  const targets = [
    { digest: AMD, platform: 'linux/amd64' },
    { digest: ARM, platform: 'linux/arm64/v8' },
  ]
  it('are all judged, and the worst is the verdict', () => {
    const amd = aScan()
    expect(judge([amd, aScan({ subject: ARM })], {}, { targets }).state).toBe('held')
    expect(judge([amd], {}, { targets })).toMatchObject({
      state: 'waiting',
      detail: expect.stringContaining('linux/arm64/v8'),
    })
    expect(judge([amd, aScan({ subject: ARM, state: 'pending' })], {}, { targets }).state).toBe('waiting')
    expect(judge([amd, aScan({ subject: ARM, ...found(aFinding()) })], {}, { targets })).toMatchObject({
      state: 'failed',
      detail: 'linux/arm64/v8: ecr: 1 critical, limit 0',
    })
    expect(judge([aScan({ state: 'pending' }), aScan({ subject: ARM, state: 'failed' })], {}, { targets }).state).toBe(
      'failed',
    )
  })

  it('that are not asked for do not count; one that is meant in general does', () => {
    expect(judge([aScan()], { platforms: ['linux/amd64'] }, { targets }).state).toBe('held')
    expect(judge([aScan()], { platforms: ['linux/arm64'] }, { targets }).state).toBe('waiting')
    expect(judge([aScan()], { platforms: ['linux/arm'] }, { targets })).toMatchObject({ state: 'failed' })
  })

  it('that are named in a list are enough one by one', () => {
    const platforms = ['linux/amd64', 'linux/arm64']
    expect(judge([aScan(), aScan({ subject: ARM })], { platforms }, { targets }).state).toBe('held')
    expect(judge([aScan()], { platforms }, { targets }).state).toBe('waiting')
  })

  it('without a name are told by their digests', () => {
    const nameless = targets.map(({ digest }) => ({ digest, platform: null }))
    expect(judge([aScan()], {}, { targets: nameless }).detail).toContain(`${ARM}: `)
  })

  it('that are none fail', () => {
    expect(judge([aScan()], {}, { targets: [] }).state).toBe('failed')
  })

  it('are not proven by a report about the index', () => {
    expect(judge([aScan({ subject: INDEX })], {}, { targets }).state).toBe('waiting')
  })
})

describe('sources', () => {
  it('must all be finished and clean', () => {
    const quay = (over: Partial<ScanFact> = {}) => aScan({ scanner: 'quay', ...over })
    expect(judge([aScan(), quay()]).state).toBe('held')
    expect(judge([aScan(), quay({ state: 'pending' })]).state).toBe('waiting')
    expect(judge([aScan(), quay(found(aFinding()))]).state).toBe('failed')
  })

  it('that are named must be there, and others do not count', () => {
    expect(judge([aScan(), aScan({ scanner: 'quay', ...found(aFinding()) })], { from: ['ecr'] }).state).toBe('held')
    expect(judge([aScan()], { from: ['ecr', 'harbor'] })).toMatchObject({
      state: 'waiting',
      detail: 'harbor: no report yet',
    })
  })

  it('that know bad images alone never prove a good one', () => {
    const defender = (over: Partial<ScanFact> = {}) =>
      aScan({ scanner: 'defender', scannedAt: null, databaseAt: null, ...over })
    expect(judge([defender()]).state).toBe('waiting')
    expect(judge([defender(found(aFinding()))]).state).toBe('failed')
    expect(judge([aScan(), defender()]).state).toBe('held')
    expect(judge([aScan(), defender()], { newerThan: 2 * HOUR }).state).toBe('held')
    expect(judge([aScan(), defender(found(aFinding()))], { newerThan: 2 * HOUR }).state).toBe('failed')
  })

  it.each(['attestation', 'trivy', 'grype', 'sarif'])(
    'that somebody brought (%s) count by who signed them',
    (scanner) => {
      expect(judge([aScan({ scanner, signers: ['ci'] })], { signers: ['ci'] }).state).toBe('held')
      expect(judge([aScan({ scanner, signers: ['ci'] })], { signers: ['scanner'] }).state).toBe('waiting')
      expect(judge([aScan({ scanner })], { signers: ['ci'] }).state).toBe('waiting')
      expect(judge([aScan({ scanner })]).state).toBe('waiting')
    },
  )

  it('are judged by their newest report: an old clean one does not help', () => {
    const old = aScan({ scannedAt: NOW - 2 * HOUR })
    const critical = aScan(found(aFinding()))
    for (const facts of [
      [old, critical],
      [critical, old],
    ])
      expect(judge(facts).state).toBe('failed')
    for (const facts of [
      [aScan(), { ...critical, scannedAt: NOW - 2 * HOUR }],
      [{ ...critical, scannedAt: NOW - 2 * HOUR }, aScan()],
    ])
      expect(judge(facts).state).toBe('held')
    expect(judge([aScan(), critical]).state).toBe('failed')
    expect(judge([aScan(), { ...critical, scannedAt: null }]).state).toBe('failed')
  })
})

describe('ages', () => {
  it.each<[string, number | null, string]>([
    ['younger', NOW - HOUR + 1, 'held'],
    ['as old', NOW - HOUR, 'held'],
    ['older', NOW - HOUR - 1, 'waiting'],
    ['of no time', null, 'failed'],
    ['of a clock that is a little ahead', NOW + 5 * 60_000, 'held'],
    ['of the future', NOW + 5 * 60_000 + 1, 'failed'],
  ])('a scan %s', (_name, at, state) => {
    expect(judge([aScan({ scannedAt: at })], { newerThan: HOUR }).state).toBe(state)
    expect(judge([aScan({ databaseAt: at })], { databaseNewerThan: HOUR }).state).toBe(state)
  })

  it('that are too high are told', () => {
    const detail = judge([aScan({ scannedAt: NOW - 3 * HOUR })], { newerThan: 2 * HOUR }).detail
    expect(detail).toBe('ecr: the scan is 3h old, limit 2h')
  })

  it('are not asked for where nothing is written; the future never counts', () => {
    expect(judge([aScan({ scannedAt: null, databaseAt: null })]).state).toBe('held')
    expect(judge([aScan({ scannedAt: 1 })]).state).toBe('held')
    expect(judge([aScan({ scannedAt: NOW + HOUR })]).state).toBe('failed')
  })
})

describe('what is subtracted', () => {
  const one = aScan(found(aFinding()))
  it.each<[string, number, string]>([
    ['until tomorrow', NOW + 1, 'held'],
    ['until now', NOW, 'failed'],
    ['until yesterday', NOW - 1, 'failed'],
  ])('by an exception %s', (_name, until, state) => {
    const said = judge([one], { except: [{ id: 'CVE-2026-1', until, reason: 'not reachable' }] })
    expect(said.state).toBe(state)
    expect(said.detail).toContain(
      state === 'held'
        ? 'without CVE-2026-1 (excepted until 2026-11-20: not reachable)'
        : 'the exception for CVE-2026-1 is over',
    )
  })

  it('by an exception is nothing else', () => {
    expect(judge([one], { except: [{ id: 'CVE-2026-2', until: NOW + 1, reason: 'x' }] })).toMatchObject({
      state: 'failed',
      detail: 'ecr: 1 critical, limit 0',
    })
  })

  it('by an exception and for want of a fix is told apart', () => {
    const findings = [aFinding(), aFinding({ id: 'CVE-2026-2', fixedIn: null })]
    const except = [{ id: 'CVE-2026-1', until: NOW + 1, reason: 'x' }]
    expect(judge([aScan(found(...findings))], { except, fixableOnly: true }).detail).toBe(
      'ecr: no findings (without CVE-2026-1 (excepted until 2026-11-20: x); without 1 that have no fix)',
    )
  })

  it('by an exception that is over is told, though others were found too', () => {
    const findings = [aFinding(), aFinding({ id: 'CVE-2026-2' })]
    const except = [{ id: 'CVE-2026-1', until: NOW - 1, reason: 'x' }]
    expect(judge([aScan(found(...findings))], { except }).detail).toContain('the exception for CVE-2026-1 is over')
  })

  it('by an exception that is over is told only where it mattered', () => {
    expect(judge([one], { except: [{ id: 'CVE-2026-2', until: NOW - 1, reason: 'x' }] }).detail).toBe(
      'ecr: 1 critical, limit 0',
    )
  })

  it('where only what has a fix counts', () => {
    const unfixed = aScan(found(aFinding({ fixedIn: null })))
    expect(judge([unfixed], { fixableOnly: true })).toMatchObject({
      state: 'held',
      detail: 'ecr: no findings (without 1 that have no fix)',
    })
    expect(judge([unfixed]).state).toBe('failed')
    expect(judge([one], { fixableOnly: true }).state).toBe('failed')
    expect(judge([aScan(found(aFinding({ fixedIn: FIX_NOT_TOLD })))], { fixableOnly: true }).state).toBe('failed')
  })

  it('of a source of counts alone is nothing, and that is told', () => {
    const blind = aScan({ counts: { critical: 1 }, findings: null })
    for (const rule of [
      { fixableOnly: true },
      { except: [{ id: 'CVE-2026-1', until: NOW + 1, reason: 'x' }] },
      { vex: ['security'] },
    ]) {
      expect(judge([blind], rule)).toMatchObject({ state: 'failed', detail: expect.stringContaining('counts alone') })
    }
    expect(judge([blind]).detail).toBe('ecr: 1 critical, limit 0')
  })

  it('is told for a few, and then by number', () => {
    const findings = Array.from({ length: 8 }, (_, at) => aFinding({ id: `CVE-2026-${at}` }))
    const except = findings.map(({ id }) => ({ id, until: NOW + 1, reason: 'x' }))
    const eight = judge([aScan(found(...findings))], { except }).detail
    expect(eight).toContain('and 3 more')
    expect(eight).not.toContain('CVE-2026-5')
    const five = judge([aScan(found(...findings.slice(0, 5)))], { except }).detail
    expect(five).toContain('without CVE-2026-4')
    expect(five).not.toContain('more')
  })
})

const purl = (digest: string): string =>
  `pkg:oci/app@${digest.replace(':', '%3A')}?repository_url=registry.example/acme`
const aStatement = (over: object = {}) => ({
  vulnerability: { name: 'CVE-2026-1' },
  products: [{ '@id': purl(AMD) }],
  status: 'not_affected',
  justification: 'vulnerable_code_not_present',
  ...over,
})
const aVex = (statements: object[], over: Partial<AttestationFact> = {}, document: object = {}): AttestationFact => ({
  kind: 'attestation',
  format: 'sigstore-bundle',
  source: 'vex',
  subject: INDEX,
  signers: ['security'],
  by: 'security',
  log: null,
  at: NOW - HOUR,
  claims: {},
  predicateType: 'https://openvex.dev/ns/v0.2.0',
  predicate: {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    author: 'Acme',
    timestamp: '2026-11-19T00:00:00Z',
    statements,
    ...document,
  },
  ...over,
})

describe('VEX', () => {
  const one = aScan(found(aFinding()))
  const state = (attestations: AttestationFact[], rule: Partial<ScanRule> = { vex: ['security'] }) =>
    judge([one], rule, { attestations })

  it.each<[string, AttestationFact]>([
    ['that it is not affected', aVex([aStatement()])],
    ['that it is fixed', aVex([aStatement({ status: 'fixed', justification: undefined })])],
    ['why, in words', aVex([aStatement({ justification: undefined, impact_statement: 'never called' })])],
    ['it of an alias', aVex([aStatement({ vulnerability: { name: 'GHSA-1', aliases: ['CVE-2026-1'] } })])],
    ['it in the older form', aVex([aStatement({ vulnerability: 'CVE-2026-1' })])],
    [
      'it of the package',
      aVex([
        aStatement({ products: [{ '@id': purl(AMD), subcomponents: [{ '@id': 'pkg:deb/debian/openssl@3.0' }] }] }),
      ]),
    ],
    ['it of the index that the platform is in', aVex([aStatement({ products: [{ '@id': purl(INDEX) }] })])],
    ['it by an identifier', aVex([aStatement({ products: [{ '@id': 'app', identifiers: { purl: purl(AMD) } }] })])],
    ['it under the name of the type alone', aVex([aStatement()], { predicateType: 'https://openvex.dev/ns' })],
  ])('that says %s subtracts, and is told', (_name, attestation) => {
    const said = state([attestation])
    expect(said).toMatchObject({ state: 'held' })
    expect(said.detail).toMatch(/without CVE-2026-1 \(security says (?:not_affected|fixed): /u)
  })

  it.each<[string, AttestationFact[], Partial<ScanRule>?]>([
    ['by another signer', [aVex([aStatement()], { signers: ['ci'] })]],
    ['by nobody', [aVex([aStatement()], { signers: [] })]],
    ['by a signer who may not', [aVex([aStatement()])], {}],
    ['of another type', [aVex([aStatement()], { predicateType: 'https://openvex.dev/nsx' })]],
    ['about another image', [aVex([aStatement({ products: [{ '@id': purl(ARM) }] })])]],
    ['about every version', [aVex([aStatement({ products: [{ '@id': 'pkg:oci/app' }] })])]],
    ['about no product', [aVex([aStatement({ products: [] })])]],
    [
      'about another package',
      [aVex([aStatement({ products: [{ '@id': purl(AMD), subcomponents: [{ '@id': 'pkg:deb/debian/zlib@1' }] }] })])],
    ],
    ['about another finding', [aVex([aStatement({ vulnerability: { name: 'CVE-2026-2' } })])]],
    ['that it is affected', [aVex([aStatement({ status: 'affected' })])]],
    ['that it is looked into', [aVex([aStatement({ status: 'under_investigation' })])]],
    ['without a ground', [aVex([aStatement({ justification: undefined })])]],
    ['with a ground that is none', [aVex([aStatement({ justification: 'trust_me' })])]],
    ['in a document that is none', [aVex([aStatement()], {}, { '@context': 'https://example.com' })]],
    [
      'that was taken back later',
      [aVex([aStatement(), aStatement({ status: 'affected', timestamp: '2026-11-19T00:00:01Z' })])],
    ],
    [
      'that another trusted signer denies',
      [aVex([aStatement()]), aVex([aStatement({ status: 'affected' })], { signers: ['vendor'] })],
      { vex: ['security', 'vendor'] },
    ],
    [
      'that another trusted signer denied before',
      [
        aVex([aStatement({ timestamp: '2026-11-19T00:00:01Z' })]),
        aVex([aStatement({ status: 'affected' })], { signers: ['vendor'] }),
      ],
      { vex: ['security', 'vendor'] },
    ],
    [
      'that was taken back later, though nothing proves when',
      [
        aVex([aStatement({ timestamp: '2026-11-18T00:00:00Z' })]),
        aVex([aStatement({ status: 'affected' })], { at: null }),
      ],
    ],
    [
      'that claims to be of the future, against what was said later',
      [
        aVex([aStatement({ timestamp: '2030-01-01T00:00:00Z' })], { at: NOW - 2 * HOUR }),
        aVex([aStatement({ status: 'affected', timestamp: '2030-01-01T00:00:00Z' })], { at: NOW - HOUR }),
      ],
    ],
  ])('%s subtracts nothing', (_name, attestations, rule) => {
    expect(state(attestations, rule ?? { vex: ['security'] })).toMatchObject({ state: 'failed' })
  })

  it('that was corrected later subtracts', () => {
    expect(
      state([aVex([aStatement({ status: 'affected' }), aStatement({ timestamp: '2026-11-19T00:00:01Z' })])]).state,
    ).toBe('held')
  })

  it.each(['pending', 'not-found', 'failed', 'expired', 'unavailable', 'unsupported'] as const)(
    'never makes %s clean',
    (of) => {
      expect(
        judge([aScan({ state: of })], { vex: ['security'] }, { attestations: [aVex([aStatement()])] }).state,
      ).not.toBe('held')
    },
  )
})
