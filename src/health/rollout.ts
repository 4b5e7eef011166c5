/** A workload's object → how its rollout stands, by kubectl's rules (`kubectl rollout status`). Pure. */

import * as z from 'zod'
import type { RolloutKind } from '../clients/kubernetes-kinds.ts'
import { oneLine, type KubernetesObject, type Metadata } from '../clients/kubernetes-object.ts'
import type { Health } from './health.ts'
import { ArgoRollout, argoRolloutHealth } from './rollouts/argo-rollout.ts'
import { DaemonSet, daemonSetHealth } from './rollouts/daemon-set.ts'
import { Deployment, deploymentHealth } from './rollouts/deployment.ts'
import { StatefulSet, statefulSetHealth } from './rollouts/stateful-set.ts'
import { MESSAGE_LENGTH_MAX, notObserved } from './states.ts'

/** How the rollout stands; a kind that we do not know has nothing to look at. */
export function rolloutOf(kind: RolloutKind | null, object: KubernetesObject): Health {
  switch (kind) {
    case 'deployment':
      return readWith(Deployment, object, deploymentHealth)
    case 'statefulset':
      return readWith(StatefulSet, object, statefulSetHealth)
    case 'daemonset':
      return readWith(DaemonSet, object, daemonSetHealth)
    case 'rollout':
      return readWith(ArgoRollout, object, argoRolloutHealth)
    case 'cronjob':
      return notObserved('a CronJob rolls nothing out: its next run takes the image')
    case null:
      return notObserved('a custom resource, whose rollout Drayage cannot read')
  }
}

/** For the first look: is what stands there running well. */
export function runningOf(kind: RolloutKind | null, object: KubernetesObject): 'well' | 'not-well' | 'not-observed' {
  const { state } = rolloutOf(kind, object)
  if (state === 'not-observed') return 'not-observed'
  return state === 'healthy' ? 'well' : 'not-well'
}

function readWith<T>(
  shape: z.ZodType<T>,
  object: KubernetesObject,
  read: (value: T, metadata: Metadata) => Health,
): Health {
  const value = shape.safeParse(object)
  if (value.success) return read(value.data, object.metadata)
  return notObserved(`its object cannot be read: ${oneLine(z.prettifyError(value.error), MESSAGE_LENGTH_MAX)}`)
}
