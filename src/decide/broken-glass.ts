/** Whether a promotion may go around what only waits, now: two people said so, both still may, and it is not over. */

import type { BreakGlass } from '../domain/break-glass.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import type { Vote } from '../domain/vote.ts'
import { isSamePerson, whyNotCounted } from './gates/approval.ts'

/** What those who said it were shown: an emergency. */
export const BREAK_GLASS = 'break-glass'

/** Null: every gate and every rule counts. */
export function brokenGlassOf(
  { breakGlass: rule }: Pick<Stage, 'breakGlass'>,
  { breakGlass: broken }: Pick<Promotion, 'breakGlass'>,
  now: number,
): BreakGlass | null {
  if (rule === undefined || broken === undefined || now >= broken.until) return null
  const [one, other] = broken.words
  if (isSamePerson(one.by, other.by)) return null
  return [one, other].every(({ by }) => isAmong(rule.from, by)) ? broken : null
}

/** For people: whose word it is. */
export function describeBroken({ words }: BreakGlass): string {
  return words.map(({ by }) => by).join(' and ')
}

export function isAmong(people: readonly string[], person: string): boolean {
  return people.some((one) => isSamePerson(one, person))
}

/** Both are voices like any other, where an approval counts them. */
export function voicesOf(stage: Stage, promotion: Promotion): Promotion['votes'] {
  const gates = stage.gates.filter((gate) => gate.kind === 'approval')
  return (promotion.breakGlass?.words ?? []).flatMap(({ by, reason, at }): Promotion['votes'] => {
    const voice: Vote = { by, how: 'api', groups: [], decision: 'approve', reason, at, shown: BREAK_GLASS }
    return gates.some((gate) => whyNotCounted(gate, promotion, voice) === null) ? [voice] : []
  })
}
