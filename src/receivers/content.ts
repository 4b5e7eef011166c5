/** What was pushed, as far as a tag and a media type tell: an image, news about one, or something that no workload runs. */

import type { Digest } from '../domain/image.ts'
import { signalOfTag } from '../domain/image.ts'

export type Content =
  | { readonly kind: 'push' }
  | { readonly kind: 'signature' | 'attestation'; readonly subject: Digest | null }
  | { readonly kind: 'not-an-image' }

const MANIFESTS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
])

/** Artifact types, and configuration types where a registry reports those. */
const SIGNATURES: ReadonlySet<string> = new Set([
  'application/vnd.cncf.notary.signature',
  'application/vnd.dev.cosign.artifact.sig.v1+json',
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
])
const ATTESTATIONS: ReadonlySet<string> = new Set([
  'application/vnd.dsse.envelope.v1+json',
  'application/vnd.dev.cosign.artifact.sbom.v1+json',
  'application/vnd.in-toto+json',
  'application/vnd.cyclonedx+json',
  'application/spdx+json',
  'text/spdx+json',
  'application/sarif+json',
  'application/vnd.aquasec.trivy.report+json',
  'application/vnd.anchore.grype+json',
])
const NOT_IMAGES: ReadonlySet<string> = new Set([
  'application/vnd.cncf.helm.config.v1+json',
  'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  'application/vnd.acr.helm.chart',
  'application/vnd.cncf.flux.config.v1+json',
  'application/vnd.cncf.openpolicyagent.config.v1+json',
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.cncf.oras.artifact.manifest.v1+json',
])

const KINDS = [
  { kind: 'signature', known: SIGNATURES },
  { kind: 'attestation', known: ATTESTATIONS },
  { kind: 'not-an-image', known: NOT_IMAGES },
] as const

/** True for what a registry serves as a manifest; layers and configurations are blobs. */
export function isManifest(mediaType: string): boolean {
  return MANIFESTS.has(mediaType)
}

/**
 * The tag speaks first: cosign's `.sig` manifests have an image's media types. An unknown type counts as an image:
 * a lost push is worse than one look at the registry, which knows.
 */
export function contentOf(tag: string | null, types: readonly (string | null)[]): Content {
  const signal = tag === null ? null : signalOfTag(tag)
  if (signal !== null) return signal
  for (const { kind, known } of KINDS) {
    if (!types.some((type) => type !== null && known.has(type))) continue
    return kind === 'not-an-image' ? { kind } : { kind, subject: null }
  }
  return { kind: 'push' }
}
