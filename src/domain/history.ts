/** The record of every decision and its reasons: append-only, each entry chained to the one before by hash. */

import * as z from 'zod'
import { Instant } from './event.ts'

export const ENTRY_KINDS = [
  'observed',
  'offered',
  'ignored',
  'refused',
  'superseded',
  'promotion-opened',
  'verdict',
  'distrusted',
  'gated',
  'approved',
  'expired',
  'delivering',
  'proposed',
  'delivered',
  'would-deliver',
  'healthy',
  'failed',
  'rejected',
  'rolling-back',
  'rolled-back',
  'withdrawn',
  'effect-retried',
  'effect-dead',
  'signalled',
  'noticed',
  'operator',
  'configured',
  'configuration-refused',
] as const
export const EntryKind = z.enum(ENTRY_KINDS)
export type EntryKind = z.infer<typeof EntryKind>

/** What `decide` says; the pipeline adds sequence, instant, configuration and hash. */
export const Note = z.object({
  kind: EntryKind,
  /** A code for programs; `detail` is for people. */
  reason: z.string(),
  detail: z.string(),
  stage: z.string().optional(),
  /** `subscription/stage/candidate#attempt`. */
  promotion: z.string().optional(),
  /** `registry/repository:tag@digest`. */
  image: z.string().optional(),
  /** The event, the effect or the person's act that led here. */
  cause: z.string().optional(),
  /** Where the target now stands: a commit's id, a workload's generation. */
  reference: z.string().optional(),
  /** A person, where a person acted. */
  by: z.string().optional(),
  /** Who pushed the image, as the event says. */
  pusher: z.string().optional(),
})
export type Note = Readonly<z.infer<typeof Note>>

export const Entry = Note.extend({
  document: z.string(),
  seq: z.number().int().positive(),
  at: Instant,
  /** The hash of the configuration that decided. */
  config: z.string(),
  /** SHA-256 over the entry before and this one, hex. */
  hash: z.string(),
})
export type Entry = Readonly<z.infer<typeof Entry>>
