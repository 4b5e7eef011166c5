/** Health of a workload: its rollout, and before that says anything, its pods and their events. */

import type { Cluster, ClusterProblem } from '../clients/kubernetes.ts'
import { locate, type KindProblem } from '../clients/kubernetes-kinds.ts'
import { KubernetesObject, oneLine } from '../clients/kubernetes-object.ts'
import { findImage } from '../clients/kubernetes-workload.ts'
import { isSameReference } from '../domain/image.ts'
import { RetryLater } from '../domain/retry.ts'
import type { WorkloadTarget } from '../domain/target.ts'
import type { Health, HealthCheck } from './health.ts'
import { PATIENCE, type Patience, type PodTrouble } from './pod-trouble.ts'
import { findTrouble } from './pods.ts'
import { rolloutOf } from './rollout.ts'

const IMAGE_LENGTH_MAX = 256

export type KubernetesHealthOptions = {
  /** By their names in the configuration. */
  readonly clusters: ReadonlyMap<string, Cluster>
  readonly now: () => number
  readonly patience?: Patience
}

/** What a workload is to hold, and what is said where it holds something else. */
export type Expected = {
  isOurs(held: string): boolean
  /** `held` is a line for people. */
  other(held: string): Health
}

/** Looks once; the caller looks again while the answer is `progressing`. */
export function createKubernetesHealth(options: KubernetesHealthOptions): HealthCheck {
  return {
    async check(target, image) {
      if (target.kind !== 'workload') throw new Error(`a ${target.kind} target came to the health of workloads`)
      return lookAtWorkload(options, target, {
        isOurs: (held) => isSameReference(held, image),
        other: (held) => failed('moved', `${target.workload} now holds ${held}: somebody changed it`),
      })
    },
  }
}

export async function lookAtWorkload(
  options: KubernetesHealthOptions,
  target: WorkloadTarget,
  expected: Expected,
): Promise<Health> {
  const cluster = options.clusters.get(target.cluster)
  if (cluster === undefined) return failed('target-missing', `no cluster "${target.cluster}" in the configuration`)
  const located = await locate(cluster, target)
  if (!located.ok) return unreadable(located.error)
  const object = await cluster.get(located.value.path, KubernetesObject)
  if (!object.ok) return unreadable(object.error)
  const place = findImage(object.value, target)
  if (!place.ok) return failed(place.error.reason, place.error.detail)
  if (!expected.isOurs(place.value.image)) return expected.other(oneLine(place.value.image, IMAGE_LENGTH_MAX))
  const health = rolloutOf(located.value.rollout, object.value)
  if (health.state === 'healthy' || health.state === 'not-observed') return health
  const { now, patience = PATIENCE } = options
  const subject = {
    namespace: target.namespace,
    kind: located.value.rollout,
    object: object.value,
    image: place.value.image,
    now: now(),
    patience,
  }
  return explain(health, await findTrouble(cluster, subject))
}

type Unwell = Extract<Health, { readonly state: 'progressing' | 'failed' }>

function explain(health: Unwell, trouble: PodTrouble | null): Health {
  if (trouble === null) return health
  const detail = `${health.detail}; ${trouble.detail}`
  if (health.state === 'failed') return { ...health, detail }
  return trouble.isFinal ? failed(trouble.reason, trouble.detail) : { state: 'progressing', detail }
}

function unreadable({ reason, detail }: ClusterProblem | KindProblem): Health {
  if (reason === 'not-found' || reason === 'unknown-kind') return failed('target-missing', detail)
  // What we may not read now is no sign that the image is bad: a rollback would be the wrong answer
  throw new RetryLater(`the workload cannot be read: ${detail}`)
}

function failed(reason: string, detail: string): Health {
  return { state: 'failed', reason, detail }
}
