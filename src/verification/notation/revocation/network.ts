/** Asks the network whether a chain is revoked: OCSP, then lists. The addresses stand in certificates, so they are strangers'. */

import type { Http } from '../../../clients/http.ts'
import type { Certificate } from '../certificate.ts'
import { hexOf, type Bytes } from '../der.ts'
import type { RevocationAnswer, RevocationCheck, RevocationQuestion } from '../notation.ts'
import { readList, type Dated } from './list.ts'
import { NONCE_BYTES, readStatusAnswer, writeStatusRequest } from './online-status.ts'

const STATUS_BYTES_MAX = 64 * 1024
/** Large authorities' lists have some megabytes. */
const LIST_BYTES_MAX = 8 * 1024 * 1024
const LIMITS = { headersMs: 3_000, bodyMs: 5_000, totalMs: 8_000 }
/** Of one certificate: what is named beyond that is not asked. */
const URLS_MAX = 3
const KEPT_MAX = 256
/** However long an answer says that it is good for: a key can go bad today. */
const KEPT_MS_MAX = 12 * 60 * 60_000

export type NetworkRevocation = {
  readonly http: Http
  readonly randomBytes: (count: number) => Bytes
}

type One = { readonly certificate: Certificate; readonly issuer: Certificate; readonly isLeaf: boolean }

/** Answers are kept by certificate until they are out of date; failures are not. */
export function createNetworkRevocation(options: NetworkRevocation): RevocationCheck {
  const kept = new Map<string, Dated>()
  return async (question) => {
    for (const one of linksOf(question)) {
      const key = `${hexOf(one.certificate.issuer.raw)} ${hexOf(one.certificate.serial)} ${question.signedAt ?? ''}`
      const known = kept.get(key)
      const isKnown = known !== undefined && question.now < known.until
      const { answer, until } = isKnown ? known : await askFor(one, question, options)
      if (!isKnown && until > question.now) {
        keep(kept, key, { answer, until: Math.min(until, question.now + KEPT_MS_MAX) })
      }
      if (answer.state !== 'good') return answer
    }
    return { state: 'good', detail: 'no certificate of its chain is revoked' }
  }
}

/** All but the root: who stands above it could only be itself. */
function linksOf({ chain }: RevocationQuestion): readonly One[] {
  return chain.flatMap((certificate, at): One[] => {
    const issuer = chain[at + 1]
    return issuer === undefined ? [] : [{ certificate, issuer, isLeaf: at === 0 }]
  })
}

function keep(kept: Map<string, Dated>, key: string, value: Dated): void {
  const oldest = kept.size >= KEPT_MAX ? kept.keys().next().value : undefined
  if (oldest !== undefined) kept.delete(oldest)
  kept.set(key, value)
}

/** The first certain answer counts. A certificate that names no place cannot be revoked: that was its issuer's decision. */
async function askFor(one: One, question: RevocationQuestion, options: NetworkRevocation): Promise<Dated> {
  const { ocspUrls, listUrls } = one.certificate
  if (ocspUrls.length + listUrls.length === 0) {
    return { answer: { state: 'good', detail: 'its issuer names no place to ask' }, until: 0 }
  }
  const details: string[] = []
  const ways = [
    ...ocspUrls.slice(0, URLS_MAX).map((url) => () => askStatus(url, one, question, options)),
    ...listUrls.slice(0, URLS_MAX).map((url) => () => askList(url, one, question, options)),
  ]
  for (const way of ways) {
    const dated = await way()
    if (dated.answer.state !== 'unknown') return dated
    details.push(dated.answer.detail)
  }
  return { answer: { state: 'unknown', detail: details.join('; ') }, until: 0 }
}

async function askStatus(
  url: string,
  one: One,
  question: RevocationQuestion,
  options: NetworkRevocation,
): Promise<Dated> {
  const nonce = options.randomBytes(NONCE_BYTES)
  const asked = { ...one, nonce, signedAt: question.signedAt, now: question.now }
  const body = await writeStatusRequest(asked)
  const answer = await fetchBytes(options.http, url, { bytesMax: STATUS_BYTES_MAX, body })
  return typeof answer === 'string' ? unknown(answer) : readStatusAnswer(answer, asked)
}

async function askList(
  url: string,
  one: One,
  question: RevocationQuestion,
  options: NetworkRevocation,
): Promise<Dated> {
  const answer = await fetchBytes(options.http, url, { bytesMax: LIST_BYTES_MAX })
  const { signedAt, now } = question
  return typeof answer === 'string' ? unknown(answer) : readList(answer, { ...one, url, signedAt, now })
}

type Fetching = { readonly bytesMax: number; readonly body?: Bytes }

/** Plain HTTP is usual, for what comes is signed. A redirect is not followed: the certificate names the place. */
async function fetchBytes(http: Http, text: string, { bytesMax, body }: Fetching): Promise<Bytes | string> {
  const url = URL.parse(text)
  if (url === null) return 'its issuer names a place that we cannot ask'
  try {
    const answer = await http({
      url,
      hosts: [],
      isStranger: true,
      plainHttp: true,
      later: 'return',
      retries: 1,
      limits: { ...LIMITS, bodyBytesMax: bytesMax },
      ...(body === undefined
        ? {}
        : { method: 'POST' as const, body, headers: { 'content-type': 'application/ocsp-request' } }),
    })
    if (!answer.ok) return answer.error.detail
    return answer.value.status === 200 ? answer.value.body : `${url.host} answered ${answer.value.status}`
  } catch (error) {
    return error instanceof Error ? error.message : `${url.host} was not there`
  }
}

function unknown(detail: string): Dated {
  const answer: RevocationAnswer = { state: 'unknown', detail }
  return { answer, until: 0 }
}
