/**
 * Scanners' reports that are attached to an image as they are, by `oras attach`, `regctl artifact put` or Trivy's plug-in. Such a report
 * does not say who wrote it, so it counts by who signed the artifact that holds it, and an unsigned one counts for nothing at all:
 * whoever may push could attach a clean one, or stop every release with a bad one.
 */

import type { Evidence, IndeterminateFact, RejectedFact, SignatureFact } from '../domain/evidence.ts'
import { collectAbout, type Tools } from './collect.ts'
import { BLOB_BYTES_MAX, type Attached } from './discover.ts'
import type { Report } from './material.ts'
import { readAttachedReport } from './scans/attached-file.ts'
import { scanOfReport, UNCOUNTED } from './scans/report.ts'

/** Each costs a look for its signatures. */
const REPORTS_MAX = 32
const REPORT =
  /^application\/(?:sarif\+json|vnd\.cyclonedx\+json|vnd\.(?:aquasec|aquasecurity|anchore)\.(?:trivy|grype)[a-z0-9.+-]*)$/u
const JSON_TYPE = 'application/json'
/** What tools write who were told no type. */
const NO_TYPE = ['', JSON_TYPE, 'application/vnd.unknown.artifact.v1', 'application/vnd.oci.empty.v1+json']

/** `platform`: that of the image; reports about an index are not asked for, for they speak for none of its platforms. */
export async function collectReports(
  tools: Tools,
  { image, reports, budget }: Attached,
  platform: string | null,
): Promise<readonly Evidence[]> {
  const known = reports.filter((report) => report.layers.some((layer) => isReport(report, layer)))
  const evidence: Evidence[] = []
  if (known.length > REPORTS_MAX) evidence.push(unseen(image.digest, `more than ${REPORTS_MAX} reports`))
  for (const report of known.slice(0, REPORTS_MAX)) {
    evidence.push(...(await readReport(tools, { image, report, budget, platform })))
  }
  return evidence
}

/** Said, so that nobody looks for what they attached: to the index, where each platform's own is asked for. */
export function reportsOfIndex({ reports }: Attached): readonly Evidence[] {
  const found = reports.find((report) => report.layers.some((layer) => isReport(report, layer)))
  const detail = 'a report about an index speaks for none of its platforms: attach one to each of them'
  return found === undefined ? [] : [rejected(found.source, UNCOUNTED.ofIndex, detail)]
}

/** By the artifact's type or the file's own: both are written in many ways, and what is in it decides. */
function isReport({ artifactType }: Report, { mediaType }: Report['layers'][number]): boolean {
  if (REPORT.test(artifactType) || REPORT.test(mediaType)) return true
  return mediaType === JSON_TYPE && NO_TYPE.includes(artifactType)
}

type Reading = Omit<Attached, 'reports'> & { readonly report: Report; readonly platform: string | null }

async function readReport(tools: Tools, reading: Reading): Promise<readonly Evidence[]> {
  const { image, report, budget } = reading
  const { source } = report
  const manifest = await tools.content.manifest(image, source)
  if (!manifest.ok || manifest.value === null)
    return [rejected(source, 'not-found', 'a report that is not there any more')]
  const { evidence } = await collectAbout(tools, { ...image, digest: source }, manifest.value, budget)
  const signatures = evidence.filter((fact) => fact.kind === 'signature').filter(({ subject }) => subject === source)
  const cut = evidence.filter((fact) => fact.kind === 'indeterminate')
  if (signatures.length === 0) return [...cut, unsigned(source, evidence)]
  const files: Evidence[] = []
  for (const layer of report.layers) {
    if (isReport(report, layer)) files.push(...(await readFile(tools, reading, layer, signatures)))
  }
  return [...cut, ...files]
}

async function readFile(
  { content }: Tools,
  { image, report, budget, platform }: Reading,
  layer: Report['layers'][number],
  signatures: readonly SignatureFact[],
): Promise<readonly Evidence[]> {
  const { source } = report
  if (layer.size > BLOB_BYTES_MAX) return [unseen(source, `a report of more than ${BLOB_BYTES_MAX} bytes`)]
  if (layer.size > budget.bytesLeft) return [unseen(source, 'more bytes of signatures and reports than are read')]
  budget.bytesLeft -= layer.size
  const blob = await content.blob(image, layer, BLOB_BYTES_MAX)
  if (!blob.ok) return [unseen(source, `a report that cannot be read: ${blob.error.detail}`)]
  const read = readAttachedReport(blob.value)
  // An SBOM beside it, or any other JSON: nothing that was ever a scan.
  if (read === 'no-report' || (read === null && !isNamedReport(report, layer))) return []
  const times = signatures.flatMap(({ at }) => at ?? [])
  const signers = [...new Set(signatures.flatMap((fact) => fact.signers))]
  // Signed again, it does not become younger.
  const provenAt = times.length === 0 ? null : Math.min(...times)
  const scan = scanOfReport(read, { source, subject: image.digest, platform, signers, provenAt })
  const by = [...new Set(signatures.map((fact) => fact.by))].join(', ')
  return [{ ...scan, detail: `${scan.detail}, signed by ${by}` }]
}

function isNamedReport({ artifactType }: Report, { mediaType }: Report['layers'][number]): boolean {
  return REPORT.test(artifactType) || REPORT.test(mediaType)
}

function unsigned(source: string, evidence: readonly Evidence[]): RejectedFact {
  const why = evidence.find((fact) => fact.kind === 'rejected')
  const found = why?.kind === 'rejected' ? `; found: ${why.reason} (${why.detail})` : ''
  return rejected(source, UNCOUNTED.unsigned, `a scanner's report that none of the signers signed${found}`)
}

function rejected(source: string, reason: string, detail: string): RejectedFact {
  return { kind: 'rejected', source, format: null, reason, detail }
}

function unseen(source: string, detail: string): IndeterminateFact {
  return { kind: 'indeterminate', source, detail }
}
