import { describe, expect, it } from 'vitest'
import { explain } from '../../src/explain.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { aDigest, anAcceptedEvent, anEntry, aWalkStep, NOW } from '../helpers/build.ts'

async function aState(count: number) {
  const state = createMemoryState()
  for (let number = 1; number <= count; number += 1) {
    const event = { tag: `1.${number}.0`, repository: number % 2 === 0 ? 'acme/payments' : 'acme/web' }
    await state.inbox.put([anAcceptedEvent({ id: `hub/${number}`, receivedAt: NOW + number, event })])
  }
  return state
}

describe('an image', () => {
  it('is found however long ago its event came', async () => {
    const state = await aState(1_500)
    const { about, events } = await explain('docker.io/acme/payments:1.2.0', state)
    expect([about, events.map(({ accepted }) => accepted.id)]).toEqual(['image', ['hub/2']])
  })

  it('of a repository shows its newest events, and no more than a person reads', async () => {
    const state = await aState(300)
    const { events } = await explain('acme/payments', state)
    expect(events.map(({ accepted }) => accepted.id).slice(0, 2)).toEqual(['hub/300', 'hub/298'])
    expect(events).toHaveLength(20)
  })

  it('is not another one whose name begins alike', async () => {
    const state = createMemoryState()
    const entry = (seq: number, image: string) => anEntry({ seq, image })
    await state.journal.append([
      entry(1, `docker.io/acme/payments:1.4@${aDigest(1)}`),
      entry(2, `docker.io/acme/payments:1.4.2@${aDigest(2)}`),
      entry(3, `docker.io/acme/payments-worker:1.4@${aDigest(3)}`),
    ])
    const found = async (subject: string): Promise<readonly number[]> =>
      (await explain(subject, state)).entries.map(({ seq }) => seq)
    expect(await found('acme/payments:1.4')).toEqual([1])
    expect(await found('acme/payments:1.4.2')).toEqual([2])
    expect(await found('acme/payments')).toEqual([2, 1])
    expect(await found('acme/payments-worker')).toEqual([3])
    expect(await found(aDigest(3))).toEqual([3])
    expect(await found(`acme/payments:1.4@${aDigest(1)}`)).toEqual([1])
    expect(await found(`acme/payments@${aDigest(2)}`)).toEqual([2])
  })

  it('is found by a digest that only an event named', async () => {
    const state = createMemoryState()
    await state.inbox.put([anAcceptedEvent({ event: { tag: null, digest: aDigest(7) } })])
    expect((await explain(aDigest(7), state)).events).toHaveLength(1)
    expect((await explain(`acme/payments@${aDigest(7)}`, state)).events).toHaveLength(1)
    expect((await explain(aDigest(8), state)).about).toBe('nothing')
  })
})

it('tells of an event its walk, and of its promotions what became of them', async () => {
  const state = createMemoryState()
  await state.inbox.put([anAcceptedEvent()])
  await state.inbox.settle('hub/1', { state: 'done' }, [aWalkStep()], NOW)
  await state.journal.append([
    anEntry({ seq: 1, cause: 'hub/1', promotion: 'payments/dev/x#1', at: NOW }),
    anEntry({ seq: 2, promotion: 'payments/dev/x#1', at: NOW + 1, kind: 'healthy' }),
    anEntry({ seq: 3, promotion: 'payments/dev/y#1', at: NOW + 2, kind: 'healthy' }),
  ])
  const explained = await explain('hub/1', state)
  expect(explained.about).toBe('event')
  expect(explained.events[0]?.walk).toHaveLength(1)
  expect(explained.entries.map(({ seq }) => seq)).toEqual([2, 1])
})

it.each(['', '/', '%', '\u0000', 'a'.repeat(10_000), '__proto__', "'; DROP TABLE inbox; --"])(
  'knows nothing of %j, and does not stumble',
  async (subject) => {
    expect((await explain(subject, await aState(3))).about).toBe('nothing')
  },
)
