/** Whether the head of our branch may be replaced though we do not remember writing it. */

import type { GitHub } from '../clients/github.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Cargo, DeliveryFailure, Wish } from './delivery.ts'
import { bytesOf, lookAtCommit, type BranchHead, type LookedFile } from './github-look.ts'
import { writeTree } from './github-write.ts'
import { commitMessage, pathsOf, planEdits, readImage } from './plan.ts'

type Answered<T> = Promise<Result<T, DeliveryFailure>>
type Context = {
  readonly github: GitHub
  readonly base: string
  readonly branch: string
  readonly cargo: Cargo
  readonly mayBeLeftover: boolean
}

/**
 * A head that we do not remember may be replaced where nothing of anybody else is lost: the base holds it, or it is one commit of
 * ours that does nothing but set an image. It stays behind where we were stopped between writing and remembering it,
 * or after a pull request that was closed, or merged as a squash.
 */
export async function isOurs(context: Context, head: BranchHead): Answered<boolean> {
  const { github, base, branch, cargo, mayBeLeftover } = context
  const paths = pathsOf(cargo.targets)
  const now = await lookAtCommit(github, { oid: head.oid, base, branch, paths })
  if (!now.ok) return ok(false)
  if (now.value.aheadBy === 0) return ok(true)
  const [parent, ...others] = head.parents
  if (now.value.aheadBy !== 1 || parent === undefined || others.length > 0) return ok(false)
  const isThis = isSameMessage(head.message, commitMessage(cargo))
  // While we remember a head, another one with an older message of ours may be a person's amendment.
  if (!isThis && !(mayBeLeftover && isOfSameTrain(head.message, cargo))) return ok(false)
  const wish = isThis ? cargo.wish : wishOf(cargo, now.value.files)
  const then = await lookAtCommit(github, { oid: parent, base, branch, paths })
  if (!then.ok || wish === null) return ok(false)
  const plan = planEdits({ wish, expected: null }, cargo.targets, bytesOf(then.value.files))
  if (!plan.ok) return ok(false)
  const tree = await writeTree(github, then.value.tree, plan.value.changes, then.value.files)
  return tree.ok ? ok(tree.value === head.tree) : tree
}

/** What the branch wishes now, read from its file. */
function wishOf(cargo: Cargo, files: ReadonlyMap<string, LookedFile>): Wish | null {
  const [target] = cargo.targets
  const name = cargo.wish.kind === 'pinned' ? cargo.wish.image : cargo.wish.name
  const found = readImage(files.get(target.file)?.bytes ?? new Uint8Array(), target, name)
  return found.ok ? { kind: 'restore', name, image: found.value.image } : null
}

/** Git hosts add or drop the last line break. */
export function isSameMessage(message: string, ours: string): boolean {
  return message.trim() === ours.trim()
}

function isOfSameTrain(message: string, { subscription, stage }: Cargo): boolean {
  const [last = ''] = message.trim().split('\n').slice(-1)
  return last.startsWith(`Drayage-Promotion: ${subscription}/${stage}/`)
}
