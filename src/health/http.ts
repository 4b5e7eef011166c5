/** Health as an address tells it: one GET, one status that means well. */

import type { Http } from '../clients/http.ts'
import type { HttpRule } from '../domain/health-rule.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Health } from './health.ts'

const LIMITS = { headersMs: 5_000, bodyMs: 5_000, totalMs: 8_000, bodyBytesMax: 256 * 1024 }

/** What does not answer is not well, but may be a moment later: the caller decides how long it waits. */
export async function checkHttp(http: Http, { url: text, status }: HttpRule): Promise<Health> {
  const url = new URL(text)
  const where = `${url.origin}${url.pathname}`
  const sent = await attempt(() =>
    http({ url, hosts: [url.host], plainHttp: url.protocol === 'http:', later: 'return', retries: 0, limits: LIMITS }),
  )
  if (sent === null) return { state: 'progressing', detail: `${where} does not answer` }
  if (!sent.ok) return { state: 'failed', reason: sent.error.reason, detail: `${where}: ${sent.error.detail}` }
  if (sent.value.status === status) return { state: 'healthy', detail: `${where} answered ${status}` }
  return { state: 'progressing', detail: `${where} answered ${sent.value.status}, expected ${status}` }
}

async function attempt<T>(send: () => Promise<T>): Promise<T | null> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof RetryLater) return null
    throw error
  }
}
