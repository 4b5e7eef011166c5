/**
 * Finds all that a registry holds about one digest: bundles, cosign's and Notation's signatures, reports. Whoever may push may write
 * any of it, so every count and size has a bound, and what was left unread is said.
 */

import * as z from 'zod'
import type { IndeterminateFact, RejectedFact } from '../domain/evidence.ts'
import { Digest, Tag, type ImageName, type PinnedImage } from '../domain/image.ts'
import { Json } from '../domain/json.ts'
import type { RegistryContent } from '../domain/registry-content.ts'
import type { RegistryProblem } from '../domain/registry.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Material, Report } from './material.ts'
import { readingOf } from './material.ts'

export const LAYERS_MAX = 50
export const BLOB_BYTES_MAX = 16 * 1024 * 1024
const TOTAL_BYTES_MAX = 64 * 1024 * 1024
const MATERIALS_MAX = 200
const TIME_MS_MAX = 60_000
const AT_ONCE = 8

export type Discovered = {
  readonly materials: readonly Material[]
  readonly reports: readonly Report[]
  /** What could not be read, and what was not. */
  readonly evidence: readonly (RejectedFact | IndeterminateFact)[]
}
export type Discovery = {
  readonly content: RegistryContent
  readonly image: ImageName
  readonly subject: Digest
  readonly now: () => number
  /** Shared where one thing that was found leads to the next. Absent: one of its own. */
  readonly budget?: Budget
}

/** What reading about one image may cost altogether, however many things were attached to one another. */
export type Budget = { readonly deadline: number; bytesLeft: number; materialsLeft: number }

/** Of an image, what is there beside its signatures, and what may still be spent on it. */
export type Attached = { readonly image: PinnedImage; readonly reports: readonly Report[]; readonly budget: Budget }

export function newBudget(now: number): Budget {
  return { deadline: now + TIME_MS_MAX, bytesLeft: TOTAL_BYTES_MAX, materialsLeft: MATERIALS_MAX }
}

const Text = z.record(z.string(), z.string()).nullish()
const Layer = z.object({
  mediaType: z.string().max(256),
  digest: Digest,
  size: z.number().int().min(0),
  annotations: Text,
})
const Manifest = z.object({
  artifactType: z.string().max(256).nullish(),
  config: z.object({ mediaType: z.string().max(256) }).nullish(),
  layers: z.array(Layer).nullish(),
  subject: z.object({ digest: Digest }).nullish(),
  annotations: Text,
})
export type ArtifactManifest = z.infer<typeof Manifest>

/** Throws where "later" may help. A registry that refuses to say what there is, is an error; a single bad artifact is evidence. */
export async function discover(discovery: Discovery): Promise<Result<Discovered, RegistryProblem>> {
  const { content, image, subject, now, budget = newBudget(now()) } = discovery
  const search = createSearch(discovery, budget)
  const referrers = await content.referrers(image, subject)
  if (!referrers.ok) return referrers
  if (referrers.value.cut !== null) search.cut(subject, referrers.value.cut)
  const { entries } = referrers.value
  for (let at = 0; at < entries.length && search.goesOn(); at += AT_ONCE) {
    await Promise.all(entries.slice(at, at + AT_ONCE).map(({ digest }) => search.readReferrer(digest)))
  }
  for (const tag of cosignTags(subject)) {
    const problem = await search.readTag(tag)
    if (problem !== null) return { ok: false, error: problem }
  }
  return ok(
    inOrder(
      search.found,
      entries.map(({ digest }) => digest),
    ),
  )
}

/** As the registry lists them, whichever answer came first; what cosign's tags hold comes after. */
function inOrder({ materials, reports, evidence }: Discovered, sources: readonly string[]): Discovered {
  const places = new Map(sources.map((source, place) => [source, place]))
  const placeOf = ({ source }: { readonly source: string }): number => places.get(source) ?? sources.length
  const sorted = <T extends { readonly source: string }>(list: readonly T[]): readonly T[] =>
    list.toSorted((a, b) => placeOf(a) - placeOf(b))
  return { materials: sorted(materials), reports: sorted(reports), evidence: sorted(evidence) }
}

/** A digest by SHA-512 makes no tag: it would be too long for one. */
function cosignTags(subject: Digest): readonly Tag[] {
  return ['sig', 'att'].flatMap((suffix) => Tag.safeParse(`${subject.replace(':', '-')}.${suffix}`).data ?? [])
}

