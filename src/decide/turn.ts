/** What one decision works on: a private copy of the document, the rules, and the notes it takes. */

import type { Document } from '../domain/document.ts'
import type { Effect } from '../domain/effect.ts'
import type { Note } from '../domain/history.ts'
import type { Tag } from '../domain/image.ts'
import type { Subscription } from '../domain/subscription.ts'
import type { Target } from '../domain/target.ts'
import type { TrainAddress } from '../domain/train.ts'

/** What the configuration says, worked in by the pipeline. All of it is plain data or pure. */
export type Rules = {
  readonly subscription: Subscription
  readonly mode: 'act' | 'observe'
  /** The configuration's hash. */
  readonly hash: string
  /** Negative: `a` is older. Null: one of them does not count. */
  readonly compare: (a: Tag, b: Tag) => number | null
  /** Ordered filters never go back. */
  readonly ordered: boolean
  /** The branch that carries this target's pull request; null: we deliver to it ourselves. */
  readonly trainOf: (stage: string, target: Target) => TrainAddress | null
  /** For a train: whether Drayage merges by itself once every gate holds. */
  readonly mergesItself: (stage: string) => boolean
}

export type Turn<D extends Document> = {
  readonly document: D
  readonly rules: Rules
  readonly now: number
  readonly notes: Note[]
  /** What led here: an event's id, an effect's id, a person's act. */
  readonly cause: string | undefined
}

export function note(turn: Turn<Document>, entry: Note): void {
  turn.notes.push(turn.cause === undefined || entry.cause !== undefined ? entry : { ...entry, cause: turn.cause })
}

/** Adds a wish. One with the same id stays as it is: wishing twice is wishing once. */
export function wish(turn: Turn<Document>, effect: Effect): void {
  if (turn.document.effects.some(({ id }) => id === effect.id)) return
  turn.document.effects.push(effect)
}

export function dropEffects(turn: Turn<Document>, unwanted: (effect: Effect) => boolean): void {
  turn.document.effects = turn.document.effects.filter((effect) => !unwanted(effect))
}

/** The fields that every new effect starts with. */
export function fresh(turn: Turn<Document>, id: string, delayMs = 0): Pick<Effect, 'id' | 'fence' | 'attempt' | 'due'> {
  return { id, fence: 0, attempt: 0, due: turn.now + delayMs }
}

export function isLeased(effect: Effect, now: number): boolean {
  return effect.lease !== undefined && effect.lease > now
}
