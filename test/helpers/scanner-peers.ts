/** Scanners' own APIs on this machine, from their published descriptions: what each says in each state of a scan. */

import { createAwsCall } from '../../src/clients/aws/call.ts'
import { createAwsRestCall } from '../../src/clients/aws/rest.ts'
import type { Http } from '../../src/clients/http.ts'
import { createArtifactAnalysis } from '../../src/verification/scans/artifact-analysis.ts'
import { createDefenderScans } from '../../src/verification/scans/defender.ts'
import { createEcrScans } from '../../src/verification/scans/ecr.ts'
import { createHarborScans } from '../../src/verification/scans/harbor.ts'
import { createInspectorScans } from '../../src/verification/scans/inspector.ts'
import { createQuayScans } from '../../src/verification/scans/quay.ts'
import type { ScanSource } from '../../src/verification/scans/source.ts'
import type { Asked } from './cloud-peer.ts'
import { headerSignature } from './sigv4.ts'

export const SCANNED = `sha256:${'5c'.repeat(32)}`
const OTHER = `sha256:${'0d'.repeat(32)}`
const SECRET = 'CANARY-of-aws'
export const TOKEN = 'CANARY-of-a-scanner'
const SECONDS = 1_795_000_000
const WHEN = new Date(SECONDS * 1000).toISOString()
export const SCAN_NOW = SECONDS * 1000 + 60_000

/** What a scanner is in. `null` in a peer's table: this vendor has no such state. */
export const SITUATIONS = [
  'clean',
  'critical',
  'pages',
  'pending',
  'failed',
  'unsupported',
  'expired',
  'never',
  'gone',
  'forbidden',
  'throttled',
  'down',
  'another-image',
  'not-json',
  'another-form',
  'unknown-word',
  'unrated',
] as const
export type Situation = (typeof SITUATIONS)[number]

/** By method and path; a number is a status. */
type Reply = (asked: Asked) => unknown
export type Peer = {
  readonly scanner: string
  readonly create: (http: Http, url: URL) => ScanSource
  readonly replies: Readonly<Record<Situation, Reply | null>>
  /** Whether a request proves who sends it. */
  readonly isProven: (asked: Asked) => boolean
}

const credentials = async () => ({ accessKeyId: 'AKIA', secretAccessKey: SECRET })
const isSigned =
  (service: string) =>
  ({ method, url, headers, body }: Asked): boolean =>
    headers['authorization']?.includes(headerSignature({ method, url, headers, body }, SECRET, service)) === true
const bearer = ({ headers }: Asked): boolean => headers['authorization'] === `Bearer ${TOKEN}`
const inputOf = ({ body }: Asked): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>
const onceMore = <T>(from: readonly T[], token: unknown): readonly T[] =>
  token === undefined ? from.slice(0, 1) : from.slice(1)

type Vulnerability = { readonly id: string; readonly severity: string }
const LOW: Vulnerability = { id: 'CVE-2026-1', severity: 'LOW' }
const CRITICAL: Vulnerability = { id: 'CVE-2026-2', severity: 'CRITICAL' }

const ecrFindings = (list: readonly Vulnerability[], counts: object) => ({
  imageScanCompletedAt: SECONDS + 0.25,
  vulnerabilitySourceUpdatedAt: SECONDS - 60,
  findingSeverityCounts: counts,
  findings: list.map(({ id, severity }) => ({
    name: id,
    severity,
    attributes: [
      { key: 'package_name', value: 'openssl' },
      { key: 'package_version', value: '3.0' },
    ],
  })),
})
const ecr = (status: string, more: object = {}, digest = SCANNED) => ({
  imageId: { imageDigest: digest },
  imageScanStatus: { status, description: 'as AWS says' },
  ...more,
})
const awsError = (code: string) => ({ __type: code })

