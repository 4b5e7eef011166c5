/** A configuration's identity: the same for the same meaning, however it was written. Secrets are references, so none is in it. */

import type { Config } from '../domain/config.ts'

/**
 * SHA-256, hex, of the resolved configuration as JSON with sorted keys and subscriptions in the order of their names. Without
 * what is a single process' own: where it listens and how it reaches the state. Several on one database must not take
 * turns at deciding anew.
 */
export async function hashOf(config: Config): Promise<string> {
  const subscriptions = config.subscriptions.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const { listen: _listen, apiListen: _apiListen, state: _state, ...server } = config.server
  const text = canonical({ ...config, server, subscriptions })
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}
