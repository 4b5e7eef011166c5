/** What was found about an image when it was looked at last, in short: kept with what runs, for questions that come later. */

import * as z from 'zod'
import { Instant } from './event.ts'
import { SEVERITIES, Severity, type Evidence, type Finding, type ScanFact } from './evidence.ts'
import { Digest, ImageName } from './image.ts'
import { Commit } from './source.ts'

/** A document has a length: of more than these the worst are kept, and it is said how many are not. */
export const FINDINGS_KEPT_MAX = 200
const SIGNERS_KEPT_MAX = 16
const PLATFORMS_KEPT_MAX = 16
const TEXT_LENGTH_MAX = 256
const ID_LENGTH_MAX = 64

export const Known = z.object({
  at: Instant,
  /** By which configured name, and who that was, as the signature says. */
  signers: z.array(z.object({ name: z.string(), by: z.string() })),
  /** Of an index: what scanners and reports speak of instead of it. */
  platforms: z.array(Digest),
  /** Of the finished scan that counts most. */
  counts: z.partialRecord(Severity, z.number().int().min(0)),
  /** Ids of what was found, worst first. */
  findings: z.array(z.string()),
  /** How many more there were. */
  more: z.number().int().min(0),
  /** `none`: no scan was finished. `counts-alone`: a scanner did not say which findings, so a name that is missing proves nothing. */
  named: z.enum(['all', 'counts-alone', 'none']),
  /** What the verified provenance says that it was built from. */
  builtFrom: Commit.optional(),
  /** Of a release of several images: the same of each, and when it was built. */
  parts: z
    .array(
      ImageName.extend({
        builtAt: Instant.nullable(),
        signers: z.array(z.object({ name: z.string(), by: z.string() })),
        platforms: z.array(Digest),
        findings: z.array(z.string()),
        more: z.number().int().min(0),
        named: z.enum(['all', 'counts-alone', 'none']),
      }),
    )
    .optional(),
  /** What the notice said that was told of it last, while it stands. */
  told: z.string().optional(),
})
export type Known = Readonly<z.infer<typeof Known>>

export function knownFrom(evidence: readonly Evidence[], at: number, platforms: readonly Digest[] = []): Known {
  const scans = evidence.filter((fact) => fact.kind === 'scan').filter(({ state }) => state === 'finished')
  const ids = idsOf(scans.flatMap(({ findings }) => findings ?? []))
  const isBlind = scans.some(({ findings }) => findings === null)
  return {
    at,
    signers: signersOf(evidence),
    platforms: [...new Set([...platforms, ...scannedIn(scans)])].slice(0, PLATFORMS_KEPT_MAX),
    counts: Object.fromEntries(
      SEVERITIES.flatMap((severity) => {
        const most = Math.max(0, ...scans.map(({ counts }) => counts[severity] ?? 0))
        return most > 0 ? [[severity, most]] : []
      }),
    ),
    findings: ids.slice(0, FINDINGS_KEPT_MAX),
    more: Math.max(0, ids.length - FINDINGS_KEPT_MAX),
    named: scans.length === 0 ? 'none' : isBlind ? 'counts-alone' : 'all',
  }
}

function scannedIn(scans: readonly ScanFact[]): readonly Digest[] {
  return scans.filter(({ platform }) => platform !== null).map(({ subject }) => subject)
}

function idsOf(findings: readonly Finding[]): readonly string[] {
  const rank = (finding: Finding): number => SEVERITIES.indexOf(finding.severity)
  const sorted = findings.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
  return [...new Set(sorted.map(({ id }) => id.slice(0, ID_LENGTH_MAX)))]
}

function signersOf(evidence: readonly Evidence[]): Known['signers'] {
  const found = new Map<string, Known['signers'][number]>()
  for (const fact of evidence) {
    if (fact.kind !== 'signature' && fact.kind !== 'attestation') continue
    const by = fact.by.slice(0, TEXT_LENGTH_MAX)
    for (const name of fact.signers) found.set(`${name} ${by}`, { name, by })
  }
  return [...found.values()].slice(0, SIGNERS_KEPT_MAX)
}
