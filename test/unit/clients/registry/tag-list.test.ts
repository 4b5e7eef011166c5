/** Reading all tags: every page, no page that is not one, never for ever. */

import { describe, expect, it } from 'vitest'
import {
  aClient,
  anImage,
  aRegistry,
  aWorld,
  hostsWithCredentials,
  withTokens,
  type Script,
} from '../../../helpers/hostile-registry.ts'

const HOST = 'reg.example.com'
const LIST = '/v2/acme/app/tags/list'

/** Answers each page by its number, from 1. */
function pages(page: (nth: number, query: URLSearchParams) => Response): Script {
  return ({ url, nth }) => page(nth, url.searchParams)
}

function tags(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `1.0.${from + i}`)
}

function pageOf(found: readonly string[], link?: string): Response {
  return Response.json({ name: 'acme/app', tags: found }, { headers: link === undefined ? {} : { link } })
}

async function list(script: Script) {
  const world = aWorld({ [HOST]: script })
  return { found: await aClient(world, HOST).listTags(anImage(HOST)), world }
}

it('argocd-image-updater#1660: follows Link through short pages to the newest tag', async () => {
  const all = tags(0, 223)
  const { found, world } = await list(
    pages((_nth, query) => {
      const from = Number(query.get('last')?.slice(4) ?? -1) + 1
      const page = all.slice(from, from + 100)
      const link = `<${LIST}?n=100&last=${page.at(-1)}>; rel="next"`
      return from + 100 < all.length ? pageOf(page, link) : pageOf(page)
    }),
  )
  expect(found).toEqual({ ok: true, value: all })
  expect(world.seen).toHaveLength(3)
})

it('asks on after the last tag of a full page without Link', async () => {
  const all = tags(0, 1500)
  const { found, world } = await list(
    pages((_nth, query) =>
      pageOf(all.slice(query.has('last') ? all.indexOf(query.get('last') ?? '') + 1 : 0).slice(0, 1000)),
    ),
  )
  expect(found).toEqual({ ok: true, value: all })
  expect(world.seen[1]?.url.searchParams.get('last')).toBe('1.0.999')
})

it('stops where a registry knows no `last` and answers the same full page again', async () => {
  const { found, world } = await list(pages(() => pageOf(tags(0, 1000))))
  expect(found.ok && found.value).toHaveLength(1000)
  expect(world.seen).toHaveLength(2)
})

it('takes all tags of a registry that does not page', async () => {
  const { found, world } = await list(pages(() => pageOf(tags(0, 5000))))
  expect(found.ok && found.value).toHaveLength(5000)
  expect(world.seen).toHaveLength(1)
})

it('names a tag once that two pages have', async () => {
  const { found } = await list(
    pages((nth) => (nth === 1 ? pageOf(['a', 'b'], `<${LIST}?last=b>; rel="next"`) : pageOf(['b', 'c']))),
  )
  expect(found).toEqual({ ok: true, value: ['a', 'b', 'c'] })
})

it.each([
  ['null', { name: 'acme/app', tags: null }],
  ['absent', { name: 'acme/app' }],
  ['empty', { name: 'acme/app', tags: [] }],
])('finds no tags where they are %s', async (_what, body) => {
  expect((await list(() => Response.json(body))).found).toEqual({ ok: true, value: [] })
})

it.each([
  ['an object for the tags', { tags: {} }],
  ['numbers for tags', { tags: [1] }],
  ['a list', []],
  ['a string', 'tags'],
])('refuses %s', async (_what, body) => {
  expect((await list(() => Response.json(body))).found).toMatchObject({
    ok: false,
    error: { reason: 'malformed-answer' },
  })
})

it.each([
  ['HTML', new Response('<html>')],
  ['nothing', new Response('')],
  ['no UTF-8', new Response(Uint8Array.of(0xff, 0xfe))],
])('refuses %s', async (_what, answer) => {
  expect((await list(() => answer)).found).toMatchObject({ ok: false, error: { reason: 'malformed-answer' } })
})

it('says that the repository is not there', async () => {
  expect((await list(() => Response.json({}, { status: 404 }))).found).toMatchObject({
    ok: false,
    error: { reason: 'tag-not-found' },
  })
})

