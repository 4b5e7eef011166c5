/** The images of one release: which of them a target takes, and how all of them are written in one line. */

import { formatImage, isSameRepository, type ImageName, type PinnedImage } from './image.ts'
import type { Subscription } from './subscription.ts'
import { takenAs, type Target } from './target.ts'

/** No reference has a comma in it. */
export const BETWEEN = ', '

type Images<I extends ImageName> = { readonly images: readonly [I, ...I[]] }

/** What a target takes of the subscription's images. */
export function nameAt({ images }: Pick<Subscription, 'images'>, { image }: Target): ImageName {
  return image ?? images[0]
}

/** The one of a release that this target takes; null where the release has none for it, as one of another configuration. */
export function imageAt({ images }: Images<PinnedImage>, { image }: Target): PinnedImage | null {
  return image === undefined ? images[0] : imageNamed({ images }, image)
}

/**
 * The same by the target's id, which says what it takes where there is a choice. For what is remembered of targets: those of
 * another configuration are not to be found in this one.
 */
export function imageTaken({ images }: Images<PinnedImage>, target: string): PinnedImage | null {
  const isTaken = ({ registry, repository }: PinnedImage): boolean => target.endsWith(takenAs({ registry, repository }))
  return images.find(isTaken) ?? (images.length === 1 ? images[0] : null)
}

export function imageNamed<I extends ImageName>({ images }: Images<I>, name: ImageName): I | null {
  return images.find((one) => isSameRepository(one, name)) ?? null
}

export function follows({ images }: Pick<Subscription, 'images'>, name: ImageName): boolean {
  return imageNamed({ images }, name) !== null
}

/** All of them in one line, as history and messages have it. */
export function formatImages({ images }: Images<ImageName>): string {
  return images.map(formatImage).join(BETWEEN)
}

/** What a target takes of it; all where that is not to be told. */
export function formatTaken(release: Images<PinnedImage>, target: string): string {
  const image = imageTaken(release, target)
  return image === null ? formatImages(release) : formatImage(image)
}

/** The references of such a line, one by one. */
export function imagesIn(text: string): readonly string[] {
  return text.split(BETWEEN)
}
