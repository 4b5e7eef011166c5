/** Reports as tools write them: what is found, when, of which database; and that half a report is never a clean one. */

import { describe, expect, it } from 'vitest'
import type { AttestationFact, ScanFact } from '../../../../src/domain/evidence.ts'
import { Digest } from '../../../../src/domain/image.ts'
import {
  readToolReport,
  scanOfAttestation,
  scanOfReport,
  COSIGN_VULN,
  INTOTO_VULNS,
} from '../../../../src/verification/scans/report.ts'

const PROVEN = Date.parse('2026-11-20T12:00:00Z')
const FINISHED = '2026-11-20T11:00:00Z'
const UPDATED = '2026-11-20T06:00:00Z'
const subject = Digest.parse(`sha256:${'a1'.repeat(32)}`)

const trivy = (vulnerabilities: object[] | undefined = [], more: object = {}) => ({
  SchemaVersion: 2,
  CreatedAt: FINISHED,
  Results: [{ Target: 'debian', Vulnerabilities: vulnerabilities }],
  ...more,
})
const trivyFinding = {
  VulnerabilityID: 'CVE-2026-1',
  PkgName: 'openssl',
  InstalledVersion: '3.0',
  FixedVersion: '3.1',
  Severity: 'CRITICAL',
}
const grype = (matches: object[] = [], more: object = {}) => ({
  matches,
  source: { type: 'image' },
  descriptor: { name: 'grype', version: '0.90', timestamp: FINISHED, db: { built: UPDATED } },
  ...more,
})
const grypeMatch = (fix: object | null = { state: 'fixed', versions: ['3.1'] }) => ({
  vulnerability: { id: 'CVE-2026-1', severity: 'High', fix },
  artifact: { name: 'openssl', version: '3.0' },
})
const sarif = (results: object[] | null | undefined, rules: object[] = [], more: object = {}) => ({
  version: '2.1.0',
  runs: [{ tool: { driver: { name: 'Trivy', rules } }, results, ...more }],
})
const result = {
  ruleId: 'CVE-2026-1',
  locations: [{ physicalLocation: { artifactLocation: { uri: 'usr/lib/libssl.so' } } }],
}
const rated = (score: unknown) => [{ id: 'CVE-2026-1', properties: { 'security-severity': score } }]

const origin = { source: 'report', subject, platform: 'linux/amd64', signers: ['scanner'], provenAt: PROVEN }
const read = (report: unknown): ScanFact => scanOfReport(readToolReport(report), origin)

describe('a report of Trivy', () => {
  it('is finished, with its findings', () => {
    expect(
      read(
        trivy([
          trivyFinding,
          { ...trivyFinding, VulnerabilityID: 'CVE-2026-2', FixedVersion: undefined, Severity: 'UNKNOWN' },
        ]),
      ),
    ).toEqual({
      kind: 'scan',
      source: 'report',
      subject,
      platform: 'linux/amd64',
      signers: ['scanner'],
      scanner: 'trivy',
      state: 'finished',
      counts: { critical: 1, high: 0, medium: 0, low: 0, negligible: 0, unknown: 1 },
      findings: [
        { id: 'CVE-2026-1', severity: 'critical', package: 'openssl', version: '3.0', fixedIn: '3.1' },
        { id: 'CVE-2026-2', severity: 'unknown', package: 'openssl', version: '3.0', fixedIn: null },
      ],
      scannedAt: Date.parse(FINISHED),
      databaseAt: null,
      detail: 'Trivy found 2',
    })
  })

  it.each<[string, object, ScanFact['state']]>([
    ['with a target without findings is clean', trivy(undefined), 'finished'],
    ['with a target whose findings are null is clean', trivy([], { Results: [{ Vulnerabilities: null }] }), 'finished'],
    ['without targets looked at nothing', trivy([], { Results: [] }), 'unsupported'],
    ['without results looked at nothing', trivy([], { Results: undefined }), 'unsupported'],
    ['with a finding that is none cannot be read', trivy([{ VulnerabilityID: 7 }]), 'failed'],
  ])('%s', (_name, report, state) => {
    expect(read(report)).toMatchObject({ state })
  })
})

