/** Reads an image's facts through the registry: its index, each platform's manifest and configuration, every digest recomputed. */

import * as z from 'zod'
import type { ImageFacts, PlatformFacts } from '../domain/image-facts.ts'
import { Digest } from '../domain/image.ts'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'

/** More platforms than any image has; an index may list thousands. */
const PLATFORMS_MAX = 64
const LAYERS_MAX = 1_024
const LABELS_MAX = 1_024
const ATTESTATION = 'attestation-manifest'

/** Why facts can't be had: never "clean". */
export type FactsProblem = { readonly reason: 'malformed' | 'too-large' | 'not-found'; readonly detail: string }

/** Bytes by digest, already checked against it. Throws where "later" may help. */
export type ContentSource = {
  manifest(digest: Digest): Promise<Result<Uint8Array, FactsProblem>>
  blob(digest: Digest): Promise<Result<Uint8Array, FactsProblem>>
}

/** Go writes `null` where a map or list is empty. */
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {})
  .refine((value) => Object.keys(value).length <= LABELS_MAX, `more than ${LABELS_MAX} entries`)
const Platform = z.object({
  os: z.string().max(64),
  architecture: z.string().max(64),
  variant: z.string().max(64).optional(),
})
const Child = z.object({ digest: Digest, platform: Platform.optional(), annotations: texts })
const Index = z.object({ manifests: z.array(Child).max(4 * PLATFORMS_MAX), annotations: texts })
const Manifest = z.object({
  config: z.object({ digest: Digest }),
  layers: z.array(z.object({ digest: Digest, size: z.number().int().min(0) })).max(LAYERS_MAX),
  annotations: texts,
})
const ImageConfig = Platform.partial().extend({
  config: z
    .object({ User: z.string().max(256).nullish(), Labels: texts })
    .nullish()
    .transform((value) => value ?? { User: '', Labels: {} }),
})

/** One request per index, manifest and configuration: `1 + 2 × platforms` at most. */
export async function readImageFacts(source: ContentSource, digest: Digest): Promise<Result<ImageFacts, FactsProblem>> {
  const top = await source.manifest(digest)
  if (!top.ok) return top
  const document = Json.safeParse(new TextDecoder().decode(top.value))
  if (!document.success) return malformed(digest, 'it is not JSON')
  if (!isIndex(document.data)) {
    const platform = await platformOf(source, digest, top.value, null)
    return platform.ok ? ok({ digest, annotations: {}, platforms: [platform.value] }) : platform
  }
  const index = Index.safeParse(document.data)
  if (!index.success) return malformed(digest, 'the index is not well formed')
  const children = index.data.manifests.filter(isPlatform)
  if (children.length > PLATFORMS_MAX)
    return err({ reason: 'too-large', detail: `more than ${PLATFORMS_MAX} platforms` })
  const platforms: PlatformFacts[] = []
  for (const child of children) {
    const bytes = await source.manifest(child.digest)
    if (!bytes.ok) return bytes
    const facts = await platformOf(source, child.digest, bytes.value, nameOf(child.platform))
    if (!facts.ok) return facts
    platforms.push(facts.value)
  }
  return ok({ digest, annotations: index.data.annotations, platforms })
}

function isIndex(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'manifests' in document
}

/** BuildKit lists its attestations as `unknown/unknown`. */
function isPlatform({ platform, annotations }: z.infer<typeof Child>): boolean {
  return annotations['vnd.docker.reference.type'] !== ATTESTATION && platform?.os !== 'unknown'
}

async function platformOf(
  source: ContentSource,
  digest: Digest,
  bytes: Uint8Array,
  listedAs: string | null,
): Promise<Result<PlatformFacts, FactsProblem>> {
  const manifest = Json.pipe(Manifest).safeParse(new TextDecoder().decode(bytes))
  if (!manifest.success) return malformed(digest, 'the manifest is not well formed')
  const blob = await source.blob(manifest.data.config.digest)
  if (!blob.ok) return blob
  const config = Json.pipe(ImageConfig).safeParse(new TextDecoder().decode(blob.value))
  if (!config.success) return malformed(digest, "the image's configuration is not well formed")
  const { User, Labels } = config.data.config
  return ok({
    platform: listedAs ?? nameOf(config.data),
    digest,
    layers: manifest.data.layers,
    user: User ?? '',
    labels: Labels,
    annotations: manifest.data.annotations,
  })
}

type Named = { os?: string | undefined; architecture?: string | undefined; variant?: string | undefined }

function nameOf(platform: Named | undefined): string | null {
  if (platform?.os === undefined || platform.architecture === undefined) return null
  return [platform.os, platform.architecture, platform.variant ?? ''].filter((part) => part !== '').join('/')
}

function malformed(digest: Digest, detail: string): Result<never, FactsProblem> {
  return err({ reason: 'malformed', detail: `${digest}: ${detail}` })
}
