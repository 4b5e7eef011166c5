/** When a StatefulSet has rolled out: as `kubectl rollout status` says, partitions included. */

import * as z from 'zod'
import type { Metadata } from '../../clients/kubernetes-object.ts'
import type { Health } from '../health.ts'
import { Count, healthy, NOT_SEEN, notObserved, onDelete, progressing, SCALED_TO_ZERO } from '../states.ts'

export const StatefulSet = z.object({
  spec: z.object({
    replicas: z.number().int().default(1),
    updateStrategy: z
      .object({
        type: z.string().default('RollingUpdate'),
        rollingUpdate: z.object({ partition: z.number().int().nullable().default(0) }).prefault({}),
      })
      .prefault({}),
  }),
  status: z
    .object({
      observedGeneration: Count,
      readyReplicas: Count,
      updatedReplicas: Count,
      currentRevision: z.string().default(''),
      updateRevision: z.string().default(''),
    })
    .prefault({}),
})

export type StatefulSet = z.infer<typeof StatefulSet>

/** How the rollout stands, from the object alone. */
export function statefulSetHealth({ spec, status }: StatefulSet, metadata: Metadata): Health {
  const { replicas, updateStrategy } = spec
  if (updateStrategy.type !== 'RollingUpdate') return onDelete(updateStrategy.type)
  if (status.observedGeneration < metadata.generation) return progressing(NOT_SEEN)
  if (replicas === 0) return notObserved(SCALED_TO_ZERO)
  const partition = updateStrategy.rollingUpdate.partition ?? 0
  if (partition >= replicas) return notObserved(`partition ${partition} holds all ${replicas} pods back`)
  if (status.readyReplicas < replicas) return progressing(`${status.readyReplicas} of ${replicas} pods are ready`)
  const wanted = replicas - partition
  if (status.updatedReplicas < wanted) return progressing(`${status.updatedReplicas} of ${wanted} pods are new`)
  if (partition > 0)
    return healthy(`${wanted} of ${replicas} pods run it; partition ${partition} holds the others back`)
  if (status.updateRevision !== status.currentRevision) {
    return progressing(`${status.updatedReplicas} of ${replicas} pods are at revision ${status.updateRevision}`)
  }
  return healthy(`${status.readyReplicas} of ${replicas} pods run it`)
}
