/** Whether an offer would be news, without making it: for whoever asks a registry whether a push was missed. */

import type { Digest, ImageName, Tag } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import { digestIn, knownOf, type Known } from './judge.ts'
import type { Rules } from './turn.ts'

/** What one first stage knows as its newest; null: nothing at all. */
export type Newest = {
  readonly tag: Tag
  readonly observedAt: number
  /** What it holds of this image; null: that is not known. */
  digestOf(image: ImageName): Digest | null
}

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
  const [first, ...others] = knownOf(rules, state)
  if (first === undefined) return null
  // Of what was found under several tags, the oldest says what is behind.
  const isBetter = (a: Known, b: Known): boolean =>
    a.isPartial === true && b.isPartial === true ? isNewer(b, a) : isNewer(a, b)
  const newest = others.reduce((best, one) => (isBetter(one, best) ? one : best), first)
  const { tag, observedAt } = newest
  return { tag, observedAt, digestOf: (image) => digestIn(newest, image) }
}
