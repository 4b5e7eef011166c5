/** What a small registry holds, in memory and up to a bound: blobs, uploads under way, manifests, tags. */

import { createHash, randomUUID } from 'node:crypto'
import { Digest } from '../../domain/image.ts'

const UPLOADS_MAX = 256

export type Manifest = { readonly digest: Digest; readonly mediaType: string; readonly bytes: Buffer }
type Upload = { readonly repository: string; readonly chunks: Buffer[]; size: number }
type Repository = {
  readonly blobs: Map<string, Buffer>
  readonly manifests: Map<string, Manifest>
  readonly tags: Map<string, Digest>
}
export type RegistryStore = ReturnType<typeof createRegistryStore>

/** All repositories together hold at most `bytesMax`. */
export function createRegistryStore(bytesMax: number) {
  const repositories = new Map<string, Repository>()
  const uploads = new Map<string, Upload>()
  let held = 0

  return {
    /** False where there is no room for so much more. */
    hasRoom: (bytes: number): boolean => held + bytes <= bytesMax,
    blob: (name: string, digest: string): Buffer | undefined => repositories.get(name)?.blobs.get(digest),
    manifest: (name: string, reference: string): Manifest | undefined => {
      const repository = repositories.get(name)
      return repository?.manifests.get(repository.tags.get(reference) ?? reference)
    },
    /** Sorted; null where nothing was ever pushed there. */
    tags: (name: string): readonly string[] | null => {
      const repository = repositories.get(name)
      return repository === undefined || repository.manifests.size === 0 ? null : [...repository.tags.keys()].toSorted()
    },
    putBlob(name: string, digest: string, bytes: Buffer): void {
      const { blobs } = open(name)
      if (!blobs.has(digest)) held += bytes.length
      blobs.set(digest, bytes)
    },
    putManifest(name: string, manifest: Manifest, tag: string | null): void {
      const { manifests, tags } = open(name)
      if (!manifests.has(manifest.digest)) held += manifest.bytes.length
      manifests.set(manifest.digest, manifest)
      if (tag !== null) tags.set(tag, manifest.digest)
    },
    /** Removes a tag, or a manifest and its tags. */
    remove(name: string, reference: string): boolean {
      const repository = repositories.get(name)
      if (repository === undefined || repository.tags.delete(reference)) return repository !== undefined
      held -= repository.manifests.get(reference)?.bytes.length ?? 0
      for (const [tag, digest] of repository.tags) if (digest === reference) repository.tags.delete(tag)
      return repository.manifests.delete(reference)
    },
    /** Null where too many are under way. */
    startUpload(repository: string): string | null {
      if (uploads.size >= UPLOADS_MAX) return null
      const id = randomUUID()
      uploads.set(id, { repository, chunks: [], size: 0 })
      return id
    },
    /** The size so far; null where there is no such upload in this repository. */
    uploaded(repository: string, id: string): number | null {
      const upload = uploads.get(id)
      return upload?.repository === repository ? upload.size : null
    },
    append(id: string, bytes: Buffer): void {
      const upload = uploads.get(id)
      if (upload === undefined) return
      upload.chunks.push(bytes)
      upload.size += bytes.length
      held += bytes.length
    },
    /** The upload is over, whatever becomes of its bytes. */
    endUpload(id: string): Buffer {
      const upload = uploads.get(id)
      uploads.delete(id)
      held -= upload?.size ?? 0
      return Buffer.concat(upload?.chunks ?? [])
    },
  }

  function open(name: string): Repository {
    const known = repositories.get(name)
    if (known !== undefined) return known
    const repository: Repository = { blobs: new Map(), manifests: new Map(), tags: new Map() }
    repositories.set(name, repository)
    return repository
  }
}

/** True where the bytes are what the digest says; false for a digest that is none. */
export function isDigestOf(digest: string, bytes: Uint8Array): boolean {
  const [algorithm = '', hex] = Digest.safeParse(digest).data?.split(':') ?? []
  return hex !== undefined && createHash(algorithm).update(bytes).digest('hex') === hex
}
