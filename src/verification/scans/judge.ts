/** Judges what scanners said under a rule: pure. Only a finished, recent report with few enough findings holds; all else never does. */

import { formatDuration } from '../../domain/duration.ts'
import { SEVERITIES, type AttestationFact, type Finding, type ScanFact, type Severity } from '../../domain/evidence.ts'
import type { Digest } from '../../domain/image.ts'
import type { RuleOutcome } from '../../domain/verdict.ts'
import type { ScanException, ScanRule } from '../../domain/verification-policy.ts'
import { isSubtracted, readVex, type VexById } from './vex.ts'

/** Clocks differ; what is further ahead is a mistake or a lie. */
const SKEW_MS = 5 * 60_000
/** More names than a person reads. */
const NAMED_MAX = 5
/** Reports that somebody brought: they count by who signed them, never by themselves. */
const REPORTS: readonly string[] = ['attestation', 'trivy', 'grype', 'sarif', 'cyclonedx']
/** They know bad images and no good ones: nothing found looks like nothing scanned. */
const BLOCKING_ONLY: readonly string[] = ['defender']

/** One platform's manifest; an image that is no index is its own only one. */
export type ScanTarget = { readonly digest: Digest; readonly platform: string | null }

export type ScanQuestion = {
  readonly facts: readonly ScanFact[]
  /** All of the image's platforms, attestations left out. */
  readonly targets: readonly ScanTarget[]
  /** Verified attestations; those that are VEX of the rule's signers subtract. */
  readonly attestations: readonly AttestationFact[]
  readonly rule: ScanRule
  readonly now: number
}

type Found = { readonly state: RuleOutcome['state']; readonly detail: string }

/** `waiting` where a scan may still come, or a newer one; `failed` where waiting does not help. */
export function judgeScan(question: ScanQuestion): RuleOutcome {
  const { rule, targets } = question
  const wanted = targets.filter(({ platform }) => isWanted(platform, rule.platforms))
  const vex = readVex(question.attestations, rule.vex)
  const found = wanted.map((target): Found => {
    const { state, detail } = judgeTarget(target, question, vex)
    return { state, detail: targets.length === 1 ? detail : `${target.platform ?? target.digest}: ${detail}` }
  })
  return { rule: 'scan', ...worstOf(found, NO_PLATFORM) }
}

/** `linux/arm64` means `linux/arm64/v8` too. */
function isWanted(platform: string | null, names: readonly string[] | undefined): boolean {
  return names === undefined || names.some((name) => platform === name || platform?.startsWith(`${name}/`) === true)
}

const NO_PLATFORM: Found = { state: 'failed', detail: 'the image has none of the platforms that have to be scanned' }
const NO_SCAN: Found = { state: 'waiting', detail: 'no scan that could prove it clean' }

/** The worst, and every detail of that state; what held is told when all did. */
function worstOf(found: readonly Found[], nothing: Found): Found {
  for (const state of ['failed', 'waiting', 'held'] as const) {
    const details = found.filter((one) => one.state === state).map(({ detail }) => detail)
    if (details.length > 0) return { state, detail: details.join('; ') }
  }
  return nothing
}

function judgeTarget(target: ScanTarget, { facts, rule, now }: ScanQuestion, vex: VexById): Found {
  const counting = facts.filter((fact) => fact.subject === target.digest && doesCount(fact, rule))
  const scanners = [...new Set(counting.map(({ scanner }) => scanner))]
  const missing = (rule.from ?? []).filter((name) => !scanners.includes(name))
  const judged = scanners.map((scanner): Found => {
    const newest = newestOf(counting.filter((fact) => fact.scanner === scanner))
    return worstOf(
      newest.map((fact) => judgeFact(fact, rule, now, vex)),
      NO_SCAN,
    )
  })
  const found = [...judged, ...missing.map((name): Found => ({ state: 'waiting', detail: `${name}: no report yet` }))]
  const proves = scanners.some((scanner) => !BLOCKING_ONLY.includes(scanner))
  return worstOf(proves ? found : [...found, NO_SCAN], NO_SCAN)
}

function doesCount(fact: ScanFact, rule: ScanRule): boolean {
  if (rule.from !== undefined && !rule.from.includes(fact.scanner)) return false
  return !REPORTS.includes(fact.scanner) || fact.signers.some((signer) => rule.signers.includes(signer))
}

/** An old clean report beside a new critical one is kept by whoever wants to be let through; those without a time all count. */
function newestOf(facts: readonly ScanFact[]): readonly ScanFact[] {
  const newest = Math.max(...facts.map(({ scannedAt }) => scannedAt ?? Number.NEGATIVE_INFINITY))
  return facts.filter(({ scannedAt }) => scannedAt === null || scannedAt === newest)
}

