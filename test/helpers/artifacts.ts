/**
 * What signers push beside an image: referrers, the fallback tag, cosign's tags. Into any registry over HTTP, or into a small
 * one in memory that has the referrers API and pages.
 */

import { digestOf, type TinyImage } from '../../src/cli/demo/image.ts'
import type { Digest } from '../../src/domain/image.ts'
import type { Script } from './hostile-registry.ts'
import type { LayerJson } from './sigstore/signatures.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const EMPTY = 'application/vnd.oci.empty.v1+json'
export const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'

export type Part = { readonly mediaType: string; readonly bytes: Buffer; readonly annotations?: Record<string, string> }
export type Artifact = { readonly manifest: Part; readonly digest: Digest; readonly blobs: readonly Part[] }
export type Subject = { readonly digest: string; readonly mediaType: string; readonly size: number }

export function subjectOf({ manifest: { digest, mediaType, bytes } }: TinyImage): Subject {
  return { digest, mediaType, size: bytes.length }
}

function descriptorOf({ mediaType, bytes, annotations }: Part): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...(annotations && { annotations }) }
}

/** An OCI 1.1 artifact; without a subject, what a tag of cosign's holds. */
export function artifact(layers: readonly Part[], more: Record<string, unknown> = {}): Artifact {
  const config = { mediaType: EMPTY, bytes: Buffer.from('{}') }
  const document = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptorOf(config),
    layers: layers.map(descriptorOf),
    ...more,
  }
  const manifest = { mediaType: MANIFEST, bytes: Buffer.from(JSON.stringify(document)) }
  return { manifest, digest: digestOf(manifest.bytes), blobs: [config, ...layers] }
}

export function bundleArtifact(subject: Subject, bundle: unknown): Artifact {
  const layer = { mediaType: BUNDLE, bytes: Buffer.from(JSON.stringify(bundle)) }
  return artifact([layer], { artifactType: BUNDLE, subject })
}

export function layersArtifact(layers: readonly LayerJson[], more: Record<string, unknown> = {}): Artifact {
  return artifact(
    layers.map(({ mediaType, annotations, blob }) => ({ mediaType, annotations, bytes: blob })),
    more,
  )
}

/** The fallback tag's list, with the wrong artifact type that cosign writes (sigstore/cosign#4641). */
export function fallbackIndex(referrers: readonly Artifact[]): Part {
  const manifests = referrers.map(({ manifest, digest }) => ({
    mediaType: MANIFEST,
    digest,
    size: manifest.bytes.length,
    artifactType: EMPTY,
  }))
  return { mediaType: INDEX, bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests })) }
}

/** `sha256:ab…` as the beginning of a tag. */
export function tagOf(subject: string, suffix = ''): string {
  return `${subject.replace(':', '-')}${suffix}`
}

/** Over the distribution API, as any client would. */
export async function pushArtifact(host: string, repository: string, pushed: Artifact, tag?: string): Promise<void> {
  for (const { bytes } of pushed.blobs) {
    const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
    const url = new URL(begun.headers.get('location') ?? '', `http://${host}`)
    url.searchParams.set('digest', digestOf(bytes))
    const headers = { 'content-type': 'application/octet-stream' }
    await expectCreated(fetch(url, { method: 'PUT', headers, body: Uint8Array.from(bytes) }))
  }
  await pushManifest(host, repository, pushed.manifest, tag ?? pushed.digest)
}

export async function pushManifest(
  host: string,
  repository: string,
  { mediaType, bytes }: Part,
  reference: string,
): Promise<void> {
  const url = `http://${host}/v2/${repository}/manifests/${reference}`
  await expectCreated(
    fetch(url, { method: 'PUT', headers: { 'content-type': mediaType }, body: Uint8Array.from(bytes) }),
  )
}

async function expectCreated(answer: Promise<Response>): Promise<void> {
  const { status } = await answer
  if (status !== 201) throw new Error(`the registry answered ${status}`)
}

export type MemoryRegistry = {
  readonly script: Script
  put(pushed: Artifact, tag?: string): void
  putManifest(part: Part, reference: string): void
  /** What the referrers API lists; null: there is no such API. */
  referrers: Artifact[] | null
  pageSize: number
}

/** With the referrers API, in pages. */
export function memoryRegistry(): MemoryRegistry {
  const manifests = new Map<string, Part>()
  const blobs = new Map<string, Part>()
  const registry: MemoryRegistry = {
    referrers: [],
    pageSize: 2,
    put(pushed, tag) {
      for (const blob of pushed.blobs) blobs.set(digestOf(blob.bytes), blob)
      registry.putManifest(pushed.manifest, pushed.digest)
      if (tag !== undefined) registry.putManifest(pushed.manifest, tag)
    },
    putManifest(part, reference) {
      manifests.set(reference, part)
    },
    script({ url }) {
      const [, , , , kind = '', reference = ''] = url.pathname.split('/')
      if (kind === 'referrers') return registry.referrers === null ? notFound() : page(url, registry.referrers)
      const part = (kind === 'manifests' ? manifests : blobs).get(reference)
      if (part === undefined) return notFound()
      return new Response(Uint8Array.from(part.bytes), { headers: { 'content-type': part.mediaType } })
    },
  }
  return registry

  function page(url: URL, all: readonly Artifact[]): Response {
    const from = Number(url.searchParams.get('from') ?? 0)
    const next = from + registry.pageSize
    const link = next < all.length ? { link: `<${url.pathname}?from=${next}>; rel="next"` } : {}
    const body = Uint8Array.from(fallbackIndex(all.slice(from, next)).bytes)
    return new Response(body, { headers: { 'content-type': INDEX, ...link } })
  }
}

function notFound(): Response {
  return Response.json({ errors: [{ code: 'MANIFEST_UNKNOWN' }] }, { status: 404 })
}