describe('CVE-2026-88887, CVE-2026-88880, CVE-2026-88881, CVE-2026-88882: a Link elsewhere gets no request', () => {
  it.each([
    'https://evil.example/v2/acme/app/tags/list',
    '//evil.example/v2/acme/app/tags/list',
    'https://reg.example.com.evil.example/v2/acme/app/tags/list',
    'https://reg.example.com:8443/v2/acme/app/tags/list',
    'http://reg.example.com/v2/acme/app/tags/list',
    'https://reg.example.com@evil.example/v2/acme/app/tags/list',
    'https://user:pass@reg.example.com/v2/acme/app/tags/list',
    '/v2/acme/other/tags/list?n=1',
    '/v2/acme/app/tags/../../other/tags/list',
    '/v2/acme/app/tags/%2e%2e/list',
    '/v2/..',
    '/v2/../admin',
    'list/',
    '/v2/acme/app/tags/list/',
    '\\\\evil.example/v2/acme/app/tags/list',
    '/\\evil.example/v2/acme/app/tags/list',
    'http://169.254.169.254/v2/acme/app/tags/list',
    'file:///v2/acme/app/tags/list',
    'https://[::1]/v2/acme/app/tags/list',
    'https://',
  ])('%s', async (target) => {
    const registry: Script = ({ url, nth }) =>
      nth === 3 || url.search.includes('evil') ? pageOf(['a'], `<${target}>; rel="next"`) : pageOf(['b'])
    const world = aWorld({
      [HOST]: withTokens(
        aRegistry({
          auth: 'bearer',
          instead: (seen) => (seen.headers.has('authorization') ? registry(seen) : undefined),
        }),
      ),
    })
    const found = await aClient(world, HOST).listTags(anImage(HOST))
    expect(found).toMatchObject({ ok: false, error: { reason: 'redirect-not-allowed' } })
    expect(world.seen).toHaveLength(3)
    expect(hostsWithCredentials(world.seen)).toEqual([HOST])
  })

  it('a Link that cannot be read is refused too', async () => {
    const { found, world } = await list(() => pageOf(['a'], 'https://evil.example; rel=next'))
    expect(found).toMatchObject({ ok: false, error: { reason: 'malformed-answer' } })
    expect(world.seen).toHaveLength(1)
  })

  it('pages that go in a circle end', async () => {
    const { found, world } = await list(pages((nth) => pageOf([`t${nth}`], `<${LIST}?last=${nth % 2}>; rel="next"`)))
    expect(found).toMatchObject({ ok: false, error: { reason: 'malformed-answer' } })
    expect(world.seen.length).toBeLessThan(5)
  })

  it('pages without end do end, after 200', async () => {
    const { found, world } = await list(pages((nth) => pageOf([`t${nth}`], `<${LIST}?last=${nth}>; rel="next"`)))
    expect(found).toMatchObject({ ok: false, error: { reason: 'answer-too-large' } })
    expect(world.seen).toHaveLength(200)
  })
})

describe('CVE-2023-2253, CVE-2017-11468: a registry cannot make us hold without bound', () => {
  it('refuses more than 200,000 tags', async () => {
    const { found, world } = await list(
      pages((nth) => pageOf(tags(nth * 40_000, (nth + 1) * 40_000), `<${LIST}?last=${nth}>; rel="next"`)),
    )
    expect(found).toMatchObject({ ok: false, error: { reason: 'answer-too-large' } })
    expect(world.seen).toHaveLength(6)
  })

  it('refuses more than 32 MiB of tags', async () => {
    const long = Array.from({ length: 900 }, (_, i) => `${i}${'x'.repeat(4000)}`)
    const { found, world } = await list(pages((nth) => pageOf(long, `<${LIST}?last=${nth}>; rel="next"`)))
    expect(found).toMatchObject({ ok: false, error: { reason: 'answer-too-large' } })
    expect(world.seen.length).toBeLessThan(12)
  })

  it('refuses a page of more than 4 MiB', async () => {
    const { found } = await list(pages(() => pageOf(tags(0, 500_000))))
    expect(found).toMatchObject({ ok: false, error: { reason: 'answer-too-large' } })
  })
})
