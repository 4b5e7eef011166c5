/**
 * The wire to an API server by HTTP alone, for platforms without files: a bearer token, and whatever `fetch` the given
 * `Http` is made over (a Workers VPC service brings the cluster's own CA; elsewhere the certificate is publicly trusted).
 */

import type { ServerCluster } from '../domain/config.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Secret, SecretReference } from '../domain/secret.ts'
import type { Http } from './http.ts'
import type { Send } from './kubernetes.ts'

const REQUEST_MS_MAX = 20_000
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

export type HttpClusterTools = { readonly http: Http; readonly secretOf: (reference: SecretReference) => Secret }

/** Requests go to the configured server only; redirects are answers like any other, so no credential follows one. */
export function createHttpTransport({ server, token }: ServerCluster, { http, secretOf }: HttpClusterTools): Send {
  const base = new URL(server)
  const secret = secretOf(token)
  return async ({ method, path, contentType, body }) => {
    const url = new URL(base.origin)
    const [pathname = ''] = path.split('?', 1)
    url.pathname = base.pathname.replace(/\/$/u, '') + pathname
    url.search = path.slice(pathname.length)
    const [first] = await secret()
    const answer = await http({
      url,
      method,
      headers: {
        authorization: `Bearer ${first}`,
        accept: 'application/json',
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body }),
      hosts: [url.host],
      plainHttp: base.protocol === 'http:',
      later: 'return',
      retries: 0,
      limits: { totalMs: REQUEST_MS_MAX, bodyBytesMax: ANSWER_BYTES_MAX },
    })
    if (!answer.ok) throw new RetryLater(`the API server ${base.host}: ${answer.error.detail}`)
    const { status, headers, body: bytes } = answer.value
    return { status, retryAfter: headers.get('retry-after'), body: new TextDecoder().decode(bytes) }
  }
}
