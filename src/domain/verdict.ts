/** What the evidence comes to: trusted, distrusted with the reasons, or not decided yet. */

import * as z from 'zod'
import { Instant } from './event.ts'

/** One rule of the policy, and whether it holds. */
export const RuleOutcome = z.object({
  /** As the configuration writes it: `signature: ci`. */
  rule: z.string(),
  state: z.enum(['held', 'failed', 'waiting']),
  /** For a person: what was found, what was expected. */
  detail: z.string(),
})
export type RuleOutcome = Readonly<z.infer<typeof RuleOutcome>>

export const Verdict = z.discriminatedUnion('state', [
  z.object({ state: z.literal('trusted'), outcomes: z.array(RuleOutcome), at: Instant }),
  z.object({ state: z.literal('distrusted'), outcomes: z.array(RuleOutcome), at: Instant }),
  /** A signature or a scan may still come; the deadline is the promotion's. */
  z.object({ state: z.literal('undecided'), outcomes: z.array(RuleOutcome), at: Instant }),
])
export type Verdict = Readonly<z.infer<typeof Verdict>>
