/** Around the waiting, by two people: who may, what they asked for, and until when it counts. */

import * as z from 'zod'
import { Instant } from './event.ts'

const PEOPLE_MAX = 64
const NAME_LENGTH_MAX = 128
export const BREAK_GLASS_EXPIRES_MAX_MS = 24 * 60 * 60_000

/** Who may at a stage. A stage without one lets nobody. */
export const BreakGlassRule = z.object({
  from: z.array(z.string().min(1).max(NAME_LENGTH_MAX)).min(2).max(PEOPLE_MAX),
  /** From the first person's word: by then it is done, or the gates count again. */
  expires: z.number().int().positive().max(BREAK_GLASS_EXPIRES_MAX_MS),
})
export type BreakGlassRule = Readonly<z.infer<typeof BreakGlassRule>>

/** One person's word; for itself it opens nothing. */
export const BreakGlassWord = z.object({ by: z.string(), reason: z.string(), at: Instant })
export type BreakGlassWord = Readonly<z.infer<typeof BreakGlassWord>>

/** What the first person asked for, and waits for a second one. */
export const BreakGlassRequest = z.object({
  candidate: z.string(),
  image: z.string(),
  word: BreakGlassWord,
  until: Instant,
})
export type BreakGlassRequest = Readonly<z.infer<typeof BreakGlassRequest>>

/** What two people said of one promotion. It counts while both may still say so, and not after its end. */
export const BreakGlass = z.object({ words: z.tuple([BreakGlassWord, BreakGlassWord]), until: Instant })
export type BreakGlass = Readonly<z.infer<typeof BreakGlass>>
