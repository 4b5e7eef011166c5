/** The one reader of request bodies: bounded for each, and for all of them together. Nothing else may read one. */

export type BodyLimits = {
  /** The largest body that is taken. */
  readonly bytesMax: number
  /** So much of each body costs nothing of `bytesAtOnceMax`: who sends little gets in, whoever else holds the rest. */
  readonly bytesFree: number
  /** Of all bodies that are held at one moment. */
  readonly bytesAtOnceMax: number
}

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  /** Others hold all that may be held. */
  | { readonly kind: 'overloaded' }
  /** The sender went away, or was too slow. */
  | { readonly kind: 'incomplete' }

/** Reads and hands over; what was read counts as held until `use` is done with it. */
export type WithBody = <T>(
  stream: AsyncIterable<Uint8Array> | null,
  /** Content-Length as it was announced: a lie can only shorten our reading. */
  announced: readonly string[] | undefined,
  use: (body: Body) => Promise<T>,
) => Promise<T>

export function createBodyReader({ bytesMax, bytesFree, bytesAtOnceMax }: BodyLimits): WithBody {
  let held = 0
  return async (stream, announced = [], use) => {
    let mine = 0
    const mayHold = (bytes: number): boolean => {
      const more = Math.max(0, bytes - bytesFree) - mine
      if (held + more > bytesAtOnceMax) return false
      held += more
      mine += more
      return true
    }
    try {
      if (announced.some((length) => Number(length) > bytesMax)) return await use({ kind: 'too-large' })
      return await use(await read(stream, bytesMax, mayHold))
    } finally {
      held -= mine
    }
  }
}

async function read(
  stream: AsyncIterable<Uint8Array> | null,
  bytesMax: number,
  mayHold: (bytes: number) => boolean,
): Promise<Body> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of stream ?? []) {
      bytes += chunk.length
      if (bytes > bytesMax) return { kind: 'too-large' }
      if (!mayHold(bytes)) return { kind: 'overloaded' }
      chunks.push(chunk)
    }
  } catch {
    return { kind: 'incomplete' }
  }
  return { kind: 'whole', bytes: join(chunks, bytes) }
}

function join(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
