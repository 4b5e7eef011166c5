/**
 * The engine of platforms that call us for a moment: works on what a batch of wake-ups names and on what that makes due,
 * and leaves wake-ups for the rest. It wakes and retries, and decides nothing.
 */

import type { Later, WakeUp } from './domain/wake-up.ts'
import type { InboxRow } from './domain/walk.ts'
import { work, type Ports } from './pipeline.ts'
import { handleRow } from './settle.ts'
import type { Inbox } from './state/inbox.ts'

const AT_ONCE_MAX = 8
const EVENT_LEASE_MS = 2 * 60_000
/** Longer than what one document takes as a rule: what is not begun any more is woken again. */
const BEGIN_MS_MIN = 60_000
/** After longer waits it is the sweep that wakes. */
const WAKE_DELAY_MS_MAX = 15 * 60_000
const FAILED_RETRY_MS = 10_000
/** What one sweep finds; the next one finds the rest. */
const SWEPT_MAX = 1_000
/** A younger event has its own wake-up under way. */
const SWEPT_AGE_MS = 30_000

/** An inbox whose rows are named by messages. */
export type NamedInbox = Inbox & {
  take(id: string, leaseMs: number, now: number): Promise<InboxRow | null>
  overdue(now: number, limit: number): Promise<readonly string[]>
}

export type World = {
  readonly ports: Omit<Ports, 'wake' | 'inbox'>
  readonly inbox: NamedInbox
  /** Durable when it resolves. */
  readonly leave: (later: readonly Later[]) => Promise<void>
}

type Noted = { readonly wakeUp: WakeUp; readonly at: number }

/** Ports that note who has to be woken when; `leaveNoted` before the end, or the sweep has to find them. */
export function notePorts({ ports, inbox, leave }: World) {
  const noted = new Map<string, Noted>()
  const note = (wakeUp: WakeUp, at: number): void => void noted.set(JSON.stringify(wakeUp), { wakeUp, at })
  const noting: Ports = {
    ...ports,
    inbox: {
      ...inbox,
      async put(events) {
        const results = await inbox.put(events)
        for (const [index, { id }] of events.entries())
          if (results[index] === 'stored') note({ event: id }, ports.now())
        return results
      },
      async settle(id, settlement, walk, now) {
        await inbox.settle(id, settlement, walk, now)
        if (settlement.state === 'retry') note({ event: id }, settlement.at)
      },
      async reopen(id, step, now) {
        const isOpen = await inbox.reopen(id, step, now)
        if (isOpen) note({ event: id }, now)
        return isOpen
      },
    },
    wake: async (document, at) => note({ document }, at),
  }
  return {
    ports: noting,
    note,
    /** Those that are due now are given out, and noted no more. */
    takeDue(): readonly WakeUp[] {
      const due = [...noted.values()].filter(({ at }) => at <= ports.now()).map(({ wakeUp }) => wakeUp)
      for (const wakeUp of due) noted.delete(JSON.stringify(wakeUp))
      return due
    },
    async leaveNoted(): Promise<void> {
      const all = [...noted.values()].map(({ wakeUp, at }) => ({ wakeUp, delayMs: Math.max(0, at - ports.now()) }))
      noted.clear()
      const near = all.filter(({ delayMs }) => delayMs <= WAKE_DELAY_MS_MAX)
      if (near.length > 0) await leave(near)
    },
  }
}

/** Says of each wake-up whether it succeeded: those that did not come again. What was done stays done. */
export async function invoke(
  wakeUps: readonly WakeUp[],
  world: World & { readonly remainingMs: () => number },
): Promise<readonly boolean[]> {
  const { ports, note, takeDue, leaveNoted } = notePorts(world)
  const failed = new Set<string>()

  const attempt = async (wakeUp: WakeUp): Promise<boolean> => {
    try {
      if ('document' in wakeUp) await work(wakeUp.document, ports)
      else if ('event' in wakeUp) await takeOne(wakeUp.event, world.inbox, ports)
      return true
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'unknown failure'
      ports.log.error('wake-up failed', { ...wakeUp, detail })
      return false
    }
  }

  const first = new Map(wakeUps.map((wakeUp) => [JSON.stringify(wakeUp), wakeUp]))
  await inTurns([...first], async ([name, wakeUp]) => {
    if (!(await attempt(wakeUp))) failed.add(name)
  })
  while (world.remainingMs() >= BEGIN_MS_MIN) {
    const due = takeDue()
    if (due.length === 0) break
    await inTurns(due, async (wakeUp) => {
      if (!(await attempt(wakeUp))) note(wakeUp, ports.now() + FAILED_RETRY_MS)
    })
  }
  await leaveNoted()
  return wakeUps.map((wakeUp) => !failed.has(JSON.stringify(wakeUp)))
}

/** Wakes what is due, and what nobody seems to have been woken for. */
export async function sweep({ ports, inbox, leave }: World): Promise<number> {
  const now = ports.now()
  const [documents, events] = await Promise.all([
    ports.documents.due(now, SWEPT_MAX),
    inbox.overdue(now - SWEPT_AGE_MS, SWEPT_MAX),
  ])
  const found: readonly WakeUp[] = [
    ...documents.map((document) => ({ document })),
    ...events.map((event) => ({ event })),
  ]
  if (found.length > 0) await leave(found.map((wakeUp) => ({ wakeUp, delayMs: 0 })))
  return found.length
}

/** Null: somebody has it, or it is settled. */
async function takeOne(id: string, inbox: NamedInbox, ports: Ports): Promise<void> {
  const row = await inbox.take(id, EVENT_LEASE_MS, ports.now())
  if (row !== null) await handleRow(row, ports)
}

async function inTurns<T>(values: readonly T[], work: (value: T) => Promise<void>): Promise<void> {
  const left = [...values]
  const worker = async (): Promise<void> => {
    for (let value = left.shift(); value !== undefined; value = left.shift()) await work(value)
  }
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker))
}
