/** Google's Artifact Analysis. https://cloud.google.com/artifact-analysis/docs/reference/rest/v1/projects.occurrences */

import * as z from 'zod'
import type { Http } from '../../clients/http.ts'
import type { Finding, ScanFact } from '../../domain/evidence.ts'
import type { ImageName } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { askScanner, type NoAnswer } from './ask.ts'
import { countsOf, FIX_NOT_TOLD, severityOf } from './severity.ts'
import { scanFact, type ScanQuestionOf, type ScanSource } from './source.ts'

const SCANNER = 'artifact-analysis'
const PAGE = 1_000
const PAGES_MAX = 20
const TEXT_LENGTH_MAX = 2_048

const Text = z.string().max(TEXT_LENGTH_MAX)
const Time = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .nullish()
  .transform((at) => at ?? null)
const Discovery = z.object({
  resourceUri: Text,
  discovery: z.object({
    analysisStatus: Text.default('ANALYSIS_STATUS_UNSPECIFIED'),
    analysisStatusError: z.object({ message: Text.default('') }).nullish(),
    continuousAnalysis: Text.default('CONTINUOUS_ANALYSIS_UNSPECIFIED'),
    lastScanTime: Time,
  }),
})
const PackageIssue = z.object({
  affectedPackage: Text.default(''),
  affectedVersion: z.object({ fullName: Text.default('') }).nullish(),
  fixedVersion: z.object({ kind: Text.default(''), fullName: Text.default('') }).nullish(),
  effectiveSeverity: Text.nullish(),
})
const Vulnerability = z.object({
  resourceUri: Text,
  noteName: Text,
  vulnerability: z.object({
    shortDescription: Text.nullish(),
    effectiveSeverity: Text.nullish(),
    severity: Text.nullish(),
    fixAvailable: z.boolean().default(false),
    packageIssue: z.array(PackageIssue).max(PAGE).default([]),
  }),
})

const STATES: Readonly<Record<string, ScanFact['state']>> = {
  FINISHED_SUCCESS: 'finished',
  COMPLETE: 'finished',
  PENDING: 'pending',
  SCANNING: 'pending',
  ANALYSIS_STATUS_UNSPECIFIED: 'pending',
  FINISHED_FAILED: 'failed',
  FINISHED_UNSUPPORTED: 'unsupported',
}

export type ArtifactAnalysis = {
  readonly http: Http
  readonly project: string
  /** The registry's: `europe-docker.pkg.dev`. */
  readonly host: string
  readonly token: () => Promise<string>
  readonly endpoint?: URL
}

export function createArtifactAnalysis(options: ArtifactAnalysis): ScanSource {
  const { http, project, host, token, endpoint } = options
  const base = endpoint ?? new URL('https://containeranalysis.googleapis.com/')

  async function list<T extends { readonly resourceUri: string }>(
    kind: string,
    uri: string,
    shape: z.ZodType<T>,
  ): Promise<Result<readonly T[], NoAnswer>> {
    const found: T[] = []
    const Page = z.object({ occurrences: z.array(shape).max(PAGE).default([]), nextPageToken: z.string().default('') })
    for (let page = 0, pageToken = ''; page < PAGES_MAX; page += 1) {
      const url = new URL(`/v1/projects/${encodeURIComponent(project)}/occurrences`, base)
      // The parts are of the strict grammar of names and digests: no quote can be in them.
      url.searchParams.set('filter', `kind="${kind}" AND resourceUrl="${uri}"`)
      url.searchParams.set('pageSize', String(PAGE))
      if (pageToken !== '') url.searchParams.set('pageToken', pageToken)
      const headers = { authorization: `Bearer ${await token()}` }
      const answer = await askScanner({ http, url, headers, shape: Page, insecure: url.protocol === 'http:' })
      if (!answer.ok) return answer
      const strange = answer.value.occurrences.find(({ resourceUri }) => resourceUri !== uri)
      if (strange !== undefined) return err({ state: 'unavailable', detail: 'Google answered about another image' })
      found.push(...answer.value.occurrences)
      pageToken = answer.value.nextPageToken
      if (pageToken === '') return ok(found)
    }
    return err({ state: 'unavailable', detail: `more than ${PAGES_MAX * PAGE} occurrences` })
  }

  return {
    scanner: SCANNER,
    knows: ({ registry }) => registry === host,
    async find(question) {
      const uri = uriOf(question)
      const discovery = await list('DISCOVERY', uri, Discovery)
      if (!discovery.ok) return scanFact(SCANNER, question, discovery.error)
      const said = stateOf(discovery.value)
      if (said.state !== 'finished') return scanFact(SCANNER, question, said)
      const vulnerabilities = await list('VULNERABILITY', uri, Vulnerability)
      if (!vulnerabilities.ok) return scanFact(SCANNER, question, vulnerabilities.error)
      const findings = vulnerabilities.value.flatMap(findingsOf)
      return scanFact(SCANNER, question, { ...said, counts: countsOf(findings), findings })
    },
  }
}

function uriOf({ image, target }: { readonly image: ImageName; readonly target: ScanQuestionOf['target'] }): string {
  return `https://${image.registry}/${image.repository}@${target.digest}`
}

type Said = Pick<ScanFact, 'state' | 'detail'> & Partial<Pick<ScanFact, 'scannedAt' | 'databaseAt'>>

/** Of several, the worst: two that differ leave it open which one is about today. */
function stateOf(discoveries: readonly z.infer<typeof Discovery>[]): Said {
  const said = discoveries.map(({ discovery }): Said => {
    const { analysisStatus, analysisStatusError, continuousAnalysis, lastScanTime } = discovery
    const state = Object.hasOwn(STATES, analysisStatus) ? (STATES[analysisStatus] ?? 'unavailable') : 'unavailable'
    const detail = `Google: ${analysisStatus} ${analysisStatusError?.message ?? ''}`.trim()
    // After 30 days without a push or a pull nothing new is matched: what was clean then says little now.
    if (state === 'finished' && continuousAnalysis === 'INACTIVE') {
      return { state: 'expired', detail: `${detail}, and its analysis is no longer kept up to date` }
    }
    return { state, detail, scannedAt: lastScanTime, databaseAt: lastScanTime }
  })
  const worst = said.find(({ state }) => state !== 'finished') ?? said[0]
  return worst ?? { state: 'not-found', detail: 'Google has not analysed it: is scanning switched on?' }
}

function findingsOf({ noteName, vulnerability }: z.infer<typeof Vulnerability>): readonly Finding[] {
  const { shortDescription, packageIssue, effectiveSeverity, severity, fixAvailable } = vulnerability
  const id = shortDescription ?? noteName.split('/').at(-1) ?? noteName
  const whole = effectiveSeverity ?? severity ?? ''
  if (packageIssue.length === 0) {
    return [{ id, severity: severityOf(whole), package: '', version: '', fixedIn: fixAvailable ? FIX_NOT_TOLD : null }]
  }
  return packageIssue.map((issue) => ({
    id,
    severity: severityOf(issue.effectiveSeverity ?? whole),
    package: issue.affectedPackage,
    version: issue.affectedVersion?.fullName ?? '',
    // `MAXIMUM` is Google's way to say that there is none.
    fixedIn: issue.fixedVersion?.kind === 'NORMAL' ? issue.fixedVersion.fullName : fixAvailable ? FIX_NOT_TOLD : null,
  }))
}