const ECR: Peer = {
  scanner: 'ecr',
  create: (http, url) =>
    createEcrScans({
      host: 'registry.example',
      registryId: '111122223333',
      call: createAwsCall(
        { service: 'ecr', target: 'AmazonEC2ContainerRegistry_V20150921', json: '1.1', endpoint: url },
        { http, region: 'eu-west-1', credentials, now: Date.now, random: () => 0, sleep: async () => undefined },
      ),
    }),
  isProven: isSigned('ecr'),
  replies: {
    clean: () => ecr('COMPLETE', { imageScanFindings: ecrFindings([], {}) }),
    critical: () => ecr('COMPLETE', { imageScanFindings: ecrFindings([CRITICAL], { CRITICAL: 1 }) }),
    pages: (asked) => {
      const { nextToken } = inputOf(asked)
      const page = ecrFindings(onceMore([LOW, CRITICAL], nextToken), { CRITICAL: 1, LOW: 1 })
      return ecr('COMPLETE', { imageScanFindings: page, ...(nextToken === undefined ? { nextToken: 'two' } : {}) })
    },
    pending: () => ecr('IN_PROGRESS'),
    failed: () => ecr('FAILED'),
    unsupported: () => ecr('UNSUPPORTED_IMAGE'),
    expired: () => ecr('SCAN_ELIGIBILITY_EXPIRED', { imageScanFindings: ecrFindings([], {}) }),
    never: () => ({ status: 400, body: awsError('ScanNotFoundException') }),
    gone: () => ({ status: 400, body: awsError('ImageNotFoundException') }),
    forbidden: () => ({ status: 400, body: awsError('AccessDeniedException') }),
    throttled: () => ({ status: 400, body: awsError('ThrottlingException') }),
    down: () => 503,
    'another-image': () => ecr('COMPLETE', { imageScanFindings: ecrFindings([], {}) }, OTHER),
    'not-json': () => '<html>',
    'another-form': () => ({ imageScanStatus: 'COMPLETE' }),
    'unknown-word': () => ecr('SPARKLING', { imageScanFindings: ecrFindings([], {}) }),
    unrated: () =>
      ecr('COMPLETE', {
        imageScanFindings: ecrFindings([{ id: 'CVE-2026-3', severity: 'UNDEFINED' }], { UNDEFINED: 1 }),
      }),
  },
}

const ARN = `arn:aws:ecr:eu-west-1:111122223333:repository/acme/app/${SCANNED}`
const inspectorFinding = ({ id, severity }: Vulnerability, resource = ARN) => ({
  severity,
  fixAvailable: 'YES',
  packageVulnerabilityDetails: {
    vulnerabilityId: id,
    vulnerablePackages: [{ name: 'openssl', version: '3.0', fixedInVersion: '3.1' }],
  },
  resources: [{ id: resource }],
})
const covered = (statusCode: string, reason: string, resourceId = ARN) => ({
  coveredResources: [{ resourceId, scanStatus: { statusCode, reason }, lastScannedAt: SECONDS }],
})
/** Coverage as given, and then findings. */
const inspector =
  (coverage: unknown, findings: (asked: Asked) => unknown = () => ({ findings: [] })): Reply =>
  (asked) =>
    asked.url.pathname === '/coverage/list' ? coverage : findings(asked)
const SUCCESSFUL = covered('ACTIVE', 'SUCCESSFUL')

const INSPECTOR: Peer = {
  scanner: 'inspector2',
  create: (http, url) =>
    createInspectorScans({
      host: 'registry.example',
      registryId: '111122223333',
      region: 'eu-west-1',
      call: createAwsRestCall(
        {
          service: 'inspector2',
          endpoint: url,
          paths: { ListCoverage: '/coverage/list', ListFindings: '/findings/list' },
        },
        { http, region: 'eu-west-1', credentials, now: Date.now },
      ),
    }),
  isProven: isSigned('inspector2'),
  replies: {
    clean: inspector(SUCCESSFUL),
    critical: inspector(SUCCESSFUL, () => ({ findings: [inspectorFinding(CRITICAL)] })),
    pages: inspector(SUCCESSFUL, (asked) => {
      const { nextToken } = inputOf(asked)
      const page = onceMore([LOW, CRITICAL], nextToken).map((one) => inspectorFinding(one))
      return { findings: page, ...(nextToken === undefined ? { nextToken: 'two' } : {}) }
    }),
    pending: inspector(covered('ACTIVE', 'PENDING_INITIAL_SCAN')),
    failed: inspector(covered('INACTIVE', 'INTERNAL_ERROR')),
    unsupported: inspector(covered('INACTIVE', 'UNSUPPORTED_OS')),
    expired: inspector(covered('INACTIVE', 'SCAN_ELIGIBILITY_EXPIRED')),
    never: inspector({ coveredResources: [] }),
    gone: inspector(covered('INACTIVE', 'SCAN_FREQUENCY_MANUAL')),
    forbidden: () => ({ status: 403, body: awsError('AccessDeniedException') }),
    throttled: () => ({ status: 429, body: awsError('ThrottlingException') }),
    down: () => 503,
    'another-image': inspector(SUCCESSFUL, () => ({ findings: [inspectorFinding(LOW, ARN.replace(SCANNED, OTHER))] })),
    'not-json': () => '<html>',
    'another-form': () => ({ coveredResources: 'none' }),
    'unknown-word': inspector(covered('ACTIVE', 'SPARKLING')),
    unrated: inspector(SUCCESSFUL, () => ({
      findings: [inspectorFinding({ id: 'CVE-2026-3', severity: 'UNTRIAGED' })],
    })),
  },
}

