/**
 * Microsoft Defender for Cloud, by Azure Resource Graph. It lists what it found and nothing else: an image that is healthy and one that
 * was never scanned look alike, so it may only block. https://learn.microsoft.com/azure/defender-for-cloud/agentless-vulnerability-assessment-azure
 */

import * as z from 'zod'
import type { Http } from '../../clients/http.ts'
import type { Finding } from '../../domain/evidence.ts'
import type { Digest } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { askScanner, type NoAnswer } from './ask.ts'
import { countsOf, FIX_NOT_TOLD, severityOf } from './severity.ts'
import { scanFact, type ScanSource } from './source.ts'

const SCANNER = 'defender'
const API_VERSION = '2022-10-01'
const PAGES_MAX = 20
const ROWS_MAX = 1_000
const TEXT_LENGTH_MAX = 2_048

const Text = z.string().max(TEXT_LENGTH_MAX)
const Answer = z.object({
  data: z
    .array(z.object({ cve: Text, severity: Text.nullish(), package: Text.nullish(), version: Text.nullish() }))
    .max(ROWS_MAX),
  $skipToken: z.string().max(8_192).nullish(),
})

export type Defender = {
  readonly http: Http
  readonly host: string
  readonly subscriptions: readonly string[]
  /** For `https://management.azure.com`. */
  readonly token: () => Promise<string>
  readonly endpoint?: URL
}

export function createDefenderScans(options: Defender): ScanSource {
  return {
    scanner: SCANNER,
    knows: ({ registry }) => registry === options.host,
    async find(question) {
      const findings = await findingsOf(options, question.target.digest)
      if (!findings.ok) return scanFact(SCANNER, question, findings.error)
      if (findings.value.length === 0) {
        return scanFact(SCANNER, question, {
          state: 'not-found',
          detail: 'Defender lists nothing, which does not mean clean',
        })
      }
      return scanFact(SCANNER, question, {
        state: 'finished',
        detail: `Defender lists ${findings.value.length} findings`,
        counts: countsOf(findings.value),
        findings: [...findings.value],
      })
    },
  }
}

/** The digest is of the strict grammar, so that nothing can be in it that means something to the query. */
function queryOf(digest: Digest): string {
  return [
    'securityresources',
    "| where type =~ 'microsoft.security/assessments/subassessments' or type =~ 'microsoft.security/assessments'",
    `| where tostring(properties) has '${digest}'`,
    "| where tostring(properties.status.code) =~ 'Unhealthy'",
    '| extend cves = coalesce(properties.additionalData.vulnerabilityDetails.cveId, properties.id)',
    '| project cve = tostring(cves), severity = tostring(coalesce(properties.additionalData.vulnerabilityDetails.severity, properties.status.severity, properties.metadata.severity)), package = tostring(properties.additionalData.softwareDetails.packageName), version = tostring(properties.additionalData.softwareDetails.version)',
  ].join(' ')
}

async function findingsOf(
  { http, subscriptions, token, endpoint }: Defender,
  digest: Digest,
): Promise<Result<readonly Finding[], NoAnswer>> {
  const path = `/providers/Microsoft.ResourceGraph/resources?api-version=${API_VERSION}`
  const url = new URL(path, endpoint ?? 'https://management.azure.com/')
  const findings: Finding[] = []
  let skip: string | undefined
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await askScanner({
      http,
      url,
      headers: { authorization: `Bearer ${await token()}` },
      body: {
        subscriptions,
        query: queryOf(digest),
        options: { $top: ROWS_MAX, resultFormat: 'objectArray', $skipToken: skip },
      },
      shape: Answer,
      insecure: url.protocol === 'http:',
    })
    if (!answer.ok) return answer
    findings.push(...answer.value.data.map(findingOf))
    skip = answer.value.$skipToken ?? undefined
    if (skip === undefined) return ok(findings)
  }
  return err({ state: 'unavailable', detail: `more than ${PAGES_MAX * ROWS_MAX} findings` })
}

function findingOf({ cve, severity, package: name, version }: z.infer<typeof Answer>['data'][number]): Finding {
  return {
    id: cve,
    severity: severityOf(severity ?? ''),
    package: name ?? '',
    version: version ?? '',
    fixedIn: FIX_NOT_TOLD,
  }
}