describe('a report of Grype', () => {
  it.each<[string, object | null, string | null]>([
    ['with a fix', { state: 'fixed', versions: ['3.1', '3.2'] }, '3.1, 3.2'],
    ['with a fix of no version', { state: 'fixed' }, ''],
    ['without a fix', { state: 'not-fixed' }, null],
    ['that nobody will fix', { state: 'wont-fix' }, null],
    ['that says nothing of fixes', { state: 'unknown' }, ''],
    ['without a word', null, ''],
  ])('%s', (_name, fix, fixedIn) => {
    expect(read(grype([grypeMatch(fix)]))).toMatchObject({
      scanner: 'grype',
      state: 'finished',
      counts: { high: 1 },
      findings: [{ id: 'CVE-2026-1', severity: 'high', package: 'openssl', version: '3.0', fixedIn }],
      scannedAt: Date.parse(FINISHED),
      databaseAt: Date.parse(UPDATED),
    })
  })

  it('knows its database in the newer form, and what it looked at', () => {
    const descriptor = { name: 'grype', version: '1', db: { status: { built: UPDATED } } }
    expect(read(grype([], { descriptor }))).toMatchObject({ databaseAt: Date.parse(UPDATED), scannedAt: PROVEN })
    expect(read(grype([], { source: null }))).toMatchObject({ state: 'unsupported' })
    expect(read(grype([], { descriptor: { name: 'grype', version: '1' } }))).toMatchObject({ databaseAt: null })
  })
})

describe('a report in SARIF', () => {
  it.each<[unknown, string]>([
    ['9.8', 'critical'],
    [9, 'critical'],
    [8.9, 'high'],
    ['7.0', 'high'],
    [6.9, 'medium'],
    [4, 'medium'],
    [3.9, 'low'],
    [0.5, 'low'],
    [1, 'low'],
    [0, 'negligible'],
    [10, 'critical'],
    [null, 'unknown'],
    [undefined, 'unknown'],
    ['', 'unknown'],
    ['bad', 'unknown'],
    [11, 'unknown'],
    [-1, 'unknown'],
  ])('rated %s is %s', (score, severity) => {
    expect(read(sarif([result], rated(score))).findings).toEqual([
      { id: 'CVE-2026-1', severity, package: 'usr/lib/libssl.so', version: '', fixedIn: '' },
    ])
  })

  it.each<[string, object]>([
    ['no place', {}],
    ['no known place', { locations: [{ logicalLocations: [] }] }],
    ['a place without a name', { locations: [{ physicalLocation: { artifactLocation: {} } }] }],
  ])('counts a result of %s', (_title, over) => {
    expect(read(sarif([{ ruleId: 'CVE-2026-1', ...over }])).findings).toEqual([
      { id: 'CVE-2026-1', severity: 'unknown', package: '', version: '', fixedIn: '' },
    ])
  })

  it('is done where each of its runs is', () => {
    const [run] = sarif([]).runs
    const invocations = [{ executionSuccessful: true }, { executionSuccessful: false }]
    for (const other of [
      { ...run, results: null },
      { ...run, invocations },
    ]) {
      expect(read({ version: '2.1.0', runs: [run, other] })).toMatchObject({ state: 'unsupported' })
    }
    expect(read({ version: '2.1.0', runs: [run, run] })).toMatchObject({ state: 'finished' })
  })

  it.each<[string, object, ScanFact['state']]>([
    ['without findings is clean', sarif([]), 'finished'],
    [
      'with a result that its tool suppressed counts it',
      sarif([{ ...result, suppressions: [{}] }], rated(9)),
      'finished',
    ],
    ['whose results are null did not end', sarif(null), 'unsupported'],
    ['without results did not end', sarif(undefined), 'unsupported'],
    [
      'of a run that failed did not end',
      sarif([], [], { invocations: [{ executionSuccessful: false }] }),
      'unsupported',
    ],
    ['without runs says nothing', { version: '2.1.0', runs: [] }, 'unsupported'],
    ['of another version cannot be read', { ...sarif([]), version: '1.0.0' }, 'failed'],
  ])('%s', (_name, report, state) => {
    const fact = read(report)
    expect(fact.state).toBe(state)
    if (state === 'finished') expect(fact.findings?.length).toBe(fact.counts.critical)
  })

  it('ended when its first run did, if all say so', () => {
    const at = (endTimeUtc: string | undefined) => ({ executionSuccessful: true, endTimeUtc })
    expect(read(sarif([], [], { invocations: [at(FINISHED), at('2026-11-20T11:30:00Z')] })).scannedAt).toBe(
      Date.parse(FINISHED),
    )
    expect(read(sarif([], [], { invocations: [at(FINISHED)] })).scannedAt).toBe(Date.parse(FINISHED))
    expect(read(sarif([], [], { invocations: [at(FINISHED), at(undefined)] })).scannedAt).toBe(PROVEN)
  })
})