const URI = `https://registry.example/acme/app@${SCANNED}`
const discovery = (analysisStatus: string, more: object = {}, resourceUri = URI) => ({
  resourceUri,
  discovery: { analysisStatus, continuousAnalysis: 'ACTIVE', lastScanTime: WHEN, ...more },
})
const occurrence = ({ id, severity }: Vulnerability, resourceUri = URI) => ({
  resourceUri,
  noteName: `projects/goog-vulnz/notes/${id}`,
  vulnerability: {
    shortDescription: id,
    effectiveSeverity: severity,
    fixAvailable: true,
    packageIssue: [
      {
        affectedPackage: 'openssl',
        affectedVersion: { fullName: '3.0' },
        fixedVersion: { kind: 'NORMAL', fullName: '3.1' },
        effectiveSeverity: severity,
      },
    ],
  },
})
const google =
  (discoveries: readonly unknown[], vulnerabilities: (asked: Asked) => unknown = () => ({})): Reply =>
  (asked) =>
    asked.url.searchParams.get('filter') === `kind="DISCOVERY" AND resourceUrl="${URI}"`
      ? { occurrences: discoveries }
      : vulnerabilities(asked)
const DONE = [discovery('FINISHED_SUCCESS')]

const GOOGLE: Peer = {
  scanner: 'artifact-analysis',
  create: (http, url) =>
    createArtifactAnalysis({
      http,
      project: 'acme',
      host: 'registry.example',
      token: async () => TOKEN,
      endpoint: url,
    }),
  isProven: bearer,
  replies: {
    clean: google(DONE),
    critical: google(DONE, () => ({ occurrences: [occurrence(CRITICAL)] })),
    pages: google(DONE, ({ url }) => {
      const token = url.searchParams.get('pageToken') ?? undefined
      const page = onceMore([LOW, CRITICAL], token).map((one) => occurrence(one))
      return { occurrences: page, ...(token === undefined ? { nextPageToken: 'two' } : {}) }
    }),
    pending: google([discovery('SCANNING')]),
    failed: google([discovery('FINISHED_FAILED', { analysisStatusError: { message: 'broken' } })]),
    unsupported: google([discovery('FINISHED_UNSUPPORTED')]),
    expired: google([discovery('FINISHED_SUCCESS', { continuousAnalysis: 'INACTIVE' })]),
    never: google([]),
    gone: () => 404,
    forbidden: () => 403,
    throttled: () => 429,
    down: () => 503,
    'another-image': google([discovery('FINISHED_SUCCESS', {}, URI.replace(SCANNED, OTHER))]),
    'not-json': () => '<html>',
    'another-form': () => ({ occurrences: 'none' }),
    'unknown-word': google([discovery('SPARKLING')]),
    unrated: google(DONE, () => ({
      occurrences: [occurrence({ id: 'CVE-2026-3', severity: 'SEVERITY_UNSPECIFIED' })],
    })),
  },
}

const MIME = 'application/vnd.security.vulnerability.report; version=1.1'
const overview = (scan_status: string, more: object = {}) => ({
  digest: SCANNED,
  scan_overview: {
    [MIME]: {
      scan_status,
      end_time: WHEN,
      scanner: { name: 'Trivy', version: 'v0.60' },
      summary: { total: 0, summary: {} },
      ...more,
    },
  },
})
const report = (list: readonly Vulnerability[]) => ({
  [MIME]: {
    vulnerabilities: list.map(({ id, severity }) => ({
      id,
      package: 'openssl',
      version: '3.0',
      fix_version: '3.1',
      severity,
    })),
  },
})
const harbor =
  (artifact: unknown, vulnerabilities: unknown = report([])): Reply =>
  ({ url }) =>
    url.pathname.endsWith('/additions/vulnerabilities') ? vulnerabilities : artifact

