/** What to write into a place: a pinned image, or what once stood there. */

import type { ImageName, PinnedImage } from '../../domain/image.ts'
import { ok, type Result } from '../../domain/result.ts'
import { problem, quoted, type EditProblem } from './problem.ts'
import { formatName, isName, splitReference } from './reference.ts'

/** A pinned image; or, to undo a first delivery, exactly what `findImage` once found there. */
export type EditWish = { readonly image: PinnedImage } | { readonly name: ImageName; readonly restore: string }

/** The wish, ready to be written. */
export type Value = {
  /** Null: the name stays as it is written. */
  readonly name: string | null
  readonly tag: string | null
  readonly digest: string | null
  /** As it once stood, quotes and all. */
  readonly verbatim: boolean
}

export function nameOf(wish: EditWish): ImageName {
  return 'image' in wish ? wish.image : wish.name
}

export function valueOf(wish: EditWish): Value {
  if ('image' in wish) return { name: null, tag: wish.image.tag, digest: wish.image.digest, verbatim: false }
  return { ...splitReference(wish.restore), verbatim: true }
}

/** A restoration brings back what this place held: its own name as it is written, or another spelling of the image's. */
export function checkName(value: Value, written: string | null, name: ImageName): Result<null, EditProblem> {
  if (value.name === null || value.name === (written ?? formatName(name)) || isName(value.name, name)) return ok(null)
  return problem('unsafe-edit', `expected to restore ${written ?? formatName(name)}, found ${quoted(value.name)}`)
}
