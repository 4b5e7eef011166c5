/**
 * An issuer's public keys (JWKS) from its configured URL: cached as the issuer says, fetched once for many who wait.
 * Nothing in a request chooses a URL, and no stream of invented key ids makes us ask more often than the cool-down allows.
 */

import { importJWK, type CryptoKey } from 'jose'
import * as z from 'zod'
import type { Http, HttpAnswer } from './http.ts'
import { Json } from '../domain/json.ts'
import { RetryLater } from '../domain/retry.ts'

/** Two for each unknown key id would be a way to make us call the issuer; rotations are announced days before. */
export const UNKNOWN_KEY_COOL_DOWN_MS = 5 * 60_000
/** A fetch that failed is not tried again by every request that comes. */
export const FAILURE_COOL_DOWN_MS = 15_000
const AGE_DEFAULT_MS = 60 * 60_000
const AGE_MIN_MS = 5 * 60_000
const AGE_MAX_MS = 24 * 60 * 60_000
const ANSWER_BYTES_MAX = 256 * 1024
const KEYS_MAX = 100
export const KEY_ID_LENGTH_MAX = 256
/** EventBridge waits 5 seconds for our answer, and this is only a part of it. */
const LIMITS = { headersMs: 3_000, bodyMs: 3_000, totalMs: 4_000, bodyBytesMax: ANSWER_BYTES_MAX }

export type KeySet = {
  /** Null where the issuer has no such key. Throws where the keys cannot be had: then nobody can say. */
  keyOf(id: string, now: number): Promise<CryptoKey | null>
}

type Fetched = { readonly keys: ReadonlyMap<string, CryptoKey>; readonly freshUntil: number }

export function createKeySet(url: URL, http: Http): KeySet {
  let fetched: Fetched | null = null
  let underway: Promise<void> | null = null
  let failedAt = Number.NEGATIVE_INFINITY
  let soughtAt = Number.NEGATIVE_INFINITY

  const fetchOnce = async (now: number): Promise<void> => {
    try {
      fetched = await fetchKeys(url, http, now)
      failedAt = Number.NEGATIVE_INFINITY
    } catch {
      failedAt = now
    } finally {
      underway = null
    }
  }
  const refresh = (now: number): Promise<void> => (underway ??= fetchOnce(now))
  const hasFailed = (now: number): boolean => Math.abs(now - failedAt) < FAILURE_COOL_DOWN_MS

  return {
    async keyOf(id, now) {
      if ((fetched === null || now >= fetched.freshUntil) && !hasFailed(now)) await refresh(now)
      // A set that grew old while its issuer is away still holds the issuer's keys.
      const known = fetched?.keys.get(id)
      if (known !== undefined) return known
      const maySeek = Math.abs(now - soughtAt) >= UNKNOWN_KEY_COOL_DOWN_MS
      if (fetched !== null && maySeek && !hasFailed(now)) {
        await refresh(now)
        if (!hasFailed(now)) soughtAt = now
      }
      // The key may be a new one that we could not learn of: a "no" would be final for some senders.
      if (fetched === null || hasFailed(now)) throw unavailable(url)
      return fetched.keys.get(id) ?? null
    },
  }
}

function unavailable(url: URL): RetryLater {
  return new RetryLater(`the keys of ${url.host} cannot be had`, { retryAfterMs: FAILURE_COOL_DOWN_MS })
}

async function fetchKeys(url: URL, http: Http, now: number): Promise<Fetched> {
  const plainHttp = url.protocol === 'http:'
  const headers = { accept: 'application/json' }
  const answer = await http({ url, headers, hosts: [url.host], plainHttp, limits: LIMITS, retries: 1 })
  if (!answer.ok || answer.value.status !== 200) throw unavailable(url)
  const text = new TextDecoder().decode(answer.value.body)
  const listed = Json.pipe(KeyList).safeParse(text)
  if (!listed.success) throw unavailable(url)
  const keys = await importAll(listed.data.keys)
  if (keys.size === 0) throw unavailable(url)
  return { keys, freshUntil: now + ageOf(answer.value) }
}

const KeyList = z.object({ keys: z.array(z.unknown()).min(1).max(KEYS_MAX) })
const BASE64URL = /^[A-Za-z0-9_-]+$/u
/** Only what can check an RS256 signature; a key that says it is for something else is left out. */
const RsaKey = z.object({
  kty: z.literal('RSA'),
  kid: z.string().min(1).max(KEY_ID_LENGTH_MAX),
  use: z.literal('sig').optional(),
  alg: z.literal('RS256').optional(),
  // 2048 to 8192 bits.
  n: z.string().min(342).max(1366).regex(BASE64URL),
  e: z.string().min(2).max(8).regex(BASE64URL),
  d: z.undefined().optional(),
})

async function importAll(listed: readonly unknown[]): Promise<ReadonlyMap<string, CryptoKey>> {
  const keys = new Map<string, CryptoKey>()
  for (const one of listed) {
    const key = RsaKey.safeParse(one)
    if (!key.success || keys.has(key.data.kid)) continue
    const { kty, n, e, kid } = key.data
    const imported = await importJWK({ kty, n, e }, 'RS256').catch(() => null)
    if (imported !== null && 'type' in imported && imported.type === 'public') keys.set(kid, imported)
  }
  return keys
}

function ageOf({ headers }: HttpAnswer): number {
  const said = /(?:^|[,\s])max-age=(?<seconds>\d{1,9})/iu.exec(headers.get('cache-control') ?? '')?.groups?.['seconds']
  const ageMs = said === undefined ? AGE_DEFAULT_MS : Number(said) * 1000
  return Math.min(Math.max(ageMs, AGE_MIN_MS), AGE_MAX_MS)
}
