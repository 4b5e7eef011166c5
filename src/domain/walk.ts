/** The way of one event, step by step and with reasons: what `explain` shows. */

import * as z from 'zod'
import { AcceptedEvent, Instant } from './event.ts'

export const WALK_STEPS = [
  'match',
  'filter',
  'wait',
  'resolve',
  'inspect',
  'offer',
  'signal',
  'retry',
  'replay',
] as const

export const WalkStep = z.object({
  step: z.enum(WALK_STEPS),
  at: Instant,
  /** Absent where the step is about the event as a whole. */
  subscription: z.string().optional(),
  /** `pass`: on to the next step. `settled`: nothing more to do, by design. `failed`: it could not be done. */
  outcome: z.enum(['pass', 'settled', 'failed']),
  reason: z.string(),
  detail: z.string(),
})
export type WalkStep = Readonly<z.infer<typeof WalkStep>>

export const InboxState = z.enum(['waiting', 'done', 'dead'])
export type InboxState = z.infer<typeof InboxState>

/** An accepted event as it is kept: the row of the inbox is the event's record. */
export const InboxRow = z.object({
  accepted: AcceptedEvent,
  state: InboxState,
  attempts: z.number().int().min(0),
  walk: z.array(WalkStep),
})
export type InboxRow = Readonly<z.infer<typeof InboxRow>>
