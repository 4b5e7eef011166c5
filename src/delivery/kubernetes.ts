/** Delivery to a workload: one JSON Patch that the server applies only if nothing that we read has changed. */

import type { Cluster, ClusterProblem } from '../clients/kubernetes.ts'
import { locate, type KindProblem, type Located } from '../clients/kubernetes-kinds.ts'
import { KubernetesObject, valueAt } from '../clients/kubernetes-object.ts'
import { findImage, runsAsAt, type ImagePlace } from '../clients/kubernetes-workload.ts'
import { parseImageReference } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Target, WorkloadTarget } from '../domain/target.ts'
import type { Delivered, Delivery, DeliveryFailure, Found, Order } from './delivery.ts'
import { findMissingPullSecret } from './pull-secret.ts'
import { checkRepository, planDelivery, type Plan, type WorkloadOrder } from './workload.ts'

export type KubernetesDeliveryOptions = {
  /** By their names in the configuration. */
  readonly clusters: ReadonlyMap<string, Cluster>
  /** Whether an object of this kind runs well: the rollout function of the health step. */
  readonly runningOf: (kind: Located['rollout'], object: KubernetesObject) => Found['running']
  readonly sleep: (ms: number) => Promise<void>
  /** 0 ≤ x < 1. */
  readonly random: () => number
}

const FIELD_MANAGER = 'drayage'
/** Twenty writers at one object were all served within twelve tries. */
const TRIES_MAX = 12
const PAUSE_MS_STEP = 40

type Current = { readonly located: Located; readonly object: KubernetesObject; readonly place: ImagePlace }
type Mode = 'act' | 'preview'

/** Patches workloads. Reads, decides, asks whether its lease still holds, and writes. */
export function createKubernetesDelivery(options: KubernetesDeliveryOptions): Delivery {
  return {
    async observe(target, name) {
      const aim = aimAt(target, options)
      if (!aim.ok) return aim
      const current = await look(aim.value.cluster, aim.value.target)
      if (!current.ok) return current
      const { located, object, place } = current.value
      const known = checkRepository(place, name, aim.value.target)
      if (!known.ok) return known
      const runsAs = runsAsAt(place, aim.value.target.workload)
      const running = options.runningOf(located.rollout, object)
      return ok({ image: place.image, running, ...(runsAs !== null && { runsAs }) })
    },
    deliver: (order) => bring(order, 'act', options),
    preview: (order) => bring(order, 'preview', options),
  }
}

async function bring(
  order: Order,
  mode: Mode,
  options: KubernetesDeliveryOptions,
): Promise<Result<Delivered, DeliveryFailure>> {
  const aim = aimAt(order.target, options)
  if (!aim.ok) return aim
  const { cluster, target } = aim.value
  for (let attempt = 1; attempt <= TRIES_MAX; attempt += 1) {
    const tried = await attemptOnce(cluster, { ...order, target }, mode)
    if (tried !== 'contended') return tried
    await options.sleep(options.random() * PAUSE_MS_STEP * attempt)
  }
  throw new RetryLater(`${target.workload} was changed by others ${TRIES_MAX} times while we tried to write`)
}

/** `contended`: somebody wrote between our reading and our writing, so what we decided is void. */
async function attemptOnce(
  cluster: Cluster,
  order: WorkloadOrder,
  mode: Mode,
): Promise<Result<Delivered, DeliveryFailure> | 'contended'> {
  const current = await look(cluster, order.target)
  if (!current.ok) return current
  const { located, object, place } = current.value
  const plan = planDelivery(object, place, order)
  if (!plan.ok) return plan
  const uncovered = await findMissingPullSecret(cluster, order.target, place, plan.value.now)
  if (uncovered !== null) return err(uncovered)
  if (!order.stillHeld()) {
    return err({ reason: 'fenced', detail: 'the lease ran out before the write: another attempt may be at work' })
  }
  const query = { fieldManager: FIELD_MANAGER, ...(mode === 'preview' ? { dryRun: 'All' } : {}) }
  const patched =
    plan.value.patch.length === 0
      ? ok(object)
      : await cluster.patch(located.path, plan.value.patch, query, KubernetesObject)
  if (patched.ok) return delivered(plan.value, patched.value, place)
  if (patched.error.reason === 'conflict') return 'contended'
  // Some admission webhooks cannot be asked without acting; all else was checked
  const isUnaskable = mode === 'preview' && /dry.?run/iu.test(patched.error.detail)
  return isUnaskable ? delivered(plan.value, object, null) : err(failureOf(patched.error))
}

/** What stands there is read back: an admission webhook may have written another name, but never another content. */
function delivered(
  { status, previous, now }: Plan,
  object: KubernetesObject,
  place: ImagePlace | null,
): Result<Delivered, DeliveryFailure> {
  const read = place === null ? now : valueAt(object, place.steps)
  const written = typeof read === 'string' ? read : ''
  const [wanted, stands] = [parseImageReference(now), parseImageReference(written)]
  if (wanted.ok && wanted.value.digest !== null && (!stands.ok || stands.value.digest !== wanted.value.digest)) {
    const detail = `the cluster changed the image to ${written} while it was written: an admission webhook rewrites images`
    return err({ reason: 'refused-by-target', detail, found: written })
  }
  return ok({ status, reference: `generation/${object.metadata.generation}`, previous, now: written })
}

async function look(cluster: Cluster, target: WorkloadTarget): Promise<Result<Current, DeliveryFailure>> {
  const located = await locate(cluster, target)
  if (!located.ok) return err(failureOf(located.error))
  const object = await cluster.get(located.value.path, KubernetesObject)
  if (!object.ok) return err(failureOf(object.error))
  const place = findImage(object.value, target)
  return place.ok ? ok({ located: located.value, object: object.value, place: place.value }) : place
}

function aimAt(
  target: Target,
  { clusters }: KubernetesDeliveryOptions,
): Result<{ readonly cluster: Cluster; readonly target: WorkloadTarget }, DeliveryFailure> {
  if (target.kind !== 'workload') throw new Error(`a ${target.kind} target came to the delivery to workloads`)
  const cluster = clusters.get(target.cluster)
  if (cluster !== undefined) return ok({ cluster, target })
  return err({ reason: 'target-missing', detail: `no cluster "${target.cluster}" in the configuration` })
}

function failureOf({ reason, detail }: ClusterProblem | KindProblem): DeliveryFailure {
  switch (reason) {
    case 'not-found':
    case 'unknown-kind':
      return { reason: 'target-missing', detail }
    case 'forbidden':
      return { reason: 'forbidden', detail: `${detail}: give Drayage's account the Role in infra/kubernetes` }
    case 'denied':
    case 'invalid':
    case 'immutable-kind':
      return { reason: 'refused-by-target', detail }
    case 'conflict':
    case 'malformed-answer':
      throw new RetryLater(`the API server answered: ${detail}`)
  }
}
