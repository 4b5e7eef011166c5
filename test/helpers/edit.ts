/** The smallest valid image of an edit. */

import { PinnedImage } from '../../src/domain/image.ts'

/** `ghcr.io/acme/payments:1.5.0@sha256:dddd…` where the test says nothing else. */
export function aPinnedImage(parts: Partial<Record<keyof PinnedImage, string>> = {}): PinnedImage {
  const digest = `sha256:${'d'.repeat(64)}`
  return PinnedImage.parse({ registry: 'ghcr.io', repository: 'acme/payments', tag: '1.5.0', digest, ...parts })
}
