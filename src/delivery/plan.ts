/** What a delivery would change in one file: pure, and the same for every Git host. */

import type { ImageName, PinnedImage } from '../domain/image.ts'
import { formatImage, isSameReference } from '../domain/image.ts'
import { imageAt } from '../domain/release.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { FilePath, type GitTarget } from '../domain/target.ts'
import { escapeForCommitMessage } from '../escape.ts'
import type { Delivered, DeliveryFailure, Found, Order, Wish } from './delivery.ts'
import { decodeFile, diffOf, editImage, findImage, type EditProblem } from './edit/edit.ts'

/** The author of commits that we make ourselves. GitHub sets its own for an App, and signs. */
export type Author = { readonly name: string; readonly email: string }
export const AUTHOR: Author = { name: 'Drayage', email: 'drayage@localhost' }

export { FILE_BYTES_MAX } from './edit/edit.ts'
const PROMOTION = /^[a-z0-9-]+\/[a-z0-9-]+\/[a-z0-9:+.-]+#[0-9]+$/u

/** What may be written: no symbolic link, no submodule. */
export type FileMode = '100644' | '100755'

/** The answer where "is it still ours to write?" was no. */
export const FENCED: DeliveryFailure = {
  reason: 'fenced',
  detail: 'the lease of this delivery ended before it wrote, so a newer attempt may be at work: nothing was written',
}

export const ELSEWHERE: DeliveryFailure = {
  reason: 'target-missing',
  detail: 'the files of one commit are in one repository',
}

export type FileChange = { readonly file: string; readonly text: string }
/** What to write. No changes: the files hold the wish already. */
export type Plan = {
  /** As written at the first target, before and after. */
  readonly found: string
  readonly now: string
  /** The same at each target. */
  readonly edits: readonly { readonly found: string; readonly now: string }[]
  readonly changes: readonly FileChange[]
  readonly diff: string
}
type Targets = readonly [GitTarget, ...GitTarget[]]

/** Reads which image stands in the file. */
export function readImage(bytes: Uint8Array, target: GitTarget, name: ImageName): Result<Found, DeliveryFailure> {
  const text = decodeFile(bytes)
  if (!text.ok) return failed(text.error)
  const image = findImage(text.value, name, fieldOf(target))
  return image.ok ? ok({ image: image.value.found, running: 'not-observed' }) : failed(image.error)
}

/** Edits the files in memory, if what they hold may be replaced; `files` has the bytes of every target's file. */
export function planEdits(
  order: Pick<Order, 'expected'> & { readonly wish: Wish | ((target: GitTarget) => Wish | null) },
  targets: Targets,
  files: ReadonlyMap<string, Uint8Array>,
): Result<Plan, DeliveryFailure> {
  const before = new Map<string, string>()
  for (const [file, bytes] of files) {
    const text = decodeFile(bytes)
    if (!text.ok) return failed(text.error)
    before.set(file, text.value)
  }
  const after = new Map(before)
  const edits: { readonly found: string; readonly now: string }[] = []
  for (const target of targets) {
    const wish = wishAt(order.wish, target)
    if (wish === null) return err(strange(target))
    const edit = planEdit({ wish, expected: order.expected }, target, after.get(target.file) ?? '')
    if (!edit.ok) return edit
    after.set(target.file, edit.value.text)
    edits.push(edit.value)
  }
  const changes = [...after].flatMap(([file, text]) => (text === before.get(file) ? [] : [{ file, text }]))
  const diff = changes.map(({ file, text }) => diffOf(file, before.get(file) ?? '', text)).join('')
  return ok({ found: edits[0]?.found ?? '', now: edits[0]?.now ?? '', edits, changes, diff })
}

function wishAt(wish: Parameters<typeof planEdits>[0]['wish'], target: GitTarget): Wish | null {
  if (typeof wish === 'function') return wish(target)
  if (wish.kind === 'restore' || target.image === undefined) return wish
  const image = imageAt({ images: imagesOf(wish) }, target)
  return image === null ? null : { kind: 'pinned', image }
}

/** All of the release, the first one first. */
function imagesOf({ image, others = [] }: Extract<Wish, { kind: 'pinned' }>): readonly [PinnedImage, ...PinnedImage[]] {
  return [image, ...others]
}

function strange({ file, image }: GitTarget): DeliveryFailure {
  const name = image === undefined ? 'the image' : formatImage(image)
  return { reason: 'image-missing', detail: `${file} takes ${name}, which is not in this release` }
}

/** Who looks for the hand that was found needs the commit at which it was there. */
export function seenAt<F extends DeliveryFailure>(failure: F, commit: string): Result<never, F> {
  if (failure.reason !== 'moved') return err(failure)
  return err({ ...failure, detail: `${failure.detail}, as of commit ${commit}` })
}

type Edit = { readonly found: string; readonly now: string; readonly text: string }

function planEdit(
  { wish, expected }: Pick<Order, 'wish' | 'expected'>,
  target: GitTarget,
  before: string,
): Result<Edit, DeliveryFailure> {
  const edit = editImage(before, toEdit(wish), { ...fieldOf(target), path: target.file })
  if (!edit.ok) return failed(edit.error)
  const { found, now, text } = edit.value
  if (text === before) return ok({ found, now: found, text })
  if (expected !== null && !expected.some((each) => isSameReference(each, found)))
    return err(moved(target, found, expected))
  return ok({ found, now, text })
}

