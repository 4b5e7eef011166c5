/** Text to JSON as a schema, so that parsing never throws: `Json.pipe(Payload).safeParse(text)`. */

import * as z from 'zod'

export const JSON_DEPTH_MAX = 64

export const Json = z.string().transform((text, context): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    if (depthExceeds(value, JSON_DEPTH_MAX)) {
      context.addIssue({ code: 'custom', message: `nested deeper than ${JSON_DEPTH_MAX} levels` })
      return z.NEVER
    }
    return value
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' })
    return z.NEVER
  }
})

/** Walks without recursion: `JSON.parse` takes a million levels, our stack does not. */
function depthExceeds(value: unknown, max: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > max) return true
    level = level.flatMap((node) => (typeof node === 'object' && node !== null ? Object.values(node) : []))
  }
  return false
}
