/** Public keys of certificates by their URL: fetched once, kept, and never more of them than a sender has in use. */

import type { Http } from '../clients/http.ts'
import { RetryLater } from '../domain/retry.ts'
import { CERTIFICATE_BYTES_MAX, publicKeyOfCertificate } from './x509.ts'

/** A sender has one or two in use. */
const KEYS_MAX = 16
/** Who invents names of certificates makes us ask for each; past this many nobody is asked for a while. */
export const FETCHES_MAX = 10
export const FETCHES_WINDOW_MS = 5 * 60_000
const LIMITS = { headersMs: 3_000, bodyMs: 3_000, totalMs: 4_000, bodyBytesMax: CERTIFICATE_BYTES_MAX }

export type RsaHash = 'SHA-256' | 'SHA-1'
type Key = Awaited<ReturnType<typeof importRsaKey>>

/** Null: there is no such certificate, and nobody is asked again for a while. */
type Known = { readonly key: Key | null; readonly absentUntil: number }

export type Certificates = {
  /** Null where there is no such certificate. Throws where it cannot be had now. */
  keyOf(url: URL, hash: RsaHash, now: number): Promise<Key | null>
}

/** The name of a certificate's file is made from its content, so that what was fetched once stays true. */
export function createCertificates(http: Http): Certificates {
  const known = new Map<string, Known>()
  const underway = new Map<string, Promise<Key | null>>()
  let window = { from: Number.NEGATIVE_INFINITY, fetches: 0 }

  const fetchKey = async (url: URL, hash: RsaHash): Promise<Key | null> => {
    const pem = await fetchCertificate(url, http)
    const der = pem === null ? null : publicKeyOfCertificate(pem)
    return der === null ? null : importRsaKey(der, hash).catch(() => null)
  }
  const mayFetch = (now: number): boolean => {
    if (Math.abs(now - window.from) >= FETCHES_WINDOW_MS) window = { from: now, fetches: 0 }
    window.fetches += 1
    return window.fetches <= FETCHES_MAX
  }

  /** One that is there is forgotten last: invented names must not push it out. */
  const remember = (id: string, found: Known): void => {
    const invented = [...known].find(([, { key }]) => key === null)?.[0]
    const oldest = known.size >= KEYS_MAX ? (invented ?? known.keys().next().value) : undefined
    if (oldest !== undefined) known.delete(oldest)
    known.set(id, found)
  }

  return {
    async keyOf(url, hash, now) {
      const id = `${hash} ${url.href}`
      const kept = known.get(id)
      if (kept !== undefined && (kept.key !== null || now < kept.absentUntil)) return kept.key
      if (!underway.has(id) && !mayFetch(now)) {
        throw new RetryLater(`too many certificates of ${url.host} were asked for`, { retryAfterMs: FETCHES_WINDOW_MS })
      }
      const fetching = underway.get(id) ?? fetchKey(url, hash).finally(() => underway.delete(id))
      underway.set(id, fetching)
      const key = await fetching
      remember(id, { key, absentUntil: now + FETCHES_WINDOW_MS })
      return key
    },
  }
}

/** Without redirects: another host is another sender. */
async function fetchCertificate(url: URL, http: Http): Promise<string | null> {
  const answer = await http({ url, hosts: [url.host], limits: LIMITS, retries: 1 })
  if (!answer.ok) throw new RetryLater(`no certificate of ${url.host}: ${answer.error.detail}`)
  return answer.value.status === 200 ? new TextDecoder().decode(answer.value.body) : null
}

function importRsaKey(der: Uint8Array<ArrayBuffer>, hash: RsaHash) {
  return crypto.subtle.importKey('spki', der, { name: 'RSASSA-PKCS1-v1_5', hash }, false, ['verify'])
}
