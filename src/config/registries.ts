/** The `registries:` entries: the receiver's settings by the catalogue's line, and the host that an entry speaks for. */

import type * as z from 'zod'
import type { EventSettings, RegistryConfig } from '../domain/config.ts'
import { Registry, type Registry as Host } from '../domain/image.ts'
import type { Subscription } from '../domain/subscription.ts'
import { checkPull, pullOf } from './pull.ts'
import { quoted } from './expected.ts'
import { didYouMean, formatPlace, problemAt, type Path } from './problem.ts'
import { checkScan } from './scan.ts'
import type { RawRegistry } from './schema.ts'
import { shapeOf, type Report } from './shape.ts'
import { entriesOf, keyPlaceOf, placeOf, plainOf, textOf, treeAt, type Tree } from './tree.ts'

/** What the configuration needs of a line of the receivers' catalogue. */
export type EventType = {
  readonly type: string
  readonly Settings: z.ZodType
  readonly host?: string
  readonly manyHosts?: boolean
  readonly hosts?: { readonly expected: string; test(host: Host): boolean }
  /** It tells of one push several times: how long to wait for the rest. */
  readonly settleMs?: number
  /** Nobody sends: we look, as often as these settings say. */
  everyMs?(settings: EventSettings): number
}

export type RegistryReader = {
  readonly root: Tree
  readonly report: Report
  readonly eventTypes: readonly EventType[]
}

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/u

/** What stands under an entry's `events:`, as far as it holds. */
type Events = { readonly type?: EventType | undefined; readonly settings?: EventSettings | undefined }

/** All entries' `events:`, whatever else is wrong with the entries; problems are reported. */
export function readEvents(reader: RegistryReader): ReadonlyMap<string, Events> {
  const entries = entriesOf(treeAt(reader.root, ['registries'])).map(([name, { tree }]) => {
    const path = ['registries', name, 'events']
    const word = textOf(treeAt(tree, ['events', 'type']))
    const type = word === undefined ? undefined : typeOf(reader, path, word)
    return [name, { type, settings: type && settingsOf(reader, path, type) }] as const
  })
  return new Map(entries)
}

/** Undefined where a part does not hold; its problems are reported. */
export function resolveRegistry(
  reader: RegistryReader,
  name: string,
  raw: RawRegistry,
  { type, settings }: Events = {},
): RegistryConfig | undefined {
  const path = ['registries', name]
  const host = hostOf(reader, path, raw, type)
  if (host === undefined || (raw.events !== undefined && settings === undefined)) return undefined
  warnUnencrypted(reader, path, raw, host)
  const pull = pullOf(raw.pull)
  if (pull !== undefined && host !== null) checkPull(reader, path, pull, host)
  return {
    host,
    insecure: raw.insecure ?? (host !== null && LOOPBACK.test(host)),
    ...(settings && { events: settings }),
    ...(pull && { pull }),
    ...(raw.scan && { scan: raw.scan }),
    ...(raw.tokenHost && { tokenHost: raw.tokenHost }),
    ...(raw.eventsPerMinute && { eventsPerMinute: raw.eventsPerMinute }),
    ...settlingOf(raw, type),
    ...sweepOf(reader, path, raw, { type, settings }),
  }
}

function settlingOf({ settle }: RawRegistry, type: EventType | undefined): Pick<RegistryConfig, 'settleMs'> {
  if (settle === 'none') return {}
  const settleMs = settle ?? type?.settleMs
  return settleMs === undefined ? {} : { settleMs }
}

/** Who is polled is looked at by that rhythm, and nobody tells of a registry without events. */
function sweepOf(
  reader: RegistryReader,
  path: Path,
  { sweep }: RawRegistry,
  { type, settings }: Events,
): Pick<RegistryConfig, 'sweepMs'> {
  const everyMs = settings && type?.everyMs?.(settings)
  if (everyMs === undefined && type !== undefined) {
    return sweep === undefined ? {} : { sweepMs: sweep === 'none' ? null : sweep }
  }
  if (sweep !== undefined) {
    const at = [...path, 'sweep']
    const what =
      type === undefined
        ? 'there are no events that could be missed: write events: { type: poll } to look for pushes'
        : 'events: { type: poll } says how often to look: write every: there'
    reader.report(problemAt(keyPlaceOf(reader.root, at), { reason: 'conflict', path: at, what }), at)
  }
  return everyMs === undefined ? {} : { sweepMs: everyMs }
}

function typeOf({ root, report, eventTypes }: RegistryReader, path: Path, word: string): EventType | undefined {
  const type = eventTypes.find((known) => known.type === word)
  if (type !== undefined) return type
  const at = [...path, 'type']
  const what = `no receiver has the type ${quoted(word)}`
  const hint = didYouMean(
    word,
    eventTypes.map((known) => known.type),
  )
  report(problemAt(placeOf(root, at), { reason: 'unknown-name', path: at, what, hint }), at)
  return undefined
}

