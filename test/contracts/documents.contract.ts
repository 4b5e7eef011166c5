/** What every store of documents does: compare and swap, what is due, lists. Run by `state.contract.ts`. */

import { expect, it } from 'vitest'
import type { Document } from '../../src/domain/document.ts'
import type { Documents } from '../../src/state/documents.ts'
import { aLine, anEffect, anEntry, aStageState, aTrain, NOW } from '../helpers/build.ts'
import { HOSTILE_TEXTS } from '../helpers/hostile.ts'

const MEBIBYTE = 1024 * 1024

export function describeDocuments(documents: () => Documents): void {
  const save = (document: Document, wasVersion = 0) => documents().save(document, wasVersion, NOW)
  const dueLine = (id: string, due: number) => aLine({ id, effects: [anEffect({ due })] })

  it('finds nothing under an id that was never saved', async () => {
    expect(await documents().load('line/payments')).toBeNull()
  })

  it('loads what was saved, whole', async () => {
    const line = aLine({ effects: [anEffect()], tail: [anEntry()], stages: { dev: aStageState() } })
    expect(await save(line)).toBe('saved')
    expect(await documents().load(line.id)).toEqual({ document: line, version: 1 })
  })

  it('keeps trains as well as lines', async () => {
    const train = aTrain()
    await save(train)
    expect(await documents().load(train.id)).toEqual({ document: train, version: 1 })
  })

  it('counts one version for each save', async () => {
    for (const version of [0, 1, 2]) await save(aLine({ fence: version }), version)
    expect(await documents().load('line/payments')).toEqual({ document: aLine({ fence: 2 }), version: 3 })
  })

  it.each([
    { title: 'as new, where one is', wasVersion: 0 },
    { title: 'over an older version', wasVersion: 1 },
    { title: 'over a version that does not exist yet', wasVersion: 3 },
    { title: 'over a negative version', wasVersion: -1 },
  ])('refuses to save $title', async ({ wasVersion }) => {
    await save(aLine({ fence: 1 }))
    await save(aLine({ fence: 2 }), 1)
    expect(await save(aLine({ fence: 3 }), wasVersion)).toBe('conflict')
    expect(await documents().load('line/payments')).toEqual({ document: aLine({ fence: 2 }), version: 2 })
  })

  it('refuses to save over a document that does not exist', async () => {
    expect(await save(aLine(), 1)).toBe('conflict')
    expect(await documents().load('line/payments')).toBeNull()
  })

  it('lets one of many parallel creators win', async () => {
    const outcomes = await Promise.all(Array.from({ length: 32 }, (_, fence) => save(aLine({ fence }))))
    expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(1)
    const loaded = await documents().load('line/payments')
    expect(loaded).toEqual({ document: aLine({ fence: outcomes.indexOf('saved') }), version: 1 })
  })

  it('lets one of many parallel writers of the same version win', async () => {
    await save(aLine())
    const outcomes = await Promise.all(Array.from({ length: 32 }, (_, fence) => save(aLine({ fence }), 1)))
    expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(1)
    expect((await documents().load('line/payments'))?.document.fence).toBe(outcomes.indexOf('saved'))
  })

  it('loses no update of parallel writers that read, change and try again', async () => {
    await save(aLine())
    await Promise.all(Array.from({ length: 8 }, () => count(documents(), 'line/payments', 10)))
    const loaded = await documents().load('line/payments')
    expect(loaded?.document.seq).toBe(80)
    expect(loaded?.version).toBe(81)
  })

  it('saves different documents in parallel', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `line/${index}`)
    expect(new Set(await Promise.all(ids.map((id) => save(aLine({ id })))))).toEqual(new Set(['saved']))
    expect((await documents().list({ limit: 100 })).documents).toHaveLength(50)
  })

  it('does not see what a caller does to a document after saving it', async () => {
    const line = aLine()
    await save(line)
    line.seq = 99
    line.stages['dev'] = aStageState()
    expect((await documents().load(line.id))?.document).toEqual(aLine())
  })

  it('does not see what a caller does to a document that it loaded or listed', async () => {
    await save(aLine())
    const loaded = await documents().load('line/payments')
    loaded?.document.tail.push(anEntry())
    const [listed] = (await documents().list({ limit: 1 })).documents
    listed?.tail.push(anEntry())
    expect((await documents().load('line/payments'))?.document).toEqual(aLine())
  })

  it('keeps hostile ids apart, in load, due and list', async () => {
    const lines = HOSTILE_TEXTS.map((text, fence) => ({ ...dueLine(`line/${text}`, NOW), fence }))
    await Promise.all(lines.map((line) => save(line)))
    for (const line of lines) expect((await documents().load(line.id))?.document).toEqual(line)
    expect((await documents().due(NOW, 100)).toSorted()).toEqual(lines.map(({ id }) => id).toSorted())
    expect(new Set((await documents().list({ limit: 100 })).documents)).toEqual(new Set(lines))
  })

  it('keeps hostile texts inside a document as they are', async () => {
    const lines = HOSTILE_TEXTS.map((subscription, index) => aLine({ id: `line/${index}`, subscription }))
    await Promise.all(lines.map((line) => save(line)))
    for (const line of lines) expect((await documents().load(line.id))?.document).toEqual(line)
  })

  it.each(['__proto__', 'constructor', 'hasOwnProperty', ''])('keeps a document whose id is %j', async (id) => {
    expect(await documents().load(id)).toBeNull()
    await save(aLine({ id }))
    expect((await documents().load(id))?.document.id).toBe(id)
  })

  it.each(['constructor', 'toString', 'hasOwnProperty'])('keeps a stage named %s', async (name) => {
    await save(aLine({ stages: { [name]: aStageState() } }))
    const document = (await documents().load('line/payments'))?.document
    expect(document?.kind === 'line' && Object.entries(document.stages)).toEqual([[name, aStageState()]])
  })

  it('keeps an id of two thousand characters', async () => {
    const id = `line/${'x'.repeat(2000)}`
    await save(aLine({ id }))
    expect((await documents().load(id))?.document.id).toBe(id)
  })

  it('keeps a document of one mebibyte, and refuses one with a byte more', async () => {
    const frame = JSON.stringify(aLine({ config: '' })).length
    const line = aLine({ config: 'x'.repeat(MEBIBYTE - frame) })
    expect(await save(line)).toBe('saved')
    await expect(save(aLine({ config: `${line.config}x` }), 1)).rejects.toThrow(/1048577 bytes/u)
    expect(await documents().load(line.id)).toEqual({ document: line, version: 1 })
  })

  it('counts bytes, not characters', async () => {
    await expect(save(aLine({ config: '\u20ac'.repeat(MEBIBYTE / 2) }))).rejects.toThrow(/at most 1048576/u)
    expect(await documents().load('line/payments')).toBeNull()
  })

  it.each([
    { title: 'a negative sequence', line: aLine({ seq: -1 }) },
    { title: 'an instant that is not a number', line: aLine({ effects: [anEffect({ due: Number.NaN })] }) },
    { title: 'an instant beyond the calendar', line: aLine({ effects: [anEffect({ due: 1e20 })] }) },
    { title: 'a schema of the future', line: { ...aLine(), schema: 3 as 2 } },
  ])('refuses to save a document that it could not load again: $title', async ({ line }) => {
    await save(aLine())
    await expect(save(line, 1)).rejects.toThrow(/not saved/u)
    expect(await documents().load('line/payments')).toEqual({ document: aLine(), version: 1 })
  })

  it('has nothing due where nothing waits', async () => {
    await save(aLine())
    expect(await documents().due(NOW, 10)).toEqual([])
  })

  it('has a document due from its instant on, and not before', async () => {
    await save(dueLine('line/a', NOW))
    expect(await documents().due(NOW - 1, 10)).toEqual([])
    expect(await documents().due(NOW, 10)).toEqual(['line/a'])
    expect(await documents().due(NOW + 1, 10)).toEqual(['line/a'])
  })

  it('has the earliest due first, and equals by id', async () => {
    for (const [id, due] of [
      ['line/d', 3],
      ['line/c', 1],
      ['line/b', 2],
      ['line/a', 2],
    ] as const)
      await save(dueLine(id, due))
    expect(await documents().due(NOW, 10)).toEqual(['line/c', 'line/a', 'line/b', 'line/d'])
  })

  it('has no more due than asked for', async () => {
    for (const id of ['line/a', 'line/b', 'line/c']) await save(dueLine(id, NOW))
    expect(await documents().due(NOW, 2)).toEqual(['line/a', 'line/b'])
    expect(await documents().due(NOW, 0)).toEqual([])
  })

  it('has the same due until somebody saves it', async () => {
    await save(dueLine('line/a', NOW))
    expect(await documents().due(NOW, 1)).toEqual(['line/a'])
    expect(await documents().due(NOW, 1)).toEqual(['line/a'])
    await save(dueLine('line/a', NOW + 5), 1)
    expect(await documents().due(NOW, 1)).toEqual([])
  })

  it.each([
    { title: 'an effect that is leased: at the end of its lease', effect: anEffect({ due: 0, lease: NOW }), at: NOW },
    { title: 'the earliest of several effects', effect: anEffect({ due: NOW - 5 }), at: NOW - 5 },
  ])('is due for $title', async ({ effect, at }) => {
    await save(aLine({ effects: [anEffect({ due: NOW + 100 }), effect] }))
    expect(await documents().due(at - 1, 1)).toEqual([])
    expect(await documents().due(at, 1)).toEqual(['line/payments'])
  })

  it('is not due for an effect that was given up', async () => {
    await save(aLine({ effects: [anEffect({ due: 0, dead: { reason: 'r', detail: 'd', at: 0 } })] }))
    expect(await documents().due(NOW, 1)).toEqual([])
  })

  it('is not due any more when its effects are gone', async () => {
    await save(dueLine('line/a', 0))
    await save(aLine({ id: 'line/a' }), 1)
    expect(await documents().due(NOW, 1)).toEqual([])
  })

  it('is as due as before after a conflict', async () => {
    await save(dueLine('line/a', NOW))
    await save(aLine({ id: 'line/a' }), 7)
    expect(await documents().due(NOW, 1)).toEqual(['line/a'])
  })

  it.each([-1, 1.5, Number.NaN])('refuses %d as a number of rows', async (limit) => {
    await expect(documents().due(NOW, limit)).rejects.toThrow(RangeError)
    await expect(documents().list({ limit })).rejects.toThrow(RangeError)
  })

  it('lists nothing where nothing is', async () => {
    expect(await documents().list({ limit: 10 })).toEqual({ documents: [], damaged: [], next: null })
  })

  it.each([
    { limit: 1, pages: 5 },
    { limit: 2, pages: 3 },
    { limit: 5, pages: 1 },
    { limit: 10, pages: 1 },
  ])('lists by id, $limit on each page, all of them once', async ({ limit, pages }) => {
    for (const id of ['c', 'a', 'e', 'b', 'd']) await save(aLine({ id }))
    const found = await pagesOf(documents(), { limit })
    expect(found.flat()).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(found).toHaveLength(pages)
  })

  it('lists hostile ids page by page, all of them once', async () => {
    await Promise.all(HOSTILE_TEXTS.map((id) => save(aLine({ id }))))
    const found = (await pagesOf(documents(), { limit: 3 })).flat()
    expect(found.toSorted()).toEqual(HOSTILE_TEXTS.toSorted())
  })

  it.each([
    { prefix: 'line/', ids: ['line/a', 'line/ab', 'line/b'] },
    { prefix: 'line/a', ids: ['line/a', 'line/ab'] },
    { prefix: 'line/abc', ids: [] },
    { prefix: 'x%', ids: ['x%y'] },
    { prefix: 'x_', ids: ['x_y'] },
    { prefix: 'u\u{10ffff}', ids: ['u\u{10ffff}\u{10ffff}'] },
    { prefix: 'u', ids: ['u\u{10ffff}\u{10ffff}'] },
    { prefix: 'LINE', ids: [] },
  ])('lists those that begin with $prefix', async ({ prefix, ids }) => {
    const all = ['line/a', 'line/ab', 'line/b', 'train/a', 'x%y', 'x_y', 'xzy', 'u\u{10ffff}\u{10ffff}']
    await Promise.all(all.map((id) => save(aLine({ id }))))
    expect((await pagesOf(documents(), { prefix, limit: 2 })).flat()).toEqual(ids)
  })

  it.each([
    { title: 'between two', after: 'b1', ids: ['c'] },
    { title: 'the last', after: 'c', ids: [] },
    { title: 'beyond the last', after: 'd', ids: [] },
    { title: 'before the prefix', after: '', ids: ['b', 'c'] },
  ])('goes on after an id that is $title', async ({ after, ids }) => {
    for (const id of ['b', 'c']) await save(aLine({ id }))
    const page = await documents().list({ after, limit: 10 })
    expect(page.documents.map(({ id }) => id)).toEqual(ids)
  })

  it('begins with the prefix where the page before was before it', async () => {
    for (const id of ['a', 'line/a', 'line/b']) await save(aLine({ id }))
    const page = await documents().list({ prefix: 'line/', after: 'a', limit: 10 })
    expect(page.documents.map(({ id }) => id)).toEqual(['line/a', 'line/b'])
  })

  it('shows nobody twice when others come while somebody turns the pages', async () => {
    for (const id of ['b', 'd', 'f']) await save(aLine({ id }))
    const first = await documents().list({ limit: 2 })
    for (const id of ['a', 'c', 'e']) await save(aLine({ id }))
    const second = await documents().list({ limit: 10, after: first.next ?? '' })
    expect([...first.documents, ...second.documents].map(({ id }) => id)).toEqual(['b', 'd', 'e', 'f'])
  })
}

/** Adds to `seq` as every writer does: read, change, swap, and again where somebody was faster. */
async function count(documents: Documents, id: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const loaded = await documents.load(id)
    if (loaded === null) throw new Error(`${id} is gone`)
    const next = { ...loaded.document, seq: loaded.document.seq + 1 }
    if ((await documents.save(next, loaded.version, NOW)) === 'saved') done += 1
  }
}

async function pagesOf(documents: Documents, query: { prefix?: string; limit: number }): Promise<string[][]> {
  const pages: string[][] = []
  for (let after: string | null | undefined; after !== null;) {
    const page = await documents.list({ ...query, ...(after === undefined ? {} : { after }) })
    pages.push(page.documents.map(({ id }) => id))
    after = page.next
  }
  return pages
}
