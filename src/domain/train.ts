/** One branch's document: the branch, its pull request, and the promotion that travels on it. Writers to a branch are serial. */

import * as z from 'zod'
import { Instant } from './event.ts'
import { documentBase } from './line.ts'
import { Carry, Drop } from './message.ts'

export const TRAIN_SCHEMA = 2

export const Train = z.object({
  kind: z.literal('train'),
  ...documentBase,
  schema: z.literal(TRAIN_SCHEMA),
  /** The repository's name under `git:` in the configuration. */
  git: z.string(),
  base: z.string(),
  branch: z.string(),
  /** The highest order heard: an older message that arrives late changes nothing. */
  order: z.number().int().min(0),
  cargo: Carry.optional(),
  /** The newest that was asked for; waits until what was begun has answered. */
  next: z.discriminatedUnion('kind', [Carry, Drop]).optional(),
  /** The head that we wrote last; a branch with another one carries somebody's commits. It outlives its pull request, as the branch may. */
  lastHead: z.string().nullable(),
  pullRequest: z
    .object({
      number: z.number().int(),
      url: z.string(),
      head: z.string(),
      /** All heads that showed the same promotion, oldest first. */
      heads: z.array(z.string()).optional(),
      /** The reviews that were told last, by their ids. */
      reviewed: z.array(z.string()).optional(),
      /** What it showed last. */
      shows: Carry,
      since: Instant,
      /** When the branch was last seen to be the base plus our commit. */
      builtAt: Instant,
    })
    .nullable(),
})
export type Train = z.infer<typeof Train>

/** `train/<git>/<base>/<subscription>/<stage>`. */
export type TrainAddress = {
  readonly git: string
  readonly base: string
  readonly subscription: string
  readonly stage: string
}

export function trainId(address: TrainAddress): string {
  return `train/${address.git}/${address.base}/${address.subscription}/${address.stage}`
}

/** One rolling branch per subscription and stage. */
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
    branch: `drayage/${address.subscription}/${address.stage}`,
    order: 0,
    lastHead: null,
    pullRequest: null,
  }
}
