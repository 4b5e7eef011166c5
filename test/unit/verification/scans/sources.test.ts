/** What scanners leave out, and how they are asked: each missing word has one meaning, and none of them is "clean". */

import { describe, expect, it } from 'vitest'
import { createHttp, type Http } from '../../../../src/clients/http.ts'
import type { ScanFact } from '../../../../src/domain/evidence.ts'
import { Digest, Registry, Repository } from '../../../../src/domain/image.ts'
import { err, ok } from '../../../../src/domain/result.ts'
import { createArtifactAnalysis } from '../../../../src/verification/scans/artifact-analysis.ts'
import { createDefenderScans } from '../../../../src/verification/scans/defender.ts'
import { createEcrScans } from '../../../../src/verification/scans/ecr.ts'
import { createHarborScans } from '../../../../src/verification/scans/harbor.ts'
import { createInspectorScans } from '../../../../src/verification/scans/inspector.ts'
import { createQuayScans } from '../../../../src/verification/scans/quay.ts'
import type { ScanSource } from '../../../../src/verification/scans/source.ts'

const host = 'registry.example'
const image = { registry: Registry.parse(host), repository: Repository.parse('acme/team/app') }
const digest = Digest.parse(`sha256:${'5c'.repeat(32)}`)
const target = { digest, platform: null }
const AT = Date.parse('2026-11-20T12:00:00Z')

type Asked = { readonly operation: string; readonly input: Readonly<Record<string, unknown>> }

/** One answer after the other, the last one for ever. */
function callOf(answers: (asked: Asked) => unknown) {
  const asked: Asked[] = []
  const call = async (operation: string, input: object) => {
    const one = { operation, input: { ...input } }
    asked.push(one)
    const answer = answers(one)
    return typeof answer === 'string' ? err({ code: answer, message: '' }) : ok(answer)
  }
  return { asked, call }
}

function httpOf(answers: (url: URL, body: string) => unknown): { readonly http: Http; readonly urls: URL[] } {
  const urls: URL[] = []
  const http = createHttp({
    fetch: async (url, init) => {
      urls.push(new URL(url))
      const answer = answers(new URL(url), typeof init?.body === 'string' ? init.body : '')
      return answer instanceof Response ? answer.clone() : Response.json(answer)
    },
    now: () => AT,
    random: () => 0,
    sleep: async () => undefined,
  })
  return { http, urls }
}

const find = (source: ScanSource): Promise<ScanFact> => source.find({ image, target })

