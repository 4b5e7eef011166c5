/** What may be evidence, as it was found and before anything is proven: by which format it is to be read. */

import type { Digest } from '../domain/image.ts'

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v[0-9.]+\+json|\+json;version=[0-9.]+)$/u
const NOTATION = 'application/vnd.cncf.notary.signature'
const NOTATION_KINDS: Readonly<Record<string, 'notation-jws' | 'notation-cose'>> = {
  'application/jose+json': 'notation-jws',
  'application/cose': 'notation-cose',
}
const COSIGN_LAYERS = new Set([
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.dsse.envelope.v1+json',
])

export type Material =
  | { readonly kind: 'sigstore-bundle'; readonly source: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'cosign-tag-layer'
      readonly source: string
      readonly mediaType: string
      readonly annotations: Readonly<Record<string, string>>
      readonly blob: Uint8Array
    }
  | {
      readonly kind: 'notation-jws' | 'notation-cose'
      readonly source: string
      readonly mediaType: string
      readonly bytes: Uint8Array
    }

/** Something else that refers to the digest: a scan's report, an SBOM; its layers are not read here. */
export type Report = {
  readonly source: Digest
  /** Of the manifest itself, never of the list that named it. */
  readonly artifactType: string
  readonly layers: readonly { readonly mediaType: string; readonly digest: Digest; readonly size: number }[]
  readonly annotations: Readonly<Record<string, string>>
}

type ManifestType = {
  readonly artifactType?: string | null | undefined
  readonly config?: { readonly mediaType: string } | null | undefined
}
type LayerType = {
  readonly mediaType: string
  readonly annotations?: Readonly<Record<string, string>> | null | undefined
}

/** How a layer is read; null: it is no signature. The layer's own type decides, for artifact types are written in many ways. */
export function readingOf(
  { artifactType, config }: ManifestType,
  { mediaType, annotations }: LayerType,
): ((source: string, bytes: Uint8Array) => Material) | null {
  if (BUNDLE.test(mediaType)) return (source, bytes) => ({ kind: 'sigstore-bundle', source, bytes })
  if (COSIGN_LAYERS.has(mediaType)) {
    return (source, blob) => ({ kind: 'cosign-tag-layer', source, mediaType, annotations: annotations ?? {}, blob })
  }
  const kind = Object.hasOwn(NOTATION_KINDS, mediaType) ? NOTATION_KINDS[mediaType] : undefined
  if (kind === undefined || (artifactType ?? config?.mediaType) !== NOTATION) return null
  return (source, bytes) => ({ kind, source, mediaType, bytes })
}
