/** Reports of scanners as facts: what a predicate or a referrer's file holds. Whether its signature counts was found out before. */

import * as z from 'zod'
import type { AttestationFact, Finding, ScanFact, Severity } from '../../domain/evidence.ts'
import type { Digest } from '../../domain/image.ts'
import { countsOf, FIX_NOT_TOLD, severityOf, severityOfScore, worstOf } from './severity.ts'

export const FINDINGS_MAX = 200_000
const TEXT_LENGTH_MAX = 512
const SKEW_MS = 5 * 60_000

export const COSIGN_VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1'
export const INTOTO_VULNS = ['https://in-toto.io/attestation/vulns/v0.1', 'https://in-toto.io/attestation/vulns/v0.2']
const TYPES: readonly string[] = [COSIGN_VULN, COSIGN_VULN.replace('https://', ''), ...INTOTO_VULNS]

/** Why a report that is attached to an image counts for nothing. */
export const UNCOUNTED = { unsigned: 'unsigned-report', ofIndex: 'report-of-index' } as const

/** Where a report was found, and who vouches for it. */
export type ReportOrigin = {
  readonly source: string
  readonly subject: Digest
  readonly platform: string | null
  readonly signers: readonly string[]
  /** When its signature was made, as proven; null: nothing proves it. */
  readonly provenAt: number | null
}

/** What a report says of its own. */
export type ReportContent = {
  readonly scanner: string
  readonly findings: readonly Finding[]
  /** False: it names no target that was looked at, so that an empty list means nothing. */
  readonly isAboutSomething: boolean
  readonly finishedAt: number | null
  readonly databaseAt: number | null
  readonly name: string
}

export const Text = z.string().max(TEXT_LENGTH_MAX)
export const OptionalText = Text.nullish().transform((text) => text ?? '')
export const Time = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .nullish()
  .catch(null)
  .transform((at) => at ?? null)

const TrivyVulnerability = z.object({
  VulnerabilityID: Text,
  PkgName: Text,
  InstalledVersion: OptionalText,
  FixedVersion: OptionalText,
  Severity: OptionalText,
})
const Trivy = z.object({
  SchemaVersion: z.number(),
  CreatedAt: Time,
  Results: z
    .array(z.object({ Vulnerabilities: z.array(TrivyVulnerability).max(FINDINGS_MAX).nullish() }))
    .max(FINDINGS_MAX)
    .nullish(),
})
const Grype = z.object({
  matches: z
    .array(
      z.object({
        vulnerability: z.object({
          id: Text,
          severity: OptionalText,
          fix: z.object({ state: OptionalText, versions: z.array(Text).nullish() }).nullish(),
        }),
        artifact: z.object({ name: Text, version: OptionalText }),
      }),
    )
    .max(FINDINGS_MAX),
  source: z.unknown(),
  descriptor: z.object({
    name: Text,
    version: OptionalText,
    timestamp: Time,
    db: z.object({ built: Time, status: z.object({ built: Time }).nullish() }).nullish(),
  }),
})

/** A report as its tool writes it; null where it is none of those that we can read. */
export function readToolReport(report: unknown): ReportContent | null {
  const trivy = Trivy.safeParse(report)
  if (trivy.success) return ofTrivy(trivy.data)
  const grype = Grype.safeParse(report)
  return grype.success ? ofGrype(grype.data) : readSarif(report)
}

function ofTrivy({ Results, CreatedAt }: z.infer<typeof Trivy>): ReportContent {
  const vulnerabilities = (Results ?? []).flatMap((result) => result.Vulnerabilities ?? [])
  return {
    scanner: 'trivy',
    name: 'Trivy',
    // No results at all: nothing that it knows how to look at.
    isAboutSomething: (Results ?? []).length > 0,
    findings: vulnerabilities.map(
      ({ VulnerabilityID, PkgName, InstalledVersion, FixedVersion, Severity: severity }) => ({
        id: VulnerabilityID,
        severity: severityOf(severity),
        package: PkgName,
        version: InstalledVersion,
        fixedIn: FixedVersion === '' ? null : FixedVersion,
      }),
    ),
    finishedAt: CreatedAt,
    databaseAt: null,
  }
}