describe('Amazon Inspector', () => {
  const covered = (partition = 'aws', region = 'eu-west-1', over: object = {}) => ({
    coveredResources: [
      {
        resourceId: `arn:${partition}:ecr:${region}:111122223333:repository/acme/team/app/${digest}`,
        lastScannedAt: AT / 1000,
        scanStatus: { statusCode: 'ACTIVE', reason: 'SUCCESSFUL' },
        ...over,
      },
    ],
  })
  const finding = (over: object = {}) => ({
    severity: 'HIGH',
    fixAvailable: 'YES',
    title: 'CVE-2026-1 - openssl',
    packageVulnerabilityDetails: {
      vulnerabilityId: 'CVE-2026-1',
      vulnerablePackages: [
        { name: 'openssl', version: '3.0', fixedInVersion: '3.1' },
        { name: 'libssl', version: null, fixedInVersion: null },
      ],
    },
    resources: [{ id: `arn:aws:ecr:eu-west-1:111122223333:repository/acme/team/app/${digest}` }],
    ...over,
  })
  const inspector = (findings: readonly object[], pages = 1, region = 'eu-west-1', coverage?: unknown) => {
    let page = 0
    const made = callOf(({ operation }) => {
      if (operation === 'ListCoverage') return coverage ?? covered()
      page += 1
      return { findings, ...(page < pages ? { nextToken: `page ${page}` } : {}) }
    })
    const source = createInspectorScans({ call: made.call, host, registryId: '111122223333', region })
    return { ...made, source }
  }

  it.each([
    ['eu-west-1', 'aws'],
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
  ])('is asked in %s about what is there', async (region, partition) => {
    const { source, asked } = inspector([], 1, region, covered(partition, region))
    const { resourceId = '' } = covered(partition, region).coveredResources[0] ?? {}
    expect(await find(source)).toMatchObject({ state: 'finished', findings: [], scannedAt: AT, databaseAt: AT })
    expect(asked.map(({ operation, input }) => [operation, input['filterCriteria'], input['maxResults']])).toEqual([
      [
        'ListCoverage',
        {
          resourceType: [{ comparison: 'EQUALS', value: 'AWS_ECR_CONTAINER_IMAGE' }],
          resourceId: [{ comparison: 'EQUALS', value: resourceId }],
        },
        100,
      ],
      [
        'ListFindings',
        {
          ecrImageHash: [{ comparison: 'EQUALS', value: digest }],
          findingStatus: [
            { comparison: 'EQUALS', value: 'ACTIVE' },
            { comparison: 'EQUALS', value: 'SUPPRESSED' },
          ],
        },
        100,
      ],
    ])
  })

  it.each<[string, object | null, ScanFact['state']]>([
    ['nobody covered', { resourceId: 'arn:other' }, 'not-found'],
    ['whose state is not told', { scanStatus: null }, 'unavailable'],
    [
      'in a state that every object knows',
      { scanStatus: { statusCode: 'ACTIVE', reason: 'constructor' } },
      'unavailable',
    ],
    ['that was looked at in another form', null, 'unavailable'],
  ])('%s: %s is %s', async (_title, over, state) => {
    const coverage = over === null ? { coveredResources: 'all' } : covered('aws', 'eu-west-1', over)
    expect(await find(inspector([], 1, 'eu-west-1', coverage).source)).toMatchObject({ state, counts: {} })
  })

  it.each<[string, unknown, string]>([
    ['in another form', { findings: 'none' }, 'form'],
    ['with a refusal', 'AccessDeniedException', 'AccessDeniedException'],
  ])('that answers about findings %s knows nothing', async (_title, answer, detail) => {
    const { call } = callOf(({ operation }) => (operation === 'ListCoverage' ? covered() : answer))
    const source = createInspectorScans({ call, host, registryId: '111122223333', region: 'eu-west-1' })
    const fact = await find(source)
    expect(fact).toMatchObject({ state: 'unavailable', findings: null, detail: expect.stringContaining(detail) })
  })

  it('is at its end where the next page is null', async () => {
    const { call, asked } = callOf(({ operation }) =>
      operation === 'ListCoverage' ? covered() : { findings: [], nextToken: null },
    )
    const source = createInspectorScans({ call, host, registryId: '111122223333', region: 'eu-west-1' })
    expect(await find(source)).toMatchObject({ state: 'finished' })
    expect(asked).toHaveLength(2)
  })

  it('has one finding for each package', async () => {
    const { findings, counts } = await find(inspector([finding()]).source)
    expect(findings).toEqual([
      { id: 'CVE-2026-1', severity: 'high', package: 'openssl', version: '3.0', fixedIn: '3.1' },
      { id: 'CVE-2026-1', severity: 'high', package: 'libssl', version: '', fixedIn: '' },
    ])
    expect(counts.high).toBe(2)
  })

  it.each<[string, object, object]>([
    ['without packages', { packageVulnerabilityDetails: { vulnerabilityId: 'CVE-2026-1' } }, { id: 'CVE-2026-1' }],
    ['without details', { packageVulnerabilityDetails: null }, { id: 'CVE-2026-1 - openssl', package: '' }],
    ['without any name', { packageVulnerabilityDetails: null, title: null }, { id: 'without a name' }],
    ['without a fix', { packageVulnerabilityDetails: null, fixAvailable: 'NO' }, { fixedIn: null }],
    ['that says nothing of fixes', { packageVulnerabilityDetails: null, fixAvailable: null }, { fixedIn: '' }],
  ])('counts a finding %s', async (_title, over, expected) => {
    expect((await find(inspector([finding(over)]).source)).findings).toMatchObject([expected])
  })

  it('is read to the end, a hundred pages at most', async () => {
    const whole = inspector([], 100)
    expect(await find(whole.source)).toMatchObject({ state: 'finished' })
    expect(whole.asked.slice(1, 4).map(({ input }) => input['nextToken'])).toEqual([undefined, 'page 1', 'page 2'])
    const endless = inspector([], 101)
    expect(await find(endless.source)).toMatchObject({ state: 'unavailable' })
    expect(endless.asked).toHaveLength(101)
  })

  it('that speaks of another image too is not believed', async () => {
    const other = finding({ resources: [{ id: 'arn:other' }] })
    expect(await find(inspector([finding(), other]).source)).toMatchObject({ state: 'unavailable', findings: null })
    const both = finding({ resources: [{ id: 'arn:other' }, { id: `arn:x/${digest}` }] })
    expect(await find(inspector([both]).source)).toMatchObject({ state: 'finished' })
  })

  it.each(['AccessDeniedException', 'ValidationException'])('that answers %s knows nothing', async (code) => {
    const { call } = callOf(() => code)
    const source = createInspectorScans({ call, host, registryId: '111122223333', region: 'eu-west-1' })
    expect(await find(source)).toMatchObject({ state: 'unavailable', detail: expect.stringContaining(code) })
  })
})

