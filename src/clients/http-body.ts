/** Reads an answer's body up to a bound, counting what comes out of decompression: a bomb stops where the bound is. */

/** Null where the body is larger than `bytesMax`; the rest is then never read. */
export async function readBounded(
  response: Response,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.body === null) return new Uint8Array()
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await orAbort(reader.read(), signal)
      if (done) return joined(chunks, size)
      size += value.byteLength
      if (size > bytesMax) return null
      chunks.push(value)
    }
  } finally {
    // Not awaited: a peer that stalls must not hold us here. After the last byte this does nothing.
    reader.cancel().catch(() => undefined)
  }
}

/** Lets go when the signal fires, even where the other side of the promise does not listen to it. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
