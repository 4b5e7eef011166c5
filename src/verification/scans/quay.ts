/** Quay, which asks Clair. https://docs.projectquay.io/api_quay.html */

import * as z from 'zod'
import type { Http } from '../../clients/http.ts'
import type { Finding, ScanFact } from '../../domain/evidence.ts'
import { askScanner } from './ask.ts'
import { countsOf, severityOf } from './severity.ts'
import { scanFact, type ScanSource } from './source.ts'

const SCANNER = 'quay'
const FEATURES_MAX = 100_000
const TEXT_LENGTH_MAX = 2_048

const Text = z.string().max(TEXT_LENGTH_MAX)
const Security = z.object({
  status: Text,
  data: z
    .object({
      Layer: z.object({
        Features: z
          .array(
            z.object({
              Name: Text,
              Version: Text.nullish(),
              Vulnerabilities: z
                .array(z.object({ Name: Text, Severity: Text.nullish(), FixedBy: Text.nullish() }))
                .max(FEATURES_MAX)
                .nullish(),
            }),
          )
          .max(FEATURES_MAX)
          .nullish(),
      }),
    })
    .nullish(),
})

const STATES: Readonly<Record<string, ScanFact['state']>> = {
  scanned: 'finished',
  queued: 'pending',
  failed: 'failed',
  unsupported: 'unsupported',
  manifest_layer_too_large: 'unsupported',
}

export type Quay = {
  readonly http: Http
  readonly host: string
  /** Of an application with `repo:read`; null: it is public. */
  readonly token: () => Promise<string | null>
  readonly now: () => number
  readonly insecure?: boolean
}

export function createQuayScans({ http, host, token, now, insecure = false }: Quay): ScanSource {
  return {
    scanner: SCANNER,
    knows: ({ registry }) => registry === host,
    async find(question) {
      const { image, target } = question
      const repository = image.repository.split('/').map(encodeURIComponent).join('/')
      const path = `/api/v1/repository/${repository}/manifest/${target.digest}/security?vulnerabilities=true`
      const url = new URL(path, `${insecure ? 'http' : 'https'}://${host}/`)
      const own = await token()
      const headers: Readonly<Record<string, string>> = own === null ? {} : { authorization: `Bearer ${own}` }
      const answer = await askScanner({
        http,
        url,
        headers,
        shape: Security,
        insecure,
      })
      if (!answer.ok) return scanFact(SCANNER, question, answer.error)
      return scanFact(SCANNER, question, said(answer.value, now()))
    },
  }
}

function said({ status, data }: z.infer<typeof Security>, now: number) {
  const state = Object.hasOwn(STATES, status) ? (STATES[status] ?? 'unavailable') : 'unavailable'
  const detail = `Quay: ${status}`
  if (state !== 'finished') return { state, detail }
  const features = data?.Layer.Features
  if (!features) return { state: 'unavailable' as const, detail: `${detail}, without a report` }
  const findings = features.flatMap(({ Name, Version, Vulnerabilities }) =>
    (Vulnerabilities ?? []).map(({ Name: id, Severity, FixedBy }): Finding => ({
      id,
      severity: severityOf(Severity ?? ''),
      package: Name,
      version: Version ?? '',
      fixedIn: FixedBy === '' || FixedBy === null || FixedBy === undefined ? null : FixedBy,
    })),
  )
  const unique = [...new Map(findings.map((one) => [`${one.id} ${one.package} ${one.version}`, one])).values()]
  // Clair matches when it is asked: the answer is of now, whenever its layers were read.
  return { state, detail, counts: countsOf(unique), findings: unique, scannedAt: now, databaseAt: now }
}
