/** What every inbox does: durable once, leased to one, settled once. Run by `state.contract.ts`. */

import { expect, it } from 'vitest'
import type { InboxState } from '../../src/domain/walk.ts'
import type { Inbox, InboxQuery, Settlement } from '../../src/state/inbox.ts'
import { anAcceptedEvent, aWalkStep, NOW } from '../helpers/build.ts'
import { HOSTILE_TEXTS } from '../helpers/hostile.ts'

const LEASE_MS = 60_000

export function describeInbox(inbox: () => Inbox): void {
  const put = (...ids: readonly string[]) => inbox().put(ids.map((id) => anAcceptedEvent({ id })))
  /** One after the other: `hub/0` is the oldest. */
  const putMany = (count: number) =>
    inbox().put(Array.from({ length: count }, (_, n) => anAcceptedEvent({ id: `hub/${n}`, receivedAt: NOW + n })))
  const claim = async (limit = 10, now = NOW) =>
    (await inbox().claim(limit, LEASE_MS, now)).map(({ accepted }) => accepted.id)
  const settle = (id: string, settlement: Settlement = { state: 'done' }, walk = [aWalkStep()]) =>
    inbox().settle(id, settlement, walk, NOW)
  const ids = async (query: InboxQuery) => (await inbox().list(query)).map(({ accepted }) => accepted.id)

  it('stores an event whole, waiting', async () => {
    const accepted = anAcceptedEvent()
    expect(await inbox().put([accepted])).toEqual(['stored'])
    expect(await inbox().get(accepted.id)).toEqual({ accepted, state: 'waiting', attempts: 0, walk: [] })
  })

  it('says which of several it had already', async () => {
    expect(await put('hub/1')).toEqual(['stored'])
    expect(await put('hub/0', 'hub/1', 'hub/2')).toEqual(['stored', 'duplicate', 'stored'])
  })

  it('meets an event that comes twice at once', async () => {
    expect(await put('hub/1', 'hub/1')).toEqual(['stored', 'duplicate'])
    expect(await inbox().depth()).toBe(1)
  })

  it('stores nothing for nothing', async () => {
    expect(await put()).toEqual([])
    expect(await inbox().depth()).toBe(0)
  })

  it('leaves a duplicate as it is: its content, state and walk', async () => {
    const first = anAcceptedEvent({ event: { tag: '1.5.0' } })
    await inbox().put([first])
    await claim()
    await settle(first.id)
    expect(await inbox().put([anAcceptedEvent({ event: { tag: '6.6.6' } })])).toEqual(['duplicate'])
    expect(await inbox().get(first.id)).toEqual({ accepted: first, state: 'done', attempts: 1, walk: [aWalkStep()] })
  })

  it('stores an event once when many senders bring it in parallel', async () => {
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => put('hub/1')))
    expect(outcomes.flat().filter((outcome) => outcome === 'stored')).toHaveLength(1)
    expect(await inbox().depth()).toBe(1)
  })

  it('stores what many senders bring in parallel', async () => {
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, n) => put(`hub/${n}`)))
    expect(new Set(outcomes.flat())).toEqual(new Set(['stored']))
    expect(await inbox().depth()).toBe(100)
  })

  it('stores all of an envelope or nothing, and what came beside it', async () => {
    const huge = { ...anAcceptedEvent({ id: 'hub/huge' }), source: 'x'.repeat(2 * 1024 * 1024) }
    const [refused, stored] = await Promise.allSettled([
      inbox().put([anAcceptedEvent({ id: 'hub/1' }), huge]),
      put('hub/2'),
    ])
    expect(refused.status).toBe('rejected')
    expect(stored).toEqual({ status: 'fulfilled', value: ['stored'] })
    expect(await ids({ limit: 10 })).toEqual(['hub/2'])
  })

  it.each(['x', '\u20ac', '\u0000'])('refuses two megabytes of %j with the figures', async (text) => {
    const huge = { ...anAcceptedEvent(), source: text.repeat(2_000_000) }
    await expect(inbox().put([huge])).rejects.toThrow(/at most 65536 are kept/u)
    expect(await inbox().depth()).toBe(0)
  })

  it('keeps hostile ids apart', async () => {
    const all = HOSTILE_TEXTS.map((text) => `hub/${text}`)
    expect(new Set(await put(...all))).toEqual(new Set(['stored']))
    expect(new Set(await put(...all))).toEqual(new Set(['duplicate']))
    for (const id of all) expect((await inbox().get(id))?.accepted.id).toBe(id)
    expect(new Set(await claim(100))).toEqual(new Set(all))
    for (const id of all) await settle(id)
    expect(await inbox().depth()).toBe(0)
  })

  it('keeps hostile texts inside an event and its walk as they are', async () => {
    const events = HOSTILE_TEXTS.map((text, n) => anAcceptedEvent({ id: `hub/${n}`, event: { pusher: text } }))
    await inbox().put(events)
    for (const [n, text] of HOSTILE_TEXTS.entries()) {
      await settle(`hub/${n}`, { state: 'dead' }, [aWalkStep({ detail: text })])
      expect(await inbox().get(`hub/${n}`)).toMatchObject({
        accepted: { event: { pusher: text } },
        walk: [{ detail: text }],
      })
    }
  })

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('keeps an event whose id is %s', async (id) => {
    expect(await inbox().get(id)).toBeNull()
    expect(await put(id)).toEqual(['stored'])
    expect(await claim()).toEqual([id])
  })

  it('does not see what a caller does to an event or a row', async () => {
    const event = structuredClone(anAcceptedEvent()) as { source: string }
    await inbox().put([event as ReturnType<typeof anAcceptedEvent>])
    event.source = 'changed'
    const walk = (await inbox().get('hub/1'))?.walk as unknown[] | undefined
    walk?.push(aWalkStep())
    expect(await inbox().get('hub/1')).toEqual({ accepted: anAcceptedEvent(), state: 'waiting', attempts: 0, walk: [] })
  })

  it('gives nothing to claim where nothing waits', async () => {
    expect(await claim()).toEqual([])
  })

  it('counts the claim in the row that it gives', async () => {
    await put('hub/1')
    const [row] = await inbox().claim(1, LEASE_MS, NOW)
    expect(row).toEqual({ accepted: anAcceptedEvent(), state: 'waiting', attempts: 1, walk: [] })
    expect((await inbox().get('hub/1'))?.attempts).toBe(1)
  })

  it('gives the oldest first, and equals as they came', async () => {
    await inbox().put([
      anAcceptedEvent({ id: 'hub/z', receivedAt: NOW - 1 }),
      anAcceptedEvent({ id: 'hub/b', receivedAt: NOW }),
      anAcceptedEvent({ id: 'hub/a', receivedAt: NOW }),
      anAcceptedEvent({ id: 'hub/y', receivedAt: NOW - 2 }),
    ])
    expect(await claim()).toEqual(['hub/y', 'hub/z', 'hub/b', 'hub/a'])
  })

  it('gives no more than asked for', async () => {
    await putMany(3)
    expect(await claim(0, NOW + 10)).toEqual([])
    expect(await claim(2, NOW + 10)).toEqual(['hub/0', 'hub/1'])
    expect(await claim(2, NOW + 10)).toEqual(['hub/2'])
  })

  it('refuses a negative number of rows', async () => {
    await put('hub/1')
    await expect(inbox().claim(-1, LEASE_MS, NOW)).rejects.toThrow(RangeError)
    await expect(inbox().list({ limit: -1 })).rejects.toThrow(RangeError)
  })

  it('gives a leased row to nobody else until the lease ends, then again', async () => {
    await put('hub/1')
    expect(await claim()).toEqual(['hub/1'])
    expect(await claim(10, NOW + LEASE_MS - 1)).toEqual([])
    expect(await inbox().claim(10, LEASE_MS, NOW + LEASE_MS)).toMatchObject([{ attempts: 2 }])
    expect(await claim(10, NOW + LEASE_MS)).toEqual([])
  })

  it('gives a row once in a claim, even for a lease of no time', async () => {
    await put('hub/1', 'hub/2')
    expect(await inbox().claim(10, 0, NOW)).toHaveLength(2)
  })

  it('gives each row to one of many parallel claimers', async () => {
    await putMany(100)
    const claims = await Promise.all(Array.from({ length: 15 }, () => claim(10, NOW + 1000)))
    expect(claims.flat()).toHaveLength(100)
    expect(new Set(claims.flat())).toHaveLength(100)
  })

  it('gives a row that is tried again at its instant, and not before', async () => {
    await put('hub/1')
    await claim()
    await settle('hub/1', { state: 'retry', at: NOW + 5 })
    expect(await claim(10, NOW + 4)).toEqual([])
    expect(await inbox().claim(10, LEASE_MS, NOW + 5)).toMatchObject([{ attempts: 2, walk: [aWalkStep()] }])
  })

  it('lets what is tried again wait its turn behind what is due longer', async () => {
    await put('hub/old')
    await claim()
    await settle('hub/old', { state: 'retry', at: NOW + 10 })
    await inbox().put([anAcceptedEvent({ id: 'hub/new', receivedAt: NOW + 5 })])
    expect(await claim(10, NOW + 20)).toEqual(['hub/new', 'hub/old'])
  })

  it.each(['done', 'dead'] as const)('gives a row that is %s to nobody', async (state) => {
    await put('hub/1')
    await claim()
    await settle('hub/1', { state })
    expect(await claim(10, NOW + 10 * LEASE_MS)).toEqual([])
    expect(await inbox().get('hub/1')).toMatchObject({ state, walk: [aWalkStep()] })
  })

  it('settles a row that nobody claimed', async () => {
    await put('hub/1')
    await settle('hub/1')
    expect(await inbox().get('hub/1')).toMatchObject({ state: 'done', attempts: 0 })
  })

  it.each<Settlement>([{ state: 'done' }, { state: 'dead' }, { state: 'retry', at: NOW }])(
    'changes nothing when a settled row is settled as $state',
    async (settlement) => {
      await put('hub/1')
      await settle('hub/1')
      const settled = await inbox().get('hub/1')
      await settle('hub/1', settlement, [aWalkStep({ step: 'offer' })])
      expect(await inbox().get('hub/1')).toEqual(settled)
      expect(await claim()).toEqual([])
    },
  )

  it('lets one of two parallel settlements count', async () => {
    await put('hub/1')
    await Promise.all([settle('hub/1', { state: 'done' }), settle('hub/1', { state: 'dead' })])
    expect((await inbox().get('hub/1'))?.walk).toHaveLength(1)
  })

  it('settles nothing where there is no such event', async () => {
    await settle('hub/1')
    expect(await inbox().get('hub/1')).toBeNull()
  })

  it('believes a late settlement although another has claimed the row since', async () => {
    await put('hub/1')
    await claim()
    await claim(10, NOW + LEASE_MS)
    await settle('hub/1')
    expect(await claim(10, NOW + 10 * LEASE_MS)).toEqual([])
  })

  it('adds to the walk in order', async () => {
    await put('hub/1')
    for (const reason of ['a', 'b']) await settle('hub/1', { state: 'retry', at: NOW }, [aWalkStep({ reason })])
    await settle('hub/1', { state: 'done' }, [aWalkStep({ reason: 'c' }), aWalkStep({ reason: 'd' })])
    expect((await inbox().get('hub/1'))?.walk.map(({ reason }) => reason)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('keeps the newest hundred steps of an endless walk', async () => {
    await put('hub/1')
    const steps = (count: number) => Array.from({ length: count }, (_, at) => aWalkStep({ at }))
    await settle('hub/1', { state: 'retry', at: NOW }, steps(100))
    expect((await inbox().get('hub/1'))?.walk).toHaveLength(100)
    await settle('hub/1', { state: 'retry', at: NOW }, [aWalkStep({ at: 100 })])
    const walk = (await inbox().get('hub/1'))?.walk
    expect(walk).toHaveLength(100)
    expect(walk?.[0]?.at).toBe(1)
    expect(walk?.at(-1)?.at).toBe(100)
  })

  it('cuts two megabytes of detail rather than never settling', async () => {
    await put('hub/1')
    await settle('hub/1', { state: 'dead' }, [aWalkStep({ detail: 'x'.repeat(2_000_000) })])
    const row = await inbox().get('hub/1')
    expect(row?.state).toBe('dead')
    expect(row?.walk[0]?.detail).toBe('x'.repeat(2000))
  })

  it.each(['done', 'dead'] as const)('opens a row that is %s again, with a note and fresh attempts', async (state) => {
    await put('hub/1')
    await claim()
    await settle('hub/1', { state })
    const note = aWalkStep({ step: 'replay', at: NOW + 5 })
    expect(await inbox().reopen('hub/1', note, NOW + 5)).toBe(true)
    expect(await inbox().get('hub/1')).toMatchObject({ state: 'waiting', attempts: 0, walk: [aWalkStep(), note] })
    expect(await claim(10, NOW + 4)).toEqual([])
    expect(await claim(10, NOW + 5)).toEqual(['hub/1'])
  })

  it('opens neither a row that waits, nor one that is not there', async () => {
    await put('hub/1')
    expect(await inbox().reopen('hub/1', aWalkStep({ step: 'replay' }), NOW)).toBe(false)
    expect(await inbox().reopen('hub/2', aWalkStep({ step: 'replay' }), NOW)).toBe(false)
    expect((await inbox().get('hub/1'))?.walk).toEqual([])
  })

  it('opens a row for one of many who ask in parallel', async () => {
    await put('hub/1')
    await settle('hub/1')
    const note = aWalkStep({ step: 'replay' })
    const opened = await Promise.all(Array.from({ length: 5 }, () => inbox().reopen('hub/1', note, NOW)))
    expect(opened.filter(Boolean)).toHaveLength(1)
    expect((await inbox().get('hub/1'))?.walk).toEqual([aWalkStep(), note])
  })

  it('settles a row that was opened again', async () => {
    await put('hub/1')
    await settle('hub/1', { state: 'dead' })
    await inbox().reopen('hub/1', aWalkStep({ step: 'replay' }), NOW)
    await claim()
    await settle('hub/1', { state: 'done' })
    expect(await inbox().get('hub/1')).toMatchObject({ state: 'done', attempts: 1 })
  })

  it('lists the newest first, and equals by id', async () => {
    await inbox().put([
      anAcceptedEvent({ id: 'hub/a', receivedAt: NOW }),
      anAcceptedEvent({ id: 'hub/c', receivedAt: NOW + 1 }),
      anAcceptedEvent({ id: 'hub/b', receivedAt: NOW }),
    ])
    expect(await ids({ limit: 10 })).toEqual(['hub/c', 'hub/b', 'hub/a'])
  })

  it.each([1, 2, 3, 7, 10])('lists page by page, %d on each, all of them once', async (limit) => {
    await inbox().put(
      Array.from({ length: 7 }, (_, n) => anAcceptedEvent({ id: `hub/${n}`, receivedAt: NOW + (n >> 1) })),
    )
    expect(await walkPages(inbox(), { limit })).toEqual(['hub/6', 'hub/5', 'hub/4', 'hub/3', 'hub/2', 'hub/1', 'hub/0'])
  })

  it.each<{ state: InboxState; expected: string[] }>([
    { state: 'waiting', expected: ['hub/5', 'hub/4'] },
    { state: 'done', expected: ['hub/3', 'hub/1'] },
    { state: 'dead', expected: ['hub/2', 'hub/0'] },
  ])('lists those that are $state', async ({ state, expected }) => {
    await putMany(6)
    for (const id of ['hub/1', 'hub/3']) await settle(id)
    for (const id of ['hub/0', 'hub/2']) await settle(id, { state: 'dead' })
    await settle('hub/4', { state: 'retry', at: NOW + 99 })
    expect(await ids({ state, limit: 10 })).toEqual(expected)
    expect(await walkPages(inbox(), { state, limit: 1 })).toEqual(expected)
  })

  it('shows nobody twice when others arrive while somebody turns the pages', async () => {
    await putMany(4)
    const first = await ids({ limit: 2 })
    await inbox().put([anAcceptedEvent({ id: 'hub/new', receivedAt: NOW + 99 })])
    expect([...first, ...(await ids({ limit: 9, before: first.at(-1) ?? '' }))]).toEqual([
      'hub/3',
      'hub/2',
      'hub/1',
      'hub/0',
    ])
  })

  it('lists nothing before an event that is not there', async () => {
    await putMany(2)
    expect(await ids({ limit: 9, before: 'hub/99' })).toEqual([])
  })

  it('counts what waits: leased and tried again too, settled not', async () => {
    expect(await inbox().depth()).toBe(0)
    await putMany(4)
    await claim(1)
    await settle('hub/1', { state: 'retry', at: NOW + 99 })
    await settle('hub/2')
    await settle('hub/3', { state: 'dead' })
    expect(await inbox().depth()).toBe(2)
  })

  it('has nothing due next where nothing waits', async () => {
    expect(await inbox().nextDue()).toBeNull()
    await put('hub/1')
    await settle('hub/1')
    expect(await inbox().nextDue()).toBeNull()
  })

  it('knows when the earliest is due: as it came, at the end of its lease, when it is tried again', async () => {
    await putMany(2)
    expect(await inbox().nextDue()).toBe(NOW)
    await claim(1)
    expect(await inbox().nextDue()).toBe(NOW + 1)
    await settle('hub/1', { state: 'retry', at: NOW + 2 * LEASE_MS })
    expect(await inbox().nextDue()).toBe(NOW + LEASE_MS)
    await settle('hub/0', { state: 'dead' })
    expect(await inbox().nextDue()).toBe(NOW + 2 * LEASE_MS)
    await inbox().reopen('hub/0', aWalkStep({ step: 'replay' }), NOW + 3)
    expect(await inbox().nextDue()).toBe(NOW + 3)
  })

  it('prunes what is settled and older than the instant, nothing else', async () => {
    await putMany(6)
    for (const id of ['hub/0', 'hub/3', 'hub/4']) await settle(id)
    await settle('hub/1', { state: 'dead' })
    await claim(1, NOW + 2)
    expect(await inbox().prune(NOW + 3)).toBe(2)
    expect(await ids({ limit: 10 })).toEqual(['hub/5', 'hub/4', 'hub/3', 'hub/2'])
    expect(await inbox().prune(NOW + 3)).toBe(0)
  })

  it('prunes thousands', async () => {
    await putMany(1200)
    await Promise.all(Array.from({ length: 1200 }, (_, n) => settle(`hub/${n}`)))
    expect(await inbox().prune(NOW + 1100)).toBe(1100)
    expect(await ids({ limit: 1000 })).toHaveLength(100)
  })

  it('stores an event anew that was pruned', async () => {
    await put('hub/1')
    await settle('hub/1')
    await inbox().prune(NOW + 1)
    expect(await put('hub/1')).toEqual(['stored'])
    expect(await inbox().get('hub/1')).toMatchObject({ state: 'waiting', attempts: 0, walk: [] })
  })

  it('gives at most a thousand rows at once', async () => {
    await putMany(1001)
    expect(await ids({ limit: 5000 })).toHaveLength(1000)
    expect(await claim(5000, NOW + 5000)).toHaveLength(1000)
  })
}

async function walkPages(inbox: Inbox, query: InboxQuery): Promise<string[]> {
  const found: string[] = []
  for (let page = await inbox.list(query); page.length > 0;) {
    found.push(...page.map(({ accepted }) => accepted.id))
    page = await inbox.list({ ...query, before: found.at(-1) ?? '' })
  }
  return found
}
