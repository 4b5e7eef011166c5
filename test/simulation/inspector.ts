/** Watches what is saved and what is ordered, and says at once which law was broken. */

import type { Order, Proposals } from '../../src/delivery/delivery.ts'
import type { LoadedConfig } from '../../src/domain/config.ts'
import { wakeAt, type Document, type DocumentId } from '../../src/domain/document.ts'
import { formatImage } from '../../src/domain/image.ts'
import { lineId, type Line } from '../../src/domain/line.ts'
import { targetId } from '../../src/domain/target.ts'
import { trainId } from '../../src/domain/train.ts'
import type { Outbound } from '../../src/effects.ts'
import type { Chronicle } from './chronicle.ts'
import { writtenAs } from './ledger.ts'

const DOCUMENT_LENGTH_MAX = 256 * 1024
const EFFECTS_MAX = 40

export type Inspector = {
  saved(document: Document): void
  /** When a document wants somebody next, of those that nobody works on. */
  nextWake(without: ReadonlySet<DocumentId>): number
  watchOutbound(outbound: Outbound, loadedOf: () => LoadedConfig): Outbound
  readonly documents: ReadonlyMap<DocumentId, Document>
}

export function createInspector(chronicle: Chronicle): Inspector {
  const { check } = chronicle
  const documents = new Map<DocumentId, Document>()
  const opened = new Set<string>()
  /** By stage and image: the fence at which it was refused. What is claimed later must not bring it. */
  const refusedAt = new Map<string, number>()
  const atWork = new Map<string, () => boolean>()

  const savedLine = (line: Line): void => {
    for (const [name, { promotion, refused }] of Object.entries(line.stages)) {
      if (promotion !== undefined) {
        const isOld = opened.has(promotion.id)
        opened.add(promotion.id)
        const isRefused = refused.some(({ candidate }) => candidate === promotion.candidate.id)
        check(isOld || !isRefused, () => `opened although refused: ${promotion.id}`)
      }
      for (const key of refusedAt.keys()) {
        const [stage, image] = key.split(' ')
        if (stage === `${line.id}/${name}` && !refused.some((one) => one.image === image)) refusedAt.delete(key)
      }
      for (const { image } of refused) {
        const key = `${line.id}/${name} ${image}`
        if (!refusedAt.has(key)) refusedAt.set(key, line.fence)
      }
    }
  }

  const ordered = (order: Omit<Order, 'target'>, id: DocumentId, place: string, loaded: LoadedConfig): (() => void) => {
    const what = `${order.promotion} at ${place}`
    check(loaded.config.mode === 'act', () => `touched in observe mode: ${what}`)
    const fence = documents.get(id)?.fence ?? 0
    check(fence >= order.fence, () => `performed with ${order.fence} before that was saved (${fence}): ${what}`)
    if (!order.reason.startsWith('rollback')) {
      const key = `${lineId(order.subscription)}/${order.stage} ${writtenAs(order.wish)}`
      const since = id.startsWith('line/') ? refusedAt.get(key) : undefined
      check(since === undefined || order.fence <= since, () => `delivered although refused: ${what}`)
    }
    const key = `${order.promotion} ${place} ${order.reason.startsWith('rollback')}`
    check(atWork.get(key)?.() !== true || !order.stillHeld(), () => `two at work at once: ${what}`)
    if (order.stillHeld()) atWork.set(key, order.stillHeld)
    return () => {
      if (atWork.get(key) === order.stillHeld) atWork.delete(key)
    }
  }

  return {
    documents,
    saved(document) {
      const before = documents.get(document.id)
      check((before?.fence ?? 0) <= document.fence, () => `the fence of ${document.id} went back`)
      check((before?.seq ?? 0) <= document.seq, () => `the history of ${document.id} went back`)
      check(document.effects.length <= EFFECTS_MAX, () => `${document.id} has ${document.effects.length} effects`)
      if (document.kind === 'line') savedLine(document)
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
          async propose(cargo, branch, lastHead) {
            const { subscription, stage } = cargo
            const id = trainId({ git, base: 'main', subscription, stage })
            const done = ordered(cargo, id, 'pull request', loadedOf())
            return proposals.propose(cargo, branch, lastHead).finally(done)
          },
        }
      }
      return {
        health: (target) => outbound.health(target),
        proposals: watchProposals,
        delivery: (target) => {
          const delivery = outbound.delivery(target)
          return {
            ...delivery,
            async deliver(order) {
              const done = ordered(order, lineId(order.subscription), targetId(order.target), loadedOf())
              return delivery.deliver(order).finally(done)
            },
          }
        },
      }
    },
  }
}

/** What must be true of a document whenever it is saved: small enough to be saved for ever. */
export function isSmall(document: Document): boolean {
  return JSON.stringify(document).length <= DOCUMENT_LENGTH_MAX
}

export function imageOf(candidate: { readonly images: readonly Parameters<typeof formatImage>[0][] }): string {
  const [image] = candidate.images
  return image === undefined ? '' : formatImage(image)
}
