/** The port of the inbox: accepted events, durable before they are acknowledged, kept as their own record. */

import type { AcceptedEvent } from '../domain/event.ts'
import type { InboxRow, InboxState, WalkStep } from '../domain/walk.ts'

export type Settlement =
  | { readonly state: 'done' }
  /** Again at or after `at`. */
  | { readonly state: 'retry'; readonly at: number }
  | { readonly state: 'dead' }

export type InboxQuery = {
  readonly state?: InboxState
  /** Newest first, older than this event's instant and id; an event that is not there has nothing older. */
  readonly before?: string
  readonly limit: number
}

export type Inbox = {
  /** All or nothing, durable when it resolves. An id that is there already is left as it is: `duplicate`. */
  put(events: readonly AcceptedEvent[]): Promise<readonly ('stored' | 'duplicate')[]>
  /** Rows that wait and are due, longest due first, each leased to the caller until `now + leaseMs`; `attempts` counts this claim. */
  claim(limit: number, leaseMs: number, now: number): Promise<readonly InboxRow[]>
  /** Adds to the walk and ends the lease. Settling a row that is settled already changes nothing. */
  settle(id: string, settlement: Settlement, walk: readonly WalkStep[], now: number): Promise<void>
  /** Puts a settled row back to waiting, its attempts at 0, with a note in its walk: `replay`. False where none is settled. */
  reopen(id: string, note: WalkStep, now: number): Promise<boolean>
  get(id: string): Promise<InboxRow | null>
  list(query: InboxQuery): Promise<readonly InboxRow[]>
  /** How many wait, for readiness and metrics. */
  depth(): Promise<number>
  /** When the earliest waiting row is due (its lease's end, if leased); null where none waits. */
  nextDue(): Promise<number | null>
  /** Removes settled rows received before the instant; returns how many. */
  prune(before: number): Promise<number>
}
