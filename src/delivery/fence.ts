/**
 * The fences on a workload: the last attempt of each subscription that acted there, as `payments=12 reports=3`.
 * A delivery that stalled and wakes late finds a higher number than its own, or fails the patch's `test`.
 */

export const FENCE_ANNOTATION = 'drayage.dev/fence'

const FENCE = /^(?<subscription>[a-z0-9-]{1,63})=(?<fence>0|[1-9][0-9]{0,14})$/u

/** Null where somebody wrote something else there: then nobody knows what acted last. */
export function parseFences(text: string): ReadonlyMap<string, number> | null {
  const fences = new Map<string, number>()
  for (const part of text.split(' ').filter((each) => each !== '')) {
    const groups = FENCE.exec(part)?.groups
    if (groups === undefined) return null
    fences.set(groups['subscription'] ?? '', Number(groups['fence']))
  }
  return fences
}

/** In the order of names, so that the same fences are the same text. */
export function formatFences(fences: ReadonlyMap<string, number>): string {
  return [...fences]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([subscription, fence]) => `${subscription}=${fence}`)
    .join(' ')
}