describe('a report', () => {
  it.each([
    ['nothing', null],
    ['text', 'x'],
    ['a list', []],
    ['an SBOM', { bomFormat: 'CycloneDX', components: [] }],
  ])('that is %s has failed', (_name, report) => {
    expect(read(report)).toMatchObject({ state: 'failed', counts: {}, findings: null })
  })

  it('may be older than its signature, and not newer', () => {
    const at = (CreatedAt: string) => read(trivy([], { CreatedAt }))
    expect(at('2026-11-20T12:05:00Z')).toMatchObject({ state: 'finished', scannedAt: PROVEN })
    expect(at('2026-11-20T12:05:01Z')).toMatchObject({ state: 'failed' })
    expect(at('no time')).toMatchObject({ scannedAt: PROVEN })
    expect(scanOfReport(readToolReport(trivy()), { ...origin, provenAt: null })).toMatchObject({
      scannedAt: Date.parse(FINISHED),
    })
  })
})

const attestation = (predicateType: string, predicate: unknown): AttestationFact => ({
  kind: 'attestation',
  format: 'sigstore-bundle',
  source: 'bundle',
  subject,
  signers: ['scanner'],
  by: 'scanner',
  log: null,
  at: PROVEN,
  claims: {},
  predicateType,
  predicate,
})
const cosign = (report: unknown, more: object = {}) => ({
  invocation: {},
  scanner: { uri: 'pkg:github/aquasecurity/trivy', db: { uri: '', version: '', lastUpdate: UPDATED }, result: report },
  metadata: { scanFinishedOn: FINISHED },
  ...more,
})

describe('a vulnerability attestation', () => {
  it.each([COSIGN_VULN, 'cosign.sigstore.dev/attestation/vuln/v1'])('of cosign as %s holds a tool’s report', (type) => {
    expect(scanOfAttestation(attestation(type, cosign(trivy([trivyFinding]))), 'linux/amd64')).toMatchObject({
      scanner: 'attestation',
      state: 'finished',
      platform: 'linux/amd64',
      signers: ['scanner'],
      counts: { critical: 1 },
      scannedAt: Date.parse(FINISHED),
      databaseAt: Date.parse(UPDATED),
    })
    const own = { scanner: { result: grype() } }
    expect(scanOfAttestation(attestation(type, cosign(null, own)), null)).toMatchObject({
      databaseAt: Date.parse(UPDATED),
    })
  })

  it.each<[string, unknown]>([
    ['without a scanner', { metadata: {} }],
    ['with a list of scanners', cosign(null, { scanner: undefined, scanners: [{}] })],
    ['with a result that nobody knows', cosign({ vulnerabilities: [] })],
    ['without a result', cosign(undefined)],
    ['without its end', { ...cosign(trivy()), metadata: undefined }],
  ])('of cosign %s has failed', (_name, predicate) => {
    expect(scanOfAttestation(attestation(COSIGN_VULN, predicate), null)).toMatchObject({
      scanner: 'attestation',
      state: 'failed',
    })
  })

  const inToto = (list: unknown) => ({
    scanner: { uri: 'pkg:x', db: { lastUpdate: UPDATED }, result: list },
    metadata: { scanFinishedOn: FINISHED },
  })
  it.each(INTOTO_VULNS)('of in-toto as %s lists what was found', (type) => {
    const list = [
      {
        id: 'CVE-2026-1',
        severity: [
          { method: 'nvd', score: '5.0' },
          { method: 'vendor', score: 9.1 },
        ],
      },
      { id: 'CVE-2026-2', severity: [{ method: 'vendor', score: 'HIGH' }] },
      { id: 'CVE-2026-3', severity: [] },
      { id: 'CVE-2026-4', severity: [{ method: 'nvd', score: '5.0' }] },
    ]
    expect(scanOfAttestation(attestation(type, inToto(list)), null)).toMatchObject({
      state: 'finished',
      counts: { critical: 1, high: 1, medium: 1, unknown: 1 },
      findings: [{ fixedIn: '' }, {}, {}, {}],
      databaseAt: Date.parse(UPDATED),
    })
    expect(scanOfAttestation(attestation(type, inToto([])), null)).toMatchObject({ state: 'finished', findings: [] })
    expect(scanOfAttestation(attestation(type, inToto(undefined)), null)).toMatchObject({ state: 'failed' })
    const undated = { ...inToto([]), scanner: { uri: 'pkg:x', result: [] } }
    expect(scanOfAttestation(attestation(type, undated), null)).toMatchObject({ databaseAt: null })
  })

  it('of another type is none', () => {
    expect(scanOfAttestation(attestation('https://slsa.dev/provenance/v1', cosign(trivy())), null)).toBeNull()
  })
})
