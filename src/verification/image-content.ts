/** An image's manifests and configurations out of its registry, bounded: what a manifest says of a size is what is read of it. */

import * as z from 'zod'
import { Digest, type ImageName } from '../domain/image.ts'
import { Json } from '../domain/json.ts'
import type { RegistryContent } from '../domain/registry-content.ts'
import type { RegistryProblem } from '../domain/registry.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { ContentSource, FactsProblem } from './image-facts.ts'

/** An image's configuration has its history in it, and is still far smaller. */
const CONFIG_BYTES_MAX = 4 * 1024 * 1024

const Sized = Json.pipe(z.object({ config: z.object({ digest: Digest, size: z.number().int().min(0) }) }))

export function imageContent(content: RegistryContent, image: ImageName): ContentSource {
  const sizes = new Map<Digest, number>()
  return {
    async manifest(digest) {
      const manifest = await content.manifest(image, digest)
      if (!manifest.ok) return problemOf(manifest.error)
      if (manifest.value === null) return err({ reason: 'not-found', detail: `${digest} is not there` })
      const { bytes } = manifest.value
      const sized = Sized.safeParse(new TextDecoder().decode(bytes))
      if (sized.success) sizes.set(sized.data.config.digest, sized.data.config.size)
      return ok(bytes)
    },
    async blob(digest) {
      const size = sizes.get(digest)
      if (size === undefined) return err({ reason: 'malformed', detail: `no manifest says how large ${digest} is` })
      const blob = await content.blob(image, { digest, size }, CONFIG_BYTES_MAX)
      return blob.ok ? blob : problemOf(blob.error)
    },
  }
}

/** What a registry says of our rights may be mended; what it says of its bytes is final. */
function problemOf({ reason, detail }: RegistryProblem): Result<never, FactsProblem> {
  if (reason === 'answer-too-large') return err({ reason: 'too-large', detail })
  if (reason === 'unauthorized') throw new RetryLater(`${reason}: ${detail}`)
  return err({ reason: 'malformed', detail: `${reason}: ${detail}` })
}
