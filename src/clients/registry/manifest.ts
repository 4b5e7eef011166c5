/** Reads a manifest's bytes and says what it is: an image, an index, or something that is never delivered. */

import * as z from 'zod'
import { Digest } from '../../domain/image.ts'
import { Json } from '../../domain/json.ts'
import type { ManifestKind, RegistryProblem } from '../../domain/registry.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { textOf } from './text.ts'

/** 4 MiB is what every registry has to take (distribution-spec, "Pushing manifests"). */
export const MANIFEST_BYTES_MAX = 4 * 1024 * 1024
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const INDEX_TYPES = new Set([OCI_INDEX, DOCKER_LIST])
const MANIFEST_TYPES = new Set([OCI_MANIFEST, DOCKER_MANIFEST])
const IMAGE_CONFIG_TYPES = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])
/** cosign's signatures have an image's configuration type; their layers give them away. */
const IMAGE_LAYER = /^application\/vnd\.(?:oci\.image\.layer\.|docker\.image\.rootfs\.)/u
const ATTESTATION = 'attestation-manifest'
const PLATFORM = /^[A-Za-z0-9._-]{1,64}(?:\/[A-Za-z0-9._-]{1,64}){1,2}$/u
/** Names that mean something. Go's parser, and so most of the field, takes `Layers` and `layerſ` for `layers`; we take neither. */
const MEMBERS = ['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'artifactType', 'subject', 'fsLayers']
const MEMBER_BY_FOLDED = new Map(MEMBERS.map((name) => [name.toUpperCase(), name]))

/** The one list of what we ask for. Schema 1 is not in it: its digest is not that of its bytes. */
export const MANIFEST_ACCEPT = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ')

const MediaType = z.string().min(1).max(256)
const Descriptor = z.object({
  mediaType: MediaType,
  digest: Digest,
  size: z.number().int().min(0),
  artifactType: MediaType.optional(),
  platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
})
type Descriptor = z.infer<typeof Descriptor>

const shared = {
  schemaVersion: z.literal(2),
  mediaType: MediaType.optional(),
  artifactType: MediaType.optional(),
  subject: Descriptor.nullish(),
}
const Manifest = z.object({ ...shared, config: Descriptor, layers: z.array(Descriptor) })
const Index = z.object({ ...shared, manifests: z.array(Descriptor) })

/** True for the types that we ask for; a HEAD that answers with another one need not be followed by a GET. */
export function isManifestType(mediaType: string): boolean {
  return INDEX_TYPES.has(mediaType) || MANIFEST_TYPES.has(mediaType)
}

export type ReadManifest = { readonly mediaType: string; readonly kind: ManifestKind }

/**
 * Trusts the bytes, not the header: a document that could be read as image or as index depending on the reader
 * (GHSA-qq97-vm5h-rrhg) is refused, and so is one whose own media type is not the one it was sent with.
 */
export function readManifest(bytes: Uint8Array, contentType: string | null): Result<ReadManifest, RegistryProblem> {
  const document = Json.pipe(z.record(z.string(), z.unknown())).safeParse(textOf(bytes) ?? '')
  if (!document.success) return refuse('malformed-answer', 'the manifest is not a JSON object')
  const names = Object.keys(document.data)
  const isAmbiguous = names.some((name) => (MEMBER_BY_FOLDED.get(name.toUpperCase()) ?? name) !== name)
  if (isAmbiguous || ('manifests' in document.data && ('layers' in document.data || 'config' in document.data))) {
    return refuse('malformed-answer', 'the manifest can be read in two ways')
  }
  const own = document.data['mediaType'] ?? null
  const sent = mediaTypeOf(contentType)
  if (own !== null && sent !== null && own !== sent) {
    return refuse('malformed-answer', 'the manifest says another media type than the registry')
  }
  const mediaType = typeof own === 'string' ? own : sent
  if (mediaType === null || !isManifestType(mediaType)) {
    return refuse('unsupported-manifest', 'the manifest is neither an OCI nor a Docker v2 image or index')
  }
  return kindOf(document.data, mediaType)
}

/** A `Content-Type` without its parameters, lower case; null where there is none. */
export function mediaTypeOf(contentType: string | null): string | null {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return type === '' ? null : type
}

function kindOf(document: unknown, mediaType: string): Result<ReadManifest, RegistryProblem> {
  const kind = INDEX_TYPES.has(mediaType)
    ? Index.transform(kindOfIndex).safeParse(document)
    : Manifest.transform(kindOfManifest).safeParse(document)
  if (!kind.success) {
    const where = kind.error.issues[0]?.path.join('.') ?? ''
    return refuse(
      'malformed-answer',
      `the manifest is not well formed at ${where === '' ? 'its top' : where.slice(0, 64)}`,
    )
  }
  return ok({ mediaType, kind: kind.data })
}

function kindOfManifest({ artifactType, subject, config, layers }: z.infer<typeof Manifest>): ManifestKind {
  const stranger = layers.find(({ mediaType }) => !IMAGE_LAYER.test(mediaType))
  if (artifactType !== undefined) return { kind: 'artifact', type: artifactType }
  if (!IMAGE_CONFIG_TYPES.has(config.mediaType)) return { kind: 'artifact', type: config.mediaType }
  if (stranger !== undefined) return { kind: 'artifact', type: stranger.mediaType }
  return subject ? { kind: 'artifact', type: config.mediaType } : { kind: 'image' }
}

/** The fallback list of referrers is an index too; nothing in it runs. */
function kindOfIndex({ artifactType, subject, manifests }: z.infer<typeof Index>): ManifestKind {
  if (artifactType !== undefined || subject) return { kind: 'artifact', type: artifactType ?? OCI_INDEX }
  const first = manifests[0]?.artifactType
  const isReferrers = manifests.every((child) => child.artifactType !== undefined)
  if (first !== undefined && isReferrers) return { kind: 'artifact', type: first }
  const platforms = manifests.map(platformOf).filter((platform) => platform !== null)
  return { kind: 'index', platforms: [...new Set(platforms)] }
}

/** Null for BuildKit's attestations (`unknown/unknown`), and for what no platform is called. */
function platformOf({ platform, annotations }: Descriptor): string | null {
  if (platform === undefined || annotations?.['vnd.docker.reference.type'] === ATTESTATION) return null
  const { os, architecture, variant } = platform
  const text = [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/')
  return os === 'unknown' || architecture === 'unknown' || !PLATFORM.test(text) ? null : text
}

function refuse(reason: RegistryProblem['reason'], detail: string): Result<never, RegistryProblem> {
  return err({ reason, detail })
}
