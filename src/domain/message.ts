/** What documents say to each other: from an outbox, at least once, each safe to repeat. */

import * as z from 'zod'
import { Instant } from './event.ts'
import { PinnedImage } from './image.ts'
import { Review } from './review.ts'

/** Line → train: bring this to your branch. A higher `order` replaces a lower one, whichever arrives first. */
export const Carry = z.object({
  kind: z.literal('carry'),
  order: z.number().int(),
  line: z.string(),
  stage: z.string(),
  promotion: z.string(),
  images: z.tuple([PinnedImage], PinnedImage),
  targets: z.tuple([z.string()], z.string()),
  /** What each target may hold, by target id. */
  expected: z.record(z.string(), z.array(z.string())),
  reason: z.string(),
  /** Where Drayage merges by itself: not yet (null), or until then, when the line says so anew. Without an instant: whenever it can. */
  merge: z.object({ until: Instant.nullable() }).nullable(),
  /** What its stage holds it to, as a fingerprint: where the configuration says another by now, `merge` permits nothing. */
  terms: z.string().optional(),
  /** Waits for no others: two people said so. */
  isUrgent: z.boolean().optional(),
  /** The event that began it, for traces. */
  cause: z.string().optional(),
})
export type Carry = z.infer<typeof Carry>

/** Line → train: nobody wants this any more, nor anything older. */
export const Drop = z.object({
  kind: z.literal('drop'),
  order: z.number().int(),
  line: z.string(),
  stage: z.string(),
  promotion: z.string(),
  why: z.string(),
})
export type Drop = z.infer<typeof Drop>

/** Train → line: how far the pull request is. */
const Carried = z.object({
  kind: z.literal('carried'),
  from: z.string(),
  /** Grows with each message of this train: one that comes twice is heard once. */
  order: z.number().int(),
  stage: z.string(),
  promotion: z.string(),
  /** What the pull request brings, as written. */
  image: z.string(),
  targets: z.array(z.string()),
  news: z.discriminatedUnion('state', [
    z.object({ state: z.literal('proposed'), url: z.string(), diff: z.string() }),
    z.object({
      state: z.literal('merged'),
      commit: z.string(),
      by: z.string().nullable(),
      /** Null: no pull request was needed. */
      url: z.string().nullable(),
      /** Whether we wrote it. Absent: where there was a pull request. */
      status: z.enum(['changed', 'unchanged']).optional(),
    }),
    z.object({ state: z.literal('closed'), by: z.string().nullable(), url: z.string() }),
    /** What stands there of what people said; `isNew`: it was not told before. */
    z.object({
      state: z.literal('reviewed'),
      url: z.string(),
      reviews: z.array(Review.extend({ isNew: z.boolean() })),
    }),
    z.object({ state: z.literal('stopped'), reason: z.string(), detail: z.string(), found: z.string().nullable() }),
  ]),
})
export type Carried = z.infer<typeof Carried>

export const Message = z.discriminatedUnion('kind', [Carry, Drop, Carried])
export type Message = z.infer<typeof Message>
