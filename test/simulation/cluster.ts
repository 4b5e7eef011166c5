/** A cluster as our adapter meets it: read, then one patch that tests the image and the fence that were read. */

import type { Delivered, Delivery, DeliveryFailure, Found, Order } from '../../src/delivery/delivery.ts'
import { isSameReference } from '../../src/domain/image.ts'
import { err, ok, type Result } from '../../src/domain/result.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { targetId } from '../../src/domain/target.ts'
import { writtenAs, type Ledger } from './ledger.ts'
import type { Life } from './life.ts'

const TRIES_MAX = 12

/** Its containers share one annotation of fences, by subscription. */
type Workload = { readonly images: Map<string, string>; fences: ReadonlyMap<string, number>; generation: number }

export type Cluster = {
  readonly workloads: Map<string, Workload>
  running: Found['running']
  isDown: boolean
  /** A planted fault. */
  ignoresFences: boolean
}

export function createCluster(): Cluster {
  return { workloads: new Map(), running: 'well', isDown: false, ignoresFences: false }
}

/** By the target's id, whose last part names the container. */
export function workloadOf(cluster: Cluster, target: string): Workload {
  const name = target.slice(0, target.lastIndexOf('/'))
  const known = cluster.workloads.get(name) ?? { images: new Map(), fences: new Map(), generation: 1 }
  cluster.workloads.set(name, known)
  return known
}

type Seen = { readonly image: string; readonly fences: ReadonlyMap<string, number>; readonly generation: number }

type Surroundings = { readonly life: Life; readonly ledger: Ledger; readonly now: () => number }

export function clusterDelivery(cluster: Cluster, { life, ledger, now }: Surroundings): Delivery {
  const read = async (id: string): Promise<Seen | null> => {
    await life.send()
    if (cluster.isDown) throw new RetryLater('the API server is down')
    const { images, fences, generation } = workloadOf(cluster, id)
    const image = images.get(id)
    await life.receive()
    return image === undefined ? null : { image, fences, generation }
  }

  /** Null: somebody wrote between our reading and our writing. */
  const patch = async (order: Order, seen: Seen, image: string, orderedAt: number): Promise<string | null> => {
    const id = targetId(order.target)
    await life.send()
    await life.travel()
    if (cluster.isDown) throw new RetryLater('the API server is down')
    const workload = workloadOf(cluster, id)
    const before = workload.images.get(id) ?? ''
    const isFenceAsRead =
      seen.fences.size === 0 ? workload.generation === seen.generation : workload.fences === seen.fences
    const isAsRead = before === seen.image && (isFenceAsRead || cluster.ignoresFences)
    if (isAsRead) {
      workload.fences = new Map([...seen.fences, [order.subscription, order.fence]])
      workload.generation += 1
      workload.images.set(id, image)
      const kind = order.reason.startsWith('rollback') ? 'back' : 'candidate'
      if (before !== image)
        ledger.write({ target: id, before, after: image, promotion: order.promotion, kind, orderedAt })
    }
    const reference = isAsRead ? `generation/${workload.generation}` : null
    await life.receive()
    return reference
  }

  const bring = async (order: Order, isPreview: boolean): Promise<Result<Delivered, DeliveryFailure>> => {
    const id = targetId(order.target)
    const image = writtenAs(order.wish)
    const orderedAt = now()
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const seen = await read(id)
      if (seen === null) return err({ reason: 'target-missing', detail: id })
      if ((seen.fences.get(order.subscription) ?? 0) > order.fence && !cluster.ignoresFences)
        return err({ reason: 'fenced', detail: 'newer' })
      const isThere = isSameReference(seen.image, image)
      if (!isThere && !isExpected(seen.image, order.expected))
        return err({ reason: 'moved', detail: `found ${seen.image}`, found: seen.image })
      if (!order.stillHeld()) return err({ reason: 'fenced', detail: 'the lease ran out' })
      const status = isThere ? 'unchanged' : 'changed'
      const written = isThere ? seen.image : image
      if (isPreview) return ok({ status, reference: 'preview', previous: seen.image, now: written })
      const reference = await patch(order, seen, written, orderedAt)
      if (reference !== null) return ok({ status, reference, previous: seen.image, now: written })
    }
    throw new RetryLater(`${id} was changed by others ${TRIES_MAX} times`)
  }

  return {
    async observe(target) {
      const id = targetId(target)
      const seen = await read(id)
      if (seen === null) return err({ reason: 'target-missing', detail: id })
      ledger.observed({ target: id, image: seen.image, running: cluster.running, at: now() })
      return ok({ image: seen.image, running: cluster.running })
    },
    deliver: (order) => bring(order, false),
    preview: (order) => bring(order, true),
  }
}

/** As the adapters take it: null is whatever stands there. */
export function isExpected(image: string, expected: Order['expected']): boolean {
  return expected === null || expected.some((one) => isSameReference(one, image))
}
