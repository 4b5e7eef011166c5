/** How one promotion stands, in the words for the developers of its image. */

import * as z from 'zod'

export const SourceNews = z.object({
  /** `over`: nobody wants it any more, through no fault of its own. */
  state: z.enum(['waiting', 'delivering', 'well', 'refused', 'over']),
  /** For a person, in one line; from outside in parts. */
  text: z.string().max(2_000),
  /** The pull request that brings it, where there is one. */
  url: z.string().max(2_048).nullable(),
  /** Something was changed at the target. */
  hasBegun: z.boolean(),
})
export type SourceNews = Readonly<z.infer<typeof SourceNews>>

export function isSameNews(one: SourceNews | undefined, other: SourceNews): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other)
}
