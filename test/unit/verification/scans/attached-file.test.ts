/** Files that are attached to an image: which of them are reports, and what a CycloneDX one says. */

import { describe, expect, it } from 'vitest'
import { readAttachedReport } from '../../../../src/verification/scans/attached-file.ts'

const read = (value: unknown) =>
  readAttachedReport(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
const cyclonedx = (vulnerabilities: unknown, more: object = {}) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  vulnerabilities,
  ...more,
})
const one = (vulnerability: object) => {
  const report = read(cyclonedx([{ id: 'CVE-2026-1', ...vulnerability }]))
  return report === null || report === 'no-report' ? report : report.findings[0]
}

describe('a file', () => {
  const trivy = { SchemaVersion: 2, Results: [{ Target: 'app' }] }
  const cosign = { scanner: { uri: 'x', result: trivy }, metadata: { scanFinishedOn: '2026-11-20T12:00:00Z' } }

  it.each<[string, unknown, string]>([
    ['of Trivy', trivy, 'trivy'],
    ["of cosign's, with that of Trivy in it", cosign, 'trivy'],
    ['of Grype', { matches: [], source: {}, descriptor: { name: 'grype', version: '1' } }, 'grype'],
    ['of SARIF', { version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [] }] }, 'sarif'],
    ['of CycloneDX', cyclonedx([{ id: 'CVE-2026-1' }]), 'cyclonedx'],
  ])('%s is its report', (_title, file, scanner) => {
    expect(read(file)).toMatchObject({ scanner, isAboutSomething: true })
  })

  it.each<[string, unknown]>([
    ['that is no JSON', '{'],
    ['that is nested without end', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['of nothing that is known', { hello: 'world' }],
    ['of another SBOM', { spdxVersion: 'SPDX-2.3', packages: [] }],
    ['of CycloneDX whose findings have no id', cyclonedx([{ ratings: [] }])],
  ])('%s cannot be read', (_title, file) => {
    expect(read(file)).toBeNull()
  })

  it.each([[[]], [null], [undefined]])(
    'of CycloneDX with %j for its findings is an SBOM, and no report',
    (findings) => {
      expect(read(cyclonedx(findings))).toBe('no-report')
    },
  )
})

describe('a finding of CycloneDX', () => {
  it.each<[string, unknown, string]>([
    ['nobody', undefined, 'unknown'],
    ['nobody, in a list', [], 'unknown'],
    ['one', [{ severity: 'high' }], 'high'],
    ['two, of whom one has it worse', [{ severity: 'low' }, { severity: 'critical' }], 'critical'],
    ['one, by a score alone', [{ score: 9.8 }], 'critical'],
    ['one, by a word that nobody knows and a score', [{ severity: 'dreadful', score: 5 }], 'medium'],
    ['one, by a word that goes before its score', [{ severity: 'low', score: 9.9 }], 'low'],
  ])('is rated by %s', (_title, ratings, severity) => {
    expect(one({ ratings })).toMatchObject({ severity })
  })

  it.each<[string, unknown, string, string]>([
    ['nothing', undefined, '', ''],
    ['a package', [{ ref: 'pkg:deb/debian/openssl@3.0.1?arch=amd64' }], 'openssl', '3.0.1'],
    ['a package without a version', [{ ref: 'pkg:npm/%40acme/left-pad' }], 'left-pad', ''],
    ['the first of two', [{ ref: 'pkg:npm/a@1' }, { ref: 'pkg:npm/b@2' }], 'a', '1'],
    ['something that is no package', [{ ref: 'component-7' }], 'component-7', ''],
  ])('affects %s', (_title, affects, name, version) => {
    expect(one({ affects })).toMatchObject({ package: name, version, fixedIn: '' })
  })

  it('is as old as its file says', () => {
    const timestamp = '2026-11-20T12:00:00Z'
    expect(read(cyclonedx([{ id: 'x' }], { metadata: { timestamp } }))).toMatchObject({
      finishedAt: Date.parse(timestamp),
      name: 'CycloneDX',
      databaseAt: null,
    })
    expect(read(cyclonedx([{ id: 'x' }], { metadata: { timestamp: 'soon' } }))).toMatchObject({ finishedAt: null })
    expect(read(cyclonedx([{ id: 'x' }]))).toMatchObject({ finishedAt: null })
  })
})
