/** A message to ourselves, by a queue: look at this. It holds no truth; one too many changes nothing, and a lost one is found by the sweep. */

import * as z from 'zod'

const ID_LENGTH_MAX = 4096

export const WakeUp = z.union([
  z.strictObject({ event: z.string().min(1).max(ID_LENGTH_MAX) }),
  z.strictObject({ document: z.string().min(1).max(ID_LENGTH_MAX) }),
  /** The repository that holds it may have changed. */
  z.strictObject({ configuration: z.literal('changed') }),
])
export type WakeUp = Readonly<z.infer<typeof WakeUp>>

/** A wake-up for later. */
export type Later = { readonly wakeUp: WakeUp; readonly delayMs: number }
