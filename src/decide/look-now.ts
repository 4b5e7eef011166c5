/** Somebody says that a pull request has changed: it is looked at now, and what waits for its checks is tried now. */

import type { Train } from '../domain/train.ts'
import { fresh, isLeased, wish, type Turn } from './turn.ts'

export type LookInput = { readonly kind: 'look'; readonly cause: string }

/** A look that is under way may have asked before the change: one more comes after it. */
export function lookNow(turn: Turn<Train>, look: string): void {
  const { effects, pullRequest } = turn.document
  if (pullRequest === null) return
  const underWay = effects.some((effect) => effect.id === look && isLeased(effect, turn.now))
  if (underWay) wish(turn, { kind: 'look', ...fresh(turn, againId(look)) })
  for (const effect of effects) {
    const isMeant = effect.id === look || effect.kind === 'merge'
    if (isMeant && effect.dead === undefined && !isLeased(effect, turn.now)) effect.due = Math.min(effect.due, turn.now)
  }
}

export function againId(look: string): string {
  return `${look}/again`
}
