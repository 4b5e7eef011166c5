/** No receiver: for a registry that sends no webhooks we look ourselves, as often as its settings say. */

import * as z from 'zod'
import { parseDuration } from '../domain/duration.ts'

const EVERY_MS_MIN = 10_000
const EVERY_MS = 5 * 60_000

const Settings = z.strictObject({
  type: z.literal('poll'),
  every: z
    .string({ error: 'expected a duration, such as 5m' })
    .max(32)
    .refine((text) => (parseDuration(text) ?? 0) >= EVERY_MS_MIN, 'expected a duration of at least 10s, such as 5m')
    .optional()
    .describe('How often its tags are looked at. Default `5m`.'),
})

/** Stands under `events:` like a receiver, and takes no requests. */
export const poll = {
  type: 'poll',
  Settings,
  everyMs(settings: Readonly<Record<string, unknown>>): number {
    const { every } = settings
    return (typeof every === 'string' ? parseDuration(every) : null) ?? EVERY_MS
  },
}
