/** What every journal does: append once, find by what people ask for, page without gaps. Run by `state.contract.ts`. */

import { expect, it } from 'vitest'
import type { Entry } from '../../src/domain/history.ts'
import type { Journal, JournalQuery } from '../../src/state/journal.ts'
import { aDigest, anEntry, NOW } from '../helpers/build.ts'
import { HOSTILE_TEXTS } from '../helpers/hostile.ts'

const IMAGE = `docker.io/acme/payments:1.5.0@sha256:${'ab'.repeat(32)}`
const OTHER = `ghcr.io/acme/checkout_v2:2.0.0@sha256:${'cd'.repeat(32)}`

export function describeJournal(journal: () => Journal): void {
  const append = (...entries: readonly Partial<Entry>[]) => journal().append(entries.map(anEntry))
  const seqs = async (query: Partial<JournalQuery> = {}) =>
    (await journal().query({ limit: 100, ...query })).entries.map(({ seq }) => seq)
  /** Seven, an instant apart. */
  const appendSeven = () => append(...[1, 2, 3, 4, 5, 6, 7].map((seq) => ({ seq, at: NOW + seq })))

  it('finds nothing where nothing is', async () => {
    expect(await journal().query({ limit: 10 })).toEqual({ entries: [], next: null })
  })

  it('appends nothing for nothing', async () => {
    await append()
    expect(await seqs()).toEqual([])
  })

  it('gives entries back whole, and absent members stay absent', async () => {
    const small = anEntry()
    const full = anEntry({ seq: 2, stage: 'dev', promotion: 'p', image: IMAGE, cause: 'hub/1', by: 'ada' })
    await journal().append([small, full])
    expect((await journal().query({ limit: 10 })).entries).toStrictEqual([full, small])
  })

  it('gives the newest first, however they were appended', async () => {
    await append({ seq: 3, at: NOW + 3 }, { seq: 1, at: NOW + 1 })
    await append({ seq: 2, at: NOW + 2 })
    expect(await seqs()).toEqual([3, 2, 1])
  })

  it('keeps an entry once, as it was first', async () => {
    await append({ seq: 1, detail: 'first' })
    await append({ seq: 1, detail: 'second' }, { seq: 2 })
    const { entries } = await journal().query({ limit: 10 })
    expect(entries.map(({ seq, detail }) => ({ seq, detail }))).toEqual([
      { seq: 2, detail: anEntry().detail },
      { seq: 1, detail: 'first' },
    ])
  })

  it('finds an entry by what was first appended, not by what came twice', async () => {
    await append({ promotion: 'first', image: IMAGE })
    await append({ promotion: 'second', image: OTHER })
    expect(await seqs({ promotion: 'second' })).toEqual([])
    expect(await seqs({ image: OTHER })).toEqual([])
  })

  it('keeps an entry once that comes twice at once', async () => {
    await append({ seq: 1, detail: 'first' }, { seq: 1, detail: 'second' })
    expect((await journal().query({ limit: 10 })).entries).toMatchObject([{ detail: 'first' }])
  })

  it('keeps an entry once when many append it in parallel', async () => {
    await Promise.all(Array.from({ length: 32 }, () => append({ seq: 1 }, { seq: 2 })))
    expect(await seqs()).toEqual([2, 1])
  })

  it('keeps the same number of different documents', async () => {
    await append({ document: 'line/a' }, { document: 'line/b' })
    const { entries } = await journal().query({ limit: 10 })
    expect(entries.map(({ document }) => document)).toEqual(['line/b', 'line/a'])
  })

  it('gives the entries of one document along its chain, even where the clock went back', async () => {
    await append({ seq: 1, at: NOW + 9 }, { seq: 2, at: NOW }, { seq: 3, at: NOW + 5 }, { seq: 4, document: 'line/b' })
    expect(await seqs({ document: 'line/payments' })).toEqual([3, 2, 1])
    const first = await journal().query({ document: 'line/payments', limit: 1 })
    expect(await seqs({ document: 'line/payments', before: first.next ?? '' })).toEqual([2, 1])
  })

  it.each<{ query: Partial<JournalQuery>; found: number[] }>([
    { query: { promotion: 'payments/dev/x#1' }, found: [1] },
    { query: { promotion: 'payments/dev/x' }, found: [] },
    { query: { promotion: '' }, found: [] },
    { query: { cause: 'hub/7' }, found: [3, 2] },
    { query: { cause: 'hub/' }, found: [] },
    { query: { document: 'line/payments' }, found: [3, 2, 1] },
    { query: { document: 'line' }, found: [] },
    { query: { cause: 'hub/7', image: IMAGE }, found: [2] },
    { query: { cause: 'hub/7', promotion: 'payments/dev/x#1' }, found: [] },
    { query: { document: 'line/payments', cause: 'hub/7', image: 'checkout' }, found: [3] },
    { query: { document: 'line/other', cause: 'hub/7' }, found: [] },
  ])('finds $found for $query', async ({ query, found }) => {
    await append(
      { seq: 1, at: NOW + 1, promotion: 'payments/dev/x#1', image: IMAGE },
      { seq: 2, at: NOW + 2, cause: 'hub/7', image: IMAGE },
      { seq: 3, at: NOW + 3, cause: 'hub/7', image: OTHER },
    )
    expect(await seqs(query)).toEqual(found)
  })

  it.each([
    { part: IMAGE, found: [1] },
    { part: 'docker.io/acme/payments', found: [1] },
    { part: 'acme/payments:1.5.0', found: [1] },
    { part: `sha256:${'ab'.repeat(32)}`, found: [1] },
    { part: 'acme', found: [2, 1] },
    { part: ':2.', found: [2] },
    { part: 'checkout_v2', found: [2] },
    { part: '', found: [2, 1] },
    { part: 'ACME', found: [] },
    { part: '%', found: [] },
    { part: 'p_yments', found: [] },
    { part: 'acme*', found: [] },
    { part: `${IMAGE}x`, found: [] },
    { part: "' OR 1=1 --", found: [] },
    { part: 'x'.repeat(2_000_000), found: [] },
  ])('finds $found by a part of an image', async ({ part, found }) => {
    await append({ seq: 1, image: IMAGE }, { seq: 2, image: OTHER }, { seq: 3 })
    expect(await seqs({ image: part })).toEqual(found)
  })

  it('finds a release by a part of any of its images', async () => {
    const [api, worker] = ['api', 'worker'].map((name) => `docker.io/acme/${name}:1.4.0@${aDigest(name.length)}`)
    await append({ seq: 1, image: `${api}, ${worker}` }, { seq: 2, image: `${worker}` })
    expect(await seqs({ image: 'docker.io/acme/api:1.4.0@' })).toEqual([1])
    expect(await seqs({ image: 'docker.io/acme/worker:1.4.0@' })).toEqual([2, 1])
    expect(await seqs({ image: 'acme/api:' })).toEqual([1])
    expect(await seqs({ image: aDigest('worker'.length) })).toEqual([2, 1])
    expect(await seqs({ image: 'docker.io/acme/work:' })).toEqual([])
  })

  it('takes a release as large as it may be', async () => {
    const names = Array.from({ length: 8 }, (_, n) => `r.example.com/${'a'.repeat(49)}${n}`)
    const digest = `sha512:${'0123456789abcdef'.repeat(8)}`
    const image = names.map((name) => `${name}:${'t'.repeat(128)}@${digest}`).join(', ')
    await append({ seq: 1, image })
    expect(await seqs({ image: names[7] ?? '' })).toEqual([1])
  })

  it.each([1, 2, 3, 6, 7, 8])('pages without gaps or repeats, %d on each', async (limit) => {
    await appendSeven()
    const pages = await pagesOf(journal(), { limit })
    expect(pages.flat().map(({ seq }) => seq)).toEqual([7, 6, 5, 4, 3, 2, 1])
    expect(pages).toHaveLength(Math.ceil(7 / limit))
  })

  it.each<Partial<JournalQuery>>([
    { document: 'line/payments' },
    { promotion: 'p' },
    { cause: 'c' },
    { image: 'acme' },
  ])('pages without gaps or repeats through $promotion $cause $image $document', async (query) => {
    const about = { promotion: 'p', cause: 'c', image: IMAGE }
    await append(...[1, 2, 3, 4, 5].map((seq) => ({ seq, at: NOW + (seq >> 1), ...about })))
    await append(...[6, 7, 8].map((seq) => ({ seq, document: 'line/other' })))
    const pages = await pagesOf(journal(), { limit: 2, ...query })
    expect(pages.flat().map(({ seq }) => seq)).toEqual([5, 4, 3, 2, 1])
  })

  it('pages through entries of the same instant', async () => {
    const documents = ['line/a', 'line/b', 'line/c']
    await append(...documents.flatMap((document) => [1, 2, 3].map((seq) => ({ document, seq }))))
    const pages = await pagesOf(journal(), { limit: 2 })
    const found = pages.flat().map(({ document, seq }) => `${document}#${seq}`)
    expect(found).toHaveLength(9)
    expect(new Set(found)).toHaveLength(9)
  })

  it('shows nothing twice when entries are appended while somebody turns the pages', async () => {
    await appendSeven()
    const first = await journal().query({ limit: 3 })
    await append({ seq: 8, at: NOW + 8 })
    expect(await seqs({ before: first.next ?? '' })).toEqual([4, 3, 2, 1])
  })

  it.each(['', 'x', '1', '1.2', '-1.2.x', '1e5.1.x', `${'9'.repeat(40)}.1.x`, "1.1.'; DROP TABLE journal"])(
    'breaks nothing for a place like %j',
    async (before) => {
      await appendSeven()
      expect((await journal().query({ before, limit: 10 })).next).toBeNull()
      expect(await seqs()).toHaveLength(7)
    },
  )

  it('finds nothing before a place that we did not write', async () => {
    await appendSeven()
    expect(await journal().query({ before: 'somewhere', limit: 10 })).toEqual({ entries: [], next: null })
  })

  it('keeps hostile texts apart, in each place and on each page', async () => {
    const entries = HOSTILE_TEXTS.map((text) =>
      anEntry({ document: text, promotion: text, cause: text, image: text, detail: text }),
    )
    await journal().append(entries)
    for (const entry of entries) {
      const { document, promotion, cause } = entry
      expect((await journal().query({ document, limit: 10 })).entries).toEqual([entry])
      expect((await journal().query({ promotion: promotion ?? '', limit: 10 })).entries).toEqual([entry])
      expect((await journal().query({ cause: cause ?? '', limit: 10 })).entries).toEqual([entry])
    }
    const pages = await pagesOf(journal(), { limit: 4 })
    expect(new Set(pages.flat())).toEqual(new Set(entries))
  })

  it('does not see what a caller does to an entry', async () => {
    const entry = { ...anEntry() }
    await journal().append([entry])
    ;(entry as { detail: string }).detail = 'changed'
    const [found] = (await journal().query({ limit: 1 })).entries
    ;(found as { detail: string }).detail = 'changed'
    expect((await journal().query({ limit: 1 })).entries).toEqual([anEntry()])
  })

  it('appends all or nothing, and what came beside it', async () => {
    const [refused, appended] = await Promise.allSettled([
      append({ seq: 1 }, { seq: 2, detail: 'x'.repeat(2_000_000) }),
      append({ seq: 3 }),
    ])
    expect(refused.status).toBe('rejected')
    expect(appended.status).toBe('fulfilled')
    expect(await seqs()).toEqual([3])
  })

  it('keeps an entry of half a megabyte', async () => {
    const detail = '\u20ac"\u0000'.repeat(50_000)
    await append({ detail })
    expect((await journal().query({ limit: 1 })).entries).toMatchObject([{ detail }])
  })

  it('refuses a number of rows that is none', async () => {
    await expect(journal().query({ limit: -1 })).rejects.toThrow(RangeError)
    expect(await journal().query({ limit: 0 })).toMatchObject({ entries: [] })
  })
}

async function pagesOf(journal: Journal, query: JournalQuery): Promise<(readonly Entry[])[]> {
  const pages: (readonly Entry[])[] = []
  for (let before: string | null | undefined; before !== null;) {
    const page = await journal.query({ ...query, ...(before === undefined ? {} : { before }) })
    pages.push(page.entries)
    before = page.next
  }
  return pages
}
