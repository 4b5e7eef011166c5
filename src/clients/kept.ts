/** A value that is good for a while: fetched once for many who ask at the same time, and again shortly before its end. */

export type Dated<T> = { readonly value: T; readonly until: number }

/** A failure is not kept. */
export function keep<T>(fetchOne: () => Promise<Dated<T>>, now: () => number): () => Promise<T> {
  let current: Promise<Dated<T>> | undefined
  return async () => {
    const before = current
    const known = await before?.catch(() => undefined)
    if (known !== undefined && now() < known.until) return known.value
    // The first of those who find it too old fetches the next one.
    if (current === undefined || current === before) {
      const next = fetchOne()
      current = next
      next.catch(() => {
        if (current === next) current = undefined
      })
    }
    return (await current).value
  }
}
