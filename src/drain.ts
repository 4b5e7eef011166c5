/**
 * The engine of platforms whose documents wake themselves: works off the inbox in bounded steps, and finds what was
 * forgotten. It wakes and retries, and decides nothing.
 */

import type { DocumentId } from './domain/document.ts'
import { eventsPerInvocation } from './domain/invocation-limits.ts'
import type { Log } from './domain/log.ts'
import type { Ports } from './pipeline.ts'
import { handleRow } from './settle.ts'
import type { State } from './state/state.ts'

/** One event may ask a registry four times, and a Worker may keep six connections open. */
const EVENTS_AT_ONCE_MAX = 8
/** Two calls of a registry at their longest. Who takes longer is overtaken by another, which changes nothing. */
const EVENT_LEASE_MS = 60_000
/** What an alarm or a message should have done by now. */
const FORGOTTEN_MS = 10_000
const DOCUMENTS_PER_SWEEP_MAX = 500
/** D1 holds 10 GB: rows of events are kept for days, not for ever. */
const EVENTS_KEPT_MS = 3 * 24 * 60 * 60_000

/** All that waits in the inbox and is due; true where more is left than one invocation may do. Throws where the inbox does not answer. */
export async function drainInbox(ports: Ports): Promise<boolean> {
  const most = eventsPerInvocation(ports.config().config.subscriptions)
  for (let handled = 0; handled < most; handled += EVENTS_AT_ONCE_MAX) {
    const wanted = Math.min(EVENTS_AT_ONCE_MAX, most - handled)
    const rows = await ports.inbox.claim(wanted, EVENT_LEASE_MS, ports.now())
    const outcomes = await Promise.allSettled(rows.map((row) => handleRow(row, ports)))
    // Its lease runs out, and it comes again.
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    if (rows.length < wanted) return false
  }
  return true
}

export type SweepOptions = {
  readonly state: Omit<State, 'keep'>
  readonly wakeDocument: (id: DocumentId) => Promise<void>
  readonly wakeInbox: () => Promise<void>
  readonly log: Log
  readonly now: () => number
}

const CONSIDERED = 'considered'
const OUTDATED_PER_SWEEP_MAX = 400
const PAGE_SIZE = 100

export type OutdatedOptions = Pick<SweepOptions, 'wakeDocument' | 'log'> & {
  readonly state: State
  /** Of the configuration in force. */
  readonly hash: string
}

/**
 * After another configuration: what an older one decided is woken, and decides anew. Once for each, remembered in the store; where
 * there are too many for one invocation, the next one goes on with those that are left. Never throws.
 */
export async function wakeOutdated({ state, hash, wakeDocument, log }: OutdatedOptions): Promise<void> {
  try {
    const considered = await state.keep.load(CONSIDERED)
    if (considered?.text === hash) return
    let woken = 0
    let after: string | null = null
    do {
      const page = await state.documents.list({ limit: PAGE_SIZE, ...(after === null ? {} : { after }) })
      for (const { id } of page.documents.filter(({ config }) => config !== hash)) {
        await wakeDocument(id)
        woken += 1
      }
      after = page.next
    } while (after !== null && woken < OUTDATED_PER_SWEEP_MAX)
    if (woken > 0) log.info('configuration considered', { config: hash, documents: woken })
    // What was woken says so a moment later: the next sweep sees whether all of them did.
    if (woken === 0) await state.keep.save(CONSIDERED, hash, considered?.version ?? 0)
  } catch (error) {
    log.error('sweep failed', { part: 'outdated', detail: error instanceof Error ? error.message : 'unknown failure' })
  }
}

/** What was forgotten is woken, what is old is removed. Each part goes on where another fails. */
export async function sweep(options: SweepOptions): Promise<void> {
  const parts = { documents: wakeForgotten, inbox: wakeWaiting, events: removeOld }
  for (const [part, run] of Object.entries(parts)) {
    try {
      await run(options)
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'unknown failure'
      options.log.error('sweep failed', { part, detail })
    }
  }
}

async function wakeForgotten({ state, wakeDocument, log, now }: SweepOptions): Promise<void> {
  for (const id of await state.documents.due(now() - FORGOTTEN_MS, DOCUMENTS_PER_SWEEP_MAX)) {
    log.warn('document was forgotten', { document: id })
    await wakeDocument(id).catch((error: unknown) =>
      log.error('document cannot be woken', {
        document: id,
        detail: error instanceof Error ? error.message : 'unknown failure',
      }),
    )
  }
}

async function wakeWaiting({ state, wakeInbox, log, now }: SweepOptions): Promise<void> {
  const due = await state.inbox.nextDue()
  if (due === null || due > now() - FORGOTTEN_MS) return
  log.warn('events were forgotten', { since: due })
  await wakeInbox()
}

async function removeOld({ state, now }: SweepOptions): Promise<void> {
  await state.inbox.prune(now() - EVENTS_KEPT_MS)
}