function judgeFact(fact: ScanFact, rule: ScanRule, now: number, vex: VexById): Found {
  const say = (state: Found['state'], detail: string): Found => ({ state, detail: `${fact.scanner}: ${detail}` })
  switch (fact.state) {
    case 'pending':
    case 'not-found':
    case 'unavailable':
      return say('waiting', fact.detail)
    case 'failed':
    case 'expired':
      return say('failed', fact.detail)
    case 'unsupported':
      return say(rule.allowUnsupported ? 'held' : 'failed', fact.detail)
    case 'finished': {
      if (BLOCKING_ONLY.includes(fact.scanner)) return judgeCounts(fact, rule, now, vex)
      return ageProblem(fact, rule, now) ?? judgeCounts(fact, rule, now, vex)
    }
  }
}

function ageProblem(fact: ScanFact, rule: ScanRule, now: number): Found | null {
  const ages = [
    { what: 'the scan', at: fact.scannedAt, limit: rule.newerThan },
    { what: 'its database', at: fact.databaseAt, limit: rule.databaseNewerThan },
  ]
  for (const { what, at, limit } of ages) {
    const say = (state: Found['state'], detail: string): Found => ({
      state,
      detail: `${fact.scanner}: ${what} ${detail}`,
    })
    if (at !== null && at > now + SKEW_MS) return say('failed', 'is of the future')
    if (limit === undefined) continue
    if (fact.claimed === true)
      return say('failed', 'has no verified time, and one is demanded: sign it in a log or with a timestamp')
    if (at === null) return say('failed', 'has no time, and one is demanded: set newerThan for other sources')
    // A newer one may come: scanners look again, and pipelines run again.
    if (now - at > limit) return say('waiting', `is ${formatDuration(now - at)} old, limit ${formatDuration(limit)}`)
  }
  return null
}

type Subtracted = { readonly finding: Finding; readonly why: string }

function judgeCounts(fact: ScanFact, rule: ScanRule, now: number, vex: VexById): Found {
  const subtracted = (fact.findings ?? []).flatMap((finding): Subtracted[] => {
    const why = reasonToSubtract(finding, fact, rule, now, vex)
    return why === null ? [] : [{ finding, why }]
  })
  const left = (severity: Severity): number => {
    const away = subtracted.filter(({ finding }) => finding.severity === severity).length
    return Math.max(0, (fact.counts[severity] ?? 0) - away)
  }
  const over = SEVERITIES.flatMap((severity) => {
    const maximum = rule.maximum[severity]
    return maximum !== undefined && left(severity) > maximum ? [`${left(severity)} ${severity}, limit ${maximum}`] : []
  })
  const notes = notesOf(fact, rule, now, subtracted)
  if (over.length > 0) return { state: 'failed', detail: `${fact.scanner}: ${over.join(', ')}${notes}` }
  const counts = SEVERITIES.filter((severity) => left(severity) > 0).map((severity) => `${left(severity)} ${severity}`)
  return { state: 'held', detail: `${fact.scanner}: ${counts.join(', ') || 'no findings'}${notes}` }
}

function reasonToSubtract(
  finding: Finding,
  { subject }: ScanFact,
  rule: ScanRule,
  now: number,
  vex: VexById,
): string | null {
  const exception = rule.except.find(({ id, until }) => id === finding.id && now < until)
  if (exception !== undefined) return describeException(exception)
  const said = isSubtracted(finding, subject, vex)
  if (said !== null) return said
  return rule.fixableOnly && finding.fixedIn === null ? 'no fix is known' : null
}

function describeException({ reason, until }: ScanException): string {
  return `excepted until ${new Date(until).toISOString().slice(0, 10)}: ${reason}`
}

/** Nothing is left out silently: what was subtracted, which exceptions are over, and what could not be looked at. */
function notesOf(
  { findings }: ScanFact,
  { except, fixableOnly, vex }: ScanRule,
  now: number,
  subtracted: readonly Subtracted[],
): string {
  const named = subtracted.filter(({ why }) => why !== 'no fix is known')
  const unfixed = subtracted.length - named.length
  const over = except.filter(({ id, until }) => until <= now && findings?.some((one) => one.id === id) === true)
  const isBlind = findings === null && (fixableOnly || except.length > 0 || vex.length > 0)
  const notes = [
    ...named.slice(0, NAMED_MAX).map(({ finding, why }) => `without ${finding.id} (${why})`),
    ...(named.length > NAMED_MAX ? [`and ${named.length - NAMED_MAX} more`] : []),
    ...(unfixed > 0 ? [`without ${unfixed} that have no fix`] : []),
    ...over.map(({ id }) => `the exception for ${id} is over`),
    ...(isBlind ? ['this source gives counts alone, so nothing is subtracted'] : []),
  ]
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`
}
