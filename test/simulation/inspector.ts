/** Watches what is saved and what is ordered, and says at once which law was broken. */

import type { Fate } from '../../src/domain/answer.ts'
import type { Cargos, Order, ProposalFailure, Proposals } from '../../src/delivery/delivery.ts'
import type { Result } from '../../src/domain/result.ts'
import type { LoadedConfig } from '../../src/domain/config.ts'
import { wakeAt, type Document, type DocumentId } from '../../src/domain/document.ts'
import { lineId } from '../../src/domain/line.ts'
import { candidateOfPromotion } from '../../src/domain/promotion.ts'
import { targetId } from '../../src/domain/target.ts'
import { trainId } from '../../src/domain/train.ts'
import type { Outbound } from '../../src/effects.ts'
import type { Chronicle } from './chronicle.ts'
import { createDocumentChecks } from './document-checks.ts'
import type { Act, Grounds } from './grounds.ts'
import { numberOf, short, writtenAs, type Ledger } from './ledger.ts'

/** No schedule that ends needs so many. */
const SAVES_MAX = 4_000

export type Inspector = {
  saved(document: Document): void
  /** When a document wants somebody next, of those that nobody works on. */
  nextWake(without: ReadonlySet<DocumentId>): number
  watchOutbound(outbound: Outbound, loadedOf: () => LoadedConfig): Outbound
  readonly documents: ReadonlyMap<DocumentId, Document>
}

export type InspectorOptions = {
  readonly chronicle: Chronicle
  readonly ledger: Ledger
  readonly grounds: Grounds
  readonly now: () => number
  /** Whether a person's commit is, or was, on the branch. */
  readonly hadForeignCommit: (branch: string) => boolean
}