describe('ECR', () => {
  const page = (over: object = {}, findings: object = {}) => ({
    imageScanStatus: { status: 'COMPLETE' },
    imageScanFindings: { imageScanCompletedAt: AT / 1000, findingSeverityCounts: {}, ...findings },
    ...over,
  })
  const ecr = (answers: (asked: Asked) => unknown) => {
    const made = callOf(answers)
    return { ...made, source: createEcrScans({ call: made.call, host, registryId: '111122223333' }) }
  }

  it('is asked for its own, page after page, twenty at most', async () => {
    const last = (count: number) => {
      let at = 0
      return () => {
        at += 1
        return page(at < count ? { nextToken: `page ${at}` } : {})
      }
    }
    const whole = ecr(last(20))
    expect(await find(whole.source)).toMatchObject({ state: 'finished', scannedAt: AT, databaseAt: null })
    expect(whole.asked).toHaveLength(20)
    expect(whole.asked[1]?.input).toEqual({
      registryId: '111122223333',
      repositoryName: 'acme/team/app',
      imageId: { imageDigest: digest },
      maxResults: 1_000,
      nextToken: 'page 1',
    })
    expect(await find(ecr(last(21)).source)).toMatchObject({ state: 'unavailable' })
  })

  it.each<[string, unknown, ScanFact['state']]>([
    ['in another form', { imageScanStatus: 'COMPLETE' }, 'unavailable'],
    ['without a list', { imageScanStatus: { status: 'COMPLETE' } }, 'unavailable'],
    ['by a word that every object knows', page({ imageScanStatus: { status: 'constructor' } }), 'unavailable'],
    ['with a next page that is null', page({ nextToken: null }), 'finished'],
  ])('that answers %s', async (_title, answer, state) => {
    expect(await find(ecr(() => answer).source)).toMatchObject({ state })
  })

  it('that scans by Inspector names the source to take', async () => {
    const answer = page({ imageScanStatus: { status: 'ACTIVE' } })
    expect((await find(ecr(() => answer).source)).detail).toContain('inspector2')
  })

  it('tells why, where ECR does', async () => {
    const failed = (description: string | null) => page({ imageScanStatus: { status: 'FAILED', description } })
    expect((await find(ecr(() => failed('layer is broken')).source)).detail).toBe('ECR: FAILED, layer is broken')
    expect((await find(ecr(() => failed(null)).source)).detail).toBe('ECR: FAILED')
  })

  it('may leave the list out on a later page', async () => {
    const finding = { name: 'CVE-2026-1', severity: 'LOW' }
    const answers = [page({ nextToken: 'x' }, { findings: [finding] }), page({ imageScanFindings: null })]
    const { findings } = await find(ecr(() => answers.shift()).source)
    expect(findings).toMatchObject([{ id: 'CVE-2026-1' }])
  })

  it('adds up words that mean the same', async () => {
    const { counts } = await find(
      ecr(() => page({}, { findingSeverityCounts: { INFORMATIONAL: 2, NEGLIGIBLE: 3, UNDEFINED: 1 } })).source,
    )
    expect(counts).toEqual({ negligible: 5, unknown: 1 })
  })

  it('leaves out what a finding does not say', async () => {
    const findings = [{ name: 'CVE-2026-1', severity: 'LOW', attributes: [{ key: 'package_name', value: null }] }]
    expect((await find(ecr(() => page({}, { findings })).source)).findings).toEqual([
      { id: 'CVE-2026-1', severity: 'low', package: '', version: '', fixedIn: '' },
    ])
  })

  it.each([
    ['ScanNotFoundException', 'not-found'],
    ['ImageNotFoundException', 'not-found'],
    ['RepositoryNotFoundException', 'not-found'],
    ['AccessDeniedException', 'unavailable'],
  ])('that answers %s: %s', async (code, state) => {
    expect(await find(ecr(() => code).source)).toMatchObject({ state, counts: {}, findings: null })
  })

  it('names the image that it answers about, or says nothing of it', async () => {
    expect(await find(ecr(() => page({ imageId: { imageDigest: digest } })).source)).toMatchObject({
      state: 'finished',
    })
    const other = page({ imageId: { imageDigest: `sha256:${'0d'.repeat(32)}` } })
    expect(await find(ecr(() => other).source)).toMatchObject({ state: 'unavailable' })
  })
})

