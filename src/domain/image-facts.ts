/** What an image's manifest and configuration say of themselves: bounded, read from bytes whose digest was checked. */

import * as z from 'zod'
import { Digest } from './image.ts'

/** One layer: its compressed bytes. */
export const Layer = z.object({ digest: Digest, size: z.number().int().min(0) })
export type Layer = Readonly<z.infer<typeof Layer>>

export const PlatformFacts = z.object({
  /** `linux/amd64`; null where neither the index nor the configuration says it. */
  platform: z.string().nullable(),
  digest: Digest,
  layers: z.array(Layer),
  /** The configuration's `User`, as written; empty: root. */
  user: z.string(),
  /** The builder's claims. */
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
})
export type PlatformFacts = Readonly<z.infer<typeof PlatformFacts>>

export const ImageFacts = z.object({
  digest: Digest,
  /** Of the index; empty where there is none. */
  annotations: z.record(z.string(), z.string()),
  platforms: z.array(PlatformFacts),
})
export type ImageFacts = Readonly<z.infer<typeof ImageFacts>>
