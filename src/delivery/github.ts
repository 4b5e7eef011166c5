/** Delivery into GitHub repositories by commits to the base branch, where no pull request is asked for. */

import { err, ok, type Result } from '../domain/result.ts'
import type { GitTarget } from '../domain/target.ts'
import { CONTENDED, jitteredPause, untilUncontended, type Pause } from './contention.ts'
import type { Delivered, Delivery, DeliveryFailure, Order, Proposals } from './delivery.ts'
import { deliverThrough } from './github-back.ts'
import { bytesOf, lookAtRepository } from './github-look.ts'
import { createFindGitHub, type GitHubPlace, type GitHubPlaces } from './github-place.ts'
import { createGitHubProposals } from './github-proposals.ts'
import { createMoves, writeUpon } from './github-write.ts'
import { checkPath, ELSEWHERE, FENCED, pathsOf, planEdits, readImage, seenAt, writtenBy } from './plan.ts'

export type GitHubDeliverySettings = GitHubPlaces & { readonly pause?: Pause }
type Answered<T> = Promise<Result<T, DeliveryFailure>>

/** Both ways into GitHub: by ourselves, or proposed as a pull request. */
export function createGitHubDelivery(settings: GitHubDeliverySettings): Delivery & Proposals {
  const find = createFindGitHub(settings)
  const pause = settings.pause ?? jitteredPause

  const place = ({ target, also = [] }: Pick<Order, 'target' | 'also'>): Result<Place, DeliveryFailure> => {
    if (target.kind !== 'git') return err({ reason: 'target-missing', detail: 'not a target in a Git repository' })
    const files = [target, ...also] as const
    for (const { file, git } of files) {
      const path = git === target.git ? checkPath(file) : err(ELSEWHERE)
      if (!path.ok) return path
    }
    const found = find(target.git)
    return found.ok ? ok({ ...found.value, files }) : found
  }
  const act = async (order: Order, mode: 'write' | 'preview'): Answered<Delivered> => {
    const at = place(order)
    if (!at.ok) return at
    const attempt = createAttempt(at.value, order, mode)
    return untilUncontended(attempt, at.value.base, pause)
  }

  const proposals = createGitHubProposals(find, pause)

  return {
    observe: async (target, name) => {
      const at = place({ target })
      if (!at.ok) return at
      const { github, base, files } = at.value
      const [file] = files
      const look = await lookAtRepository(github, { base, paths: [file.file] })
      if (!look.ok) return look
      return readImage(look.value.files.get(file.file)?.bytes ?? new Uint8Array(), file, name)
    },
    deliver: (order) => {
      const at = order.through === undefined ? null : place(order)
      if (at === null || order.through === undefined) return act(order, 'write')
      return at.ok ? deliverThrough(order, order.through, at.value.files, proposals) : Promise.resolve(at)
    },
    preview: (order) => act(order, 'preview'),
    ...proposals,
  }
}

type Place = GitHubPlace & { readonly files: readonly [GitTarget, ...GitTarget[]] }

function createAttempt(
  { github, base, files }: Place,
  order: Order,
  mode: 'write' | 'preview',
): () => Promise<Result<Delivered, DeliveryFailure> | typeof CONTENDED> {
  const moves = createMoves(github)

  return async () => {
    const look = await lookAtRepository(github, { base, paths: pathsOf(files) })
    if (!look.ok) return look
    const { oid } = look.value.base
    const ruledOut = moves.ruledOut(oid)
    if (ruledOut !== null) return ruledOut
    if (!order.stillHeld()) return err(FENCED)
    const plan = planEdits(order, files, bytesOf(look.value.files))
    if (!plan.ok) return seenAt(plan.error, oid)
    const { changes, diff } = plan.value
    const written = writtenBy(plan.value)
    if (changes.length === 0) return ok({ status: 'unchanged', reference: oid, ...written })
    const changed = { status: 'changed', ...written, diff } as const
    if (mode === 'preview') return ok({ ...changed, reference: oid })
    const commit = await writeUpon(github, look.value, changes, [order])
    if (!commit.ok) return commit
    if (!order.stillHeld()) return err(FENCED)
    const update = {
      repositoryId: look.value.repositoryId,
      branch: base,
      before: oid,
      after: commit.value,
      force: false,
    }
    const moved = await moves.move(update)
    if (!moved.ok) return moved
    return moved.value === 'moved' ? ok({ ...changed, reference: commit.value }) : CONTENDED
  }
}
