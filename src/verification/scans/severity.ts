/** The words of all scanners in ours. What nobody rated is its own bucket: it is not low. */

import { SEVERITIES, type Finding, type ScanFact, type Severity } from '../../domain/evidence.ts'

const WORDS: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  defcon1: 'critical',
  high: 'high',
  important: 'high',
  medium: 'medium',
  moderate: 'medium',
  low: 'low',
  negligible: 'negligible',
  minimal: 'negligible',
  informational: 'negligible',
  none: 'negligible',
}

/** In place of a version: the source says nothing about fixes, which is not the same as "there is none" (null). */
export const FIX_NOT_TOLD = ''

export function severityOf(word: string): Severity {
  const known = word.toLowerCase()
  return Object.hasOwn(WORDS, known) ? (WORDS[known] ?? 'unknown') : 'unknown'
}

export function countsOf(findings: readonly Finding[]): ScanFact['counts'] {
  const counts = SEVERITIES.map((severity) => [severity, findings.filter((one) => one.severity === severity).length])
  return Object.fromEntries(counts) as ScanFact['counts']
}

/** CVSS as its standard names its ranges. A score of 0 is none; one that is missing is not known. */
export function severityOfScore(score: string | number | null | undefined): Severity {
  const value = score === null || score === undefined || score === '' ? Number.NaN : Number(score)
  if (!(value >= 0 && value <= 10)) return 'unknown'
  if (value >= 9) return 'critical'
  if (value >= 7) return 'high'
  if (value >= 4) return 'medium'
  return value > 0 ? 'low' : 'negligible'
}

const ORDER: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'negligible']

/** The worst that anybody rated; nobody did: unknown. */
export function worstOf(severities: readonly Severity[]): Severity {
  return ORDER.find((one) => severities.includes(one)) ?? 'unknown'
}
