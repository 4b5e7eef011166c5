/** The kill switch: what people paused, for everything, a subscription or a stage. Read at most a second old before each effect. */

import * as z from 'zod'
import { Json } from './domain/json.ts'
import { RetryLater } from './domain/retry.ts'
import type { Ports } from './ports.ts'
import type { Keep } from './state/keep.ts'

const NAME = 'pauses'
const FRESH_MS = 1_000
const PAUSES_MAX = 1_000
const CONFLICTS_MAX = 20
const SLOW_READS_MAX = 5

/** `null`: all of them. */
const Pause = z.object({
  subscription: z.string().nullable(),
  stage: z.string().nullable(),
  by: z.string(),
  reason: z.string(),
  at: z.number(),
})
export type Pause = Readonly<z.infer<typeof Pause>>
export type Place = Pick<Pause, 'subscription' | 'stage'>

const Pauses = Json.pipe(z.array(Pause).max(PAUSES_MAX))

const known = new WeakMap<Keep, { readonly at: number; readonly pauses: readonly Pause[] }>()

type Read = Pick<Ports, 'keep' | 'now'>

/** Throws where the store is away: without it nobody knows whether somebody said stop. */
export async function pausesInForce(ports: Read): Promise<readonly Pause[]> {
  const before = known.get(ports.keep)
  const age = ports.now() - (before?.at ?? Number.NEGATIVE_INFINITY)
  if (before !== undefined && age >= 0 && age < FRESH_MS) return before.pauses
  for (let reads = 0; reads < SLOW_READS_MAX; reads += 1) {
    const at = ports.now()
    const { pauses } = await load(ports)
    // An answer that was long on its way says how things were.
    if (ports.now() - at >= FRESH_MS) continue
    known.set(ports.keep, { at, pauses })
    return pauses
  }
  throw new RetryLater('the store is too slow to say in time whether somebody said stop')
}

/** The pause that holds at a place, or null. */
export function isPaused(pauses: readonly Pause[], place: Place): Pause | null {
  const holds = (wanted: string | null, here: string | null): boolean => wanted === null || wanted === here
  return pauses.find((one) => holds(one.subscription, place.subscription) && holds(one.stage, place.stage)) ?? null
}

/** For a person: what stands still, and whom to ask. */
export function describePause({ subscription, stage, by, reason, at }: Pause): string {
  const place = `${subscription ?? 'everything'}${stage === null ? '' : `/${stage}`}`
  return `${place} is paused by ${by} since ${new Date(at).toISOString()}: ${reason}. \`drayage resume\` lets it go on`
}

/** Once for each place: who pauses again gives a new reason. */
export async function pause(ports: Read, one: Omit<Pause, 'at'>): Promise<Pause> {
  const added = { ...one, at: ports.now() }
  await change(ports, (pauses) => [...pauses.filter((other) => !isSamePlace(other, one)), added].slice(-PAUSES_MAX))
  return added
}

/** What was paused there, or null: exactly that switch, never a wider one. */
export async function resume(ports: Read, place: Place): Promise<Pause | null> {
  let lifted: Pause | null = null
  await change(ports, (pauses) => {
    lifted = pauses.find((one) => isSamePlace(one, place)) ?? null
    return pauses.filter((one) => !isSamePlace(one, place))
  })
  return lifted
}

function isSamePlace(a: Place, b: Place): boolean {
  return a.subscription === b.subscription && a.stage === b.stage
}

async function change(ports: Read, edit: (pauses: readonly Pause[]) => readonly Pause[]): Promise<void> {
  for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
    const { pauses, version } = await load(ports)
    const next = edit(pauses)
    if ((await ports.keep.save(NAME, JSON.stringify(next), version)) === 'conflict') continue
    known.set(ports.keep, { at: ports.now(), pauses: next })
    return
  }
  throw new RetryLater(`the switch was changed by others ${CONFLICTS_MAX} times in a row`)
}

async function load({ keep }: Read): Promise<{ pauses: readonly Pause[]; version: number }> {
  const kept = await keep.load(NAME)
  if (kept === null) return { pauses: [], version: 0 }
  const pauses = Pauses.safeParse(kept.text)
  if (!pauses.success) throw new RetryLater('what is paused cannot be read: a newer Drayage wrote it, or it is damaged')
  return { pauses: pauses.data, version: kept.version }
}
