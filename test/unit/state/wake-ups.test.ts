/** A queue wakes the inbox's workers, and the inbox needs no queue. */

import { describe, expect, it } from 'vitest'
import { createDatabase } from '../../../src/state/d1/database.ts'
import { createD1Inbox } from '../../../src/state/d1/inbox.ts'
import { withWakeUps, type Queue } from '../../../src/state/d1/wake-ups.ts'
import { anAcceptedEvent, aWalkStep, NOW } from '../../helpers/build.ts'
import { createFakeD1 } from '../../helpers/sqlite-d1.ts'

const ID = anAcceptedEvent().id
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function scene(queue: Partial<Queue> = {}) {
  const delays: (number | undefined)[] = []
  const d1 = createFakeD1()
  const inbox = createD1Inbox(createDatabase(d1.d1), () => {})
  const send: Queue['send'] = async (_message, options) => void delays.push(options?.delaySeconds)
  return { d1, delays, inbox: withWakeUps(inbox, { send, ...queue }, { log: silent, now: () => NOW }) }
}

describe('an inbox with wake-ups', () => {
  it('sends one message for what is new, whatever its number', async () => {
    const { inbox, delays } = scene()
    await inbox.put([anAcceptedEvent({ id: 'a' }), anAcceptedEvent({ id: 'b' })])
    expect(delays).toEqual([0])
  })

  it('sends none for what it had already', async () => {
    const { inbox, delays } = scene()
    await inbox.put([anAcceptedEvent()])
    await inbox.put([anAcceptedEvent()])
    expect(delays).toEqual([0])
  })

  it('stores although no message can be sent', async () => {
    const { inbox } = scene({ send: () => Promise.reject(new Error('the queue is down')) })
    expect(await inbox.put([anAcceptedEvent()])).toEqual(['stored'])
    expect(await inbox.get(ID)).toMatchObject({ state: 'waiting' })
  })

  it('sends none for what could not be stored', async () => {
    const { inbox, d1, delays } = scene()
    d1.faults.isDown = true
    await expect(inbox.put([anAcceptedEvent()])).rejects.toThrow(/down/u)
    expect(delays).toEqual([])
  })

  it.each([
    [NOW - 5_000, 0],
    [NOW + 1, 1],
    [NOW + 1_500, 2],
    [NOW + 12 * 3_600_000, 43_200],
    [NOW + 12 * 3_600_000 + 1, 43_200],
    [NOW + 48 * 3_600_000, 43_200],
  ])('wakes for a retry at %i after %i seconds, at most what a queue holds back', async (at, seconds) => {
    const { inbox, delays } = scene()
    await inbox.put([anAcceptedEvent()])
    await inbox.settle(ID, { state: 'retry', at }, [], NOW)
    expect(delays).toEqual([0, seconds])
  })

  it('wakes for nothing that is settled', async () => {
    const { inbox, delays } = scene()
    await inbox.put([anAcceptedEvent()])
    await inbox.settle(ID, { state: 'done' }, [], NOW)
    expect(delays).toEqual([0])
  })

  it('wakes for what is opened again, and not for what is not', async () => {
    const { inbox, delays } = scene()
    await inbox.put([anAcceptedEvent()])
    expect(await inbox.reopen(ID, aWalkStep({ step: 'replay' }), NOW)).toBe(false)
    await inbox.settle(ID, { state: 'dead' }, [], NOW)
    expect(await inbox.reopen(ID, aWalkStep({ step: 'replay' }), NOW)).toBe(true)
    expect(delays).toEqual([0, 0])
  })
})
