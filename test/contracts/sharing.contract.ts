/** What a store does for many at once: several connections to one store, each as another process has it. Run by `state.contract.ts`. */

import { expect, it } from 'vitest'
import { isDue } from '../../src/decide/effects.ts'
import type { State } from '../../src/state/state.ts'
import { aLine, anAcceptedEvent, anEffect, anEntry, aWalkStep, NOW } from '../helpers/build.ts'

const LEASE_MS = 60_000

/** At least four. */
export function describeSharing(states: () => readonly State[]): void {
  const at = (index: number): State => {
    const all = states()
    const state = all[index % all.length]
    if (state === undefined) throw new Error('there is no store')
    return state
  }
  const ids = (count: number) => Array.from({ length: count }, (_, n) => `hub/${n}`)
  const everywhere = <T>(work: (state: State, index: number) => Promise<T>) => Promise.all(states().map(work))

  it('shows each what another has saved, stored or appended', async () => {
    await at(0).documents.save(aLine(), 0, NOW)
    await at(1).inbox.put([anAcceptedEvent()])
    await at(2).journal.append([anEntry()])
    expect(await at(3).documents.load('line/payments')).toEqual({ document: aLine(), version: 1 })
    expect(await at(3).inbox.depth()).toBe(1)
    expect((await at(3).journal.query({ limit: 1 })).entries).toEqual([anEntry()])
  })

  it('lets one of all creators win', async () => {
    const outcomes = await everywhere(({ documents }, fence) => documents.save(aLine({ fence }), 0, NOW))
    expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(1)
    expect((await at(0).documents.load('line/payments'))?.document.fence).toBe(outcomes.indexOf('saved'))
  })

  it('lets one of all writers of a version win, each time', async () => {
    await at(0).documents.save(aLine(), 0, NOW)
    for (let version = 1; version <= 25; version += 1) {
      const outcomes = await everywhere(({ documents }, fence) => documents.save(aLine({ fence }), version, NOW))
      expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(1)
    }
    expect((await at(0).documents.load('line/payments'))?.version).toBe(26)
  })

  it('loses no update of writers that read, change and try again', async () => {
    await at(0).documents.save(aLine(), 0, NOW)
    await everywhere(async ({ documents }) => {
      for (let done = 0; done < 20;) {
        const loaded = await documents.load('line/payments')
        if (loaded === null) throw new Error('it is gone')
        const next = { ...loaded.document, seq: loaded.document.seq + 1 }
        if ((await documents.save(next, loaded.version, NOW)) === 'saved') done += 1
      }
    })
    expect((await at(0).documents.load('line/payments'))?.document.seq).toBe(20 * states().length)
  })

  it('stores an event once that all receive, in any order', async () => {
    const events = ids(40).map((id) => anAcceptedEvent({ id }))
    const outcomes = await everywhere(({ inbox }, index) => inbox.put(index % 2 === 0 ? events : events.toReversed()))
    expect(outcomes.flat().filter((outcome) => outcome === 'stored')).toHaveLength(40)
    expect(await at(0).inbox.depth()).toBe(40)
  })

  it('gives each row to one of all claimers', async () => {
    await at(0).inbox.put(ids(200).map((id) => anAcceptedEvent({ id })))
    const claims = await everywhere(async ({ inbox }) => {
      const mine: string[] = []
      for (let some = 1; some > 0;) {
        const rows = await inbox.claim(7, LEASE_MS, NOW)
        some = rows.length
        mine.push(...rows.map(({ accepted }) => accepted.id))
      }
      return mine
    })
    expect(claims.flat()).toHaveLength(200)
    expect(new Set(claims.flat())).toEqual(new Set(ids(200)))
  })

  it('gives what one has leased to another when the lease has ended: its holder may be dead', async () => {
    await at(0).inbox.put([anAcceptedEvent()])
    expect(await at(0).inbox.claim(1, LEASE_MS, NOW)).toHaveLength(1)
    expect(await at(1).inbox.claim(1, LEASE_MS, NOW + LEASE_MS - 1)).toEqual([])
    expect(await at(1).inbox.claim(1, LEASE_MS, NOW + LEASE_MS)).toMatchObject([{ attempts: 2 }])
  })

  it('lets one settlement of all count', async () => {
    await at(0).inbox.put([anAcceptedEvent()])
    await everywhere(({ inbox }, index) =>
      inbox.settle('hub/1', { state: index % 2 === 0 ? 'done' : 'dead' }, [aWalkStep()], NOW),
    )
    expect((await at(0).inbox.get('hub/1'))?.walk).toHaveLength(1)
  })

  it('keeps the steps of all who try an event again', async () => {
    await at(0).inbox.put([anAcceptedEvent()])
    const step = aWalkStep()
    await everywhere(({ inbox }) => inbox.settle('hub/1', { state: 'retry', at: NOW }, [step], NOW))
    expect((await at(0).inbox.get('hub/1'))?.walk).toEqual(states().map(() => step))
  })

  it('opens a settled row for one of all who ask', async () => {
    await at(0).inbox.put([anAcceptedEvent()])
    await at(0).inbox.settle('hub/1', { state: 'done' }, [], NOW)
    const opened = await everywhere(({ inbox }) => inbox.reopen('hub/1', aWalkStep({ step: 'replay' }), NOW))
    expect(opened.filter(Boolean)).toHaveLength(1)
  })

  it('keeps an entry once that all append, in any order', async () => {
    const entries = Array.from({ length: 30 }, (_, n) =>
      anEntry({ seq: n + 1, at: NOW + n, image: `docker.io/acme/i${n % 3}` }),
    )
    await everywhere(({ journal }, index) => journal.append(index % 2 === 0 ? entries : entries.toReversed()))
    const found = await at(0).journal.query({ limit: 100 })
    expect(found.entries).toEqual(entries.toReversed())
    expect((await at(1).journal.query({ image: 'acme/i1', limit: 100 })).entries).toHaveLength(10)
  })

  it('prunes each row once', async () => {
    await at(0).inbox.put(ids(60).map((id) => anAcceptedEvent({ id })))
    await Promise.all(ids(60).map((id, n) => at(n).inbox.settle(id, { state: 'done' }, [], NOW)))
    const pruned = await everywhere(({ inbox }) => inbox.prune(NOW + 1))
    expect(pruned.reduce((sum, rows) => sum + rows, 0)).toBe(60)
    expect(await at(0).inbox.list({ limit: 1 })).toEqual([])
  })

  it('works through a due document once although all look at it', async () => {
    await at(0).documents.save(aLine({ effects: [anEffect()] }), 0, NOW)
    const claims = await everywhere(async ({ documents }) => {
      const [id] = await documents.due(NOW, 1)
      const loaded = id === undefined ? null : await documents.load(id)
      if (loaded === null || !loaded.document.effects.some((effect) => isDue(effect, NOW))) return false
      const leased = { ...loaded.document, effects: [anEffect({ lease: NOW + LEASE_MS, fence: 1 })] }
      return (await documents.save(leased, loaded.version, NOW)) === 'saved'
    })
    expect(claims.filter(Boolean)).toHaveLength(1)
    expect((await at(1).documents.load('line/payments'))?.version).toBe(2)
    expect(await at(1).documents.due(NOW, 1)).toEqual([])
  })
}
