/** The images of a subscription, and which of them each target takes. Short forms are worked in: one image is a release of one. */

import { formatImage, isSameRepository, parseImageReference, type ImageName } from '../domain/image.ts'
import { imageNamed } from '../domain/release.ts'
import type { Target } from '../domain/target.ts'
import { quoted } from './expected.ts'
import { didYouMean, problemAt, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { placeOf, textOf, treeAt, type Tree } from './tree.ts'

type Reader = { readonly root: Tree; readonly report: Report }
/** With its tags and digests, a release is one entry in the index of every store. */
const NAMES_LENGTH_MAX = 512
export type Images = readonly [ImageName, ...ImageName[]]

/** `image:`, or `images:` with several. Undefined where a part does not hold; problems are reported. */
export function readImagesAt(reader: Reader, path: Path): Images | undefined {
  const one = treeAt(reader.root, [...path, 'image'])
  const list = treeAt(reader.root, [...path, 'images'])
  if (one !== undefined && list !== undefined) {
    const what = 'cannot stand beside image: expected the one, or the list of those that are released together'
    return refuse(reader, [...path, 'images'], 'conflict', what)
  }
  if (list?.kind === 'list') return readList(reader, [...path, 'images'], list.items)
  if (list !== undefined) return undefined
  const text = textOf(one)
  if (text !== undefined) {
    const image = resolveImage(reader, [...path, 'image'], text)
    return image && [image]
  }
  if (one !== undefined) return undefined
  const what = 'missing: expected the image that we follow, or images: with those that are released together'
  return refuse(reader, [...path, 'image'], 'missing', what)
}

function readList(reader: Reader, path: Path, items: readonly Tree[]): Images | undefined {
  const images: ImageName[] = []
  for (const [index, item] of items.entries()) {
    const text = textOf(item)
    const image = text === undefined ? undefined : resolveImage(reader, [...path, index], text)
    if (image === undefined) return undefined
    if (images.some((earlier) => isSameRepository(earlier, image))) {
      return refuse(reader, [...path, index], 'conflict', `${formatImage(image)} stands in the list already`)
    }
    images.push(image)
  }
  const length = images.map(formatImage).join('').length
  if (length > NAMES_LENGTH_MAX) {
    return refuse(
      reader,
      path,
      'too-large',
      `expected names of at most ${NAMES_LENGTH_MAX} characters together, found ${length}`,
    )
  }
  const [first, ...others] = images
  return first && [first, ...others]
}

function resolveImage(reader: Reader, path: Path, text: string): ImageName | undefined {
  const image = parseImageReference(text)
  if (!image.ok) return refuse(reader, path, 'malformed', `expected ${image.error.expected}, found ${quoted(text)}`)
  const { registry, repository, tag, digest } = image.value
  if (tag === null && digest === null) return { registry, repository }
  const what = `expected an image without tag and digest, found ${quoted(text)}`
  const remedy = `Write ${formatImage({ registry, repository })}: tags: says which tags count`
  return refuse(reader, path, 'malformed', `${what}. ${remedy}`)
}

type Written = { readonly path: Path; readonly image: string | undefined; readonly target: Target }

/** One target as it is written, as those that it stands for: a file without `field:` has a place for each image of the release. */
export function withImages(reader: Reader, images: Images, { path, image: text, target }: Written): readonly Target[] {
  const isSeveral = images.length > 1
  if (text !== undefined) {
    const image = resolveImage(reader, [...path, 'image'], text)
    if (image === undefined) return []
    if (imageNamed({ images }, image) === null) return refuseStranger(reader, [...path, 'image'], images, text) ?? []
    return [isSeveral ? { ...target, image } : target]
  }
  if (!isSeveral) return [target]
  if (target.kind === 'git' && target.field === undefined) return images.map((image) => ({ ...target, image }))
  const what = `missing: expected which image of the release it takes: ${images.map(formatImage).join(' or ')}`
  return refuse(reader, [...path, 'image'], 'missing', what) ?? []
}

function refuseStranger(reader: Reader, path: Path, images: Images, text: string): undefined {
  const names = images.map(formatImage)
  const what = `expected an image of this subscription, ${names.join(' or ')}, found ${quoted(text)}`
  return refuse(reader, path, 'unknown-name', what, didYouMean(text, names))
}

/** A release comes to a stage whole: an image that nobody takes would be verified, approved and never delivered. */
export function checkAllTaken(reader: Reader, path: Path, images: Images, targets: readonly Target[]): void {
  if (images.length === 1) return
  for (const image of images) {
    if (targets.some(({ image: taken }) => taken !== undefined && isSameRepository(taken, image))) continue
    const what = `no target here takes ${formatImage(image)}, which is released with the others`
    refuse(reader, path, 'missing', what, 'Add a target for it to targets:, or follow it in a subscription of its own')
  }
}

function refuse(
  { root, report }: Reader,
  path: Path,
  reason: 'missing' | 'malformed' | 'conflict' | 'unknown-name' | 'too-large',
  what: string,
  hint?: string,
): undefined {
  report(problemAt(placeOf(root, path), { reason, path, what, hint }), path)
}
