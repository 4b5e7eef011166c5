/**
 * Signature Version 4: requests to AWS prove who sent them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */

import { AwsV4Signer } from 'aws4fetch'
import type { AwsCredentials } from './credentials.ts'

export type Unsigned = {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly service: string
  readonly region: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly now: number
}

/** What has to be sent with the request, exactly as it was signed. */
export async function signHeaders(request: Unsigned, credentials: AwsCredentials): Promise<Record<string, string>> {
  const signed = await signerOf(request, credentials, { allHeaders: true }).sign()
  const headers = Object.fromEntries(signed.headers)
  // Of the request line; `fetch` writes it itself.
  delete headers['host']
  return headers
}

/** The signature in the query: for somebody else to send. */
export async function presign(
  request: Unsigned & { readonly expiresSeconds: number },
  credentials: AwsCredentials,
): Promise<URL> {
  const url = new URL(request.url)
  url.searchParams.set('X-Amz-Expires', String(request.expiresSeconds))
  return (await signerOf({ ...request, url }, credentials, { signQuery: true }).sign()).url
}

function signerOf(
  { url, method, service, region, headers = {}, body, now }: Unsigned,
  credentials: AwsCredentials,
  how: { readonly signQuery: true } | { readonly allHeaders: true },
): AwsV4Signer {
  const datetime = new Date(now).toISOString().replaceAll(/[:-]|\.\d{3}/gu, '')
  return new AwsV4Signer({
    url: url.href,
    method,
    service,
    region,
    headers: { ...headers },
    datetime,
    ...(body === undefined ? {} : { body }),
    ...credentials,
    ...how,
  })
}
