/** Health as Argo CD sees it: an `Application` that has synced what we wrote, and is healthy with it. */

import * as z from 'zod'
import type { Cluster } from '../clients/kubernetes.ts'
import { oneLine } from '../clients/kubernetes-object.ts'
import type { ArgoCdRule } from '../domain/health-rule.ts'
import { parseImageReference } from '../domain/image.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Health } from './health.ts'

const MESSAGE_LENGTH_MAX = 400

const Text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
export const Application = z.object({
  status: z
    .object({
      health: z.object({ status: Text, message: Text }).nullish(),
      sync: z.object({ status: Text }).nullish(),
      operationState: z.object({ phase: Text, message: Text }).nullish(),
      summary: z.object({ images: z.array(z.string()).nullish() }).nullish(),
    })
    .nullish(),
})
export type Application = z.infer<typeof Application>

export async function checkArgoCd(cluster: Cluster, rule: ArgoCdRule, image: string): Promise<Health> {
  const { namespace, application } = rule
  const found = await cluster.get(
    `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${application}`,
    Application,
  )
  if (found.ok) return healthOfApplication(found.value, application, image)
  if (found.error.reason === 'not-found') {
    const detail = `there is no application ${application} in ${namespace}`
    return { state: 'failed', reason: 'target-missing', detail }
  }
  throw new RetryLater(`the application ${application} cannot be read: ${found.error.detail}`)
}

/** Argo CD looks at Git every few minutes: until it runs our image, what it says is about an older one. Pure. */
export function healthOfApplication({ status }: Application, name: string, image: string): Health {
  const images = status?.summary?.images ?? []
  const operation = status?.operationState
  if (!runs(images, image)) {
    const isStuck = operation?.phase === 'Failed' || operation?.phase === 'Error'
    const why = isStuck ? `; its last sync failed: ${oneLine(operation.message, MESSAGE_LENGTH_MAX)}` : ''
    return { state: 'progressing', detail: `application ${name} does not run it yet${why}` }
  }
  const health = status?.health?.status ?? ''
  const said = oneLine(status?.health?.message ?? '', MESSAGE_LENGTH_MAX)
  if (health === 'Degraded') {
    return {
      state: 'failed',
      reason: 'Degraded',
      detail: `application ${name} is degraded${said === '' ? '' : `: ${said}`}`,
    }
  }
  const sync = status?.sync?.status ?? ''
  if (health === 'Healthy' && sync === 'Synced') {
    return { state: 'healthy', detail: `application ${name} is synced and healthy` }
  }
  const state = [sync, health].filter((word) => word !== '').join(', ')
  return { state: 'progressing', detail: `application ${name} is ${state === '' ? 'not looked at yet' : state}` }
}

/** By digest: Argo CD may show the image under a mirror's name, or without its tag. */
function runs(images: readonly string[], image: string): boolean {
  const wanted = parseImageReference(image)
  const digest = wanted.ok ? wanted.value.digest : null
  return images.some((one) => one === image || (digest !== null && one.endsWith(`@${digest}`)))
}