function ofGrype({ matches, descriptor, source }: z.infer<typeof Grype>): ReportContent {
  return {
    scanner: 'grype',
    name: `${descriptor.name} ${descriptor.version}`,
    isAboutSomething: typeof source === 'object' && source !== null,
    findings: matches.map(({ vulnerability: { id, severity, fix }, artifact }) => ({
      id,
      severity: severityOf(severity),
      package: artifact.name,
      version: artifact.version,
      fixedIn: grypeFix(fix ?? { state: '' }),
    })),
    finishedAt: descriptor.timestamp,
    databaseAt: descriptor.db?.built ?? descriptor.db?.status?.built ?? null,
  }
}

/** `not-fixed`, `wont-fix`: there is none. Anything else leaves it open. */
function grypeFix({ state, versions }: { state: string; versions?: string[] | null | undefined }): string | null {
  if (state === 'fixed') return versions?.join(', ') ?? FIX_NOT_TOLD
  return state === 'not-fixed' || state === 'wont-fix' ? null : FIX_NOT_TOLD
}

const Rule = z.object({
  id: Text,
  properties: z.object({ 'security-severity': z.union([z.string(), z.number()]).nullish() }).nullish(),
})
const Sarif = z.object({
  version: z.string().startsWith('2.'),
  runs: z
    .array(
      z.object({
        tool: z.object({ driver: z.object({ name: Text, rules: z.array(Rule).max(FINDINGS_MAX).nullish() }) }),
        results: z
          .array(
            z.object({
              ruleId: Text,
              suppressions: z.array(z.unknown()).nullish(),
              locations: z
                .array(z.object({ physicalLocation: z.object({ artifactLocation: z.object({ uri: OptionalText }) }) }))
                .nullish()
                .catch(null),
            }),
          )
          .max(FINDINGS_MAX)
          .nullish(),
        invocations: z.array(z.object({ executionSuccessful: z.boolean(), endTimeUtc: Time })).nullish(),
      }),
    )
    .max(64),
})

/** SARIF says how bad by CVSS, in the rule; a result that a tool suppressed itself still counts: exceptions are ours to make. */
export function readSarif(report: unknown): ReportContent | null {
  const read = Sarif.safeParse(report)
  if (!read.success) return null
  const { runs } = read.data
  const findings = runs.flatMap(({ tool, results }) => {
    const rules = new Map(
      (tool.driver.rules ?? []).map(({ id, properties }) => [id, properties?.['security-severity']]),
    )
    return (results ?? []).map(({ ruleId, locations }): Finding => {
      const [location] = locations ?? []
      return {
        id: ruleId,
        severity: severityOfScore(rules.get(ruleId)),
        package: location?.physicalLocation.artifactLocation.uri ?? '',
        version: '',
        fixedIn: FIX_NOT_TOLD,
      }
    })
  })
  const ends = runs.flatMap(({ invocations }) => (invocations ?? []).map(({ endTimeUtc }) => endTimeUtc))
  const isRun = runs.every(({ results, invocations }) => {
    const isDone = (invocations ?? []).every(({ executionSuccessful }) => executionSuccessful)
    // "No results" is null where the tool was not run to its end: SARIF 2.1.0, section 3.14.23.
    return isDone && results !== null && results !== undefined
  })
  return {
    scanner: 'sarif',
    name: runs.map(({ tool }) => tool.driver.name).join(', '),
    isAboutSomething: runs.length > 0 && isRun,
    findings,
    finishedAt: ends.length > 0 && ends.every((at) => at !== null) ? Math.min(...ends) : null,
    databaseAt: null,
  }
}