/** As the receiver's own schema gives them, defaults filled in. */
function settingsOf(reader: RegistryReader, path: Path, type: EventType): EventSettings | undefined {
  const tree = treeAt(reader.root, path)
  const settings = shapeOf(type.Settings, reader.root, path, tree && plainOf(tree), reader.report)
  return typeof settings === 'object' && settings !== null ? { ...settings, type: type.type } : undefined
}

/** Null for a receiver of many hosts that is bound to none. */
function hostOf(
  reader: RegistryReader,
  path: Path,
  raw: RawRegistry,
  type: EventType | undefined,
): Host | null | undefined {
  const at = [...path, 'host']
  const own = type?.host === undefined ? undefined : Registry.parse(type.host)
  if (raw.host === undefined && own !== undefined) return own
  if (raw.host === undefined && type?.manyHosts === true && !saysHowToRead(raw)) return null
  if (raw.host === undefined) {
    // With an unknown type nobody can say whether a host is needed.
    if (raw.events !== undefined && type === undefined) return undefined
    reader.report(
      problemAt(placeOf(reader.root, at), {
        reason: 'missing',
        path: at,
        what: 'missing',
        expected: "the registry's host",
      }),
      at,
    )
    return undefined
  }
  if (own !== undefined && own !== raw.host) {
    const what = `the type ${type?.type} speaks for ${own} only`
    reader.report(problemAt(placeOf(reader.root, at), { reason: 'conflict', path: at, what }), at)
    return undefined
  }
  if (type?.hosts !== undefined && !type.hosts.test(raw.host)) {
    const what = `the type ${type.type} speaks for ${type.hosts.expected}, found ${quoted(raw.host)}`
    reader.report(problemAt(placeOf(reader.root, at), { reason: 'conflict', path: at, what }), at)
    return undefined
  }
  return raw.host
}

function saysHowToRead({ pull, tokenHost, insecure }: RawRegistry): boolean {
  return pull !== undefined || tokenHost !== undefined || insecure !== undefined
}

/** CVE-2019-10214: credentials in plain HTTP. Loopback never leaves the machine; anything else has to be written out, and is said. */
function warnUnencrypted(reader: RegistryReader, path: Path, raw: RawRegistry, host: Host | null): void {
  if (raw.insecure !== true || raw.pull === undefined || host === null || LOOPBACK.test(host)) return
  const at = [...path, 'insecure']
  const what = `the password for ${host} crosses the network unencrypted`
  reader.report(
    problemAt(keyPlaceOf(reader.root, at), { severity: 'warning', reason: 'unencrypted', path: at, what }),
    at,
  )
}

/** Several entries may bring a host's events; how it is read is said once, and then holds for all of them. */
export function withOneReading(
  reader: RegistryReader,
  registries: Readonly<Record<string, RegistryConfig>>,
): Record<string, RegistryConfig> {
  const sayers = new Map<string, string>()
  for (const [name, { host }] of Object.entries(registries)) {
    const key = readingKeyOf(reader, name)
    if (host === null || key === undefined) continue
    const earlier = sayers.get(host)
    if (earlier === undefined) sayers.set(host, name)
    else refuseSecondReading(reader, ['registries', name, key], host, earlier)
  }
  const whole = Object.entries(registries).map(([name, entry]): readonly [string, RegistryConfig] => {
    const { insecure, pull, tokenHost } = registries[sayers.get(entry.host ?? '') ?? name] ?? entry
    const { pull: _pull, tokenHost: _tokenHost, ...own } = entry
    return [name, { ...own, insecure, ...(pull && { pull }), ...(tokenHost && { tokenHost }) }]
  })
  // A scanner is asked as its host is read, whichever entry says how.
  for (const [name, { scan, ...entry }] of whole) if (scan) checkScan(reader, ['registries', name], scan, entry)
  return Object.fromEntries(whole)
}

/** The first key of an entry that says how to read. */
function readingKeyOf({ root }: RegistryReader, name: string): string | undefined {
  return ['pull', 'tokenHost', 'insecure'].find((key) => treeAt(root, ['registries', name, key]) !== undefined)
}

function refuseSecondReading(reader: RegistryReader, path: Path, host: string, earlier: string): void {
  const first = keyPlaceOf(reader.root, ['registries', earlier, readingKeyOf(reader, earlier) ?? 'host'])
  const what = `how ${host} is read stands at ${formatPlace(first)} already`
  reader.report(problemAt(keyPlaceOf(reader.root, path), { reason: 'conflict', path, what }), path)
}

/** A subscription whose registry nobody speaks for waits for ever. */
export function warnWithoutEvents(
  reader: RegistryReader,
  registries: Readonly<Record<string, RegistryConfig>>,
  subscription: Subscription,
): void {
  const sources = Object.values(registries).filter(({ events }) => events !== undefined)
  for (const [index, { registry: host }] of subscription.images.entries()) {
    if (sources.some((source) => source.host === null || source.host === host)) continue
    const at = ['subscriptions', subscription.name]
    const path = treeAt(reader.root, [...at, 'images']) === undefined ? [...at, 'image'] : [...at, 'images', index]
    const what = `no entry of registries: has events for ${host}, so no push can be noticed`
    reader.report(problemAt(placeOf(reader.root, path), { severity: 'warning', reason: 'no-events', path, what }), path)
  }
}
