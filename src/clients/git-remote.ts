/** The configuration's repository → where git may go, and with which credential. Pure but for reading the secret. */

import type { Remote } from './git.ts'
import type { PlainRepository } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Secret, SecretReferences } from '../domain/secret.ts'

/** Git hosts take any name beside a token. */
const USERNAME = 'git'
/** What is written there cannot be reached, and why. */
type NoRemote = { readonly reason: 'target-missing'; readonly detail: string }

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/u

/**
 * Only `https:`, `http:` on this machine, and absolute paths: other transports of git run programs (`ext::`, CVE-2017-1000117).
 * A password in the URL would end up in messages, so it is refused.
 */
export async function remoteOf(
  entry: PlainRepository,
  secretOf: (reference: SecretReferences) => Secret,
): Promise<Result<Remote, NoRemote>> {
  const place = placeOf(entry)
  if (!place.ok || entry.password === undefined || place.value.protocol === 'file') return place
  const [password] = await secretOf(entry.password)()
  return ok({ ...place.value, authorization: `Basic ${base64(`${entry.username ?? USERNAME}:${password}`)}` })
}

function placeOf(entry: PlainRepository): Result<Remote, NoRemote> {
  if (/[\u0000-\u001f\u007f]/u.test(entry.url)) return refused('a URL without control characters')
  if (entry.url.startsWith('/')) return ok({ url: entry.url, protocol: 'file' })
  const url = URL.canParse(entry.url) ? new URL(entry.url) : null
  if (url === null) return refused('https://… or an absolute path')
  if (url.username !== '' || url.password !== '') return refused('"username" and "password" beside the url, not in it')
  if (url.search !== '' || url.hash !== '') return refused('a URL without ? and #')
  if (url.protocol === 'file:' && url.host === '') return ok({ url: url.href, protocol: 'file' })
  if (url.protocol === 'https:') return ok({ url: url.href, protocol: 'https' })
  if (url.protocol !== 'http:') return refused('https://… or an absolute path')
  if (LOOPBACK.test(url.hostname) || entry.insecure === true) return ok({ url: url.href, protocol: 'http' })
  return refused('https://…; for plain http in a private network write "insecure: true"')
}

function refused(expected: string): Result<never, NoRemote> {
  return err({ reason: 'target-missing', detail: `the url of this repository is not usable: expected ${expected}` })
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)))
}
