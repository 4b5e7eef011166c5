/** Delivery into GitHub repositories by commits to the base branch, where no pull request is asked for. */

import { err, ok, type Result } from '../domain/result.ts'
import type { GitTarget, Target } from '../domain/target.ts'
import { CONTENDED, jitteredPause, untilUncontended, type Pause } from './contention.ts'
import type { Delivered, Delivery, DeliveryFailure, Order, Proposals } from './delivery.ts'
import { bytesOf, lookAtRepository } from './github-look.ts'
import { createFindGitHub, type GitHubPlace, type GitHubPlaces } from './github-place.ts'
import { createGitHubProposals } from './github-proposals.ts'
import { createMoves, writeUpon } from './github-write.ts'
import { checkPath, FENCED, planEdits, readImage } from './plan.ts'

export type GitHubDeliverySettings = GitHubPlaces & { readonly pause?: Pause }
type Answered<T> = Promise<Result<T, DeliveryFailure>>

/** Both ways into GitHub: by ourselves, or proposed as a pull request. */
export function createGitHubDelivery(settings: GitHubDeliverySettings): Delivery & Proposals {
  const find = createFindGitHub(settings)
  const pause = settings.pause ?? jitteredPause

  const place = (target: Target): Result<GitHubPlace & { readonly file: GitTarget }, DeliveryFailure> => {
    if (target.kind !== 'git') return err({ reason: 'target-missing', detail: 'not a target in a Git repository' })
    const path = checkPath(target.file)
    if (!path.ok) return path
    const found = find(target.git)
    return found.ok ? ok({ ...found.value, file: target }) : found
  }
  const act = async (order: Order, mode: 'write' | 'preview'): Answered<Delivered> => {
    const at = place(order.target)
    if (!at.ok) return at
    const attempt = createAttempt(at.value, order, mode)
    return untilUncontended(attempt, at.value.base, pause)
  }

  return {
    observe: async (target, name) => {
      const at = place(target)
      if (!at.ok) return at
      const { github, base, file } = at.value
      const look = await lookAtRepository(github, { base, paths: [file.file] })
      if (!look.ok) return look
      return readImage(look.value.files.get(file.file)?.bytes ?? new Uint8Array(), file, name)
    },
    deliver: (order) => act(order, 'write'),
    preview: (order) => act(order, 'preview'),
    ...createGitHubProposals(find, pause),
  }
}

function createAttempt(
  { github, base, file }: GitHubPlace & { readonly file: GitTarget },
  order: Order,
  mode: 'write' | 'preview',
): () => Promise<Result<Delivered, DeliveryFailure> | typeof CONTENDED> {
  const moves = createMoves(github)

  return async () => {
    const look = await lookAtRepository(github, { base, paths: [file.file] })
    if (!look.ok) return look
    const { oid } = look.value.base
    const ruledOut = moves.ruledOut(oid)
    if (ruledOut !== null) return ruledOut
    if (!order.stillHeld()) return err(FENCED)
    const plan = planEdits(order, [file], bytesOf(look.value.files))
    if (!plan.ok) return plan
    const { found, now, changes, diff } = plan.value
    if (changes.length === 0) return ok({ status: 'unchanged', reference: oid, previous: found, now })
    const changed = { status: 'changed', previous: found, now, diff } as const
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
