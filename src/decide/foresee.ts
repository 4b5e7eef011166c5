/** Whether an offer would be news, without making it: for whoever asks a registry whether a push was missed. */

import type { Digest, Tag } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import { knownOf, type Known } from './judge.ts'
import type { Rules } from './turn.ts'

/** What one first stage knows as its newest; null: nothing at all. */
export type Newest = { readonly tag: Tag; readonly digest: Digest | null; readonly observedAt: number }

/** Of each stage that waits for no other. */
export function newestAtFirstStages(line: Line | null, rules: Rules): readonly (Newest | null)[] {
  const first = rules.subscription.stages.filter(({ after }) => after.length === 0)
  return first.map(({ name }) => {
    const state = line?.stages[name]
    return state === undefined ? null : newestOf(state, rules)
  })
}

function newestOf(state: StageState, rules: Rules): Newest | null {
  const isNewer = (a: Known, b: Known): boolean =>
    rules.ordered ? (rules.compare(a.tag, b.tag) ?? 0) > 0 : a.observedAt > b.observedAt
  const known = knownOf(rules, state)
  return known.reduce<Known | null>((newest, one) => (newest === null || isNewer(one, newest) ? one : newest), null)
}
