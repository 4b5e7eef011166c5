/** When a DaemonSet has rolled out: as `kubectl rollout status` says. */

import * as z from 'zod'
import type { Metadata } from '../../clients/kubernetes-object.ts'
import type { Health } from '../health.ts'
import { Count, healthy, NOT_SEEN, notObserved, onDelete, progressing } from '../states.ts'

export const DaemonSet = z.object({
  spec: z.object({ updateStrategy: z.object({ type: z.string().default('RollingUpdate') }).prefault({}) }),
  status: z
    .object({
      observedGeneration: Count,
      desiredNumberScheduled: Count,
      updatedNumberScheduled: Count,
      numberAvailable: Count,
    })
    .prefault({}),
})

export type DaemonSet = z.infer<typeof DaemonSet>

/** How the rollout stands, from the object alone. */
export function daemonSetHealth({ spec, status }: DaemonSet, metadata: Metadata): Health {
  if (spec.updateStrategy.type !== 'RollingUpdate') return onDelete(spec.updateStrategy.type)
  if (status.observedGeneration < metadata.generation) return progressing(NOT_SEEN)
  const { desiredNumberScheduled: wanted, updatedNumberScheduled: updated, numberAvailable: available } = status
  if (wanted === 0) return notObserved('no node wants this DaemonSet, so nothing runs')
  if (updated < wanted) return progressing(`${updated} of ${wanted} pods are new`)
  if (available < wanted) return progressing(`${available} of ${wanted} pods are available`)
  return healthy(`${available} of ${wanted} pods run it`)
}
