/** The image that we follow: its tag filter, its verification, its stages. Resolved: short forms and shared stages are worked in. */

import * as z from 'zod'
import { ImageName } from './image.ts'
import { TagFilter } from './tag-filter.ts'
import { Target } from './target.ts'

export const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u, 'expected a name of a-z 0-9 and -, at most 63 characters')

/** What must be proven of an image. `none` has to be written out, and is shown wherever the image is. */
export const VerificationPolicy = z.literal('none')
export type VerificationPolicy = z.infer<typeof VerificationPolicy>

export const Stage = z.object({
  name: Name,
  /** The stages that must be healthy with a candidate before it comes here; none: it comes from the registry. */
  after: z.array(Name),
  verify: VerificationPolicy,
  targets: z.tuple([Target], Target),
})
export type Stage = Readonly<z.infer<typeof Stage>>

export const Subscription = z.object({
  name: Name,
  image: ImageName,
  tags: TagFilter,
  /** In order: a stage stands after all that it waits for. */
  stages: z.tuple([Stage], Stage),
})
export type Subscription = Readonly<z.infer<typeof Subscription>>
