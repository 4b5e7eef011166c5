/** The in-process engine: one timer over what is due, for platforms that have no alarms of their own. It wakes and retries, and decides nothing. */

import type { DocumentId } from './domain/document.ts'
import { RetryLater } from './domain/retry.ts'
import type { InboxRow, WalkStep } from './domain/walk.ts'
import { handleEvent, work, type Ports } from './pipeline.ts'

/** What the timer finds without being told: work of other processes, and wake-ups that were lost. */
const POLL_MS = 1_000
const DOCUMENTS_AT_ONCE_MAX = 16
const EVENTS_AT_ONCE_MAX = 32
const EVENT_LEASE_MS = 2 * 60_000
/** With the backoff below: about a day of a registry that is down. */
export const EVENT_ATTEMPTS_MAX = 30
const BACKOFF_FIRST_MS = 1_000
const BACKOFF_MAX_MS = 60 * 60_000

export type Loop = {
  /** Something may be due now. */
  poke(): void
  /** As the port says: looks at the document at or after that instant. */
  wake(document: DocumentId, at: number): Promise<void>
  /** Takes up nothing new and waits for what is under way. */
  stop(): Promise<void>
}

export function createLoop(portsOf: () => Ports): Loop {
  const running = new Set<DocumentId>()
  const underWay = new Set<Promise<void>>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerAt = Number.POSITIVE_INFINITY
  let isTurning = false
  let isPoked = false
  let isStopped = false

  const schedule = (at: number): void => {
    if (isStopped || at >= timerAt) return
    clearTimeout(timer)
    timerAt = at
    timer = setTimeout(
      () => {
        timerAt = Number.POSITIVE_INFINITY
        poke()
      },
      Math.max(0, at - portsOf().now()),
    )
  }

  const track = (task: Promise<void>): void => {
    underWay.add(task)
    void task.finally(() => underWay.delete(task))
  }

  const workOn = async (id: DocumentId): Promise<void> => {
    running.add(id)
    const ports = portsOf()
    try {
      await work(id, ports)
    } catch (error) {
      ports.log.error('document waits', { document: id, detail: describe(error) })
    } finally {
      running.delete(id)
      poke()
    }
  }

  const turn = async (): Promise<void> => {
    const ports = portsOf()
    const rows = await ports.inbox.claim(EVENTS_AT_ONCE_MAX, EVENT_LEASE_MS, ports.now())
    for (const row of rows) track(handleRow(row, ports).finally(poke))
    const free = DOCUMENTS_AT_ONCE_MAX - running.size
    const due = free > 0 ? await ports.documents.due(ports.now(), free + running.size) : []
    for (const id of due.filter((id) => !running.has(id)).slice(0, free)) track(workOn(id))
    if (rows.length === EVENTS_AT_ONCE_MAX) isPoked = true
  }

  const poke = (): void => {
    isPoked = true
    if (isTurning || isStopped) return
    isTurning = true
    track(turnUntilQuiet())
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
      clearTimeout(timer)
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

/** One row of the inbox to its settlement: done, again later, or given up where a person can see and replay it. */
export async function handleRow(row: InboxRow, ports: Ports): Promise<void> {
  const { accepted } = row
  const { source, id } = accepted
  const settle = async (outcome: 'done' | 'dead' | 'retry', walk: readonly WalkStep[], at = 0): Promise<void> => {
    const settlement = outcome === 'retry' ? { state: outcome, at } : { state: outcome }
    await ports.inbox.settle(id, settlement, walk, ports.now())
    ports.measure({ kind: 'settled', source, outcome })
    const last = walk.at(-1)
    ports.log.info('event settled', {
      id,
      outcome,
      step: last?.step,
      reason: last?.reason,
      detail: last?.detail,
    })
  }
  try {
    const handled = await handleEvent(accepted, ports)
    await settle(handled.state, handled.walk)
  } catch (error) {
    const isLast = row.attempts >= EVENT_ATTEMPTS_MAX
    const detail = `attempt ${row.attempts}: ${describe(error)}`
    const at = ports.now() + waitMs(row.attempts, error)
    const step = {
      step: 'retry',
      at: ports.now(),
      outcome: 'failed',
      reason: isLast ? 'gave-up' : 'later',
      detail,
    } as const
    await settle(isLast ? 'dead' : 'retry', [step], at)
  }
}

function waitMs(attempts: number, error: unknown): number {
  const asked = error instanceof RetryLater ? error.retryAfterMs : undefined
  return Math.min(asked ?? BACKOFF_FIRST_MS * 2 ** Math.min(attempts - 1, 20), BACKOFF_MAX_MS)
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure'
}
