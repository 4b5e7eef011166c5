/** The file of a report that is attached to an image: of a tool, of cosign without its envelope, or an SBOM with findings in it. */

import * as z from 'zod'
import type { Finding } from '../../domain/evidence.ts'
import { Json } from '../../domain/json.ts'
import { FINDINGS_MAX, ofCosign, OptionalText, readToolReport, Text, Time, type ReportContent } from './report.ts'
import { FIX_NOT_TOLD, severityOf, severityOfScore, worstOf } from './severity.ts'

const Purl = /^pkg:(?:[^/@?#]+\/)+(?<name>[^/@?#]+)(?:@(?<version>[^?#]+))?/u
const CycloneDx = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.object({ timestamp: Time }).nullish(),
  vulnerabilities: z
    .array(
      z.object({
        id: Text,
        ratings: z
          .array(z.object({ severity: OptionalText, score: z.union([z.string(), z.number()]).nullish() }))
          .nullish(),
        affects: z.array(z.object({ ref: Text })).nullish(),
      }),
    )
    .max(FINDINGS_MAX)
    .nullish(),
})

/** Tools write `vulnerabilities: []` into an SBOM that nobody scanned, so that none named is no scan at all. */
function readCycloneDx(report: unknown): ReportContent | 'no-report' | null {
  const read = CycloneDx.safeParse(report)
  if (!read.success) return null
  const { metadata, vulnerabilities } = read.data
  if (vulnerabilities === null || vulnerabilities === undefined || vulnerabilities.length === 0) return 'no-report'
  return {
    scanner: 'cyclonedx',
    name: 'CycloneDX',
    isAboutSomething: true,
    findings: vulnerabilities.map(({ id, ratings, affects }): Finding => {
      const named = Purl.exec(affects?.[0]?.ref ?? '')?.groups
      const rated = (ratings ?? []).map(({ severity, score }) => {
        const byWord = severityOf(severity)
        return byWord === 'unknown' ? severityOfScore(score) : byWord
      })
      const [name, version] = [named?.['name'] ?? affects?.[0]?.ref ?? '', named?.['version'] ?? '']
      return { id, severity: worstOf(rated), package: name, version, fixedIn: FIX_NOT_TOLD }
    }),
    finishedAt: metadata?.timestamp ?? null,
    databaseAt: null,
  }
}

/** Null: nobody could read it. `no-report`: it was read, and is none. */
export function readAttachedReport(bytes: Uint8Array): ReportContent | 'no-report' | null {
  const json = Json.safeParse(new TextDecoder().decode(bytes))
  if (!json.success) return null
  return readToolReport(json.data) ?? readCycloneDx(json.data) ?? ofCosign(json.data)
}
