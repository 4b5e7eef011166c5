/** The text in which an event is kept, and the bound of every text that is. Loads no shape: whoever only writes events needs no more. */

import type { AcceptedEvent } from '../domain/event.ts'

const EVENT_BYTES_MAX = 64 * 1024

export function eventText(event: AcceptedEvent): string {
  return boundedText(`Event ${quoted(event.id)}`, event, EVENT_BYTES_MAX)
}

/** Throws with the figures where the value is too large. */
export function boundedText(what: string, value: unknown, bytesMax: number): string {
  const text = JSON.stringify(value)
  // A UTF-16 unit takes at most three bytes, so most texts need no count.
  const bytes = text.length * 3 <= bytesMax ? 0 : new TextEncoder().encode(text).length
  if (bytes > bytesMax) throw new Error(`${what} is not stored: it has ${bytes} bytes, at most ${bytesMax} are kept`)
  return text
}

/** Ids come from outside, and this text goes to logs. */
export function quoted(id: string): string {
  return JSON.stringify(id.slice(0, 200))
}
