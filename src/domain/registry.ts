/** What a registry answers about an image: the one truth behind every event. */

import type { Digest, ImageName, Registry, Tag } from './image.ts'
import type { Result } from './result.ts'

/** By one HEAD (a GET where the registry's HEAD gives no digest). */
export type Resolved = { readonly digest: Digest; readonly mediaType: string }

/** By one GET, its bytes hashed against the digest that was asked for. */
export type ManifestKind =
  | { readonly kind: 'image' }
  | { readonly kind: 'index'; readonly platforms: readonly string[] }
  /** A Helm chart, a signature, an SBOM …: never delivered. */
  | { readonly kind: 'artifact'; readonly type: string }

/** What is left of a registry's rate limit. */
export type Quota = { readonly limit: number | null; readonly remaining: number; readonly windowSeconds: number | null }

export type RegistryProblem = {
  readonly reason:
    | 'tag-not-found'
    | 'unauthorized'
    | 'realm-not-allowed'
    /** The registry's name leads to an address that nobody may make us call. */
    | 'address-not-allowed'
    | 'redirect-not-allowed'
    | 'digest-mismatch'
    | 'malformed-answer'
    | 'answer-too-large'
    | 'unsupported-manifest'
  readonly detail: string
}

/** Registries by image: throws where "later" may help (down, 429, 5xx). `retryAfterMs` on the error where it said when. */
export type Registries = {
  /** `known`: asked whether it is still this one, which costs a registry that can tell less. */
  resolve(image: ImageName & { readonly tag: Tag }, known?: Digest): Promise<Result<Resolved, RegistryProblem>>
  inspect(image: ImageName & { readonly digest: Digest }): Promise<Result<ManifestKind, RegistryProblem>>
  listTags(image: ImageName): Promise<Result<readonly string[], RegistryProblem>>
  /** The rate limit that the registry spoke of last; null where it never did. */
  quotaOf?(registry: Registry): Quota | null
}
