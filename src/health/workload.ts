/** Health of what a GitOps controller makes of our commit: a workload that runs the image by now, and its rollout. */

import type { WorkloadRule } from '../domain/health-rule.ts'
import { parseImageReference } from '../domain/image.ts'
import type { Health } from './health.ts'
import { lookAtWorkload, type KubernetesHealthOptions } from './kubernetes.ts'

/** Another applies what is in Git, and takes its time: neither a missing workload nor an older image says that ours is bad. */
export async function checkWorkload(
  options: KubernetesHealthOptions,
  rule: WorkloadRule,
  image: string,
): Promise<Health> {
  const { namespace, workload } = rule
  const health = await lookAtWorkload(
    options,
    { ...rule, kind: 'workload', takeover: false },
    {
      isOurs: (held) => isSameContent(held, image),
      other: (held) => waiting(`${workload} in ${namespace} holds ${held}: nobody has applied the new image yet`),
    },
  )
  const isMissing = health.state === 'failed' && health.reason === 'target-missing'
  return isMissing && options.clusters.has(rule.cluster) ? waiting(health.detail) : health
}

/** By digest: what a controller renders may name the image without its tag, or by a mirror. */
function isSameContent(held: string, image: string): boolean {
  if (held === image) return true
  const [left, right] = [parseImageReference(held), parseImageReference(image)]
  return left.ok && right.ok && left.value.digest !== null && left.value.digest === right.value.digest
}

function waiting(detail: string): Health {
  return { state: 'progressing', detail }
}
