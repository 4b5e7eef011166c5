/** The images of one release: which of them a target takes, and how all of them are written in one line. */

import { formatImage, isSameRepository, type ImageName, type PinnedImage } from './image.ts'
import type { Subscription } from './subscription.ts'
import type { Target } from './target.ts'

/** No reference has a comma in it. */
const BETWEEN = ', '

type Images<I extends ImageName> = { readonly images: readonly [I, ...I[]] }

/** What a target takes of the subscription's images. */
export function nameAt({ images }: Pick<Subscription, 'images'>, { image }: Target): ImageName {
  return image ?? images[0]
}

/** The one of a release that this target takes; null where the release has none for it, as one of another configuration. */
export function imageAt({ images }: Images<PinnedImage>, { image }: Target): PinnedImage | null {
  return image === undefined ? images[0] : imageNamed({ images }, image)
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

/** The references of such a line, one by one. */
export function imagesIn(text: string): readonly string[] {
  return text.split(BETWEEN)
}
