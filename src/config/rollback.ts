/** `rollback:` of a stage: its shape, and resolved. */

import * as z from 'zod'
import { ROLLBACK_RULE_DEFAULT, RollbackRule } from '../domain/rollback-rule.ts'

const { as, merge, refuse } = RollbackRule.shape

export const RawRollback = z.strictObject({
  as: as
    .optional()
    .describe(
      '`commit` (default): straight to the base branch, so that nobody is waited for. `pull-request`: where the branch takes nothing else.',
    ),
  merge: merge
    .optional()
    .describe('Of the pull request: `now` (default), as soon as the host lets Drayage; `by-person`.'),
  refuse: refuse
    .optional()
    .describe(
      'Where what was rolled back is refused until it is lifted: `here` (default), or `everywhere`: at all stages.',
    ),
})
export type RawRollback = z.infer<typeof RawRollback>

/** Of what the shared stage and the subscription say, the more careful. */
export function resolveRollback(...written: readonly (RawRollback | undefined)[]): RollbackRule | undefined {
  const said = written.filter((one) => one !== undefined)
  if (said.length === 0) return undefined
  return {
    as: said.some((one) => one.as === 'pull-request') ? 'pull-request' : ROLLBACK_RULE_DEFAULT.as,
    merge: said.some((one) => one.merge === 'by-person') ? 'by-person' : ROLLBACK_RULE_DEFAULT.merge,
    refuse: said.some((one) => one.refuse === 'everywhere') ? 'everywhere' : ROLLBACK_RULE_DEFAULT.refuse,
  }
}
