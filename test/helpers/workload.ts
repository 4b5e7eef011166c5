/** Workloads for tests: the smallest valid objects, targets and orders. */

import type { Order } from '../../src/delivery/delivery.ts'
import { ImageName, PinnedImage } from '../../src/domain/image.ts'
import type { WorkloadTarget } from '../../src/domain/target.ts'

export const APP = ImageName.parse({ registry: 'ghcr.io', repository: 'acme/app' })
export const FIRST = 'ghcr.io/acme/app:1.0.0'

/**
 * A pinned image, its digest made of its tag. The tests' cluster reads `bad` and `crash` anywhere in an image: a digest
 * of decimal digits never says so by chance.
 */
export function anApp(tag: string): PinnedImage {
  const digits = Array.from(tag, (letter) => letter.charCodeAt(0)).join('')
  return PinnedImage.parse({ ...APP, tag, digest: `sha256:${digits.padEnd(64, '0').slice(0, 64)}` })
}

export function pinned(image: PinnedImage): string {
  return `${image.registry}/${image.repository}:${image.tag}@${image.digest}`
}

export function aWorkloadTarget(target: Partial<WorkloadTarget> = {}): WorkloadTarget {
  return {
    kind: 'workload',
    cluster: 'here',
    namespace: 'payments',
    workload: 'deployment/web',
    container: 'app',
    takeover: false,
    ...target,
  }
}

export function aWorkloadOrder(order: Partial<Order> = {}): Order {
  const image = anApp('1.1.0')
  return {
    promotion: `web/prod/${image.digest}#1`,
    subscription: 'web',
    stage: 'prod',
    target: aWorkloadTarget(),
    wish: { kind: 'pinned', image },
    expected: null,
    fence: 1,
    reason: 'a push said that 1.1.0 is new',
    stillHeld: () => true,
    ...order,
  }
}

type PodTemplate = { readonly spec: object; readonly metadata: object }

export function aPodTemplate(name: string, image = FIRST, podSpec: object = {}): PodTemplate {
  return {
    metadata: { labels: { app: name } },
    spec: {
      containers: [
        { name: 'proxy', image: 'envoyproxy/envoy:v1.30.0' },
        { name: 'app', image },
      ],
      ...podSpec,
    },
  }
}

/** A Deployment with a sidecar before its app, so that the container's index is not 0. */
export function aDeployment(name = 'web', image = FIRST, spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...metadata },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: aPodTemplate(name, image),
      ...spec,
    },
  }
}
