/** A registry's content in memory, behind the port: what is there, what refers to what, what it refuses, and what was asked for. */

import { digestOf } from '../../src/cli/demo/image.ts'
import type { Digest } from '../../src/domain/image.ts'
import type { Descriptor, RegistryContent } from '../../src/domain/registry-content.ts'
import type { RegistryProblem } from '../../src/domain/registry.ts'
import { err, ok } from '../../src/domain/result.ts'

export type HeldContent = RegistryContent & {
  readonly asked: string[]
  /** What the registry refuses, by digest or tag; a list of referrers by `referrers/<digest>`. */
  readonly refused: Map<string, RegistryProblem>
  readonly listed: Map<Digest, readonly Digest[]>
  putBlob(content: unknown): Descriptor
  putManifest(document: unknown, tag?: string): Digest
  /** One of one platform, `linux/amd64`, with a layer for each size. */
  putImage(user?: string, sizes?: readonly number[]): Digest
}

export function heldContent(): HeldContent {
  const manifests = new Map<string, Uint8Array>()
  const blobs = new Map<string, Uint8Array>()
  const held: HeldContent = {
    asked: [],
    refused: new Map(),
    listed: new Map(),
    putBlob(content) {
      const bytes = bytesOf(content)
      blobs.set(digestOf(bytes), bytes)
      return { digest: digestOf(bytes), size: bytes.byteLength }
    },
    putManifest(document, tag) {
      const bytes = bytesOf(document)
      const digest = digestOf(bytes)
      for (const reference of [digest, tag ?? digest]) manifests.set(reference, bytes)
      return digest
    },
    putImage(user = '1000', sizes = [7]) {
      const config = held.putBlob({ os: 'linux', architecture: 'amd64', config: { User: user } })
      const layers = sizes.map((size, at) => ({ digest: digestOf(Buffer.from(`layer ${at}`)), size }))
      return held.putManifest({ config, layers })
    },
    async manifest(_image, reference) {
      held.asked.push(reference)
      const problem = held.refused.get(reference)
      if (problem !== undefined) return err(problem)
      const bytes = manifests.get(reference)
      return ok(bytes === undefined ? null : { digest: digestOf(bytes), bytes, mediaType: null })
    },
    async blob(_image, { digest }) {
      held.asked.push(digest)
      const problem = held.refused.get(digest)
      const bytes = blobs.get(digest)
      if (problem !== undefined || bytes === undefined) {
        return err(problem ?? { reason: 'tag-not-found', detail: `${digest} is not there` })
      }
      return ok(bytes)
    },
    async referrers(_image, subject) {
      const problem = held.refused.get(`referrers/${subject}`)
      if (problem !== undefined) return err(problem)
      const entries = (held.listed.get(subject) ?? []).map((digest) => ({ digest, size: 1 }))
      return ok({ entries, cut: null })
    },
  }
  return held
}

function bytesOf(content: unknown): Uint8Array {
  if (content instanceof Uint8Array) return content
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
}
