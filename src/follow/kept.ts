/** What is kept of a followed configuration: where we stand with the repository, and each configuration by its hash. */

import * as z from 'zod'
import type { ConfigFile } from '../config/include.ts'
import { Entry } from '../domain/history.ts'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'

export const NAME = 'configuration'
const SCHEMA = 1
/** Base64 of what was compressed. DynamoDB's items are the smallest place: 400 KB, and D1's rows hold 2 MB. */
export const STORED_LENGTH_MAX = 380 * 1024
/** What it may become again: a bomb is not opened. Sources and what they resolve to. */
const OPENED_BYTES_MAX = 48 * 1024 * 1024

export const Standing = z.object({
  schema: z.literal(SCHEMA),
  /** Null: nothing good was ever read. */
  inForce: z
    .object({ hash: z.string(), commit: z.string(), at: z.number(), isProtected: z.boolean().nullable() })
    .nullable(),
  /** The newest commit that was judged; with a problem, what is in force is an older one. */
  judged: z.object({ commit: z.string(), at: z.number(), problem: z.string().nullable() }).nullable(),
  /** Since when the repository cannot be read. */
  unread: z.object({ since: z.number(), detail: z.string() }).nullable(),
  /** The history's chain. */
  id: z.literal(NAME),
  seq: z.number().int().nonnegative(),
  hash: z.string(),
  tail: z.array(Entry),
})
export type Standing = Readonly<z.infer<typeof Standing>>

export const NOTHING_YET: Standing = {
  schema: SCHEMA,
  inForce: null,
  judged: null,
  unread: null,
  id: NAME,
  seq: 0,
  hash: '',
  tail: [],
}

const Versioned = z.object({ schema: z.number() })

/** Throws where it cannot be read: what a newer program wrote is not ours to overwrite. */
export function readStanding(text: string): Standing {
  const standing = Json.pipe(Standing).safeParse(text)
  if (standing.success) return standing.data
  const version = Json.pipe(Versioned).safeParse(text).data?.schema
  throw new Error(
    version !== undefined && version > SCHEMA
      ? `what is kept of the followed configuration was written by a newer Drayage: its schema is ${version}, this program reads ${SCHEMA}. Run the newer program`
      : 'what is kept of the followed configuration cannot be read. Restore the state from a backup',
  )
}

const FileText = z.object({ path: z.string(), text: z.string() })
const Kept = z.object({
  schema: z.literal(SCHEMA),
  commit: z.string(),
  /** Of the part that it was merged with: another one resolves it anew. */
  first: z.string(),
  sources: z.tuple([FileText], FileText),
  config: z.unknown(),
})
export type KeptConfig = Readonly<z.infer<typeof Kept>>

/** Compressed, as text. An error where it is too large for any of our stores. */
export async function packed(kept: Omit<KeptConfig, 'schema'>): Promise<Result<string, string>> {
  const bytes = new TextEncoder().encode(JSON.stringify({ schema: SCHEMA, ...kept }))
  const compressed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
  const text = base64(new Uint8Array(await new Response(compressed).arrayBuffer()))
  if (bytes.length <= OPENED_BYTES_MAX && text.length <= STORED_LENGTH_MAX) return ok(text)
  const found = `${Math.ceil(text.length / 1024)} KiB compressed`
  return err(
    `the configuration is too large to be kept: expected at most ${STORED_LENGTH_MAX / 1024} KiB, found ${found}`,
  )
}

/** Null where it cannot be read. */
export async function unpacked(text: string): Promise<KeptConfig | null> {
  try {
    const opened = await bounded(new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream('gzip')))
    return Json.pipe(Kept).safeParse(opened).data ?? null
  } catch {
    return null
  }
}

async function bounded(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  for await (const chunk of stream) {
    size += chunk.length
    if (size > OPENED_BYTES_MAX) throw new Error('too large')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** The identity of the part that the program was started or deployed with. */
export async function identityOf(files: readonly ConfigFile[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(files.map(({ path, text }) => [path, text])))
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

const CHUNK = 32 * 1024

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(binary)
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
