/**
 * ECR's enhanced scanning, which is Amazon Inspector. Coverage first: when its window is over, findings are closed, and a list of none
 * looks clean. https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListCoverage.html
 */

import * as z from 'zod'
import type { AwsCall } from '../../clients/aws/call.ts'
import type { Finding, ScanFact } from '../../domain/evidence.ts'
import type { Digest } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { countsOf, severityOf } from './severity.ts'
import { scanFact, type ScanQuestionOf, type ScanSource } from './source.ts'

const SCANNER = 'inspector2'
const PAGE = 100
const PAGES_MAX = 100
const TEXT_LENGTH_MAX = 2_048

const Text = z.string().max(TEXT_LENGTH_MAX)
const Token = z.string().max(8_192).nullish()
const Coverage = z.object({
  coveredResources: z
    .array(
      z.object({
        resourceId: Text,
        scanStatus: z.object({ statusCode: Text, reason: Text }).nullish(),
        lastScannedAt: z.number().min(0).max(253_402_300_799).nullish(),
      }),
    )
    .max(PAGE),
  nextToken: Token,
})
const Package = z.object({ name: Text, version: Text.nullish(), fixedInVersion: Text.nullish() })
const Findings = z.object({
  findings: z
    .array(
      z.object({
        severity: Text,
        fixAvailable: Text.nullish(),
        title: Text.nullish(),
        packageVulnerabilityDetails: z
          .object({ vulnerabilityId: Text, vulnerablePackages: z.array(Package).default([]) })
          .nullish(),
        resources: z.array(z.object({ id: Text })).min(1),
      }),
    )
    .max(PAGE),
  nextToken: Token,
})
type FindingOfInspector = z.infer<typeof Findings>['findings'][number]

const STATES: Readonly<Record<string, ScanFact['state']>> = {
  SUCCESSFUL: 'finished',
  SCAN_FREQUENCY_SCAN_ON_PUSH: 'finished',
  PENDING_INITIAL_SCAN: 'pending',
  SCAN_IN_PROGRESS: 'pending',
  SCAN_ELIGIBILITY_EXPIRED: 'expired',
  UNSUPPORTED_OS: 'unsupported',
  UNSUPPORTED_MEDIA_TYPE: 'unsupported',
  SCAN_FREQUENCY_MANUAL: 'not-found',
  ACCESS_DENIED: 'failed',
  ACCESS_DENIED_TO_ENCRYPTION_KEY: 'failed',
  INTERNAL_ERROR: 'failed',
  NO_RESOURCES_FOUND: 'failed',
}

export type InspectorRegistry = {
  /** Of Inspector in the registry's region. */
  readonly call: AwsCall
  readonly host: string
  readonly registryId: string
  readonly region: string
}

export function createInspectorScans({ call, host, registryId, region }: InspectorRegistry): ScanSource {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'

  async function find(question: ScanQuestionOf): Promise<ScanFact> {
    const { image, target } = question
    const resourceId = `arn:${partition}:ecr:${region}:${registryId}:repository/${image.repository}/${target.digest}`
    const covered = await coverageOf(call, resourceId)
    if (covered.state !== 'finished') return scanFact(SCANNER, question, covered)
    const findings = await findingsOf(call, target.digest)
    if (!findings.ok) return scanFact(SCANNER, question, findings.error)
    return scanFact(SCANNER, question, { ...covered, counts: countsOf(findings.value), findings: [...findings.value] })
  }

  return { scanner: SCANNER, knows: ({ registry }) => registry === host, find }
}

type Said = Pick<ScanFact, 'state' | 'detail'> & Partial<Pick<ScanFact, 'scannedAt' | 'databaseAt'>>

function equals(value: string) {
  return [{ comparison: 'EQUALS', value }]
}

async function coverageOf(call: AwsCall, resourceId: string): Promise<Said> {
  const filterCriteria = { resourceType: equals('AWS_ECR_CONTAINER_IMAGE'), resourceId: equals(resourceId) }
  const answer = await call('ListCoverage', { filterCriteria, maxResults: PAGE })
  if (!answer.ok) return { state: 'unavailable', detail: `Inspector refuses us (${answer.error.code})` }
  const read = Coverage.safeParse(answer.value)
  if (!read.success) return { state: 'unavailable', detail: 'Inspector answered in a form that we do not know' }
  // Whatever the filter let through: only this resource counts, and the worst of what is said of it.
  const said = read.data.coveredResources.filter((one) => one.resourceId === resourceId).map(stateOf)
  const worst = said.find(({ state }) => state !== 'finished') ?? said[0]
  return worst ?? { state: 'not-found', detail: 'Inspector does not cover it' }
}

function stateOf({ scanStatus, lastScannedAt }: z.infer<typeof Coverage>['coveredResources'][number]): Said {
  const { statusCode = '', reason = '' } = scanStatus ?? {}
  const detail = `Inspector: ${statusCode} ${reason}`
  const state = Object.hasOwn(STATES, reason) ? (STATES[reason] ?? 'unavailable') : 'unavailable'
  // Inactive is no longer looked at; scanning on push alone is never active again, and did end once.
  const isOver = statusCode !== 'ACTIVE' && reason !== 'SCAN_FREQUENCY_SCAN_ON_PUSH'
  const at = lastScannedAt === null || lastScannedAt === undefined ? null : Math.trunc(lastScannedAt * 1000)
  if (state !== 'finished') return { state, detail }
  if (isOver) return { state: 'expired', detail }
  // Nothing was ever scanned: a state without a time is a promise.
  return at === null
    ? { state: 'pending', detail: `${detail}, not scanned yet` }
    : { state, detail, scannedAt: at, databaseAt: at }
}

/** Those that the platform suppresses count too: exceptions are made where they are seen. */
async function findingsOf(call: AwsCall, digest: Digest): Promise<Result<readonly Finding[], Said>> {
  const filterCriteria = {
    ecrImageHash: equals(digest),
    findingStatus: [...equals('ACTIVE'), ...equals('SUPPRESSED')],
  }
  const findings: Finding[] = []
  let nextToken: string | undefined
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await call('ListFindings', { filterCriteria, maxResults: PAGE, nextToken })
    if (!answer.ok) return unavailable(`Inspector refuses us (${answer.error.code})`)
    const read = Findings.safeParse(answer.value)
    if (!read.success) return unavailable('Inspector answered in a form that we do not know')
    const strange = read.data.findings.find(({ resources }) => !resources.some(({ id }) => id.endsWith(`/${digest}`)))
    if (strange !== undefined) return unavailable('Inspector answered about another image')
    findings.push(...read.data.findings.flatMap(findingsOfOne))
    nextToken = read.data.nextToken ?? undefined
    if (nextToken === undefined) return ok(findings)
  }
  return unavailable(`more than ${PAGES_MAX * PAGE} findings`)
}

function unavailable(detail: string): Result<never, Said> {
  return err({ state: 'unavailable', detail })
}

/** One for each package; at least one. */
function findingsOfOne({ severity, fixAvailable, title, packageVulnerabilityDetails }: FindingOfInspector): Finding[] {
  const id = packageVulnerabilityDetails?.vulnerabilityId ?? title ?? 'without a name'
  const packages = packageVulnerabilityDetails?.vulnerablePackages ?? []
  const one = (named: z.infer<typeof Package>): Finding => ({
    id,
    severity: severityOf(severity),
    package: named.name,
    version: named.version ?? '',
    fixedIn: fixAvailable === 'NO' ? null : (named.fixedInVersion ?? ''),
  })
  return packages.length === 0 ? [one({ name: '' })] : packages.map(one)
}