type Search = {
  readonly found: Discovered
  cut(source: string, detail: string): void
  goesOn(): boolean
  readReferrer(digest: Digest): Promise<void>
  readTag(tag: Tag): Promise<RegistryProblem | null>
}

function createSearch({ content, image, subject, now }: Discovery, budget: Budget): Search {
  const materials: Material[] = []
  const reports: Report[] = []
  const evidence: (RejectedFact | IndeterminateFact)[] = []
  const cuts = new Set<string>()

  const search: Search = {
    found: { materials, reports, evidence },
    cut(source, detail) {
      // Said once for each bound: ten thousand of a kind are one piece of news.
      if (!cuts.has(detail)) evidence.push({ kind: 'indeterminate', source, detail })
      cuts.add(detail)
    },
    goesOn() {
      if (now() <= budget.deadline) return true
      search.cut(subject, `what is there could not be read within ${TIME_MS_MAX / 1000} seconds`)
      return false
    },
    async readReferrer(digest) {
      const manifest = await manifestOf(digest)
      if (manifest === null) return
      // The list is not signed: an entry may name what speaks about something else.
      if (manifest.subject?.digest !== subject) return reject(digest, 'wrong-subject', 'it refers to another digest')
      await readLayers(digest, manifest)
    },
    async readTag(tag) {
      const manifest = await content.manifest(image, tag)
      if (!manifest.ok) return manifest.error
      if (manifest.value === null) return null
      const { digest, bytes } = manifest.value
      const parsed = parse(bytes)
      if (parsed === null) reject(digest, 'malformed', `the manifest of ${tag} is not well formed`)
      else await readLayers(digest, parsed)
      return null
    },
  }
  return search

  function reject(source: string, reason: string, detail: string): void {
    evidence.push({ kind: 'rejected', source, format: null, reason, detail })
  }

  async function manifestOf(digest: Digest): Promise<ArtifactManifest | null> {
    const manifest = await content.manifest(image, digest)
    if (!manifest.ok) reportProblem(digest, manifest.error)
    else if (manifest.value === null) reject(digest, 'not-found', 'it is listed, and is not there')
    const parsed = manifest.ok && manifest.value !== null ? parse(manifest.value.bytes) : null
    if (manifest.ok && manifest.value !== null && parsed === null) reject(digest, 'malformed', 'it is not well formed')
    return parsed
  }

  async function readLayers(source: Digest, manifest: ArtifactManifest): Promise<void> {
    const layers = manifest.layers ?? []
    if (layers.length > LAYERS_MAX) search.cut(source, `an artifact of more than ${LAYERS_MAX} layers`)
    const read = layers.slice(0, LAYERS_MAX).map((layer) => ({ layer, as: readingOf(manifest, layer) }))
    if (!read.some(({ as }) => as !== null)) {
      reports.push(reportOf(source, manifest))
      return
    }
    for (const { layer, as } of read) {
      if (as === null) continue
      if (!search.goesOn()) return
      const bytes = await blobOf(source, layer)
      if (bytes !== null) materials.push(as(source, bytes))
    }
  }

  async function blobOf(source: Digest, { digest, size }: z.infer<typeof Layer>): Promise<Uint8Array | null> {
    if (budget.materialsLeft <= 0) return bound(source, `more than ${MATERIALS_MAX} signatures`)
    if (size > BLOB_BYTES_MAX) return bound(source, `a signature of more than ${BLOB_BYTES_MAX} bytes`)
    if (size > budget.bytesLeft) return bound(source, `more than ${TOTAL_BYTES_MAX} bytes of signatures`)
    budget.bytesLeft -= size
    budget.materialsLeft -= 1
    const blob = await content.blob(image, { digest, size }, BLOB_BYTES_MAX)
    if (blob.ok) return blob.value
    reportProblem(source, blob.error)
    return null
  }

  function bound(source: string, detail: string): null {
    search.cut(source, detail)
    return null
  }

  function reportProblem(source: string, { reason, detail }: RegistryProblem): void {
    if (reason === 'answer-too-large') search.cut(source, detail)
    else reject(source, reason, detail)
  }
}

function parse(bytes: Uint8Array): ArtifactManifest | null {
  return Json.pipe(Manifest).safeParse(new TextDecoder().decode(bytes)).data ?? null
}

function reportOf(source: Digest, { artifactType, config, layers, annotations }: ArtifactManifest): Report {
  return {
    source,
    artifactType: artifactType ?? config?.mediaType ?? '',
    layers: (layers ?? []).slice(0, LAYERS_MAX).map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    annotations: annotations ?? {},
  }
}
