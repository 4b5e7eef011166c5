/** One row of the inbox to its settlement: done, again later, or given up where a person can see and replay it. */

import { err, ok, type Result } from './domain/result.ts'
import { RetryLater } from './domain/retry.ts'
import type { InboxRow, WalkStep } from './domain/walk.ts'
import { handleEvent, INCOMPLETE, type Handled, type Ports } from './pipeline.ts'
import { spanOfEvent } from './trace.ts'

/** With the backoff below: about a day of a registry that is down. */
export const EVENT_ATTEMPTS_MAX = 30
const BACKOFF_FIRST_MS = 1_000
const BACKOFF_MAX_MS = 60 * 60_000

/** Throws only where the settlement itself could not be written: then the row's lease runs out, and it comes again. */
export async function handleRow(row: InboxRow, ports: Ports): Promise<void> {
  const { accepted } = row
  const { source, id } = accepted
  const settle = async (outcome: 'done' | 'dead' | 'retry', walk: readonly WalkStep[], at = 0): Promise<void> => {
    const settlement = outcome === 'retry' ? { state: outcome, at } : { state: outcome }
    await ports.inbox.settle(id, settlement, walk, ports.now())
    ports.measure({ kind: 'settled', source, outcome })
    if (outcome !== 'retry') ports.trace?.(spanOfEvent(accepted, outcome, ports.now()))
    const last = walk.at(-1)
    ports.log.info('event settled', {
      id,
      outcome,
      step: last?.step,
      reason: last?.reason,
      detail: last?.detail,
    })
  }
  const walk: WalkStep[] = []
  const handled = await attempt(row, ports, walk)
  if (handled.ok) {
    const { value } = handled
    if (value.state === 'waits') return settle('retry', newsIn(value.walk, row.walk), value.until)
    return settle(value.state, value.walk)
  }
  const isLast = row.attempts >= EVENT_ATTEMPTS_MAX
  const now = ports.now()
  const detail = `attempt ${row.attempts}: ${describe(handled.error)}`
  const step = { step: 'retry', at: now, outcome: 'failed', reason: isLast ? 'gave-up' : 'later', detail } as const
  if (isLast) return settle('dead', [...walk, step])
  await settle('retry', [step], now + waitMs(row.attempts, handled.error))
}

async function attempt(
  { accepted, walk: before }: InboxRow,
  ports: Ports,
  walk: WalkStep[],
): Promise<Result<Handled, unknown>> {
  const replayed = before.findLastIndex(({ step }) => step === 'replay')
  const askedAt = before[replayed]?.at ?? accepted.receivedAt
  const waits = before.slice(replayed + 1).filter(({ reason, outcome }) => reason === INCOMPLETE && outcome === 'pass')
  const waiting = new Set(waits.flatMap(({ subscription }) => subscription ?? []))
  try {
    return ok(await handleEvent(accepted, ports, walk, { askedAt, waiting }))
  } catch (error) {
    return err(error)
  }
}

/** Who waits looks many times: what is as it was is not told again. */
function newsIn(walk: readonly WalkStep[], before: readonly WalkStep[]): readonly WalkStep[] {
  const said = ({ step, subscription, outcome, reason, detail }: WalkStep): string =>
    JSON.stringify([step, subscription, outcome, reason, detail])
  const known = new Set(before.map(said))
  return walk.filter((step) => !known.has(said(step)))
}

/** Never sooner than asked; and one who always says "in a second" does not use up our attempts in a minute. */
function waitMs(attempts: number, error: unknown): number {
  const asked = error instanceof RetryLater ? (error.retryAfterMs ?? 0) : 0
  const backoff = BACKOFF_FIRST_MS * 2 ** Math.min(attempts - 1, 20)
  return Math.min(Math.max(asked, backoff), BACKOFF_MAX_MS)
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure'
}
