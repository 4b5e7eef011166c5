/** Octokit's `fetch`, made of our one way out: one host, no redirects, bounded. */

import type { Http } from './http.ts'

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/u
/** Of a blob of at most a MiB, as base64 in JSON, with room to spare. */
const BODY_BYTES_MAX = 4 * 1024 * 1024

/** An answer that is not GitHub's to give, or that is none: it will not help to ask again. */
export class HttpRefused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

type OctokitInit = {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | undefined
}

export function octokitFetch(http: Http, api: URL): (url: string, init: OctokitInit) => Promise<Response> {
  return async (url, { method, headers = {}, body }) => {
    const answer = await http({
      url: new URL(url),
      method: methodOf(method),
      headers,
      ...(body === undefined ? {} : { body }),
      hosts: [api.host],
      plainHttp: LOOPBACK.test(api.hostname),
      redirects: 'return',
      later: 'return',
      limits: { bodyBytesMax: BODY_BYTES_MAX },
    })
    if (!answer.ok) throw new HttpRefused(0, answer.error.detail)
    const { status } = answer.value
    if (status >= 300 && status < 400) {
      // A renamed repository: followed, our token would go wherever the answer says.
      throw new HttpRefused(
        status,
        'GitHub says that this repository has moved: write its new name in the configuration',
      )
    }
    const isEmpty = answer.value.body.length === 0
    return new Response(isEmpty ? null : answer.value.body, { status, headers: answer.value.headers })
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

function methodOf(name = 'GET'): (typeof METHODS)[number] {
  const method = METHODS.find((known) => known === name)
  if (method === undefined) throw new Error(`Octokit asked for ${name}, which nothing of ours does`)
  return method
}
