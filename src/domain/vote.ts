/** One person's yes or no to one promotion, bound to its candidate. Who they are was proven by the way it came. */

import * as z from 'zod'
import { Instant } from './event.ts'

/** The ways in: only chat rests on one shared secret. */
export const VOTE_WAYS = ['api', 'slack', 'git'] as const

export const Vote = z.object({
  /** The person: unique over all ways, so that nobody counts twice. */
  by: z.string().min(1),
  how: z.enum(VOTE_WAYS),
  /** The groups that the person was in at that moment, as the way knows them. */
  groups: z.array(z.string()),
  decision: z.enum(['approve', 'reject']),
  reason: z.string(),
  at: Instant,
  /** What was shown to them, or a reference to it. */
  shown: z.string(),
})
export type Vote = Readonly<z.infer<typeof Vote>>
