/** What one decision works on: a private copy of the document, the rules, and the notes it takes. */

import type { Bulletin } from '../domain/bulletin.ts'
import type { Document } from '../domain/document.ts'
import type { Effect } from '../domain/effect.ts'
import type { WindowGate } from '../domain/gate.ts'
import type { EntryKind, Note } from '../domain/history.ts'
import type { Tag } from '../domain/image.ts'
import type { Line } from '../domain/line.ts'
import type { Subscription } from '../domain/subscription.ts'
import type { Target } from '../domain/target.ts'
import type { Train, TrainAddress } from '../domain/train.ts'

/** What the configuration says about a subscription, worked in by the pipeline. All of it is plain data or pure. */
export type Rules = {
  readonly subscription: Subscription
  readonly mode: 'act' | 'observe'
  /** The configuration's hash. */
  readonly hash: string
  /** Negative: `a` is older. Null: one of them does not count, or they have no order. A tag that counts equals itself. */
  readonly compare: (a: Tag, b: Tag) => number | null
  /** Ordered filters never go back. */
  readonly ordered: boolean
  /** The branch that carries this target's pull request; null: we deliver to it ourselves. */
  readonly trainOf: (stage: string, target: Target) => TrainAddress | null
  /** Whether what a train brings there is written by us, and nobody is asked. */
  readonly commits: (target: Target) => boolean
  /** The name that the history has for who has this id in the chat, or is called so by a registry: each person once. */
  readonly personOf: (idOrPusher: string) => string
  /** The same for a login of GitHub, which anybody may choose: a stranger's is `github:` and the login. */
  readonly personOfGitHub: (login: string) => string
  /** For the history of what was done there: the bare login, unless somebody of the configuration is called so. */
  readonly actorOfGitHub: (login: string) => string
  /** Whether GitHub can be asked who wrote a commit of the source repository. */
  readonly knowsAuthors: boolean
  /** Who wants to be told what. */
  readonly channels: readonly ChannelRule[]
  /** When people are not asked anew; null: at no time. */
  readonly quiet: WindowGate | null
}

export type ChannelRule = {
  readonly name: string
  readonly kinds: readonly EntryKind[]
  /** Null: all. */
  readonly stages: readonly string[] | null
  /** When it is sent nothing that can wait; null: at no time. */
  readonly quiet: WindowGate | null
}

export type TrainRules = {
  readonly hash: string
  /** Whether a target of this line's subscription is reached by this branch. */
  readonly isWanted: (line: string) => boolean
  /** What this line's stage holds its promotions to, as a fingerprint; null: it is not wanted. */
  readonly termsOf: (line: string) => string | null
  /** Whether Drayage merges by itself once every gate holds. */
  readonly mergesItself: boolean
  /** Whether it proposes, or commits to the base branch itself. */
  readonly way: 'pull-request' | 'commit'
  /** For so long the first of a batch waits for others. Null: a promotion travels alone, and at once. */
  readonly batchMs: number | null
}

/** The configuration as `decide` asks it. */
export type RuleBook = {
  readonly hash: string
  /** Null: no subscription of that name is configured any more. */
  line(document: Line): Rules | null
  train(document: Train): TrainRules
}

/** A list of messages has no rules of its own. */
export type BulletinRules = { readonly hash: string }

type RulesOf<D> = D extends Bulletin ? BulletinRules : D extends Train ? TrainRules : Rules

export type Turn<D extends Document> = {
  readonly document: D
  readonly rules: RulesOf<D>
  readonly now: number
  readonly notes: Note[]
  /** What led here: an event's id, an effect's id, a person's act. */
  readonly cause: string | undefined
}

/** The helpers that need no rules. */
type Desk = Omit<Turn<Document>, 'rules'>

/** Messages of platforms have no length of their own, and a document has. */
const DETAIL_LENGTH_MAX = 8_192

export function note(turn: Desk, entry: Note): void {
  const bounded = { ...entry, detail: entry.detail.slice(0, DETAIL_LENGTH_MAX) }
  turn.notes.push(turn.cause === undefined || entry.cause !== undefined ? bounded : { ...bounded, cause: turn.cause })
}

/** Adds a wish. One with the same id stays as it is: wishing twice is wishing once. */
export function wish(turn: Desk, effect: Effect): void {
  if (turn.document.effects.some(({ id }) => id === effect.id)) return
  turn.document.effects.push(effect)
}

export function dropEffects(turn: Desk, unwanted: (effect: Effect) => boolean): void {
  turn.document.effects = turn.document.effects.filter((effect) => !unwanted(effect))
}

/** The fields that every new effect starts with. */
export function fresh(turn: Desk, id: string, delayMs = 0): Pick<Effect, 'id' | 'fence' | 'attempt' | 'due'> {
  return { id, fence: 0, attempt: 0, due: turn.now + delayMs }
}

export function isLeased(effect: Effect, now: number): boolean {
  return effect.lease !== undefined && effect.lease > now
}