const Finished = z.object({ scanFinishedOn: Time })
const CosignVuln = z.object({
  scanner: z.object({ uri: OptionalText, db: z.object({ lastUpdate: Time }).nullish(), result: z.unknown() }),
  metadata: Finished,
})
const InTotoVulns = z.object({
  scanner: z.object({
    uri: OptionalText,
    db: z.object({ lastUpdate: Time }).nullish(),
    result: z
      .array(
        z.object({
          id: Text,
          severity: z.array(z.object({ method: OptionalText, score: z.union([z.string(), z.number()]).nullish() })),
        }),
      )
      .max(FINDINGS_MAX),
  }),
  metadata: Finished,
})

/** Null: it is no vulnerability attestation at all. One that cannot be read is a scan that failed, never a clean one. */
export function scanOfAttestation(fact: AttestationFact, platform: string | null): ScanFact | null {
  if (!TYPES.includes(fact.predicateType)) return null
  const { subject, source, signers, at: provenAt } = fact
  const content = INTOTO_VULNS.includes(fact.predicateType) ? ofInToto(fact.predicate) : ofCosign(fact.predicate)
  return { ...scanOfReport(content, { subject, source, signers, provenAt, platform }), scanner: 'attestation' }
}

/** Cosign's predicate, with the report of a tool in it. */
export function ofCosign(predicate: unknown): ReportContent | null {
  const read = CosignVuln.safeParse(predicate)
  const report = read.success ? readToolReport(read.data.scanner.result) : null
  if (!read.success || report === null) return null
  return {
    ...report,
    finishedAt: read.data.metadata.scanFinishedOn,
    databaseAt: read.data.scanner.db?.lastUpdate ?? report.databaseAt,
  }
}

function ofInToto(predicate: unknown): ReportContent | null {
  const read = InTotoVulns.safeParse(predicate)
  if (!read.success) return null
  const { scanner, metadata } = read.data
  return {
    scanner: 'attestation',
    name: scanner.uri,
    isAboutSomething: true,
    findings: scanner.result.map(({ id, severity }) => ({
      id,
      severity: worstOf(severity.map(({ score }) => severityOfText(score))),
      package: '',
      version: '',
      fixedIn: FIX_NOT_TOLD,
    })),
    finishedAt: metadata.scanFinishedOn,
    databaseAt: scanner.db?.lastUpdate ?? null,
  }
}

/** A word, or a score. */
function severityOfText(score: string | number | null | undefined): Severity {
  const byScore = severityOfScore(score)
  return byScore === 'unknown' && typeof score === 'string' ? severityOf(score) : byScore
}

/** A referrer's own file, or the report inside of a predicate. Null is what nobody could read. */
export function scanOfReport(content: ReportContent | null, origin: ReportOrigin): ScanFact {
  const { source, subject, platform, signers, provenAt } = origin
  const fact = { kind: 'scan' as const, source, subject, platform, signers: [...signers] }
  const nothing = { counts: {}, findings: null, scannedAt: provenAt, databaseAt: null }
  if (content === null) {
    return { ...fact, ...nothing, scanner: 'sarif', state: 'failed', detail: 'the report cannot be read' }
  }
  const { scanner, name, findings, finishedAt, databaseAt, isAboutSomething } = content
  if (!isAboutSomething) {
    return { ...fact, ...nothing, scanner, state: 'unsupported', detail: `${name} looked at nothing in it` }
  }
  if (finishedAt !== null && provenAt !== null && finishedAt > provenAt + SKEW_MS) {
    return { ...fact, ...nothing, scanner, state: 'failed', detail: 'it says that it ended after it was signed' }
  }
  return {
    ...fact,
    ...(provenAt === null ? { claimed: true as const } : {}),
    scanner,
    state: 'finished',
    counts: countsOf(findings),
    findings: [...findings],
    // The signer may say that it is older than its signature, never that it is newer.
    scannedAt: provenAt === null ? finishedAt : Math.min(provenAt, finishedAt ?? provenAt),
    databaseAt,
    detail: `${name} found ${findings.length}`,
  }
}
