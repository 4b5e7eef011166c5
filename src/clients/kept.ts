/** A value that is good for a while: fetched once for many who ask at the same time, and again shortly before its end. */

/** So long is an old one used before a new one is tried for again. */
const AGAIN_MS = 30_000
/** A value refused this soon after it was fetched will not be refused less when it is fetched again. */
const FRESH_MS = 60_000

export type Dated<T> = {
  readonly value: T
  /** From then on a new one is fetched. */
  readonly until: number
  /** So long the old one is used where no new one can be had. Left out: no longer than `until`. */
  readonly expires?: number
}
type Kept<T> = Dated<T> & { readonly fetchedAt: number }

/** `refused`: a value that somebody would not take; another one is fetched, but not one each moment. */
export type Keeper<T> = (refused?: T) => Promise<T>

/** A failure is not kept. */
export function keep<T>(fetchOne: () => Promise<Dated<T>>, now: () => number): Keeper<T> {
  let current: Promise<Kept<T>> | undefined

  return async (refused) => {
    const before = current
    const known = await before?.catch(() => undefined)
    const isRefused = known !== undefined && known.value === refused && now() - known.fetchedAt >= FRESH_MS
    if (known !== undefined && now() < known.until && !isRefused) return known.value
    // The first of those who find it too old fetches the next one.
    if (current === undefined || current === before) {
      const next = fetchNext(isRefused ? undefined : known)
      current = next
      next.catch(() => {
        if (current === next) current = undefined
      })
    }
    return (await current).value
  }

  async function fetchNext(old: Kept<T> | undefined): Promise<Kept<T>> {
    try {
      return { ...(await fetchOne()), fetchedAt: now() }
    } catch (error) {
      if (old?.expires === undefined || now() >= old.expires) throw error
      return { ...old, until: Math.min(now() + AGAIN_MS, old.expires) }
    }
  }
}