describe('Quay', () => {
  const quay = (features: readonly object[], token: string | null = null, answer?: unknown) => {
    const made = httpOf(() => answer ?? { status: 'scanned', data: { Layer: { Features: features } } })
    return { ...made, source: createQuayScans({ http: made.http, host, token: async () => token, now: () => AT }) }
  }
  const vulnerability = { Name: 'CVE-2026-1', Severity: 'High', FixedBy: '3.1' }

  it('is asked about each part of the repository by its name, and answers as of now', async () => {
    const { source, urls } = quay([])
    expect(await find(source)).toMatchObject({ state: 'finished', scannedAt: AT, databaseAt: AT, findings: [] })
    expect(urls.map(({ href }) => href)).toEqual([
      `https://${host}/api/v1/repository/acme/team/app/manifest/${digest}/security?vulnerabilities=true`,
    ])
  })

  it.each<[string, unknown, ScanFact['state']]>([
    ['that it has no such image', new Response('', { status: 404 }), 'not-found'],
    ['a word that every object knows', { status: 'constructor' }, 'unavailable'],
    ['that it was scanned, without a report', { status: 'scanned', data: null }, 'unavailable'],
    ['that it was scanned, without a list', { status: 'scanned', data: { Layer: { Features: null } } }, 'unavailable'],
    ['that it waits', { status: 'queued', data: { Layer: { Features: [] } } }, 'pending'],
  ])('that says %s', async (_title, answer, state) => {
    expect(await find(quay([], null, answer).source)).toMatchObject({ state, scannedAt: null, findings: null })
  })

  it('counts the same finding in the same package once', async () => {
    const feature = { Name: 'openssl', Version: '3.0', Vulnerabilities: [vulnerability] }
    const others = [
      { Name: 'openssl', Version: '3.2', Vulnerabilities: [vulnerability] },
      { Name: 'libssl', Version: null, Vulnerabilities: [{ ...vulnerability, Severity: null, FixedBy: '' }] },
      { Name: 'zlib', Version: '1', Vulnerabilities: null },
      { Name: 'zlib', Version: '2', Vulnerabilities: [{ Name: 'CVE-2026-2', Severity: 'Low', FixedBy: null }] },
      { Name: 'zlib', Version: '3', Vulnerabilities: [{ Name: 'CVE-2026-2', Severity: 'Low' }] },
    ]
    const { findings, counts } = await find(quay([feature, feature, ...others]).source)
    expect(findings).toEqual([
      { id: 'CVE-2026-1', severity: 'high', package: 'openssl', version: '3.0', fixedIn: '3.1' },
      { id: 'CVE-2026-1', severity: 'high', package: 'openssl', version: '3.2', fixedIn: '3.1' },
      { id: 'CVE-2026-1', severity: 'unknown', package: 'libssl', version: '', fixedIn: null },
      { id: 'CVE-2026-2', severity: 'low', package: 'zlib', version: '2', fixedIn: null },
      { id: 'CVE-2026-2', severity: 'low', package: 'zlib', version: '3', fixedIn: null },
    ])
    expect(counts).toMatchObject({ high: 2, unknown: 1 })
  })
})

