/** One branch's document: the branch, its pull request, and the promotions that travel on it: one, or a batch. Writers to a branch are serial. */

import * as z from 'zod'
import type { EffectKind } from './effect.ts'
import { Instant } from './event.ts'
import { documentBase } from './line.ts'
import { Carry, Drop } from './message.ts'

export const TRAIN_SCHEMA = 3

export const Train = z.object({
  kind: z.literal('train'),
  ...documentBase,
  schema: z.literal(TRAIN_SCHEMA),
  /** The repository's name under `git:` in the configuration. */
  git: z.string(),
  base: z.string(),
  branch: z.string(),
  /** By line, the highest order heard: an older message that arrives late changes nothing. */
  orders: z.record(z.string(), z.number().int().min(0)),
  /** What travels, of each line one. Without a batch there is one line. */
  cargos: z.array(Carry),
  /** Of each line the newest that was asked for; waits until what was begun has answered, or until the batch departs. */
  next: z.array(z.discriminatedUnion('kind', [Carry, Drop])),
  /** When what waits for a batch goes aboard. Null: nothing waits for the time. */
  departs: Instant.nullable(),
  /** By promotion: why it could not be brought along when it was tried last. The others travel without it. */
  stopped: z.record(z.string(), z.string()),
  /** The head that we wrote last; a branch with another one carries somebody's commits. It outlives its pull request, as the branch may. */
  lastHead: z.string().nullable(),
  pullRequest: z
    .object({
      number: z.number().int(),
      url: z.string(),
      head: z.string(),
      /** By promotion: all heads that showed it, oldest first. */
      heads: z.record(z.string(), z.array(z.string())),
      /** By promotion: the reviews that its line was told of last, by their ids. */
      reviewed: z.record(z.string(), z.array(z.string())),
      /** What it showed last. */
      shows: z.array(Carry),
      since: Instant,
      /** When the branch was last seen to be the base plus our commit. */
      builtAt: Instant,
    })
    .nullable(),
})
export type Train = z.infer<typeof Train>

/** What a train does to its repository; reading and telling leave it as it is. */
const ACTS: ReadonlySet<EffectKind> = new Set(['propose', 'commit', 'merge', 'withdraw'])

/** Begun and not answered: nobody knows what it did, before it was repeated and has said so. */
export function isUnderWay({ effects }: Pick<Train, 'effects'>): boolean {
  return effects.some(({ kind, fence, dead }) => ACTS.has(kind) && fence > 0 && dead === undefined)
}

/** `train/<git>/<base>/<subscription>/<stage>`; a batch, which is of all subscriptions, has a star in the place of one. */
export type TrainAddress = {
  readonly git: string
  readonly base: string
  /** Null: a batch. */
  readonly subscription: string | null
  readonly stage: string
}

/** No subscription is called so. */
export const EVERYBODY = '*'

export function trainId({ git, base, subscription, stage }: TrainAddress): string {
  return `train/${git}/${base}/${subscription ?? EVERYBODY}/${stage}`
}

/** No name has an underscore: this is no other train's branch, nor a folder of one. */
function branchOf({ git, subscription, stage }: TrainAddress): string {
  return subscription === null ? `drayage/batch/${git}_${stage}` : `drayage/${subscription}/${stage}`
}

/** One rolling branch per subscription and stage, or per batch. */
export function newTrain(address: TrainAddress): Train {
  return {
    kind: 'train',
    id: trainId(address),
    schema: TRAIN_SCHEMA,
    seq: 0,
    hash: '',
    fence: 0,
    config: '',
    tail: [],
    effects: [],
    git: address.git,
    base: address.base,
    branch: branchOf(address),
    orders: {},
    cargos: [],
    next: [],
    departs: null,
    stopped: {},
    lastHead: null,
    pullRequest: null,
  }
}
