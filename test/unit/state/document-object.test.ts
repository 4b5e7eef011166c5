/** A document's object on bad days: D1 down, work that changes nothing, an instance that died, a document that cannot be read. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { DocumentId } from '../../../src/domain/document.ts'
import { createDatabase } from '../../../src/state/d1/database.ts'
import { createDocumentObject, type DocumentObject } from '../../../src/state/durable-object/document-object.ts'
import { aLine, anEffect, anEntry, NOW } from '../../helpers/build.ts'
import { createFakeD1, createFakeStorage, type FakeD1 } from '../../helpers/sqlite-d1.ts'

const ID = 'line/payments'
const LATER = NOW + 600_000
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

let now: number
let d1: FakeD1
let held: ReturnType<typeof createFakeStorage>
let work: (id: DocumentId) => Promise<void>
let object: DocumentObject

/** Another instance over the same storage: it remembers nothing. */
function start(): DocumentObject {
  return createDocumentObject({
    storage: held.storage,
    database: createDatabase(d1.d1),
    work: (id) => work(id),
    now: () => now,
    log: silent,
  })
}
const indexed = () => d1.rows('SELECT version, wake FROM document')[0]
const journaled = () => d1.rows('SELECT seq FROM journal ORDER BY seq').map(({ seq }) => seq)
const ring = (): Promise<void> => {
  now = Math.max(now, held.alarm.at ?? now)
  held.alarm.at = null
  return object.alarm()
}

beforeEach(() => {
  now = NOW
  d1 = createFakeD1()
  held = createFakeStorage()
  work = async () => {}
  object = start()
})

describe('a save', () => {
  it('sets the alarm, and brings the copy and the entries to D1', async () => {
    await object.save(aLine({ effects: [anEffect({ due: LATER })], tail: [anEntry({ seq: 1, at: LATER })] }), 0, NOW)
    expect(held.alarm.at).toBe(LATER)
    expect(indexed()).toEqual({ version: 1, wake: LATER })
    expect(journaled()).toEqual([1])
    expect(held.run('SELECT * FROM journal')).toEqual([])
  })

  it('takes the alarm away where nothing waits', async () => {
    await object.save(aLine({ effects: [anEffect({ due: LATER })] }), 0, NOW)
    await object.save(aLine(), 1, NOW)
    expect(held.alarm.at).toBeNull()
  })

  it.each([0, 1])('rings at once for an instant of %i, which the platform would not take', async (due) => {
    await object.save(aLine({ effects: [anEffect({ due })] }), 0, NOW)
    expect(held.alarm.at).toBe(1)
  })

  it('sets no alarm and tells nobody where it lost the race', async () => {
    await object.save(aLine(), 0, NOW)
    expect(await object.save(aLine({ effects: [anEffect({ due: NOW })] }), 0, NOW)).toBe('conflict')
    expect(held.alarm.at).toBeNull()
    expect(indexed()).toEqual({ version: 1, wake: null })
  })
})

