/** A Git repository's server: branches of files, moved by compare-and-swap only. */

import type { Fate } from '../../src/domain/answer.ts'
import type { Cargos, Commits, Delivered, Delivery, DeliveryFailure, Order } from '../../src/delivery/delivery.ts'
import { isSameReference } from '../../src/domain/image.ts'
import { err, ok, type Result } from '../../src/domain/result.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { targetId } from '../../src/domain/target.ts'
import { isExpected } from './cluster.ts'
import { takenAs, type Ledger } from './ledger.ts'
import type { Life } from './life.ts'

const TRIES_MAX = 8

export type Repository = {
  /** The base branch: its commit, and by target id the image that its file holds. */
  base: { readonly commit: string; readonly images: ReadonlyMap<string, string> }
  commits: number
  isDown: boolean
}

export function createRepository(): Repository {
  return { base: { commit: 'c0', images: new Map() }, commits: 0, isDown: false }
}

/** A new commit upon the base. */
export function commitToBase(repository: Repository, target: string, image: string): string {
  return commitAll(repository, new Map([[target, image]]))
}

function commitAll(repository: Repository, images: ReadonlyMap<string, string>): string {
  repository.commits += 1
  const commit = `c${repository.commits}`
  repository.base = { commit, images: new Map([...repository.base.images, ...images]) }
  return commit
}

/** By target id. */
type Wanted = ReadonlyMap<string, string>
export type Surroundings = { readonly life: Life; readonly ledger: Ledger; readonly now: () => number }

/** Commits straight to the base: nobody there knows of fences, so the lease is asked, and the branch swapped. */
export function commitDelivery(repository: Repository, { life, ledger, now }: Surroundings): Delivery {
  const read = async (): Promise<Repository['base']> => {
    await life.send()
    if (repository.isDown) throw new RetryLater('the repository cannot be reached')
    const { base } = repository
    await life.receive()
    return base
  }

  const push = async (order: Order, was: string, wanted: Wanted, orderedAt: number): Promise<string | null> => {
    await life.send()
    await life.travel()
    if (repository.isDown) throw new RetryLater('the repository cannot be reached')
    const isFastForward = repository.base.commit === was
    let commit: string | null = null
    if (isFastForward) {
      const { images } = repository.base
      commit = commitAll(repository, wanted)
      const kind = order.reason.startsWith('rollback') ? 'back' : 'candidate'
      for (const [target, after] of wanted) {
        const before = images.get(target) ?? ''
        if (!isSameReference(before, after))
          ledger.write({ target, before, after, promotion: order.promotion, kind, orderedAt })
      }
    }
    await life.receive()
    return commit
  }

  const bring = async (order: Order, isPreview: boolean): Promise<Result<Delivered, DeliveryFailure>> => {
    const targets = [order.target, ...(order.also ?? [])]
    const wanted: Wanted = new Map(targets.map((target) => [targetId(target), takenAs(order.wish, target)]))
    const [first = '', ...also] = wanted.values()
    const written = { now: first, ...(also.length > 0 && { also }) }
    const orderedAt = now()
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const base = await read()
      const found = [...wanted].map(([id, image]) => ({ image, found: base.images.get(id) }))
      if (found.some((one) => one.found === undefined)) return err({ reason: 'target-missing', detail: 'no such file' })
      if (!order.stillHeld()) return err({ reason: 'fenced', detail: 'the lease ran out' })
      const other = found.filter((one) => !isSameReference(one.found ?? '', one.image))
      const previous = found[0]?.found ?? ''
      if (other.length === 0) return ok({ status: 'unchanged', reference: base.commit, previous, ...written })
      const strange = other.find((one) => !isExpected(one.found ?? '', order.expected))?.found
      if (strange !== undefined) return err({ reason: 'moved', detail: `found ${strange}`, found: strange })
      const changed = { status: 'changed', previous, ...written } as const
      if (isPreview) return ok({ ...changed, reference: base.commit })
      const commit = await push(order, base.commit, wanted, orderedAt)
      if (commit !== null) return ok({ ...changed, reference: commit })
    }
    throw new RetryLater(`the branch moved ${TRIES_MAX} times`)
  }

  return {
    async observe(target) {
      const image = (await read()).images.get(targetId(target))
      if (image === undefined) return err({ reason: 'target-missing', detail: 'no such file' })
      ledger.observed({ target: targetId(target), image, running: 'not-observed', at: now() })
      return ok({ image, running: 'not-observed' })
    },
    deliver: (order) => bring(order, false),
    preview: (order) => bring(order, true),
  }
}

export function isHeld(cargos: Cargos): boolean {
  return cargos.every((cargo) => cargo.stillHeld())
}

type Brought = { readonly image: string; readonly promotion: string }

/** What of it can be brought upon these files, by target; and what becomes of each. */
export function meet(
  cargos: Cargos,
  files: ReadonlyMap<string, string>,
): { readonly images: ReadonlyMap<string, Brought>; readonly fates: readonly Fate[] } {
  const images = new Map<string, Brought>()
  const fates = cargos.map((cargo): Fate => {
    const { promotion } = cargo
    const wanted: Wanted = new Map(cargo.targets.map((target) => [targetId(target), takenAs(cargo.wish, target)]))
    for (const [id, image] of wanted) {
      const found = files.get(id) ?? ''
      if (isSameReference(found, image) || isExpected(found, cargo.expected)) continue
      return { promotion, fate: 'stopped', reason: 'moved', detail: `found ${found}`, found }
    }
    if ([...wanted].every(([id, image]) => isSameReference(files.get(id) ?? '', image)))
      return { promotion, fate: 'there' }
    for (const [id, image] of wanted) images.set(id, { image, promotion })
    return { promotion, fate: 'aboard', diff: [...wanted.values()].map((image) => `+${image}`).join('\n') }
  })
  return { images, fates }
}

/** Several promotions as one commit to the base: the branch is swapped, and the lease asked before. */
export function commitsOf(repository: Repository, { life, ledger, now }: Surroundings): Commits {
  return {
    async commit(cargos) {
      const orderedAt = now()
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        await life.send()
        if (repository.isDown) throw new RetryLater('the repository cannot be reached')
        const { base } = repository
        await life.receive()
        if (!isHeld(cargos)) return err({ reason: 'fenced', detail: 'the lease ran out' })
        const { images, fates } = meet(cargos, base.images)
        const [stopped] = fates
        if (cargos.length === 1 && stopped?.fate === 'stopped')
          return err({ reason: 'moved', detail: stopped.detail, found: stopped.found ?? '' })
        if (images.size === 0) return ok({ commit: base.commit, fates })
        await life.send()
        await life.travel()
        if (repository.isDown) throw new RetryLater('the repository cannot be reached')
        const isFastForward = repository.base.commit === base.commit
        for (const [target, { image, promotion }] of isFastForward ? images : []) {
          const before = repository.base.images.get(target) ?? ''
          commitToBase(repository, target, image)
          if (before !== image) ledger.write({ target, before, after: image, promotion, kind: 'candidate', orderedAt })
        }
        const { commit } = repository.base
        await life.receive()
        if (isFastForward) return ok({ commit, fates })
      }
      throw new RetryLater(`the branch moved ${TRIES_MAX} times`)
    },
  }
}
