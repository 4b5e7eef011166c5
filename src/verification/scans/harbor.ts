/** Harbor's own scanners. https://goharbor.io/docs/working-with-projects/working-with-images/pulling-pushing-images/ and its swagger. */

import * as z from 'zod'
import type { Http } from '../../clients/http.ts'
import type { Finding, ScanFact } from '../../domain/evidence.ts'
import type { ImageName } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { askScanner, type NoAnswer } from './ask.ts'
import { countsOfWords } from './ecr.ts'
import { countsOf, severityOf } from './severity.ts'
import { scanFact, type ScanQuestionOf, type ScanSource } from './source.ts'

const SCANNER = 'harbor'
const FINDINGS_MAX = 100_000
const COUNT_MAX = 1_000_000
const TEXT_LENGTH_MAX = 2_048
const REPORTS = [
  'application/vnd.security.vulnerability.report; version=1.1',
  'application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0',
]

const Text = z.string().max(TEXT_LENGTH_MAX)
const Time = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .nullish()
  .transform((at) => at ?? null)
const Count = z.number().int().min(0).max(COUNT_MAX)
const Overview = z.object({
  scan_status: Text,
  complete_percent: z.number().nullish(),
  end_time: Time,
  summary: z.object({ total: Count, summary: z.record(Text, Count).nullish() }).nullish(),
  scanner: z.object({ name: Text, version: Text.nullish() }).nullish(),
})
const Artifact = z.object({ digest: Text, scan_overview: z.record(z.string(), Overview).nullish() })
const Report = z.object({
  vulnerabilities: z
    .array(
      z.object({
        id: Text,
        package: Text,
        version: Text.nullish(),
        fix_version: Text.nullish(),
        severity: Text.nullish(),
      }),
    )
    .max(FINDINGS_MAX)
    .nullish(),
})

const STATES: Readonly<Record<string, ScanFact['state']>> = {
  Pending: 'pending',
  Scheduled: 'pending',
  Running: 'pending',
  Success: 'finished',
  Error: 'failed',
  Stopped: 'failed',
}

export type Harbor = {
  readonly http: Http
  readonly host: string
  /** A robot account's name and secret, base64 of `name:secret`; null: it answers everybody. */
  readonly basic: () => Promise<string | null>
  readonly insecure?: boolean
}

export function createHarborScans({ http, host, basic, insecure = false }: Harbor): ScanSource {
  async function ask<T>(path: string, shape: z.ZodType<T>): Promise<Result<T, NoAnswer>> {
    const url = new URL(path, `${insecure ? 'http' : 'https'}://${host}/`)
    const own = await basic()
    const headers = {
      'x-accept-vulnerabilities': REPORTS.join(', '),
      ...(own === null ? {} : { authorization: `Basic ${own}` }),
    }
    return askScanner({ http, url, headers, shape, insecure })
  }

  return {
    scanner: SCANNER,
    knows: ({ registry }) => registry === host,
    async find(question) {
      const path = pathOf(question)
      if (path === null)
        return scanFact(SCANNER, question, { state: 'not-found', detail: 'it is in no project of Harbor' })
      const artifact = await ask(`${path}?with_scan_overview=true`, Artifact)
      if (!artifact.ok) return scanFact(SCANNER, question, artifact.error)
      const said = overviewOf(artifact.value, question)
      if (!said.ok) return scanFact(SCANNER, question, said.error)
      const report = await ask(`${path}/additions/vulnerabilities`, z.record(z.string(), Report))
      if (!report.ok) return scanFact(SCANNER, question, report.error)
      const findings = findingsOf(report.value)
      if (findings === null) return scanFact(SCANNER, question, said.value)
      return scanFact(SCANNER, question, { ...said.value, ...agreed(said.value.counts, findings) })
    },
  }
}

/** The repository without its project, encoded twice, for the proxy before it decodes once. */
function pathOf({
  image,
  target,
}: {
  readonly image: ImageName
  readonly target: ScanQuestionOf['target']
}): string | null {
  const [project, ...rest] = image.repository.split('/')
  if (project === undefined || rest.length === 0) return null
  const repository = encodeURIComponent(encodeURIComponent(rest.join('/')))
  return `/api/v2.0/projects/${encodeURIComponent(project)}/repositories/${repository}/artifacts/${target.digest}`
}

type Said = Pick<ScanFact, 'state' | 'detail' | 'counts' | 'scannedAt'>

function overviewOf(
  { digest, scan_overview: overviews }: z.infer<typeof Artifact>,
  { target }: ScanQuestionOf,
): Result<Said, NoAnswer> {
  if (digest !== target.digest) return err({ state: 'unavailable', detail: `Harbor answered about ${digest}` })
  const overview = Object.values(overviews ?? {})[0]
  if (overview === undefined) return err({ state: 'not-found', detail: 'Harbor has not scanned it' })
  const { scan_status: status, complete_percent: percent, summary, scanner, end_time: scannedAt } = overview
  const detail = `Harbor: ${status} (${scanner?.name ?? 'its scanner'} ${scanner?.version ?? ''})`
  const state = Object.hasOwn(STATES, status) ? (STATES[status] ?? 'unavailable') : 'unavailable'
  if (state !== 'finished') return err({ state, detail })
  if (typeof percent === 'number' && percent < 100) return err({ state: 'pending', detail: `${detail}, ${percent} %` })
  // `summary: null` is a scan that gave nothing; only a total of 0 says that there is nothing.
  if (!summary) return err({ state: 'unavailable', detail: `${detail}, without a summary` })
  const counts = countsOfWords(summary.summary ?? {})
  const sum = Object.values(counts).reduce((total, count) => total + count, 0)
  if (sum < summary.total) counts.unknown = (counts.unknown ?? 0) + summary.total - sum
  return ok({ state, detail, counts, scannedAt })
}

/** Null: no report of findings, so that the counts stand alone. */
function findingsOf(reports: Readonly<Record<string, z.infer<typeof Report>>>): readonly Finding[] | null {
  const report = Object.values(reports)[0]
  if (!report?.vulnerabilities) return null
  return report.vulnerabilities.map(({ id, package: name, version, fix_version: fix, severity }) => ({
    id,
    severity: severityOf(severity ?? ''),
    package: name,
    version: version ?? '',
    fixedIn: fix === '' || fix === null || fix === undefined ? null : fix,
  }))
}

/** Of the two numbers the higher one: what a list leaves out must not vanish. */
function agreed(counts: ScanFact['counts'], findings: readonly Finding[]): Pick<ScanFact, 'counts' | 'findings'> {
  const listed = countsOf(findings)
  const severities = Object.keys(listed) as (keyof typeof listed)[]
  const higher = severities.map((one) => [one, Math.max(counts[one] ?? 0, listed[one] ?? 0)])
  return { counts: Object.fromEntries(higher) as ScanFact['counts'], findings: [...findings] }
}