describe('while D1 is down', () => {
  beforeEach(() => {
    d1.faults.isDown = true
  })

  it('a save is a save, and what D1 lacks is brought there later', async () => {
    expect(await object.save(aLine({ tail: [anEntry({ seq: 1, at: LATER })] }), 0, NOW)).toBe('saved')
    expect(await object.load(ID)).toMatchObject({ version: 1 })
    d1.faults.isDown = false
    await ring()
    expect(indexed()).toMatchObject({ version: 1 })
    expect(journaled()).toEqual([1])
  })

  it('asks less and less often, at most each minute', async () => {
    await object.save(aLine(), 0, NOW)
    const waits: number[] = []
    for (let time = 0; time < 8; time += 1) {
      waits.push((held.alarm.at ?? 0) - now)
      await ring()
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('forgets nothing when the instance dies', async () => {
    await object.save(aLine({ tail: [anEntry({ seq: 1, at: LATER })] }), 0, NOW)
    await object.save(aLine({ seq: 1, tail: [anEntry({ seq: 2, at: LATER })] }), 1, NOW)
    d1.faults.isDown = false
    object = start()
    await ring()
    expect(journaled()).toEqual([1, 2])
    expect(indexed()).toMatchObject({ version: 2 })
  })

  it('works nevertheless', async () => {
    let worked = 0
    work = async () => void (worked += 1)
    await object.save(aLine({ effects: [anEffect({ due: NOW })] }), 0, NOW)
    await ring()
    expect(worked).toBe(1)
  })
})

describe('the alarm', () => {
  it('works on the document of this object', async () => {
    const worked: string[] = []
    work = async (id) => void worked.push(id)
    await object.save(aLine({ effects: [anEffect({ due: NOW })] }), 0, NOW)
    await ring()
    expect(worked).toEqual([ID])
  })

  it('does nothing where nothing was ever saved', async () => {
    work = () => Promise.reject(new Error('called'))
    await object.alarm()
    expect(held.alarm.at).toBeNull()
  })

  it.each([
    ['throws', () => Promise.reject(new Error('broken'))],
    ['changes nothing', () => Promise.resolve()],
  ])('is set again, later and later, where work %s and all stays due', async (_title, act) => {
    work = act
    await object.save(aLine({ effects: [anEffect({ due: NOW })] }), 0, NOW)
    const waits: number[] = []
    for (let time = 0; time < 7; time += 1) {
      await ring()
      waits.push((held.alarm.at ?? 0) - now)
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })

  it('stays near while it works, so that the next instance takes over soon', async () => {
    await object.save(aLine({ effects: [anEffect({ due: NOW })] }), 0, NOW)
    const near: (number | null)[] = []
    work = async () => {
      near.push(held.alarm.at)
      await object.save(aLine({ effects: [anEffect({ due: NOW, lease: LATER })] }), 1, NOW)
      near.push(held.alarm.at)
    }
    await ring()
    expect(near.map((at) => (at ?? 0) - now)).toEqual([10_000, 10_000])
    expect(held.alarm.at).toBe(LATER)
  })

  it('of a new instance ends the leases of the one that died', async () => {
    await object.save(aLine({ effects: [anEffect({ due: NOW, lease: LATER })] }), 0, NOW)
    const found: unknown[] = []
    work = async (id) => void found.push((await object.load(id))?.document.effects[0]?.lease)
    object = start()
    await object.alarm()
    expect(found).toEqual([undefined])
  })

  it('of a new instance rings at once where a save finds such leases', async () => {
    await object.save(aLine({ effects: [anEffect({ due: NOW, lease: LATER })] }), 0, NOW)
    object = start()
    await object.save(aLine({ seq: 1, effects: [anEffect({ due: NOW, lease: LATER })] }), 1, NOW)
    expect(held.alarm.at).toBe(NOW)
  })

  it('of the same instance leaves the leases of its own alone', async () => {
    await object.save(aLine({ effects: [anEffect({ due: NOW })] }), 0, NOW)
    await ring()
    await object.save(aLine({ effects: [anEffect({ due: NOW, lease: LATER })] }), 1, NOW)
    await ring()
    expect((await object.load(ID))?.document.effects[0]?.lease).toBe(LATER)
  })
})

describe('a document that cannot be read', () => {
  it('keeps its alarm, an hour later, and steps out of the way of the sweep', async () => {
    await object.save(aLine({ effects: [anEffect({ due: NOW })] }), 0, NOW)
    held.run(`UPDATE document SET body = '{}' RETURNING 1`)
    await ring()
    expect(held.alarm.at).toBe(now + 3_600_000)
    expect(indexed()).toEqual({ version: 1, wake: now + 3_600_000 })
  })
})

describe('a wake-up of the sweep', () => {
  it('rings at once, and repairs the copy', async () => {
    await object.save(aLine(), 0, NOW)
    d1.rows('UPDATE document SET version = 0, wake = 5 RETURNING 1')
    object = start()
    await object.wake(ID)
    expect(held.alarm.at).toBe(NOW)
    await ring()
    expect(indexed()).toEqual({ version: 1, wake: null })
  })
})
