/** How an Argo Rollout stands: its controller says it in one word, `status.phase`. */

import * as z from 'zod'
import { oneLine, type Metadata } from '../../clients/kubernetes-object.ts'
import type { Health } from '../health.ts'
import { healthy, MESSAGE_LENGTH_MAX, NOT_SEEN, notObserved, progressing, SCALED_TO_ZERO } from '../states.ts'

export const ArgoRollout = z.object({
  spec: z.object({ replicas: z.number().int().default(1) }),
  status: z
    .object({
      /** A generation as text; before Argo Rollouts 1.0 a hash. */
      observedGeneration: z.string().default('0'),
      phase: z.string().default(''),
      message: z.string().default(''),
      abort: z.boolean().default(false),
    })
    .prefault({}),
})

export type ArgoRollout = z.infer<typeof ArgoRollout>

/** How the rollout stands, from the object alone. */
export function argoRolloutHealth({ spec, status }: ArgoRollout, metadata: Metadata): Health {
  const observed = /^[0-9]{1,15}$/u.test(status.observedGeneration) ? Number(status.observedGeneration) : null
  if (observed !== null && observed < metadata.generation) return progressing(NOT_SEEN)
  const message = oneLine(status.message, MESSAGE_LENGTH_MAX)
  if (status.abort || status.phase === 'Degraded') {
    const hint = `see: kubectl argo rollouts get rollout ${metadata.name}`
    return { state: 'failed', reason: status.abort ? 'RolloutAborted' : 'Degraded', detail: `${message}; ${hint}` }
  }
  if (status.phase === 'Healthy') return spec.replicas === 0 ? notObserved(SCALED_TO_ZERO) : healthy('phase Healthy')
  if (status.phase === 'Paused') return progressing(`paused by a step of the Rollout: ${message}`)
  return progressing(`phase ${status.phase || 'not known yet'}${message === '' ? '' : `: ${message}`}`)
}
