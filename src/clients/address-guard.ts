/**
 * Node's guarded `fetch`: looks at the addresses that a name resolves to at the moment of connecting. For Node only.
 *
 * The check is the socket's own look-up, so the address that was checked is the address that is used: a name that resolves
 * differently a moment later (DNS rebinding) changes nothing. Node's built-in `fetch` takes no such hook without its
 * dispatcher, which only the package `undici` gives; hence that dependency. What it does not cover: Workers have no look-up
 * and rest on the host list and on names (`address.ts`) alone; a proxy resolves names itself.
 */

import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, fetch } from 'undici'
import { AddressRefused, kindOfAddress, kindOfHost, type AddressKind } from './address.ts'
import type { Fetch, Trust } from './http.ts'

const CONNECT_TIMEOUT_MS = 3_000
const KEEP_ALIVE_MS = 10_000
const HEADER_BYTES_MAX = 32 * 1024

/** How names are looked up: Node's resolver, or a test's. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/** One pool of connections for configured hosts and one for strangers: a kept connection never changes its rule. */
export function createGuardedFetch(resolve: Resolve = lookup): Fetch {
  const agents: Record<Trust, Agent> = {
    configured: agentFor('configured', resolve),
    stranger: agentFor('stranger', resolve),
  }
  return async (url, init, trust) => fetch(url, { ...init, dispatcher: agents[trust] })
}

function agentFor(trust: Trust, resolve: Resolve): Agent {
  return new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, lookup: lookupFor(trust, resolve) },
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
  })
}

function lookupFor(trust: Trust, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) =>
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) return callback(error, '')
      // One bad address among good ones is enough: nobody honest publishes both.
      const isBad = addresses.some(({ address }) => !isAllowed(kindOfAddress(address), hostname, trust))
      if (isBad) return callback(new AddressRefused(), '')
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family)
    })
}

/**
 * Many registries live in a private network, so a configured name may resolve into one, or to this machine; never to
 * link-local addresses, where clouds keep their credentials, unless its spelling says so itself.
 */
function isAllowed(kind: AddressKind, hostname: string, trust: Trust): boolean {
  if (kind === 'public') return true
  if (trust === 'stranger') return false
  return kind === 'private' || kind === 'loopback' || kindOfHost(hostname) === kind
}
