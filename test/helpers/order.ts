/** The smallest valid order; a test says only what it is about. */

import type { Order } from '../../src/delivery/delivery.ts'
import { ImageName, PinnedImage } from '../../src/domain/image.ts'
import type { GitTarget } from '../../src/domain/target.ts'

export const NAME = ImageName.parse({ registry: 'registry.example.com', repository: 'acme/payments' })
export const OLD = 'registry.example.com/acme/payments:1.4.0'

/** Version `tag` of the image that tests deliver; its digest is made of `tag`. */
export function anImage(tag = '1.5.0'): PinnedImage {
  const hex = Buffer.from(tag).toString('hex').padEnd(64, '0').slice(0, 64)
  return PinnedImage.parse({ ...NAME, tag, digest: `sha256:${hex}` })
}

export function written(image: PinnedImage): string {
  return `${image.registry}/${image.repository}:${image.tag}@${image.digest}`
}

export function aGitTarget(target: Partial<GitTarget> = {}): GitTarget {
  return { kind: 'git', git: 'gitops', file: 'apps/payments.yaml', merge: 'by-person', ...target }
}

export function anOrder(order: Partial<Order> = {}): Order {
  const image = anImage()
  return {
    promotion: `payments/prod/${image.digest}#1`,
    subscription: 'payments',
    stage: 'prod',
    target: aGitTarget(),
    wish: { kind: 'pinned', image },
    expected: null,
    fence: 1,
    reason: 'a push said that 1.5.0 is new',
    stillHeld: () => true,
    ...order,
  }
}

/** A manifest with one image, a comment, and line ends that an editor would be tempted to touch. */
export function aManifest(image = OLD): string {
  return `# kept by people\nspec:\n  containers:\n    - name: app   # the app\n      image: ${image}   # do not touch this comment\n      args: [ a, b ]\n`
}
