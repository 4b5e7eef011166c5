/** What a registry holds besides tags: manifests and blobs by their digest, and what refers to a digest. Every byte is hashed. */

import type { Digest, ImageName, Tag } from './image.ts'
import type { RegistryProblem } from './registry.ts'
import type { Result } from './result.ts'

export type ManifestBytes = { readonly digest: Digest; readonly bytes: Uint8Array; readonly mediaType: string | null }

/** What an index says of a referrer; only the digest is taken from it, whoever wrote it. */
export type ReferrerEntry = { readonly digest: Digest; readonly size: number }
export type Referrers = {
  readonly entries: readonly ReferrerEntry[]
  /** Not null: there are more than we read, for a person. */
  readonly cut: string | null
}

export type Descriptor = { readonly digest: Digest; readonly size: number }

/** Throws where "later" may help, like `Registries`. */
export type RegistryContent = {
  /** Null: not there. By digest, the bytes have that digest. */
  manifest(image: ImageName, reference: Digest | Tag): Promise<Result<ManifestBytes | null, RegistryProblem>>
  /** Hardly more than the descriptor's size is read; a larger one than `bytesMax` is not asked for. */
  blob(image: ImageName, descriptor: Descriptor, bytesMax: number): Promise<Result<Uint8Array, RegistryProblem>>
  /** By the referrers API and by the fallback tag, one as good as the other. */
  referrers(image: ImageName, subject: Digest): Promise<Result<Referrers, RegistryProblem>>
}
