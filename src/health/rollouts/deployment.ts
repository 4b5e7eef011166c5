/** When a Deployment has rolled out: as `kubectl rollout status` says. */

import * as z from 'zod'
import { oneLine, type Metadata } from '../../clients/kubernetes-object.ts'
import type { Health } from '../health.ts'
import { Count, healthy, MESSAGE_LENGTH_MAX, NOT_SEEN, notObserved, progressing, SCALED_TO_ZERO } from '../states.ts'

const FIELD_MANAGER = 'drayage'

const Condition = z.object({
  type: z.string(),
  status: z.string().default(''),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastUpdateTime: z.string().default(''),
})
const Conditions = z.array(Condition).default([])

export const Deployment = z.object({
  spec: z.object({ replicas: z.number().int().default(1), paused: z.boolean().default(false) }),
  status: z
    .object({
      observedGeneration: Count,
      replicas: Count,
      updatedReplicas: Count,
      availableReplicas: Count,
      conditions: Conditions,
    })
    .prefault({}),
})

export type Deployment = z.infer<typeof Deployment>

/** How the rollout stands, from the object alone. */
export function deploymentHealth({ spec, status }: Deployment, metadata: Metadata): Health {
  if (spec.paused) {
    return progressing(
      `the Deployment is paused, so it keeps its pods: kubectl rollout resume deployment/${metadata.name}`,
    )
  }
  if (status.observedGeneration < metadata.generation) return progressing(NOT_SEEN)
  const deadline = status.conditions.find(({ reason }) => reason === 'ProgressDeadlineExceeded')
  if (deadline !== undefined && !isOlderThanOurPatch(deadline.lastUpdateTime, metadata)) {
    return { state: 'failed', reason: deadline.reason, detail: oneLine(deadline.message, MESSAGE_LENGTH_MAX) }
  }
  const { replicas, updatedReplicas, availableReplicas } = status
  if (spec.replicas === 0 && replicas === 0) return notObserved(SCALED_TO_ZERO)
  const refused = status.conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
  const why = refused === undefined ? '' : `: ${oneLine(refused.message, MESSAGE_LENGTH_MAX)}`
  if (updatedReplicas < spec.replicas) return progressing(`${updatedReplicas} of ${spec.replicas} pods are new${why}`)
  if (replicas > updatedReplicas) return progressing(`${replicas - updatedReplicas} old pods are still there`)
  if (availableReplicas < updatedReplicas) {
    return progressing(`${availableReplicas} of ${updatedReplicas} new pods are available`)
  }
  return healthy(`${availableReplicas} of ${spec.replicas} pods run it`)
}

/**
 * A rollout that goes back to an earlier ReplicaSet keeps the last one's ProgressDeadlineExceeded for a moment, its
 * generation already observed. A deadline that passed before we wrote says nothing about what we wrote.
 */
function isOlderThanOurPatch(time: string, { managedFields }: Metadata): boolean {
  const ours = managedFields
    .filter(({ manager, subresource }) => manager === FIELD_MANAGER && subresource === '')
    .map((entry) => Date.parse(entry.time))
  return Date.parse(time) <= Math.max(...ours)
}
