/** How a stage goes back: the way of the write, who merges it, and where the bad candidate is refused. */

import * as z from 'zod'

export const RollbackRule = z.object({
  /** `commit`: straight to the base branch. Only repositories with pull requests know another way. */
  as: z.enum(['commit', 'pull-request']),
  /** `now`: by Drayage, as soon as the host lets it. */
  merge: z.enum(['now', 'by-person']),
  /** `everywhere`: at all stages of the subscription. */
  refuse: z.enum(['here', 'everywhere']),
})
export type RollbackRule = Readonly<z.infer<typeof RollbackRule>>

export const ROLLBACK_RULE_DEFAULT: RollbackRule = { as: 'commit', merge: 'now', refuse: 'here' }
