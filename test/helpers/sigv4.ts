/**
 * What AWS does with a signed request: computes the signature again, from the request and the secret key. By Node's own crypto,
 * from the specification, and not by the library that signs.
 */

import { createHash, createHmac } from 'node:crypto'

export type SignedRequest = {
  readonly method: string
  readonly url: URL
  /** Lower-case names; those that were signed. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The signature that `Authorization` should have. */
export function headerSignature(request: SignedRequest, secretKey: string, service: string): string {
  const { Credential = '', SignedHeaders = '' } = partsOf(request.headers['authorization'] ?? '')
  const [, day = '', region = ''] = Credential.split('/')
  const canonical = canonicalOf(request, SignedHeaders.split(';'), queryOf(request.url), sha256(request.body))
  return signature({ canonical, at: request.headers['x-amz-date'] ?? '', day, region, service }, secretKey)
}

/** The signature that the query should have. */
export function querySignature(request: SignedRequest, secretKey: string, service: string): string {
  const { searchParams } = request.url
  const [, day = '', region = ''] = (searchParams.get('X-Amz-Credential') ?? '').split('/')
  const names = (searchParams.get('X-Amz-SignedHeaders') ?? '').split(';')
  const canonical = canonicalOf(request, names, queryOf(request.url, 'X-Amz-Signature'), sha256(''))
  return signature({ canonical, at: searchParams.get('X-Amz-Date') ?? '', day, region, service }, secretKey)
}

export function partsOf(authorization: string): Readonly<Record<string, string>> {
  const parts = authorization.replace(/^AWS4-HMAC-SHA256 /u, '').split(/, ?/u)
  return Object.fromEntries(parts.map((part) => part.split('=', 2) as [string, string]))
}

function canonicalOf(
  { method, url, headers }: SignedRequest,
  names: readonly string[],
  query: string,
  hash: string,
): string {
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`).join('')
  return [method, url.pathname, query, lines, names.join(';'), hash].join('\n')
}

function queryOf(url: URL, without?: string): string {
  const pairs = [...url.searchParams].filter(([name]) => name !== without)
  return pairs
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&')
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/gu, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

type ToSign = { canonical: string; at: string; day: string; region: string; service: string }

function signature({ canonical, at, day, region, service }: ToSign, secretKey: string): string {
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (from, part) => hmac(from, part),
    Buffer.from(`AWS4${secretKey}`),
  )
  return hmac(key, toSign).toString('hex')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
