/** One release on its way: the pinned images that go together, and the event that brought them. */

import * as z from 'zod'
import { Instant } from './event.ts'
import { PinnedImage } from './image.ts'

export const Candidate = z.object({
  /** The digest, or the hash of the sorted `repository@digest` list where several images make one release. */
  id: z.string().min(1),
  images: z.tuple([PinnedImage], PinnedImage),
  /** When the registry told us that the tag points there. */
  observedAt: Instant,
  /** The accepted event, or the other cause, that made us look, and when that came. */
  cause: z.string(),
  since: Instant,
  /** Who pushed it, as the event says: they do not approve it themselves. */
  pusher: z.string().optional(),
})
export type Candidate = Readonly<z.infer<typeof Candidate>>

export function candidateOf(
  image: PinnedImage,
  seen: Pick<Candidate, 'observedAt' | 'cause' | 'since' | 'pusher'>,
): Candidate {
  return { id: image.digest, images: [image], ...seen }
}