const HARBOR: Peer = {
  scanner: 'harbor',
  create: (http, url) =>
    anyHost(createHarborScans({ http, host: url.host, basic: async () => btoa(`robot$ci:${TOKEN}`), insecure: true })),
  isProven: ({ headers }) => headers['authorization'] === `Basic ${btoa(`robot$ci:${TOKEN}`)}`,
  replies: {
    clean: harbor(overview('Success')),
    critical: harbor(
      overview('Success', { summary: { total: 1, summary: { Critical: 1 } } }),
      report([{ id: 'CVE-2026-2', severity: 'Critical' }]),
    ),
    pages: null,
    pending: harbor(overview('Running')),
    failed: harbor(overview('Error')),
    unsupported: null,
    expired: null,
    never: harbor({ digest: SCANNED }),
    gone: () => 404,
    forbidden: () => 401,
    throttled: () => 429,
    down: () => 502,
    'another-image': harbor({ ...overview('Success'), digest: OTHER }),
    'not-json': () => '<html>',
    'another-form': () => ({ digest: 7 }),
    'unknown-word': harbor(overview('Sparkling')),
    unrated: harbor(
      overview('Success', { summary: { total: 1, summary: {} } }),
      report([{ id: 'CVE-2026-3', severity: 'Unknown' }]),
    ),
  },
}

const layer = (list: readonly Vulnerability[]) => ({
  status: 'scanned',
  data: {
    Layer: {
      Features: [
        {
          Name: 'openssl',
          Version: '3.0',
          Vulnerabilities: list.map(({ id, severity }) => ({ Name: id, Severity: severity, FixedBy: '3.1' })),
        },
        { Name: 'zlib', Version: '1', Vulnerabilities: null },
      ],
    },
  },
})

const QUAY: Peer = {
  scanner: 'quay',
  create: (http, url) =>
    anyHost(createQuayScans({ http, host: url.host, token: async () => TOKEN, now: () => SCAN_NOW, insecure: true })),
  isProven: bearer,
  replies: {
    clean: () => layer([]),
    critical: () =>
      layer([
        { id: 'CVE-2026-2', severity: 'Critical' },
        { id: 'CVE-2026-2', severity: 'Critical' },
      ]),
    pages: null,
    pending: () => ({ status: 'queued', data: null }),
    failed: () => ({ status: 'failed', data: null }),
    unsupported: () => ({ status: 'manifest_layer_too_large', data: null }),
    expired: null,
    never: null,
    gone: () => 404,
    forbidden: () => 403,
    throttled: () => 429,
    down: () => 520,
    'another-image': null,
    'not-json': () => '<html>',
    'another-form': () => ({ status: 'scanned', data: { Layer: 7 } }),
    'unknown-word': () => ({ status: 'sparkling', data: null }),
    unrated: () => layer([{ id: 'CVE-2026-3', severity: 'Unknown' }]),
  },
}

const row = ({ id, severity }: Vulnerability) => ({ cve: id, severity, package: 'openssl', version: '3.0' })

const DEFENDER: Peer = {
  scanner: 'defender',
  create: (http, url) =>
    createDefenderScans({
      http,
      host: 'registry.example',
      subscriptions: ['s'],
      token: async () => TOKEN,
      endpoint: url,
    }),
  isProven: bearer,
  replies: {
    clean: null,
    critical: () => ({ data: [row({ id: 'CVE-2026-2', severity: 'Critical' })] }),
    pages: (asked) => {
      const { $skipToken } = inputOf(asked)['options'] as { $skipToken?: string }
      return {
        data: onceMore([LOW, CRITICAL], $skipToken).map(row),
        ...($skipToken === undefined ? { $skipToken: 'two' } : {}),
      }
    },
    pending: null,
    failed: null,
    unsupported: null,
    expired: null,
    never: () => ({ data: [] }),
    gone: () => 404,
    forbidden: () => 403,
    throttled: () => 429,
    down: () => 503,
    'another-image': null,
    'not-json': () => '<html>',
    'another-form': () => ({ data: 'none' }),
    'unknown-word': null,
    unrated: () => ({ data: [row({ id: 'CVE-2026-3', severity: 'Unknown' })] }),
  },
}

/** Their host is the registry's, which here has a port of its own. */
function anyHost(source: ScanSource): ScanSource {
  return { ...source, knows: () => true }
}

export const SCANNER_PEERS: readonly Peer[] = [ECR, INSPECTOR, GOOGLE, HARBOR, QUAY, DEFENDER]
