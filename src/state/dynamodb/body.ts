/** The large text of an item: as it is while it is small, compressed from there on; and the bound of an item. */

import type { Item, Value } from './dynamo.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html: 400 KB, names included. */
export const ITEM_BYTES_MAX = 400 * 1024
/** Names, numbers and keys beside the body. */
const REST_BYTES_MAX = 8 * 1024
/** Below it, compressing costs more than the write units that it saves. */
const PLAIN_BYTES_MAX = 16 * 1024

/** Throws, before anything is sent, where the text does not fit into an item. */
export async function bodyOf(what: string, text: string): Promise<Value> {
  const value = await compressed(text)
  if (sizeOf(value) + REST_BYTES_MAX <= ITEM_BYTES_MAX) return value
  throw new Error(
    `${what} is not stored: it has ${text.length} characters, ${sizeOf(value)} bytes compressed, ` +
      `and an item of DynamoDB holds at most ${ITEM_BYTES_MAX}. Split what it is about into several subscriptions.`,
  )
}

/** The text as a value, compressed where that pays. */
export async function compressed(text: string): Promise<Value> {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= PLAIN_BYTES_MAX) return { S: text }
  return { B: await through(bytes, new CompressionStream('gzip')) }
}

export function sizeOf(value: Value): number {
  if ('B' in value) return value.B.length
  return new TextEncoder().encode('S' in value ? value.S : value.N).length
}

/** Empty where there is none: no shape accepts that. */
export async function readBody(item: Item, name: string): Promise<string> {
  const value = item[name]
  if (value === undefined || 'N' in value) return ''
  if ('S' in value) return value.S
  try {
    return new TextDecoder().decode(await through(value.B, new DecompressionStream('gzip')))
  } catch {
    return ''
  }
}

async function through(
  bytes: Uint8Array,
  transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(transform)
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
