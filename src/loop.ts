/** The in-process engine: one timer over what is due, for platforms that have no alarms of their own. It wakes and retries, and decides nothing. */

import type { DocumentId } from './domain/document.ts'
import type { InboxRow } from './domain/walk.ts'
import { reconsider, work, type Ports } from './pipeline.ts'
import { handleRow } from './settle.ts'

/** What the timer finds without being told: work of other processes, and wake-ups that were lost. */
const POLL_MS = 1_000
const DOCUMENTS_AT_ONCE_MAX = 16
const EVENTS_AT_ONCE_MAX = 32
const EVENT_LEASE_MS = 2 * 60_000
/** A document that cannot be worked on (it is damaged, the store is away) is left alone for so long at most. */
const REST_FIRST_MS = 1_000
const REST_MAX_MS = 60_000

export type Loop = {
  /** Something may be due now. */
  poke(): void
  /** As the port says: looks at the document at or after that instant. */
  wake(document: DocumentId, at: number): Promise<void>
  /** Takes up nothing new and waits for what is under way. */
  stop(): Promise<void>
}

/** The platform's timer; gives back what cancels it. */
export type Timer = (run: () => void, delayMs: number) => () => void

const platformTimer: Timer = (run, delayMs) => {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}

export function createLoop(portsOf: () => Ports, timer: Timer = platformTimer): Loop {
  const running = new Set<DocumentId>()
  const resting = new Map<DocumentId, Rest>()
  /** Decided under an older configuration, and not yet under this one. */
  const outdated = new Set<DocumentId>()
  const underWay = new Set<Promise<void>>()
  let eventsUnderWay = 0
  let cancel = (): void => {}
  let timerAt = Number.POSITIVE_INFINITY
  let isTurning = false
  let isPoked = false
  let isStopped = false
  let considered = ''

  const schedule = (at: number): void => {
    if (isStopped || at >= timerAt) return
    cancel()
    timerAt = at
    const delayMs = Math.min(Math.max(0, at - portsOf().now()), POLL_MS)
    cancel = timer(() => {
      timerAt = Number.POSITIVE_INFINITY
      poke()
    }, delayMs)
  }

  /** What fails here was not settled: its lease runs out, and it comes again. */
  const track = (what: string, task: Promise<void>): void => {
    const tracked = task
      .catch((error: unknown) => portsOf().log.error(what, { detail: describe(error) }))
      .finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }

  const workOn = async (id: DocumentId): Promise<void> => {
    running.add(id)
    const ports = portsOf()
    try {
      await work(id, ports)
      resting.delete(id)
      outdated.delete(id)
    } catch (error) {
      resting.set(id, restAfter(resting.get(id), ports.now()))
      ports.log.error('document waits', { document: id, detail: describe(error) })
    } finally {
      running.delete(id)
      poke()
    }
  }

  const takeEvents = async (ports: Ports): Promise<void> => {
    const free = EVENTS_AT_ONCE_MAX - eventsUnderWay
    if (free <= 0) return
    const rows = await ports.inbox.claim(free, EVENT_LEASE_MS, ports.now())
    eventsUnderWay += rows.length
    for (const row of rows) track('event not settled', settleOne(row, ports))
  }

  const settleOne = async (row: InboxRow, ports: Ports): Promise<void> => {
    try {
      await handleRow(row, ports)
    } finally {
      eventsUnderWay -= 1
      poke()
    }
  }

  const takeDocuments = async (ports: Ports): Promise<void> => {
    const free = DOCUMENTS_AT_ONCE_MAX - running.size
    if (free <= 0) return
    const now = ports.now()
    const due = await ports.documents.due(now, free + running.size + resting.size)
    const isFree = (id: DocumentId): boolean => !running.has(id) && (resting.get(id)?.until ?? 0) <= now
    const all = [...new Set([...outdated, ...due])]
    for (const id of all.filter(isFree).slice(0, free)) track('document waits', workOn(id))
  }

  const turn = async (): Promise<void> => {
    const ports = portsOf()
    const { hash } = ports.config()
    if (considered !== hash) {
      for (const id of await reconsider(ports)) outdated.add(id)
      considered = hash
    }
    await takeEvents(ports)
    await takeDocuments(ports)
  }

  const poke = (): void => {
    isPoked = true
    if (isTurning || isStopped) return
    isTurning = true
    track('loop failed', turnUntilQuiet())
  }

  const turnUntilQuiet = async (): Promise<void> => {
    for (;;) {
      if (!isPoked || isStopped) break
      isPoked = false
      try {
        await turn()
      } catch (error) {
        portsOf().log.error('turn failed', { detail: describe(error) })
      }
    }
    isTurning = false
    schedule(portsOf().now() + POLL_MS)
  }

  return {
    poke,
    async wake(_document, at) {
      if (at <= portsOf().now()) poke()
      else schedule(at)
    },
    async stop() {
      isStopped = true
      cancel()
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

type Rest = { readonly until: number; readonly times: number }

function restAfter(before: Rest | undefined, now: number): Rest {
  const times = (before?.times ?? 0) + 1
  return { until: now + Math.min(REST_FIRST_MS * 2 ** Math.min(times - 1, 10), REST_MAX_MS), times }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure'
}
