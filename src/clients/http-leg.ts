/** The legs of a call: where a redirect may lead, and which headers go along. */

import { kindOfHost } from './address.ts'
import type { HttpAnswer, HttpProblem, HttpRequest, Trust } from './http.ts'

const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308])
/** What may travel to another origin. Anything else may be a credential, under whatever name. */
const HARMLESS_HEADERS = new Set(['accept'])

/** A request as one origin sees it. */
export type Leg = { readonly url: URL; readonly headers: Readonly<Record<string, string>>; readonly trust: Trust }

/** The rule for every leg: configured hosts as configured; strangers by https on 443 and only outside. */
export function refusalOf({ url, trust }: Leg, request: HttpRequest): HttpProblem | null {
  const refuse = (why: string): HttpProblem => ({ reason: 'address-refused', detail: `${url.host}: ${why}` })
  if (url.username !== '' || url.password !== '') return refuse('an address with credentials in it')
  if (trust === 'stranger') {
    const isPlain = request.isStranger === true && request.plainHttp === true && url.protocol === 'http:'
    if ((url.protocol !== 'https:' && !isPlain) || url.port !== '') {
      return refuse('not https on port 443, and not configured')
    }
    const kind = kindOfHost(url.hostname)
    return kind === 'public' ? null : refuse(`a ${kind} address that is not configured`)
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && request.plainHttp)) return refuse('not https')
  return isListed(url, request.hosts) ? null : refuse('a host that is not configured')
}

/** Where an answer redirects to, if its request wants to follow. */
export function locationOf({ status, headers }: HttpAnswer, request: HttpRequest): string | null {
  return request.redirects === 'follow' && REDIRECT_STATUSES.has(status) ? headers.get('location') : null
}

/** Headers stay with the origin that they were meant for; once dropped they do not come back. */
export function nextLeg(leg: Leg, location: string, request: HttpRequest): Leg | null {
  const url = URL.parse(location, leg.url.href)
  if (url === null) return null
  if (url.origin === leg.url.origin) return { ...leg, url }
  if (url.protocol !== 'https:') return null
  const headers = Object.entries(leg.headers).filter(([name]) => HARMLESS_HEADERS.has(name.toLowerCase()))
  return { url, headers: Object.fromEntries(headers), trust: isListed(url, request.hosts) ? 'configured' : 'stranger' }
}

/** Compared after the same normalisation as the URL's own host. */
function isListed(url: URL, hosts: readonly string[]): boolean {
  return hosts.some((host) => URL.parse(`${url.protocol}//${host}`)?.host === url.host)
}
