/** What a person said of a pull request at the Git host, while it stands there. */

import * as z from 'zod'
import { Instant } from './event.ts'

const TEXT_LENGTH_MAX = 500
const NAME_LENGTH_MAX = 128

export const Review = z.object({
  /** The host's own id of it: who speaks again says something else. */
  id: z.string().max(NAME_LENGTH_MAX),
  /** Their login, in lower case. */
  by: z.string().max(NAME_LENGTH_MAX),
  decision: z.enum(['approve', 'reject']),
  reason: z.string().transform((text) => text.slice(0, TEXT_LENGTH_MAX)),
  at: Instant,
})
export type Review = Readonly<z.infer<typeof Review>>
