/** How much a store gives at once, and the place in the history where the next page begins. */

const PAGE_ROWS_MAX = 1000

/** A negative LIMIT means "all" in SQL; nobody gets that by mistake. */
export function boundedRows(limit: number): number {
  if (!Number.isInteger(limit) || limit < 0) throw new RangeError(`expected a number of rows, found ${limit}`)
  return Math.min(limit, PAGE_ROWS_MAX)
}

export type Place = { readonly at: number; readonly seq: number; readonly document: string }

export function formatPlace({ at, seq, document }: Place): string {
  return `${at}.${seq}.${document}`
}

/** Null for a text that we did not write: nothing lies before it. */
export function parsePlace(text: string): Place | null {
  const groups = /^(?<at>[0-9]{1,15})\.(?<seq>[0-9]{1,15})\.(?<document>.*)$/s.exec(text)?.groups
  if (groups === undefined) return null
  return { at: Number(groups['at']), seq: Number(groups['seq']), document: groups['document'] ?? '' }
}