/** As a delivery tells it: at the first target, and at the further ones of the order. */
export function writtenBy({ found, now, edits }: Plan): Pick<Delivered, 'previous' | 'now' | 'also'> {
  const [, ...others] = edits
  return { previous: found, now, ...(others.length > 0 && { also: others.map((edit) => edit.now) }) }
}

/** The configuration's check once more, where the path is used: a path that leaves the repository is an attack by now. */
export function checkPath(file: string): Result<string, DeliveryFailure> {
  const path = FilePath.safeParse(file)
  if (path.success) return ok(path.data)
  return err({ reason: 'path-refused', detail: path.error.issues.map((issue) => issue.message).join('; ') })
}

/** Each file once. */
export function pathsOf(targets: Targets): readonly string[] {
  return [...new Set(targets.map((target) => target.file))]
}

/** The folders above a file, from the root down. */
export function foldersAbove(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/**
 * A regular file under plain folders, or a refusal: what a symbolic link or a submodule points at is not ours to write,
 * and a link may lead to `.github/` (CVE-2022-24877, CVE-2023-40026).
 */
export function checkModes(file: string, modes: ReadonlyMap<string, string>): Result<FileMode, DeliveryFailure> {
  const refusal = (path: string, what: string): Result<never, DeliveryFailure> =>
    err({ reason: 'path-refused', detail: `${path} is ${what}: expected a regular file in plain folders` })
  for (const path of [...foldersAbove(file), file]) {
    const mode = modes.get(path)
    if (mode === '120000') return refusal(path, 'a symbolic link')
    if (mode === '160000') return refusal(path, 'a submodule')
    if (mode === undefined) {
      return err({ reason: 'target-missing', detail: `${file} is not there: check "file" in the target` })
    }
  }
  const mode = modes.get(file)
  return mode === '100644' || mode === '100755' ? ok(mode) : refusal(file, 'a folder')
}

/** What one commit brings. */
export type Brought = readonly [Message, ...Message[]]
type Message = Pick<Order, 'promotion' | 'stage' | 'wish' | 'reason'>

const TRAILER = 'Drayage-Promotion: '

/** The whole message of a commit. All that comes from outside is escaped, and the trailers are ours alone. */
export function commitMessage(orders: Brought): string {
  const brought = orders.map(({ wish, reason }) => {
    return { images: imagesWished(wish).map(escapeForCommitMessage), reason: escapeForCommitMessage(reason) }
  })
  const lines =
    brought.length === 1
      ? brought.flatMap(({ images, reason }) => [...images.map((image) => `Image: ${image}`), `Reason: ${reason}`])
      : brought.map(({ images, reason }) => `- ${images.join(', ')}: ${reason}`)
  return [
    titleOf(orders),
    '',
    ...lines,
    '',
    ...orders.map(({ promotion }) => `${TRAILER}${trailed(promotion)}`),
    '',
  ].join('\n')
}

/** The promotions that a commit of ours says it brings. */
export function promotionsIn(message: string): readonly string[] {
  return message.split('\n').flatMap((line) => (line.startsWith(TRAILER) ? [line.slice(TRAILER.length).trim()] : []))
}

function trailed(promotion: string): string {
  return PROMOTION.test(promotion) ? promotion : escapeForCommitMessage(promotion)
}

/** As written, one by one. */
export function imagesWished(wish: Wish): readonly string[] {
  return wish.kind === 'pinned' ? imagesOf(wish).map(formatImage) : [wish.image]
}

/** More are counted in a title. */
const NAMED_MAX = 2

/** The first line of a commit, and the title of a pull request. */
export function titleOf(orders: readonly [Pick<Order, 'stage' | 'wish'>, ...Pick<Order, 'stage' | 'wish'>[]]): string {
  const [{ stage: name, wish }] = orders
  const stage = escapeForCommitMessage(name)
  if (orders.length > 1)
    return `Deliver ${orders.flatMap((order) => imagesWished(order.wish)).length} images to ${stage}`
  if (wish.kind === 'restore') return `Restore ${wish.name.repository} in ${stage}`
  const names = imagesOf(wish).map(({ repository, tag }) => `${repository}:${tag}`)
  const more = names.length - NAMED_MAX
  const named = more > 0 ? `${names.slice(0, NAMED_MAX).join(', ')} and ${more} more` : names.join(' and ')
  return `Deliver ${named} to ${stage}`
}

function toEdit(wish: Wish): Parameters<typeof editImage>[1] {
  return wish.kind === 'pinned' ? { image: wish.image } : { name: wish.name, restore: wish.image }
}

function fieldOf(target: GitTarget): { readonly field?: string } {
  return target.field === undefined ? {} : { field: target.field }
}

function moved(target: GitTarget, found: string, expected: readonly string[]): DeliveryFailure {
  const allowed = expected.length === 0 ? 'nothing' : expected.join(' or ')
  return { reason: 'moved', detail: `${target.file} holds ${found}, expected ${allowed}`, found }
}

function failed(problem: EditProblem): Result<never, DeliveryFailure> {
  const reason = problem.reason === 'file-too-large' ? 'unsafe-edit' : problem.reason
  return err({ reason, detail: problem.detail })
}