describe('Defender', () => {
  const defender = (pages: number, rows: readonly object[] = [{ cve: 'CVE-2026-1' }]) => {
    const bodies: string[] = []
    const { http, urls } = httpOf((_url, body) => {
      bodies.push(body)
      return { data: rows, ...(bodies.length < pages ? { $skipToken: `page ${bodies.length}` } : {}) }
    })
    const options = { http, host, subscriptions: ['one'], token: async () => 'token' }
    return { source: createDefenderScans(options), bodies, urls }
  }

  it('is read to the end, twenty pages at most', async () => {
    const whole = defender(20)
    expect(await find(whole.source)).toMatchObject({ state: 'finished', counts: { unknown: 20 } })
    expect(whole.urls[0]?.href).toMatch(/^https:\/\/management\.azure\.com\/providers\/Microsoft\.ResourceGraph\//u)
    const [first, second] = whole.bodies.map((body) => JSON.parse(body) as Record<string, unknown>)
    expect(first).toMatchObject({ subscriptions: ['one'], query: expect.stringContaining(`has '${digest}'`) })
    expect(first?.['options']).toEqual({ $top: 1_000, resultFormat: 'objectArray' })
    expect(second?.['options']).toEqual({ $top: 1_000, resultFormat: 'objectArray', $skipToken: 'page 1' })
    expect(await find(defender(21).source)).toMatchObject({ state: 'unavailable', findings: null })
  })

  it('leaves out what a row does not say', async () => {
    const rows = [{ cve: 'CVE-2026-1', severity: 'High', package: 'openssl', version: '3.0' }, { cve: 'CVE-2026-2' }]
    expect((await find(defender(1, rows).source)).findings).toEqual([
      { id: 'CVE-2026-1', severity: 'high', package: 'openssl', version: '3.0', fixedIn: '' },
      { id: 'CVE-2026-2', severity: 'unknown', package: '', version: '', fixedIn: '' },
    ])
  })

  it('is at its end where the next page is null', async () => {
    const { http, urls } = httpOf(() => ({ data: [{ cve: 'CVE-2026-1' }], $skipToken: null }))
    const source = createDefenderScans({ http, host, subscriptions: ['one'], token: async () => 'token' })
    expect(await find(source)).toMatchObject({ state: 'finished', counts: { unknown: 1 } })
    expect(urls).toHaveLength(1)
  })

  it('that lists nothing says nothing', async () => {
    expect(await find(defender(1, []).source)).toMatchObject({ state: 'not-found', findings: null })
  })
})

describe('Artifact Analysis', () => {
  const resourceUri = `https://${host}/acme/team/app@${digest}`
  const analysis = (discoveries: readonly object[], vulnerabilities: readonly object[] = [], pages = 1) => {
    const made = httpOf((url) => {
      if (url.searchParams.get('filter')?.includes('DISCOVERY') === true) {
        return { occurrences: discoveries.map((discovery) => ({ resourceUri, discovery })) }
      }
      const page = Number(url.searchParams.get('pageToken') ?? 0) + 1
      const occurrences = vulnerabilities.map((vulnerability) => ({
        resourceUri,
        noteName: 'projects/goog-vulnz/notes/CVE-2026-1',
        vulnerability,
      }))
      return { occurrences, ...(page < pages ? { nextPageToken: String(page) } : {}) }
    })
    return {
      ...made,
      source: createArtifactAnalysis({ http: made.http, project: 'acme', host, token: async () => 't' }),
    }
  }
  const done = {
    analysisStatus: 'FINISHED_SUCCESS',
    continuousAnalysis: 'ACTIVE',
    lastScanTime: '2026-11-20T12:00:00Z',
  }

  it('is asked for what it found, page after page, twenty at most', async () => {
    const { source, urls } = analysis([done], [], 20)
    expect(await find(source)).toMatchObject({ state: 'finished', scannedAt: AT, databaseAt: AT, findings: [] })
    expect(urls).toHaveLength(21)
    expect(urls[0]?.href).toMatch(/^https:\/\/containeranalysis\.googleapis\.com\/v1\/projects\/acme\/occurrences\?/u)
    expect(urls[2]?.searchParams.get('filter')).toBe(`kind="VULNERABILITY" AND resourceUrl="${resourceUri}"`)
    expect(urls.slice(1, 4).map(({ searchParams }) => searchParams.get('pageToken'))).toEqual([null, '1', '2'])
    expect(urls.every(({ searchParams }) => searchParams.get('pageSize') === '1000')).toBe(true)
    expect(await find(analysis([done], [], 21).source)).toMatchObject({ state: 'unavailable' })
  })

  it.each<[string, object, ScanFact['state']]>([
    ['is kept up to date', {}, 'finished'],
    ['is complete', { analysisStatus: 'COMPLETE' }, 'finished'],
    ['is kept up to date no longer', { continuousAnalysis: 'INACTIVE' }, 'expired'],
    [
      'has failed, and is kept no longer',
      { analysisStatus: 'FINISHED_FAILED', continuousAnalysis: 'INACTIVE' },
      'failed',
    ],
    ['is of a word that nobody knows', { analysisStatus: 'SPARKLING' }, 'unavailable'],
    ['is of a word that every object knows', { analysisStatus: 'constructor' }, 'unavailable'],
  ])('that %s: %s', async (_title, over, state) => {
    expect(await find(analysis([{ ...done, ...over }]).source)).toMatchObject({ state })
  })

  it('may tell its time in any zone, and why it failed', async () => {
    const zoned = { ...done, lastScanTime: '2026-11-20T13:00:00+01:00' }
    expect(await find(analysis([zoned]).source)).toMatchObject({ scannedAt: AT, detail: 'Google: FINISHED_SUCCESS' })
    const failed = { ...done, analysisStatus: 'FINISHED_FAILED', analysisStatusError: { message: 'too large' } }
    expect(await find(analysis([failed]).source)).toMatchObject({ detail: 'Google: FINISHED_FAILED too large' })
  })

  it('that is over in one of two analyses is over', async () => {
    const over = { ...done, continuousAnalysis: 'INACTIVE' }
    expect(await find(analysis([done, over]).source)).toMatchObject({ state: 'expired' })
    expect(await find(analysis([]).source)).toMatchObject({ state: 'not-found' })
  })

  const issue = { affectedPackage: 'openssl', affectedVersion: { fullName: '3.0' } }
  it.each<[string, object, object]>([
    [
      'with all that it may say',
      {
        shortDescription: 'CVE-2026-9',
        effectiveSeverity: 'HIGH',
        packageIssue: [{ ...issue, effectiveSeverity: 'LOW', fixedVersion: { kind: 'NORMAL', fullName: '3.1' } }],
      },
      { id: 'CVE-2026-9', severity: 'low', package: 'openssl', version: '3.0', fixedIn: '3.1' },
    ],
    ['whose package nobody rated', { effectiveSeverity: 'HIGH', packageIssue: [issue] }, { severity: 'high' }],
    ['that has its first severity alone', { severity: 'MEDIUM', packageIssue: [issue] }, { severity: 'medium' }],
    ['without a fix', { packageIssue: [{ ...issue, fixedVersion: { kind: 'MAXIMUM' } }] }, { fixedIn: null }],
    ['with a fix that is not told', { fixAvailable: true, packageIssue: [issue] }, { fixedIn: '' }],
    ['without a package', {}, { id: 'CVE-2026-1', severity: 'unknown', package: '', version: '', fixedIn: null }],
    ['without a package, and with a fix', { fixAvailable: true }, { fixedIn: '' }],
    ['without a version', { packageIssue: [{}] }, { package: '', version: '' }],
  ])('counts a finding %s', async (_title, vulnerability, expected) => {
    expect((await find(analysis([done], [vulnerability]).source)).findings).toMatchObject([expected])
  })
})

describe('Harbor', () => {
  const harbor = (
    overview: object | undefined,
    vulnerabilities?: readonly object[] | Response,
    basic: string | null = null,
  ) => {
    const made = httpOf((url) =>
      url.pathname.endsWith('/vulnerabilities')
        ? vulnerabilities === undefined
          ? {}
          : vulnerabilities instanceof Response
            ? vulnerabilities
            : { report: { vulnerabilities } }
        : { digest, ...(overview === undefined ? {} : { scan_overview: { report: overview } }) },
    )
    return { ...made, source: createHarborScans({ http: made.http, host, basic: async () => basic }) }
  }
  const done = { scan_status: 'Success', end_time: '2026-11-20T12:00:00Z', summary: { total: 0, summary: {} } }

  it('is asked over HTTPS, about the artifact and then about its report', async () => {
    const { source, urls } = harbor(done, [])
    expect(await find(source)).toMatchObject({ state: 'finished', scannedAt: AT, findings: [] })
    const path = `https://${host}/api/v2.0/projects/acme/repositories/team%252Fapp/artifacts/${digest}`
    expect(urls.map(({ href }) => href)).toEqual([
      `${path}?with_scan_overview=true`,
      `${path}/additions/vulnerabilities`,
    ])
  })

  it('leaves out what a finding does not say', async () => {
    const list = [
      { id: 'CVE-2026-1', package: 'openssl', version: '3.0', fix_version: '3.1', severity: 'High' },
      { id: 'CVE-2026-2', package: 'zlib', fix_version: '' },
      { id: 'CVE-2026-3', package: 'zlib', fix_version: null },
    ]
    const { counts, findings } = await find(harbor(done, list).source)
    expect(counts).toEqual({ critical: 0, high: 1, medium: 0, low: 0, negligible: 0, unknown: 2 })
    expect(findings).toEqual([
      { id: 'CVE-2026-1', severity: 'high', package: 'openssl', version: '3.0', fixedIn: '3.1' },
      { id: 'CVE-2026-2', severity: 'unknown', package: 'zlib', version: '', fixedIn: null },
      { id: 'CVE-2026-3', severity: 'unknown', package: 'zlib', version: '', fixedIn: null },
    ])
  })

  it.each<[string, object | undefined, ScanFact['state']]>([
    ['knows no scan', undefined, 'not-found'],
    ['is at 99 percent', { ...done, complete_percent: 99 }, 'pending'],
    ['uses a word that every object knows', { ...done, scan_status: 'constructor' }, 'unavailable'],
    ['has no summary', { ...done, summary: null }, 'unavailable'],
  ])('that %s: %s', async (_title, overview, state) => {
    expect(await find(harbor(overview).source)).toMatchObject({ state })
  })

  it('whose report is not to be had is no clean one', async () => {
    const source = harbor(done, new Response('', { status: 403 })).source
    expect(await find(source)).toMatchObject({ state: 'unavailable', counts: {}, findings: null })
  })

  it('names who scanned, in whatever zone', async () => {
    const zoned = { ...done, end_time: '2026-11-20T13:00:00+01:00', scanner: { name: 'Trivy', version: 'v0.50' } }
    const fact = await find(harbor(zoned, []).source)
    expect(fact).toMatchObject({ scannedAt: AT, detail: 'Harbor: Success (Trivy v0.50)' })
  })

  it('that counts without a word for how bad leaves it unknown', async () => {
    const overview = { ...done, summary: { total: 2, summary: null } }
    expect(await find(harbor(overview).source)).toMatchObject({ counts: { unknown: 2 }, findings: null })
  })

  it('whose counts stand alone keeps what its total has more', async () => {
    const summary = { total: 4, summary: { High: 1, Unknown: 1 } }
    expect(await find(harbor({ ...done, summary }).source)).toMatchObject({
      counts: { high: 1, unknown: 3 },
      findings: null,
    })
    const equal = { total: 1, summary: { High: 1 } }
    expect((await find(harbor({ ...done, summary: equal }).source)).counts).toEqual({ high: 1 })
  })
})
