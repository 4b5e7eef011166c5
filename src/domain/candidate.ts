/** One release on its way: the pinned images that go together, and the event that brought them. */

import * as z from 'zod'
import { Instant } from './event.ts'
import { formatImage, PinnedImage } from './image.ts'

export const Candidate = z.object({
  /** The digest, or `release:` and the hash of the sorted `repository@digest` list where several images make one release. */
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

type Seen = Pick<Candidate, 'observedAt' | 'cause' | 'since' | 'pusher'>

export function candidateOf(image: PinnedImage, seen: Seen): Candidate {
  return { id: image.digest, images: [image], ...seen }
}

/** Of several images: the same contents are the same release, in whatever order and under whatever tag they are told. */
export async function releaseOf(images: readonly [PinnedImage, ...PinnedImage[]], seen: Seen): Promise<Candidate> {
  const [first, ...others] = images
  if (others.length === 0) return candidateOf(first, seen)
  const contents = images.map((image) => formatImage({ ...image, tag: null })).toSorted((a, b) => (a < b ? -1 : 1))
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(contents.join('\n')))
  const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return { id: `release:${hex}`, images: [first, ...others], ...seen }
}
