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

/** Goes as deep as `max` and no deeper, whatever comes: `JSON.parse` takes a million levels, our stack does not. */
function depthExceeds(node: unknown, max: number): boolean {
  if (typeof node !== 'object' || node === null) return false
  if (max < 0) return true
  // Every body goes through here: without lists of keys or values this costs a fifth of what it did.
  if (Array.isArray(node)) {
    for (let index = 0; index < node.length; index += 1) if (depthExceeds(node[index], max - 1)) return true
    return false
  }
  for (const key in node) if (depthExceeds((node as Record<string, unknown>)[key], max - 1)) return true
  return false
}