export function createInspector(options: InspectorOptions): Inspector {
  const { chronicle, ledger, grounds, now } = options
  const { check } = chronicle
  const documents = new Map<DocumentId, Document>()
  const checks = createDocumentChecks(options)
  const atWork = new Map<string, () => boolean>()
  let saves = 0

  const ordered = (order: Omit<Order, 'target'>, id: DocumentId, place: string, loaded: LoadedConfig): (() => void) => {
    const what = `${order.promotion} at ${place}`
    check(loaded.config.mode === 'act', () => `touched in observe mode: ${what}`)
    const act = actOf(order, id, place)
    // What was begun is repeated until it answers; what its line has taken back by then is closed again, and never merged.
    if (act.kind !== 'propose' || !isTakenBack(documents.get(id), act.promotion)) grounds.judge(act, loaded)
    const fence = documents.get(id)?.fence ?? 0
    check(fence >= order.fence, () => `performed with ${order.fence} before that was saved (${fence}): ${what}`)
    if (!order.reason.startsWith('rollback') && id.startsWith('line/')) {
      const since = checks.refusedAt(id, order.stage, writtenAs(order.wish))
      check(since === null || order.fence <= since, () => `delivered although refused: ${what}`)
    }
    const key = `${order.promotion} ${place} ${order.reason.startsWith('rollback')}`
    check(atWork.get(key)?.() !== true || !order.stillHeld(), () => `two at work at once: ${what}`)
    if (order.stillHeld()) atWork.set(key, order.stillHeld)
    return () => {
      if (atWork.get(key) === order.stillHeld) atWork.delete(key)
    }
  }

  const actOf = (order: Omit<Order, 'target'>, id: DocumentId, place: string): Act => {
    const { subscription, stage, promotion, wish } = order
    const digest = wish.kind === 'pinned' ? wish.image.digest : ''
    const isBack = order.reason.startsWith('rollback')
    const kind = isBack ? 'back' : id.startsWith('line/') || place.endsWith(' commit') ? 'deliver' : 'propose'
    return { subscription, stage, promotion, digest, kind: wish.kind === 'pinned' ? kind : 'back' }
  }

  /** What is not as expected was put there by a person; what we put there ourselves must not surprise us. */
  const answered = (order: Omit<Order, 'target'>, id: DocumentId, targets: readonly string[], found: string): void => {
    const effects = documents.get(id)?.effects ?? []
    if (!order.stillHeld() || !effects.some(({ fence }) => fence === order.fence)) return
    // An older candidate stops at a newer one of ours that arrived late: that is no surprise, but a bound.
    const isNewer = isNewerThan(found, writtenAs(order.wish))
    check(ledger.isHand(found) || isNewer, () => `took our own ${short(found)} for a person's: ${order.promotion}`)
    // An older one that somebody put back is seen by this, and what is newer goes on over it.
    const isRevert = ledger.isHand(found) && (numberOf(found) ?? Infinity) < (numberOf(writtenAs(order.wish)) ?? 0)
    for (const target of targets) {
      if (isRevert) ledger.observed({ target, image: found, running: 'not-observed', at: now() })
      else ledger.collided(target, candidateOfPromotion(order.promotion))
    }
  }

  return {
    documents,
    saved(document) {
      saves += 1
      check(saves <= SAVES_MAX, () => `${document.id} never rests`)
      checks.saved(documents.get(document.id), document)
      documents.set(document.id, document)
    },
    nextWake(without) {
      let next = Number.POSITIVE_INFINITY
      for (const [id, document] of documents) {
        if (!without.has(id)) next = Math.min(next, wakeAt(document) ?? Number.POSITIVE_INFINITY)
      }
      return next
    },
    watchOutbound(outbound, loadedOf) {
      const watchProposals = (git: string): Proposals => {
        const proposals = outbound.proposals(git)
        return {
          ...proposals,
          async merge(name, number, head) {
            const train = [...documents.values()].find(
              (one) => one.kind === 'train' && one.pullRequest?.number === number,
            )
            if (train?.kind === 'train' && train.pullRequest !== null) {
              for (const { promotion, stage, line, images } of train.pullRequest.shows) {
                const subscription = line.replace('line/', '')
                grounds.judge({ subscription, stage, promotion, digest: images[0].digest, kind: 'merge' }, loadedOf())
              }
            }
            return proposals.merge(name, number, head)
          },
          propose: (cargos, known) => {
            const train = [...documents.values()].find((one) => one.kind === 'train' && one.branch === known.branch)
            return watched(train?.id ?? '', cargos, 'pull request', () => proposals.propose(cargos, known))
          },
        }
      }
      /** By train: each that travels, and what is said of the one that is stopped. */
      const watched = async <T extends Result<{ fates: readonly Fate[] }, ProposalFailure>>(
        id: DocumentId,
        cargos: Cargos,
        place: 'pull request' | 'commit',
        act: () => Promise<T>,
      ): Promise<T> => {
        const loaded = loadedOf()
        const done = cargos.map((cargo) => ordered(cargo, id, `${cargo.subscription} ${place}`, loaded))
        const answer = await act().finally(() => done.forEach((end) => end()))
        for (const [index, cargo] of cargos.entries()) {
          const alone = !answer.ok && index === 0 ? answer.error : undefined
          const fate = answer.ok ? answer.value.fates.find((one) => one.promotion === cargo.promotion) : undefined
          const stopped = fate?.fate === 'stopped' ? fate : alone
          if (stopped?.reason === 'moved') answered(cargo, id, cargo.targets.map(targetId), stopped.found ?? '')
        }
        return answer
      }
      return {
        ...outbound,
        proposals: watchProposals,
        commits: (git) => ({
          commit: (cargos) => {
            // Whoever goes alone there goes without a train.
            const id = trainId({ git, base: 'main', subscription: null, stage: cargos[0].stage })
            return watched(id, cargos, 'commit', () => outbound.commits(git).commit(cargos))
          },
        }),
        delivery: (target) => {
          const delivery = outbound.delivery(target)
          return {
            ...delivery,
            async deliver(order) {
              const id = lineId(order.subscription)
              const done = ordered(order, id, targetId(order.target), loadedOf())
              const delivered = await delivery.deliver(order).finally(done)
              if (!delivered.ok && delivered.error.reason === 'moved')
                answered(order, id, [targetId(order.target)], delivered.error.found ?? '')
              return delivered
            },
          }
        },
      }
    },
  }
}

/** By its number; of two with one tag the later content has the greater digest. */
function isNewerThan(found: string, wish: string): boolean {
  const [left, right] = [numberOf(found) ?? 0, numberOf(wish) ?? 0]
  return left === right ? found > wish && found.includes('@') : left > right
}

function isTakenBack(document: Document | undefined, promotion: string): boolean {
  if (document?.kind !== 'train') return false
  const line = document.cargos.find((cargo) => cargo.promotion === promotion)?.line
  return document.next.some((one) => one.line === line && (one.kind === 'drop' || one.promotion !== promotion))
}
