/** Whether the head of our branch may be replaced though we do not remember writing it. */

import type { GitHub } from '../clients/github.ts'
import { ok, type Result } from '../domain/result.ts'
import type { GitTarget } from '../domain/target.ts'
import type { Cargo, Cargos, DeliveryFailure, Wish } from './delivery.ts'
import { filesReadOf, lookAtCommit, type BranchHead, type LookedFile } from './github-look.ts'
import { writeTree } from './github-write.ts'
import { pathsOfAll, planAgain } from './joint-plan.ts'
import { commitMessage, promotionsIn, readImage } from './plan.ts'

type Answered<T> = Promise<Result<T, DeliveryFailure>>
type Context = {
  readonly github: GitHub
  readonly base: string
  readonly branch: string
  readonly cargos: Cargos
  readonly mayBeLeftover: boolean
}

/**
 * A head that we do not remember may be replaced where nothing of anybody else is lost: the base holds it, or it is one commit of
 * ours that does nothing but set images. It stays behind where we were stopped between writing and remembering it,
 * or after a pull request that was closed, or merged as a squash.
 */
export async function isOurs(context: Context, head: BranchHead): Answered<boolean> {
  const { github, base, branch, cargos, mayBeLeftover } = context
  const paths = pathsOfAll(cargos)
  const now = await lookAtCommit(github, { oid: head.oid, base, branch, paths })
  if (!now.ok) return ok(false)
  if (now.value.aheadBy === 0) return ok(true)
  const [parent, ...others] = head.parents
  if (now.value.aheadBy !== 1 || parent === undefined || others.length > 0) return ok(false)
  const brought = broughtBy(head.message, cargos)
  // While we remember a head, another one with an older message of ours may be a person's amendment.
  if (brought === null && !(mayBeLeftover && isOfSameTrain(head.message, cargos))) return ok(false)
  const then = await lookAtCommit(github, { oid: parent, base, branch, paths })
  if (!then.ok) return ok(false)
  const files = filesReadOf(then.value)
  const changes =
    brought === null
      ? planAgain(cargos, (cargo) => (target) => wishOf(cargo, target, now.value.files), files)
      : planAgain(brought, ({ wish }) => wish, files)
  if (changes === null) return ok(false)
  const tree = await writeTree(github, then.value.tree, changes, then.value.files)
  return tree.ok ? ok(tree.value === head.tree) : tree
}

/** Those of ours that a commit with this message brings; null: it is not of our writing, or brings what we are not asked for. */
function broughtBy(message: string, cargos: Cargos): readonly Cargo[] | null {
  const named = promotionsIn(message)
  const [first, ...others] = cargos.filter(({ promotion }) => named.includes(promotion))
  if (first === undefined || others.length + 1 < named.length) return null
  return isSameMessage(message, commitMessage([first, ...others])) ? [first, ...others] : null
}

/** What the branch wishes now, read from its file. */
function wishOf({ wish }: Cargo, target: GitTarget, files: ReadonlyMap<string, LookedFile>): Wish | null {
  const name = target.image ?? (wish.kind === 'pinned' ? wish.image : wish.name)
  const found = readImage(files.get(target.file)?.bytes ?? new Uint8Array(), target, name)
  return found.ok ? { kind: 'restore', name, image: found.value.image } : null
}

/** Git hosts add or drop the last line break. */
export function isSameMessage(message: string, ours: string): boolean {
  return message.trim() === ours.trim()
}

/** Of a batch: whatever it brings stands at these targets, or its tree is another one. */
function isOfSameTrain(message: string, cargos: Cargos): boolean {
  const [last = ''] = message.trim().split('\n').slice(-1)
  if (cargos.length > 1) return last.startsWith('Drayage-Promotion: ')
  return last.startsWith(`Drayage-Promotion: ${cargos[0].subscription}/${cargos[0].stage}/`)
}
