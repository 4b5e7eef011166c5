/** ECR's basic scanning. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html */

import * as z from 'zod'
import type { AwsCall } from '../../clients/aws/call.ts'
import type { Finding, ScanFact, Severity } from '../../domain/evidence.ts'
import { FIX_NOT_TOLD, severityOf } from './severity.ts'
import { scanFact, type ScanQuestionOf, type ScanSource } from './source.ts'

const SCANNER = 'ecr'
const PAGE = 1_000
const PAGES_MAX = 20
const COUNT_MAX = 1_000_000
const TEXT_LENGTH_MAX = 1_024

const Text = z.string().max(TEXT_LENGTH_MAX)
/** Seconds since 1970, with a fraction. */
const Seconds = z
  .number()
  .min(0)
  .max(253_402_300_799)
  .nullish()
  .transform((seconds) => (seconds === null || seconds === undefined ? null : Math.trunc(seconds * 1000)))
const FindingOfEcr = z.object({
  name: Text,
  severity: Text,
  attributes: z.array(z.object({ key: Text, value: z.string().nullish() })).default([]),
})
const Page = z.object({
  imageId: z.object({ imageDigest: Text.optional() }).optional(),
  imageScanStatus: z.object({ status: Text, description: Text.nullish() }),
  imageScanFindings: z
    .object({
      imageScanCompletedAt: Seconds,
      vulnerabilitySourceUpdatedAt: Seconds,
      findingSeverityCounts: z.record(Text, z.number().int().min(0).max(COUNT_MAX)).default({}),
      findings: z.array(FindingOfEcr).default([]),
    })
    .nullish(),
  nextToken: z.string().max(8_192).nullish(),
})
type Page = z.infer<typeof Page>

const STATES: Readonly<Record<string, ScanFact['state']>> = {
  COMPLETE: 'finished',
  IN_PROGRESS: 'pending',
  PENDING: 'pending',
  FAILED: 'failed',
  UNSUPPORTED_IMAGE: 'unsupported',
  SCAN_ELIGIBILITY_EXPIRED: 'expired',
  IMAGE_ARCHIVED: 'expired',
  FINDINGS_UNAVAILABLE: 'unavailable',
  LIMIT_EXCEEDED: 'unavailable',
}
const NOT_FOUND = new Set(['ScanNotFoundException', 'ImageNotFoundException', 'RepositoryNotFoundException'])

export type EcrRegistry = {
  /** Of ECR in the registry's region. */
  readonly call: AwsCall
  readonly host: string
  readonly registryId: string
}

export function createEcrScans({ call, host, registryId }: EcrRegistry): ScanSource {
  async function readPages(question: ScanQuestionOf): Promise<readonly Page[] | Pick<ScanFact, 'state' | 'detail'>> {
    const { image, target } = question
    const pages: Page[] = []
    for (let nextToken: string | undefined; ;) {
      const answer = await call('DescribeImageScanFindings', {
        registryId,
        repositoryName: image.repository,
        imageId: { imageDigest: target.digest },
        maxResults: PAGE,
        nextToken,
      })
      if (!answer.ok) return problemOf(answer.error.code)
      const page = Page.safeParse(answer.value)
      if (!page.success) return { state: 'unavailable', detail: 'ECR answered in a form that we do not know' }
      const about = page.data.imageId?.imageDigest
      if (about !== undefined && about !== target.digest) {
        return { state: 'unavailable', detail: `ECR answered about ${about}` }
      }
      pages.push(page.data)
      nextToken = page.data.nextToken ?? undefined
      if (nextToken === undefined) return pages
      if (pages.length >= PAGES_MAX) return { state: 'unavailable', detail: `more than ${PAGES_MAX * PAGE} findings` }
    }
  }

  return {
    scanner: SCANNER,
    knows: ({ registry }) => registry === host,
    async find(question) {
      const pages = await readPages(question)
      if ('state' in pages) return scanFact(SCANNER, question, pages)
      const [first] = pages
      if (first === undefined) return scanFact(SCANNER, question, { state: 'unavailable', detail: 'ECR said nothing' })
      return scanFact(SCANNER, question, said(first, pages))
    },
  }
}

function problemOf(code: string): Pick<ScanFact, 'state' | 'detail'> {
  if (code === 'ScanNotFoundException') {
    return { state: 'not-found', detail: 'ECR has not scanned it: is scanning on push switched on?' }
  }
  return NOT_FOUND.has(code)
    ? { state: 'not-found', detail: `ECR does not have it (${code})` }
    : { state: 'unavailable', detail: `ECR refuses us (${code})` }
}

function said({ imageScanStatus: { status, description }, imageScanFindings: found }: Page, pages: readonly Page[]) {
  if (status === 'ACTIVE') {
    return { state: 'unavailable' as const, detail: 'enhanced scanning is on: take the source inspector2' }
  }
  const state = Object.hasOwn(STATES, status) ? (STATES[status] ?? 'unavailable') : 'unavailable'
  const detail = `ECR: ${status}${description ? `, ${description}` : ''}`
  // Finished, and nothing was found, is said by an empty list; no list at all says nothing.
  if (state !== 'finished') return { state, detail }
  if (!found) return { state: 'unavailable' as const, detail: `${detail}, and no list of findings` }
  return {
    state,
    detail,
    // The same on every page, and about all of them.
    counts: countsOfWords(found.findingSeverityCounts),
    findings: pages.flatMap(({ imageScanFindings: page }) => (page?.findings ?? []).map(findingOf)),
    scannedAt: found.imageScanCompletedAt,
    databaseAt: found.vulnerabilitySourceUpdatedAt,
  }
}

/** Several of their words may be one of ours. */
export function countsOfWords(words: Readonly<Record<string, number>>): ScanFact['counts'] {
  const counts: Partial<Record<Severity, number>> = {}
  for (const [word, count] of Object.entries(words)) {
    const severity = severityOf(word)
    counts[severity] = (counts[severity] ?? 0) + count
  }
  return counts
}

function findingOf({ name, severity, attributes }: z.infer<typeof FindingOfEcr>): Finding {
  const attribute = (key: string): string => attributes.find((one) => one.key === key)?.value ?? ''
  return {
    id: name,
    severity: severityOf(severity),
    package: attribute('package_name'),
    version: attribute('package_version'),
    fixedIn: FIX_NOT_TOLD,
  }
}
