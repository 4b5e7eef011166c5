/**
 * What refers to a digest: by the referrers API where there is one, and by the fallback tag, which older clients wrote and
 * registries without the API need (distribution-spec, "Listing Referrers"). Whoever may push may write either.
 */

import * as z from 'zod'
import { Digest, formatImage, Tag, type ImageName } from '../../domain/image.ts'
import { Json } from '../../domain/json.ts'
import type { ReferrerEntry, Referrers, RegistryContent } from '../../domain/registry-content.ts'
import type { RegistryProblem } from '../../domain/registry.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { MANIFEST_BYTES_MAX, mediaTypeOf } from './manifest.ts'
import type { Session } from './session.ts'
import { nextOf } from './tag-list.ts'
import { textOf } from './text.ts'

const PAGES_MAX = 5
export const REFERRERS_MAX = 200
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'

/** `artifactType` is not read: cosign writes another one into the fallback tag, and a filter by it hid real signatures. */
const Index = z.object({ manifests: z.array(z.object({ digest: Digest, size: z.number().int().min(0) })) })

type Asked = {
  readonly image: ImageName
  readonly subject: Digest
  readonly url: URL
  readonly scope: string
  readonly session: Session
  readonly manifest: RegistryContent['manifest']
}
type Page = { readonly entries: readonly ReferrerEntry[]; readonly next: URL | null }

export async function readReferrers(asked: Asked): Promise<Result<Referrers, RegistryProblem>> {
  const byApi = await readPages(asked)
  if (!byApi.ok) return byApi
  // A registry that learned the API later may still have lists that were written before: both count.
  const byTag = await readFallback(asked)
  if (!byTag.ok) return byTag
  const entries = new Map<string, ReferrerEntry>()
  for (const entry of [...byApi.value.entries, ...byTag.value.entries]) entries.set(entry.digest, entry)
  const isCut = entries.size > REFERRERS_MAX
  const cut = isCut ? `${entries.size} referrers, of which ${REFERRERS_MAX} are read` : null
  return ok({ entries: [...entries.values()].slice(0, REFERRERS_MAX), cut: cut ?? byApi.value.cut ?? byTag.value.cut })
}

async function readPages(asked: Asked): Promise<Result<Referrers, RegistryProblem>> {
  const entries: ReferrerEntry[] = []
  const seen = new Set<string>()
  let url: URL | null = asked.url
  while (url !== null) {
    if (seen.size === PAGES_MAX || entries.length > REFERRERS_MAX) {
      return ok({ entries, cut: `more than ${PAGES_MAX} pages or ${REFERRERS_MAX} referrers` })
    }
    if (seen.has(url.href)) return malformed(asked, 'the pages of the referrers go in a circle')
    seen.add(url.href)
    const page: Result<Page | null, RegistryProblem> = await readPage(asked, url)
    if (!page.ok) return page
    // No API here. After a first page it was there, and what is missing may be what matters.
    if (page.value === null && seen.size > 1) return malformed(asked, 'a page of the referrers cannot be read')
    entries.push(...(page.value?.entries ?? []))
    url = page.value?.next ?? null
  }
  return ok({ entries, cut: null })
}

/** Null: no such API. What stands for that differs: 404, 400, 405, a redirect to a web site, a page in HTML. */
async function readPage({ session, scope }: Asked, url: URL): Promise<Result<Page | null, RegistryProblem>> {
  const call = {
    method: 'GET',
    url,
    scope,
    accept: OCI_INDEX,
    bodyBytesMax: MANIFEST_BYTES_MAX,
    redirects: 'return',
  } as const
  const answer = await session.send(call)
  if (!answer.ok) return answer
  const { status, headers, body } = answer.value
  const index = status === 200 ? Json.pipe(Index).safeParse(textOf(body) ?? '') : null
  if (index?.success !== true || mediaTypeOf(headers.get('content-type')) === 'text/html') return ok(null)
  const next = nextOf(headers.get('link'), url)
  return next.ok ? ok({ entries: index.data.manifests, next: next.value }) : next
}

/** `sha256-<hex>`, cut to a tag's length for longer digests (distribution-spec, "Referrers Tag Schema"). */
async function readFallback({ image, subject, manifest }: Asked): Promise<Result<Referrers, RegistryProblem>> {
  const [algorithm = '', hex = ''] = subject.split(':')
  const tag = Tag.parse(`${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`)
  const answer = await manifest(image, tag)
  if (!answer.ok) return answer
  if (answer.value === null) return ok({ entries: [], cut: null })
  const index = Json.pipe(Index).safeParse(textOf(answer.value.bytes) ?? '')
  if (!index.success) return ok({ entries: [], cut: `the tag ${tag} is no list of referrers` })
  return ok({ entries: index.data.manifests, cut: null })
}

function malformed({ image }: Asked, what: string): Result<never, RegistryProblem> {
  return err({ reason: 'malformed-answer', detail: `${formatImage(image)}: ${what}` })
}
