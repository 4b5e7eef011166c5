/** Reads all tags of a repository, page by page, never further than the same list at the same registry. */

import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import type { RegistryProblem } from '../../domain/registry.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Access } from './access.ts'
import { nextTarget } from './link.ts'
import { problemOfStatus } from './problem.ts'
import type { Session } from './session.ts'
import { textOf } from './text.ts'

const TAG_PAGE_SIZE = 1_000
const TAG_PAGES_MAX = 200
const TAGS_MAX = 200_000
const PAGE_BYTES_MAX = 4 * 1024 * 1024
const LIST_BYTES_MAX = 32 * 1024 * 1024

/** Distribution answers null for a repository whose last tag was deleted. */
const Page = z.object({ tags: z.array(z.string()).nullish() })

type Host = { readonly access: Access; readonly session: Session }
type Step = { readonly tags: readonly string[]; readonly bytes: number; readonly next: URL | null }

/** `url` is the list itself, without a query; `scope` is for its token. */
export async function listAllTags(
  host: Host,
  url: URL,
  scope: string,
): Promise<Result<readonly string[], RegistryProblem>> {
  const tags = new Set<string>()
  const seen = new Set<string>()
  let bytes = 0
  let next: URL | null = new URL(`?n=${TAG_PAGE_SIZE}`, url)
  while (next !== null) {
    if (seen.has(next.href)) return refuse('malformed-answer', url, 'the pages of the tag list go in a circle')
    if (seen.size === TAG_PAGES_MAX) return refuse('answer-too-large', url, `more than ${TAG_PAGES_MAX} pages of tags`)
    seen.add(next.href)
    const page: Result<Step, RegistryProblem> = await readPage(host, next, scope)
    if (!page.ok) return page
    const before = tags.size
    for (const tag of page.value.tags) tags.add(tag)
    bytes += page.value.bytes
    if (tags.size > TAGS_MAX) return refuse('answer-too-large', url, `more than ${TAGS_MAX} tags`)
    if (bytes > LIST_BYTES_MAX) return refuse('answer-too-large', url, `more than ${LIST_BYTES_MAX} bytes of tags`)
    // A registry that knows no `last` answers the same page again: then that page was all.
    next = page.value.next ?? (tags.size > before ? afterLast(page.value.tags, url) : null)
  }
  return ok([...tags])
}

async function readPage({ access, session }: Host, url: URL, scope: string): Promise<Result<Step, RegistryProblem>> {
  const call = { method: 'GET', url, scope, accept: 'application/json', bodyBytesMax: PAGE_BYTES_MAX } as const
  const answer = await session.send(call)
  if (!answer.ok) return answer
  const { status, headers, body } = answer.value
  if (status !== 200) return err(problemOfStatus(status, `tags of ${url.host}${url.pathname}`, access))
  const page = Json.pipe(Page).safeParse(textOf(body) ?? '')
  if (!page.success) return refuse('malformed-answer', url, 'the tag list is not what the specification says')
  const next = nextOf(headers.get('link'), url)
  return next.ok ? ok({ tags: page.data.tags ?? [], bytes: body.byteLength, next: next.value }) : next
}

/**
 * The next page is asked for with our credentials, so it may only be more of this list: the same origin and the same path
 * (CVE-2026-88887 sent them wherever the registry liked).
 */
export function nextOf(header: string | null, url: URL): Result<URL | null, RegistryProblem> {
  const link = nextTarget(header)
  if (link === 'none') return ok(null)
  if (link === 'malformed') return refuse('malformed-answer', url, 'the link to the next page cannot be read')
  const next = URL.parse(link.target, url.href)
  const isHere = next !== null && next.origin === url.origin && next.pathname === url.pathname
  if (!isHere || next.username !== '' || next.password !== '') {
    return refuse('redirect-not-allowed', url, 'the link to the next page leads somewhere else')
  }
  next.hash = ''
  return ok(next)
}

/** Without a link a full page may still not be the end; a short one is, and so is one that ignored our page size. */
function afterLast(tags: readonly string[], url: URL): URL | null {
  const last = tags.at(-1)
  if (tags.length !== TAG_PAGE_SIZE || last === undefined) return null
  const next = new URL(`?n=${TAG_PAGE_SIZE}`, url)
  next.searchParams.set('last', last)
  return next
}

function refuse(reason: RegistryProblem['reason'], { host }: URL, what: string): Result<never, RegistryProblem> {
  return err({ reason, detail: `${host}: ${what}` })
}
