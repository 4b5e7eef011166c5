/** One image under one policy, with all that was found about it: what the rules are asked with. */

import type { Evidence } from '../domain/evidence.ts'
import { formatImage, type PinnedImage } from '../domain/image.ts'
import type { Signers } from '../domain/signer.ts'
import type { Policy } from '../domain/verification-policy.ts'
import type { ImageContext } from './image-rules.ts'
import type { ScanTarget } from './scans/judge.ts'

export type Case = {
  readonly policy: Policy
  readonly image: PinnedImage
  readonly evidence: readonly Evidence[]
  readonly signers: Signers
  /** The image's platforms; null: nobody could say. */
  readonly platforms: readonly ScanTarget[] | null
  /** For image rules; null: the image could not be read. */
  readonly facts: Omit<ImageContext, 'now'> | null
  readonly runningBuiltAt: number | null
  readonly now: number
}

/** Whether a signer may sign this image at all: `docker.io/acme/payments`, `docker.io/acme/*`. */
export function maySign(name: string, { signers, image }: Pick<Case, 'signers' | 'image'>): boolean {
  const signer = Object.hasOwn(signers, name) ? signers[name] : undefined
  if (signer === undefined) return false
  const where = formatImage({ registry: image.registry, repository: image.repository })
  return signer.images === undefined || signer.images.some((pattern) => isWithin(where, pattern))
}

/** A `*` at the end stands for what is below, never for the end of a name. */
function isWithin(where: string, pattern: string): boolean {
  return pattern.endsWith('/*') ? where.startsWith(pattern.slice(0, -1)) : where === pattern
}
