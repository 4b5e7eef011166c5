/** What a backup says about the world is old: nothing of it is acted on, and what people decided stays. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findBreak } from '../../src/domain/chain.ts'
import { Document } from '../../src/domain/document.ts'
import { restored } from '../../src/domain/restored.ts'
import { restoreState } from '../../src/restore.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { reconsider } from '../../src/pipeline.ts'
import { aDigest, aLine, anAcceptedEvent, anEntry, NOW } from '../helpers/build.ts'
import { createWorld } from '../helpers/world.ts'

const how = { now: NOW, by: 'ada', reason: 'the disk failed' }
const sample = (name: string): Document =>
  Document.parse(JSON.parse(readFileSync(`test/fixtures/documents/v2/${name}.json`, 'utf8')))
const stageOf = (document: Document, name: string) => (document.kind === 'line' ? document.stages[name] : undefined)

describe('a document out of a backup', () => {
  it.each([
    'line-first-look',
    'line-delivering',
    'line-proposed',
    'line-observing',
    'line-rolling-back',
    'line-observe-mode',
    'line-verifying',
    'line-gated',
  ])('wants nothing done, and knows nothing of the world: %s', (name) => {
    const { document } = restored(sample(name), how)
    expect(Document.parse(document)).toEqual(document)
    expect(document.effects).toEqual([])
    if (document.kind !== 'line') throw new Error('it is a line')
    for (const stage of Object.values(document.stages)) {
      expect(stage.current).toEqual({ state: 'unknown' })
      expect(stage).toMatchObject({ looks: {}, holds: {}, heard: {} })
      expect(stage.promotion).toBeUndefined()
      expect(stage.next).toBeUndefined()
    }
  })

  it('still knows what was refused, how often it was tried, and where a rollback may go', () => {
    const refused = sample('line-refused')
    const observing = sample('line-observing')
    expect(stageOf(restored(refused, how).document, 'dev')?.refused).toEqual(stageOf(refused, 'dev')?.refused)
    expect(stageOf(restored(refused, how).document, 'dev')?.tried).toEqual(stageOf(refused, 'dev')?.tried)
    expect(stageOf(restored(observing, how).document, 'dev')?.previous).toEqual(stageOf(observing, 'dev')?.previous)
  })

  it('stays pinned: that is what a person decided', () => {
    const gated = sample('line-gated')
    expect(stageOf(restored(gated, how).document, 'dev')?.pin).toEqual(stageOf(gated, 'dev')?.pin)
    expect(stageOf(gated, 'dev')?.pin).toBeDefined()
  })

  it('that lists promotions never gives a number again that a button may hold', () => {
    const was = sample('../v1/bulletin-listing')
    const { document } = restored(was, how)
    expect(Document.parse(document)).toEqual(document)
    if (was.kind !== 'bulletin' || document.kind !== 'bulletin') throw new Error('it is a list')
    expect(document).toMatchObject({ effects: [], alone: [] })
    expect(document.pages.map(({ rows }) => rows)).toEqual(was.pages.map(({ rows }) => rows))
    const numbers = [document.lastRow, document.lastPage, ...document.pages.map(({ edition }) => edition)]
    expect(Math.min(...numbers)).toBeGreaterThan(Math.floor(NOW / 1_000) - 1)
  })

  it('names the events behind what was under way', () => {
    expect(restored(sample('line-delivering'), how).causes).toEqual(['hub/1', 'hub/2'])
    expect(restored(sample('line-refused'), how).causes).toEqual([])
  })

  it('gives fences above all that targets can have seen', () => {
    expect(restored(aLine({ fence: 7 }), how).document.fence).toBe(NOW / 1_000)
    expect(restored(aLine({ fence: NOW }), how).document.fence).toBe(NOW)
  })

  it.each(['train-proposing', 'train-open', 'train-merging', 'train-dropped', 'train-batch'])(
    'forgets its branch and pull request: %s',
    (name) => {
      const { document, causes } = restored(sample(`../v3/${name}`), how)
      expect(Document.parse(document)).toEqual(document)
      expect(document).toMatchObject({ effects: [], lastHead: null, pullRequest: null, cargos: [], next: [] })
      expect(causes).toEqual([])
    },
  )
})

describe('a state that was restored', () => {
  it('says so in the history of each document, by whom and why, in one chain', async () => {
    const state = createMemoryState()
    const line = sample('line-delivering')
    await state.documents.save(line, 0, NOW)
    await restoreState(state, how)
    const { entries } = await state.journal.query({ document: line.id, limit: 10 })
    expect(entries[0]).toMatchObject({ kind: 'operator', reason: 'restored', by: 'ada', seq: line.seq + 1 })
    expect(entries[0]?.detail).toMatch(/^the disk failed\. Restored from a backup/u)
    expect(await findBreak(entries.toReversed())).toBeNull()
    expect((await state.documents.load(line.id))?.document).toMatchObject({ seq: line.seq + 1, hash: entries[0]?.hash })
  })

  it('handles again the events behind what was under way, and no others', async () => {
    const state = createMemoryState()
    await state.documents.save(sample('line-delivering'), 0, NOW)
    for (const id of ['hub/1', 'hub/2', 'hub/3']) {
      await state.inbox.put([anAcceptedEvent({ id })])
      await state.inbox.settle(id, { state: 'done' }, [], NOW)
    }
    expect(await restoreState(state, how)).toEqual({ documents: 1, events: 2, damaged: [] })
    const waiting = await state.inbox.list({ state: 'waiting', limit: 10 })
    expect(waiting.map(({ accepted }) => accepted.id).toSorted()).toEqual(['hub/1', 'hub/2'])
    expect(waiting[0]?.walk.at(-1)).toMatchObject({ step: 'replay', reason: 'restored' })
  })

  it('brings what a tail still carried to the history', async () => {
    const state = createMemoryState()
    await state.documents.save(aLine({ tail: [anEntry({ detail: 'carried' })], seq: 1, hash: '00' }), 0, NOW)
    await restoreState(state, how)
    const { entries } = await state.journal.query({ document: 'line/payments', limit: 10 })
    expect(entries.map(({ detail }) => detail)).toContain('carried')
  })

  it('goes through all documents, whatever their number, and once more without harm', async () => {
    const state = createMemoryState()
    for (let n = 0; n < 450; n += 1)
      await state.documents.save(aLine({ id: `line/${n}`, subscription: `${n}` }), 0, NOW)
    expect(await restoreState(state, how)).toMatchObject({ documents: 450 })
    expect(await restoreState(state, how)).toMatchObject({ documents: 450, events: 0 })
  })

  it('stops where another process still writes', async () => {
    const state = createMemoryState()
    await state.documents.save(aLine(), 0, NOW)
    const { documents } = state
    const busy = { ...documents, save: async () => 'conflict' as const }
    await expect(restoreState({ ...state, documents: busy }, how)).rejects.toThrow(/changed by another process/u)
  })
})

describe.each([
  { title: 'an ordered filter', tags: { semver: '>=1' } },
  { title: 'a filter in which a later observation wins', tags: { digestOf: 'main' } },
])('an older state that is put back under a world that went on, with $title', ({ tags }) => {
  const tagOf = (version: string): string => ('digestOf' in tags ? 'main' : version)

  async function putBack() {
    const world = createWorld({ tags })
    await world.push(tagOf('1.1.0'), 1)
    const [before] = (await world.state.documents.list({ limit: 1 })).documents
    if (before === undefined) throw new Error('there is no line')
    for (const content of [2, 3, 4]) await world.push(tagOf(`1.${content}.0`), content)
    const writes = [...world.at('dev').writes]
    const version = (await world.state.documents.load(before.id))?.version ?? 0
    await world.state.documents.save(before, version, NOW)
    return { world, writes }
  }

  it('changes nothing there, delivers what is newer, and is not fenced out', async () => {
    const { world, writes } = await putBack()
    await restoreState(world.state, how)
    await reconsider(world.ports)
    await world.settle()
    expect(world.at('dev').writes).toEqual(writes)
    expect((await world.stage('dev')).current).toMatchObject({ state: 'found' })
    await world.push(tagOf('1.5.0'), 5)
    expect(world.at('dev').writes).toEqual([...writes, expect.stringContaining(aDigest(5))])
    expect((await world.stage('dev')).current).toMatchObject({ state: 'candidate' })
  })

  it('would not act where it was not told that it is old', async () => {
    const { world, writes } = await putBack()
    await reconsider(world.ports)
    await world.push(tagOf('1.5.0'), 5)
    // Refused by the fence, or as another's hand: restoring is what makes it go on.
    expect(world.at('dev').writes).toEqual(writes)
  })
})

describe('what was under way in the backup', () => {
  it('goes on with what the registry says now', async () => {
    const world = createWorld()
    world.down.targets = true
    await world.push('1.1.0', 1)
    world.down.targets = false
    await restoreState(world.state, how)
    await reconsider(world.ports)
    await world.settle()
    expect(world.at('dev').writes).toEqual([expect.stringContaining(aDigest(1))])
  })
})
