/** The life of a wish: claimed by a lease, answered or due again, given up at a bound. */

import type { Answer } from '../domain/answer.ts'
import type { Document } from '../domain/document.ts'
import type { Effect } from '../domain/effect.ts'
import { isLeased, note, type Turn } from './turn.ts'

type Desk = Omit<Turn<Document>, 'rules'>

/** With the backoff below: about four hours of a target that is down. */
export const EFFECT_ATTEMPTS_MAX = 24
/** The history has the whole of it. */
const DEAD_DETAIL_LENGTH_MAX = 500
const BACKOFF_FIRST_MS = 1_000
const BACKOFF_MAX_MS = 15 * 60_000
/** Nobody may make us wait longer than this. */
const RETRY_AFTER_MAX_MS = 60 * 60_000

/** Takes due effects for one performer. A second one that comes for the same effect finds it leased and gets nothing. */
export function claim(turn: Desk, ids: readonly string[], until: number): void {
  for (const effect of turn.document.effects) {
    if (!ids.includes(effect.id) || !isDue(effect, turn.now)) continue
    if (effect.attempt >= EFFECT_ATTEMPTS_MAX) {
      // Nobody who took it came back: it may be what kills them.
      giveUp(turn, effect, 'never-answered', `taken ${effect.attempt} times and never answered`)
      continue
    }
    turn.document.fence += 1
    effect.fence = turn.document.fence
    effect.lease = until
    effect.attempt += 1
  }
}

/** Left alone until then: a person paused them. It is no attempt, so nothing is given up by it. */
export function hold(turn: Desk, ids: readonly string[], until: number): void {
  for (const effect of turn.document.effects) {
    if (!ids.includes(effect.id) || !isDue(effect, turn.now)) continue
    // A lease that ran out would wake the document at once, again and again.
    delete effect.lease
    effect.due = Math.max(effect.due, until)
  }
}

export function isDue(effect: Effect, now: number): boolean {
  return effect.dead === undefined && effect.due <= now && !isLeased(effect, now)
}

/**
 * Clears an effect by its answer; gives the effect back where the answer has to be worked in.
 * Null: the answer is late (another performer took over), or the effect is due again, or given up.
 */
export function settle(turn: Desk, id: string, fence: number, answer: Answer): Effect | null {
  const effect = turn.document.effects.find((candidate) => candidate.id === id)
  if (effect === undefined || effect.fence !== fence) return null
  if (answer.kind === 'later') {
    again(turn, effect, answer)
    return null
  }
  turn.document.effects = turn.document.effects.filter((other) => other !== effect)
  return effect
}

function again(turn: Desk, effect: Effect, answer: Extract<Answer, { kind: 'later' }>): void {
  delete effect.lease
  if (effect.attempt >= EFFECT_ATTEMPTS_MAX) {
    giveUp(turn, effect, 'gave-up', `after ${effect.attempt} attempts: ${answer.detail}`)
    return
  }
  effect.due = turn.now + Math.min(Math.max(answer.retryAfterMs ?? 0, backoffMs(effect)), RETRY_AFTER_MAX_MS)
  if (effect.attempt === 1 || effect.attempt % 8 === 0) {
    note(turn, {
      ...about(effect),
      kind: 'effect-retried',
      reason: 'retry',
      detail: `attempt ${effect.attempt}: ${answer.detail}`,
    })
  }
}

/** Kept with its reason, for a person: `retry` performs it again. */
export function giveUp(turn: Desk, effect: Effect, reason: string, detail: string): void {
  delete effect.lease
  effect.dead = { reason, detail: detail.slice(0, DEAD_DETAIL_LENGTH_MAX), at: turn.now }
  note(turn, { ...about(effect), kind: 'effect-dead', reason, detail })
}

/** Kept as a dead letter with its reason: a person, a newer candidate or a new configuration moves it on. */
export function stuck(turn: Desk, effect: Effect, answer: Answer): void {
  turn.document.effects.push(effect)
  if (answer.kind === 'failed') giveUp(turn, effect, answer.reason, answer.detail)
  else giveUp(turn, effect, 'unexpected-answer', `${effect.kind} was answered with ${answer.kind}`)
}

/** Another round of attempts for what was given up. */
export function revive(turn: Desk, effect: Effect): boolean {
  if (effect.dead === undefined) return false
  delete effect.dead
  effect.attempt = 0
  effect.due = turn.now
  return true
}

/** The parts of a note that an effect knows. */
export function about(effect: Effect): { stage?: string; promotion?: string } {
  return {
    ...('stage' in effect ? { stage: effect.stage } : {}),
    ...('promotion' in effect ? { promotion: effect.promotion } : {}),
  }
}

/** Doubling, spread by the effect's id so that many documents do not come back at the same instant. */
function backoffMs(effect: Effect): number {
  const base = Math.min(BACKOFF_FIRST_MS * 2 ** (effect.attempt - 1), BACKOFF_MAX_MS)
  let spread = effect.attempt
  for (const character of effect.id) spread = (spread * 31 + (character.codePointAt(0) ?? 0)) % 1_000
  return Math.round(base * (0.75 + spread / 2_000))
}
