/** Secret references → values, read when they are used. No value, and nothing of one, ever stands in a message. */

import type { Secret, SecretReference } from '../domain/secret.ts'

export type SecretSources = {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The platform's own store of secrets, for names that the environment does not have. */
  readonly stored?: (name: string) => Promise<string | undefined>
  /** The text of a file; throws where there is none. */
  readonly readFile: (path: string) => Promise<string>
  /** Milliseconds. */
  readonly now: () => number
  /** How long a value is believed: rotation takes at most this long. */
  readonly cacheMs?: number
}

const CACHE_MS = 5000
const SECRET_LENGTH_MAX = 64 * 1024

/** Answers with the function that receivers and clients take; each reference is read at most once per `cacheMs`. */
export function createSecrets(
  sources: SecretSources,
): (references: SecretReference | readonly SecretReference[]) => Secret {
  const read = cached((reference) => readSecret(sources, reference), sources)
  return (references) => {
    const [first, ...others] = [references].flat()
    if (first === undefined) throw new Error('expected at least one secret reference')
    return async () => {
      const [value, ...more] = await Promise.all([read(first), ...others.map(read)])
      return [value, ...more]
    }
  }
}

type Read = (reference: SecretReference) => Promise<string>

/** Callers at the same time share one read; a failure is not kept. */
function cached(read: Read, { now, cacheMs = CACHE_MS }: SecretSources): Read {
  const kept = new Map<string, { readonly until: number; readonly value: Promise<string> }>()
  return (reference) => {
    const found = kept.get(reference)
    if (found !== undefined && now() < found.until) return found.value
    const value = read(reference)
    const entry = { until: now() + cacheMs, value }
    kept.set(reference, entry)
    value.catch(() => {
      if (kept.get(reference) === entry) kept.delete(reference)
    })
    return value
  }
}

async function readSecret(sources: SecretSources, reference: SecretReference): Promise<string> {
  const text = await (reference.startsWith('env:') ? named(sources, reference) : fileText(sources.readFile, reference))
  if (text === undefined) throw new Error(`the secret ${reference} is not set`)
  if (text.length > SECRET_LENGTH_MAX)
    throw new Error(`the secret ${reference} is longer than ${SECRET_LENGTH_MAX} characters`)
  // Editors and `echo` end a file with a line break that is not meant.
  const value = text.replace(/(?:\r?\n)+$/u, '')
  if (value.trim() === '') throw new Error(`the secret ${reference} is empty`)
  return value
}

async function named({ env, stored }: SecretSources, reference: SecretReference): Promise<string | undefined> {
  const name = reference.slice('env:'.length)
  return env[name] ?? (await stored?.(name))
}

async function fileText(readFile: SecretSources['readFile'], reference: SecretReference): Promise<string> {
  const read = await readFile(reference.slice('file:'.length)).then(
    (text) => ({ text }),
    (error: unknown) => ({ code: codeOf(error) }),
  )
  if ('text' in read) return read.text
  throw new Error(`the secret ${reference} cannot be read${read.code}`)
}

/** Only the code: a reader's message may hold what it read. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
}
