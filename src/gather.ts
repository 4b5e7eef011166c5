/** The images of a release as the registry has them now: all under one tag, or which of them are not there yet. */

import {
  formatImage,
  isSameRepository,
  type Digest,
  type ImageName,
  type PinnedImage,
  type Tag,
} from './domain/image.ts'
import type { ManifestKind, RegistryProblem } from './domain/registry.ts'
import { err, ok, type Result } from './domain/result.ts'
import type { Subscription } from './domain/subscription.ts'
import type { Ports } from './ports.ts'

export type Found = { readonly image: PinnedImage; readonly manifest: Exclude<ManifestKind, { kind: 'artifact' }> }
export type LookProblem = {
  readonly step: 'resolve' | 'inspect'
  /** What the tag points at; null: that was not told. */
  readonly digest: Digest | null
  readonly reason: RegistryProblem['reason'] | 'not-an-image'
  readonly detail: string
}
export type Look = (name: ImageName) => Promise<Result<Found, LookProblem>>

/** Looks at each image once, however many subscriptions release it with others. */
export function createLook(tag: Tag, registries: Ports['registries']): Look {
  const known = new Map<string, Promise<Result<Found, LookProblem>>>()
  return (name) => {
    const key = formatImage(name)
    const looked = known.get(key) ?? lookUp({ ...name, tag }, registries)
    known.set(key, looked)
    return looked
  }
}

/** The digest comes from the registry, and its bytes are hashed. */
async function lookUp(
  image: Omit<PinnedImage, 'digest'>,
  registries: Ports['registries'],
): Promise<Result<Found, LookProblem>> {
  const resolved = await registries.resolve(image)
  if (!resolved.ok) return err({ step: 'resolve', digest: null, ...resolved.error })
  const { registry, repository, tag } = image
  const pinned = { registry, repository, tag, digest: resolved.value.digest }
  return inspect(pinned, registries)
}

/** What the registry said for good. These are ordinary ends; the rest somebody has to see. */
export function isOrdinary({ reason }: LookProblem): boolean {
  return reason === 'tag-not-found' || reason === 'unsupported-manifest' || reason === 'not-an-image'
}

/** Whether the content is an image at all. */
export async function inspect(
  image: PinnedImage,
  registries: Ports['registries'],
): Promise<Result<Found, LookProblem>> {
  const manifest = await registries.inspect(image)
  const { digest } = image
  if (!manifest.ok) return err({ step: 'inspect', digest, ...manifest.error })
  if (manifest.value.kind === 'artifact') {
    return err({ step: 'inspect', digest, reason: 'not-an-image', detail: `${digest} is ${manifest.value.type}` })
  }
  return ok({ image, manifest: manifest.value })
}

export type Gathered =
  | { readonly state: 'complete'; readonly images: readonly [PinnedImage, ...PinnedImage[]] }
  /** These have no such tag yet. */
  | { readonly state: 'incomplete'; readonly missing: readonly ImageName[] }
  | { readonly state: 'refused'; readonly name: ImageName; readonly problem: LookProblem }

/** Beside the image that is there already, all others that the subscription releases with it, in its own order. */
export async function gather(
  { images }: Pick<Subscription, 'images'>,
  first: PinnedImage,
  look: Look,
): Promise<Gathered> {
  const found: PinnedImage[] = []
  const missing: ImageName[] = []
  for (const name of images) {
    const looked = isSameRepository(name, first) ? ok({ image: first }) : await look(name)
    if (looked.ok) found.push(looked.value.image)
    else if (looked.error.reason === 'tag-not-found') missing.push(name)
    else return { state: 'refused', name, problem: looked.error }
  }
  const [one, ...others] = found
  if (missing.length > 0 || one === undefined) return { state: 'incomplete', missing }
  return { state: 'complete', images: [one, ...others] }
}
