/** The image (or images released together) that we follow: its tag filter, its verification, its stages. Resolved: short forms and shared stages are worked in. */

import * as z from 'zod'
import { BreakGlassRule } from './break-glass.ts'
import { Assurance } from './event.ts'
import { Gate } from './gate.ts'
import { HealthPolicy } from './health-rule.ts'
import { ImageName } from './image.ts'
import { RollbackRule } from './rollback-rule.ts'
import { Source } from './source.ts'
import { TagFilter } from './tag-filter.ts'
import { Target } from './target.ts'
import { VerificationPolicy } from './verification-policy.ts'

export const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u, 'expected a name of a-z 0-9 and -, at most 63 characters')

export const Stage = z.object({
  name: Name,
  /** The stages that must be healthy with a candidate before it comes here; none: it comes from the registry. */
  after: z.array(Name),
  /** Whether all of them must have proven it, or any one. */
  needs: z.enum(['all', 'any']).default('all'),
  verify: VerificationPolicy,
  /** In the order in which they are told. */
  gates: z.array(Gate).default([]),
  /** What is well, beside the rollout. Absent: the rollout alone. */
  health: HealthPolicy.optional(),
  /** Which two people may go around its waiting. Absent: nobody. */
  breakGlass: BreakGlassRule.optional(),
  /** Absent: by a commit, and what was bad is refused here. */
  rollback: RollbackRule.optional(),
  targets: z.tuple([Target], Target),
  /** For so long what goes to Git waits for other subscriptions, to be one commit with them. Absent: each goes alone. */
  batchMs: z.number().int().positive().optional(),
})
export type Stage = Readonly<z.infer<typeof Stage>>

export const PusherName = z.string().min(1).max(256)

export const OwnerName = z.string().min(1).max(128)

export const Subscription = z.object({
  name: Name,
  /** Those of one release, in the configuration's order: the same tag of each. Mostly one. */
  images: z.tuple([ImageName], ImageName),
  tags: TagFilter,
  /** How well the sender of an event must have proven itself at least. Absent: any that its receiver lets in. */
  assurance: Assurance.optional(),
  /** Whose pushes are taken, as authenticated events name them. Absent: everybody's. */
  pushers: z.array(PusherName).optional(),
  /** Who is told of what is found in it later. Absent: whoever pushed it. */
  owners: z.array(OwnerName).optional(),
  /** Where it is built from. Absent: nobody says. */
  source: Source.optional(),
  /** In order: a stage stands after all that it waits for. */
  stages: z.tuple([Stage], Stage),
})
export type Subscription = Readonly<z.infer<typeof Subscription>>
