/** Whether nodes could pull from a registry host that the workload did not use before. Says no only where that is certain. */

import * as z from 'zod'
import type { Cluster } from '../clients/kubernetes.ts'
import type { ImagePlace } from '../clients/kubernetes-workload.ts'
import { parseImageReference, type Registry } from '../domain/image.ts'
import type { WorkloadTarget } from '../domain/target.ts'
import type { DeliveryFailure } from './delivery.ts'

/** These serve public images too, so an image from there may need no secret. */
const PUBLIC_HOSTS: ReadonlySet<string> = new Set([
  'docker.io',
  'gcr.io',
  'ghcr.io',
  'mcr.microsoft.com',
  'mirror.gcr.io',
  'public.ecr.aws',
  'quay.io',
  'registry.gitlab.com',
  'registry.k8s.io',
])
/** For these the nodes of their own cloud hold credentials themselves. */
const CLOUD_HOST = /\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$|\.pkg\.dev$|\.gcr\.io$|\.azurecr\.(?:io|cn|us)$/u

const ServiceAccount = z.object({ imagePullSecrets: z.array(z.unknown()).default([]) })

/** What a secret holds we never read: one secret of any name is taken to cover the host. */
export async function findMissingPullSecret(
  cluster: Cluster,
  target: WorkloadTarget,
  place: ImagePlace,
  next: string,
): Promise<DeliveryFailure | null> {
  const host = newHost(place.image, next)
  if (host === null || PUBLIC_HOSTS.has(host) || CLOUD_HOST.test(host)) return null
  if (place.podSpec === null || place.podSpec.imagePullSecrets.length > 0) return null
  const account = place.podSpec.serviceAccountName
  const path = `/api/v1/namespaces/${target.namespace}/serviceaccounts/${encodeURIComponent(account)}`
  const found = await cluster.get(path, ServiceAccount)
  if (found.ok ? found.value.imagePullSecrets.length > 0 : found.error.reason !== 'not-found') return null
  const detail =
    `the image moves to ${host}, and neither ${target.workload} nor its service account "${account}" names an imagePullSecret: ` +
    `create one for ${host} and name it there, or, if ${host} needs none, write the new host into the workload once by hand`
  return { reason: 'pull-secret-missing', detail }
}

function newHost(previous: string, next: string): Registry | null {
  const [before, after] = [parseImageReference(previous), parseImageReference(next)]
  if (!before.ok || !after.ok || before.value.registry === after.value.registry) return null
  return after.value.registry
}
