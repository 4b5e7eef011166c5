/** Many promotions on one train: when it departs, who comes along, and what each line hears. */

import { describe, expect, it } from 'vitest'
import {
  aCarryOf,
  aBatchWorld,
  BATCH_MS,
  fate,
  playBatch,
  shown,
  MINUTE_MS,
  type PlayedBatch,
} from '../../helpers/batch.ts'
import { termsOf } from '../../../src/decide/terms.ts'
import { alarmOf } from '../../../src/domain/document.ts'
import { LATER } from '../../helpers/play.ts'
import { aLoadedConfig, type WorldOptions } from '../../helpers/world.ts'

const NAMES = ['ledger', 'payments', 'reports']
const states = (train: PlayedBatch, name: string): readonly string[] => train.told(name).map(({ state }) => state)

/** A pull request that shows `ledger 1` and `payments 1`. */
function open(merge: 'by-person' | 'when-approved' = 'by-person', until: number | null = null): PlayedBatch {
  const train = playBatch({ names: NAMES, merge })
  const permission = merge === 'by-person' ? null : { until }
  train.carry('payments', 1, 1, permission)
  train.carry('ledger', 1, 1, permission)
  train.depart()
  train.answer('propose', shown(1, 'h1', fate('ledger 1'), fate('payments 1')))
  return train
}

describe('a batch departs', () => {
  it('when the first that waits has waited for the window, with all that came meanwhile', () => {
    const train = playBatch({ names: NAMES })
    train.carry('payments', 1, 1)
    train.pass(BATCH_MS - 1)
    train.carry('ledger', 1, 1)
    expect(train.effects('propose')).toEqual([])
    train.pass(1)
    train.tick()
    expect(train.cargos()).toEqual(['ledger 1', 'payments 1'])
    expect(train.effects('propose')).toHaveLength(1)
    expect(train.document().departs).toBeNull()
  })

  it('by the newest of each line only', () => {
    const train = playBatch({ names: NAMES })
    train.carry('payments', 2, 2)
    train.carry('payments', 1, 1)
    train.carry('ledger', 1, 7)
    train.carry('ledger', 2, 8)
    train.depart()
    expect(train.cargos()).toEqual(['ledger 2', 'payments 2'])
  })

  it('without those that were dropped meanwhile; and not at all where none is left', () => {
    const train = playBatch({ names: NAMES })
    train.carry('payments', 1, 1)
    train.carry('ledger', 1, 1)
    train.drop('payments', 2)
    expect(train.waits()).toEqual(['ledger 1'])
    train.drop('ledger', 2)
    expect(train.document()).toMatchObject({ departs: null, cargos: [], effects: [] })
  })

  it('once more for those that come after it, onto the same pull request', () => {
    const train = open()
    train.carry('reports', 1, 1)
    expect(train.effects('propose')).toEqual([])
    expect(train.document().departs).toBe(train.now() + BATCH_MS)
    train.depart()
    expect(train.cargos()).toEqual(['ledger 1', 'payments 1', 'reports 1'])
    train.answer('propose', shown(1, 'h2', fate('ledger 1'), fate('payments 1'), fate('reports 1')))
    expect(train.shows()).toEqual(['ledger 1', 'payments 1', 'reports 1'])
    expect(NAMES.map((name) => states(train, name))).toEqual([['proposed'], ['proposed'], ['proposed']])
  })

  it('not while nobody knows what was begun', () => {
    const train = playBatch({ names: NAMES })
    train.carry('payments', 1, 1)
    train.depart()
    train.answer('propose', LATER)
    train.carry('ledger', 1, 1)
    train.pass(BATCH_MS)
    train.tick()
    expect(train.cargos()).toEqual(['payments 1'])
    // Its answer wakes it, or the end of its lease.
    expect(alarmOf(train.document())).toBeNull()
    train.answer('propose', shown(1, 'h1', fate('payments 1')))
    expect(train.cargos()).toEqual(['ledger 1', 'payments 1'])
  })

  it('sooner, where a newer one takes the place of what is shown', () => {
    const train = open()
    train.carry('reports', 1, 1)
    train.carry('payments', 2, 2)
    expect(train.document().departs).toBe(train.now() + 30_000)
    train.depart()
    expect(train.cargos()).toEqual(['ledger 1', 'payments 2', 'reports 1'])
    expect(train.effects('propose')).toHaveLength(1)
  })
})

it('departs at once with one that two people want now, around its gates', () => {
  const train = playBatch({ names: NAMES })
  train.carry('ledger', 1, 1)
  train.step({ kind: 'message', message: { ...aCarryOf('payments', 1, 1), isUrgent: true } })
  expect(train.cargos()).toEqual(['ledger 1', 'payments 1'])
  expect(train.effects('propose')).toHaveLength(1)
})

describe('each line of a batch', () => {
  it('hears its own news, with its own diff', () => {
    const train = open()
    expect(train.told('payments')).toEqual([
      { state: 'proposed', url: 'https://git.example/pull/1', diff: '+payments 1' },
    ])
    expect(train.told('ledger')).toEqual([{ state: 'proposed', url: 'https://git.example/pull/1', diff: '+ledger 1' }])
    expect(train.told('reports')).toEqual([])
  })

  it('hears of the merge, and nothing travels any more', () => {
    const train = open()
    train.answer('look', { kind: 'merged', commit: 'c1', by: 'ann' })
    const merged = { state: 'merged', commit: 'c1', by: 'ann', url: 'https://git.example/pull/1' }
    expect(train.told('payments').at(-1)).toEqual(merged)
    expect(train.told('ledger').at(-1)).toEqual(merged)
    expect(train.document()).toMatchObject({ cargos: [], pullRequest: null })
  })

  it('hears of the close: all that it showed is rejected, what waits goes on', () => {
    const train = open()
    train.carry('reports', 1, 1)
    train.answer('look', { kind: 'closed', by: 'ann' })
    expect(states(train, 'payments')).toEqual(['proposed', 'closed'])
    expect(states(train, 'ledger')).toEqual(['proposed', 'closed'])
    expect(states(train, 'reports')).toEqual([])
    train.depart()
    expect(train.cargos()).toEqual(['reports 1'])
  })

  it.each([
    { kind: 'moved', stays: [] },
    { kind: 'target-missing', stays: ['payments 1'] },
  ] as const)('is stopped alone where its target is $kind, and the others go on', ({ kind, stays }) => {
    const train = playBatch({ names: NAMES })
    for (const name of NAMES) train.carry(name, 1, 1)
    train.depart()
    train.answer('propose', shown(1, 'h1', fate('ledger 1'), fate('payments 1', kind), fate('reports 1')))
    expect(train.told('payments')).toMatchObject([{ state: 'stopped', reason: kind }])
    expect(train.shows()).toEqual(['ledger 1', 'reports 1'])
    expect(train.cargos().filter((one) => one.startsWith('payments'))).toEqual(stays)
    expect(train.effects('propose')).toEqual([])
  })

  it('is tried again with each rebuilding, and told only of what is new', () => {
    const train = playBatch({ names: NAMES })
    for (const name of ['ledger', 'payments']) train.carry(name, 1, 1)
    train.depart()
    const half = [fate('ledger 1'), fate('payments 1', 'target-missing')] as const
    train.answer('propose', shown(1, 'h1', ...half))
    train.pass(15 * MINUTE_MS)
    train.answer('look', { kind: 'open', head: 'h1' })
    train.answer('propose', shown(1, 'h1', ...half))
    expect(states(train, 'payments')).toEqual(['stopped'])
    train.pass(15 * MINUTE_MS)
    train.answer('look', { kind: 'open', head: 'h1' })
    train.answer('propose', shown(1, 'h2', fate('ledger 1'), fate('payments 1')))
    expect(states(train, 'payments')).toEqual(['stopped', 'proposed'])
    expect(states(train, 'ledger')).toEqual(['proposed'])
    expect(train.document().stopped).toEqual({})
  })

  it('is tried again when a person says so', () => {
    const train = playBatch({ names: NAMES })
    for (const name of ['ledger', 'payments']) train.carry(name, 1, 1)
    train.depart()
    train.answer('propose', shown(1, 'h1', fate('ledger 1'), fate('payments 1', 'target-missing')))
    const notes = train.step({ kind: 'retry', by: 'ann', reason: 'repaired', stage: null })
    expect(notes).toMatchObject([{ kind: 'operator', reason: 'retry', by: 'ann' }])
    train.answer('look', { kind: 'open', head: 'h1' })
    expect(train.effects('propose')).toHaveLength(1)
  })

  it('that the base holds already has arrived', () => {
    const train = playBatch({ names: NAMES })
    for (const name of ['ledger', 'payments']) train.carry(name, 1, 1)
    train.depart()
    train.answer('propose', shown(1, 'h1', fate('ledger 1'), fate('payments 1', 'there')))
    expect(train.told('payments')).toEqual([{ state: 'merged', commit: 'h1', by: null, url: null }])
    expect(train.cargos()).toEqual(['ledger 1'])
  })

  it('that no configuration names any more leaves alone', () => {
    const train = open()
    train.configure(aBatchWorld({ names: ['ledger'] }), 'f00d')
    train.tick()
    expect(train.told('payments').at(-1)).toMatchObject({ state: 'stopped', reason: 'unwanted' })
    expect(train.cargos()).toEqual(['ledger 1'])
    expect(train.effects('propose')).toHaveLength(1)
    expect(train.effects('withdraw')).toEqual([])
  })

  it('is told where it came before the configuration did', () => {
    const train = playBatch({ names: ['ledger'] })
    train.carry('payments', 1, 1)
    expect(train.told('payments')).toMatchObject([{ state: 'stopped', reason: 'unwanted' }])
  })
})

describe('a rejection', () => {
  it('drops only its own: the pull request is rebuilt with the rest, at once', () => {
    const train = open()
    train.drop('payments', 2)
    expect(train.cargos()).toEqual(['ledger 1'])
    train.answer('propose', shown(1, 'h2', fate('ledger 1')))
    expect(train.shows()).toEqual(['ledger 1'])
    expect(train.effects('withdraw')).toEqual([])
  })

  it('of the last closes the pull request: it is never empty', () => {
    const train = open()
    train.drop('payments', 2)
    train.answer('propose', shown(1, 'h2', fate('ledger 1')))
    train.drop('ledger', 2)
    expect(train.effects('withdraw')).toMatchObject([{ number: 1, head: 'h2', why: 'ledger is rejected' }])
    train.answer('withdraw', { kind: 'withdrawn' })
    expect(train.document()).toMatchObject({ pullRequest: null, cargos: [] })
  })

  it('of all but one that cannot be brought closes it, too', () => {
    const train = playBatch({ names: NAMES })
    for (const name of ['ledger', 'payments']) train.carry(name, 1, 1)
    train.depart()
    train.answer('propose', shown(1, 'h1', fate('ledger 1'), fate('payments 1', 'target-missing')))
    train.drop('ledger', 2)
    const behind = [fate('payments 1', 'target-missing')]
    train.answer('propose', { kind: 'nothing-to-propose', commit: 'c0', fates: behind })
    expect(train.effects('withdraw')).toHaveLength(1)
    expect(train.effects('propose')[0]?.dead).toMatchObject({ reason: 'target-missing' })
    expect(states(train, 'payments')).toEqual(['stopped'])
  })

  it('while it is being proposed waits for the answer', () => {
    const train = playBatch({ names: NAMES })
    for (const name of ['ledger', 'payments']) train.carry(name, 1, 1)
    train.depart()
    const effect = train.claim('propose')
    train.drop('payments', 2)
    expect(train.cargos()).toEqual(['ledger 1', 'payments 1'])
    train.reply(effect, shown(1, 'h1', fate('ledger 1'), fate('payments 1')))
    expect(train.cargos()).toEqual(['ledger 1'])
    expect(train.effects('propose')).toHaveLength(1)
  })
})

describe('a pull request that a person merged or closed before we heard', () => {
  it('is theirs: all that it showed was merged by them, and the others go on', () => {
    const train = open()
    train.carry('reports', 1, 1)
    train.depart()
    train.answer('propose', { kind: 'failed', reason: 'closed', detail: 'it is not open any more' })
    train.answer('look', { kind: 'merged', commit: 'c1', by: 'ann' })
    expect(train.told('payments').at(-1)).toMatchObject({ state: 'merged', by: 'ann' })
    expect(train.cargos()).toEqual(['reports 1'])
    expect(train.effects('propose')).toHaveLength(1)
  })

  it('and is not there any more is forgotten', () => {
    const train = open()
    train.drop('payments', 2)
    train.answer('propose', { kind: 'failed', reason: 'closed', detail: 'it is not open any more' })
    train.answer('look', { kind: 'failed', reason: 'target-missing', detail: 'there is no pull request 1' })
    expect(train.document()).toMatchObject({ pullRequest: null })
    expect(train.effects('propose')).toHaveLength(1)
  })

  it('tells once of what the base holds already', () => {
    const train = open()
    train.drop('ledger', 2)
    train.answer('propose', { kind: 'nothing-to-propose', commit: 'c1', fates: [fate('payments 1', 'there')] })
    train.answer('look', { kind: 'merged', commit: 'c2', by: 'ann' })
    expect(states(train, 'payments')).toEqual(['proposed', 'merged'])
    expect(train.document()).toMatchObject({ pullRequest: null, cargos: [] })
  })

  it('is looked at, and what it did not show goes on', () => {
    const train = open()
    train.carry('reports', 1, 1)
    train.depart()
    train.answer('propose', { kind: 'failed', reason: 'closed', detail: 'somebody closed it' })
    expect(train.effects('propose')).toEqual([])
    train.answer('look', { kind: 'closed', by: 'ann' })
    expect(states(train, 'payments').at(-1)).toBe('closed')
    expect(states(train, 'reports')).toEqual([])
    expect(train.cargos()).toEqual(['reports 1'])
    expect(train.effects('propose')).toHaveLength(1)
  })

  it('and opened again is brought up to date', () => {
    const train = open()
    train.carry('reports', 1, 1)
    train.depart()
    train.answer('propose', { kind: 'failed', reason: 'closed', detail: 'somebody closed it' })
    train.answer('look', { kind: 'open', head: 'h1' })
    expect(train.effects('propose')).toHaveLength(1)
  })
})

describe('somebody’s commits', () => {
  it('stop all of them, and all are told', () => {
    const train = open()
    train.drop('payments', 2)
    train.answer('propose', { kind: 'failed', reason: 'foreign-commits', detail: 'somebody pushed' })
    expect(train.told('ledger').at(-1)).toMatchObject({ state: 'stopped', reason: 'foreign-commits' })
    expect(train.effects('propose')[0]?.dead).toMatchObject({ reason: 'foreign-commits' })
  })
})

describe('Drayage merges a batch', () => {
  it('when everybody permits it', () => {
    const train = open('when-approved')
    train.answer('merge', { kind: 'merged', commit: 'c1', by: null })
    expect(train.told('payments').at(-1)).toMatchObject({ state: 'merged', commit: 'c1' })
    expect(train.told('ledger').at(-1)).toMatchObject({ state: 'merged', commit: 'c1' })
  })

  it('not while one of them waits for its gates', () => {
    const train = playBatch({ names: NAMES, merge: 'when-approved' })
    train.carry('payments', 1, 1)
    train.carry('ledger', 1, 1, null)
    train.depart()
    train.answer('propose', shown(1, 'h1', fate('ledger 1'), fate('payments 1')))
    expect(train.effects('merge')).toEqual([])
    train.carry('ledger', 1, 2)
    expect(train.effects('merge')).toHaveLength(1)
    expect(train.effects('propose')).toEqual([])
  })

  it('until the earliest of them must be asked again', () => {
    const train = playBatch({ names: NAMES, merge: 'when-approved' })
    train.carry('payments', 1, 1, { until: train.now() + BATCH_MS + MINUTE_MS })
    train.carry('ledger', 1, 1)
    train.depart()
    train.answer('propose', shown(1, 'h1', fate('ledger 1'), fate('payments 1')))
    expect(train.effects('merge')).toHaveLength(1)
    train.pass(MINUTE_MS)
    expect(() => train.claim('merge')).toThrow(/was taken away/u)
    train.carry('payments', 1, 2, { until: null })
    expect(train.effects('merge')).toHaveLength(1)
  })

  it('not while a newer one waits to take the place of one of them', () => {
    const train = open('when-approved')
    train.carry('payments', 2, 2)
    expect(() => train.claim('merge')).toThrow(/was taken away/u)
    train.depart()
    train.answer('propose', shown(1, 'h2', fate('ledger 1'), fate('payments 2')))
    expect(train.effects('merge').map(({ id }) => id)).toEqual(['train/gitops/main/*/prod/merge/h2'])
  })

  it('never where persons do', () => {
    expect(open('by-person').effects('merge')).toEqual([])
  })
})

describe('a batch of commits', () => {
  const commits = (until: number | null = null): PlayedBatch => {
    const train = playBatch({ names: NAMES, way: 'commit' })
    train.carry('payments', 1, 1, { until })
    train.carry('ledger', 1, 1)
    return train
  }

  it('is one commit, and each line hears that it is there', () => {
    const train = commits()
    train.depart()
    train.answer('commit', { kind: 'committed', commit: 'c1', fates: [fate('ledger 1'), fate('payments 1')] })
    const written = { state: 'merged', commit: 'c1', by: null, url: null, status: 'changed' }
    expect(train.told('payments')).toEqual([written])
    expect(train.told('ledger')).toEqual([written])
    expect(train.document()).toMatchObject({ cargos: [], next: [], departs: null, pullRequest: null })
  })

  it('leaves behind what may not be written any more, until its line says so anew', () => {
    const train = commits()
    train.carry('payments', 1, 2, { until: train.now() + BATCH_MS + 1 })
    train.depart()
    train.pass(1)
    train.claim('commit')
    expect(train.cargos()).toEqual(['ledger 1'])
    expect(train.waits()).toEqual(['payments 1'])
  })

  it('waits a little for what is about to be permitted again', () => {
    const train = commits()
    train.carry('payments', 1, 2, { until: train.now() + BATCH_MS })
    train.depart()
    expect(train.effects('commit')).toEqual([])
    train.carry('payments', 1, 3)
    train.depart()
    expect(train.cargos()).toEqual(['ledger 1', 'payments 1'])
  })

  it('does not wait for what is not permitted again in time', () => {
    const train = commits()
    train.carry('payments', 1, 2, { until: train.now() + BATCH_MS })
    train.depart()
    train.pass(MINUTE_MS)
    train.tick()
    expect(train.cargos()).toEqual(['ledger 1'])
    expect(train.document()).toMatchObject({ next: [], departs: null })
    train.answer('commit', { kind: 'committed', commit: 'c1', fates: [fate('ledger 1')] })
    train.carry('payments', 1, 3)
    train.depart()
    expect(train.cargos()).toEqual(['payments 1'])
  })

  it('forgets a permission that comes when all is over, and is worth nothing any more', () => {
    const train = playBatch({ names: NAMES, way: 'commit' })
    train.carry('payments', 1, 1, { until: train.now() + BATCH_MS })
    train.depart()
    train.pass(MINUTE_MS)
    train.tick()
    expect(train.document()).toMatchObject({ next: [], cargos: [], departs: null, effects: [] })
    expect(alarmOf(train.document())).toBeNull()
  })

  it('stops one alone, and the others are written', () => {
    const train = commits()
    train.depart()
    const fates = [fate('ledger 1'), fate('payments 1', 'target-missing')]
    train.answer('commit', { kind: 'committed', commit: 'c1', fates })
    expect(states(train, 'ledger')).toEqual(['merged'])
    expect(states(train, 'payments')).toEqual(['stopped'])
    expect(train.effects('commit')[0]?.dead).toMatchObject({ reason: 'target-missing' })
    train.step({ kind: 'retry', by: 'ann', reason: 'repaired', stage: null })
    train.answer('commit', { kind: 'committed', commit: 'c2', fates: [fate('payments 1')] })
    expect(states(train, 'payments')).toEqual(['stopped', 'merged'])
  })

  it.each([
    ['says what it found', false, 'acme/payments:0.9.0'],
    ['does not, where an attempt before gave no answer: it may have been put over ours', true, null],
  ])('that met a hand %s', (_title, isSecond, found) => {
    const train = commits()
    train.depart()
    if (isSecond) train.answer('commit', LATER)
    const stopped = {
      promotion: fate('payments 1').promotion,
      fate: 'stopped',
      reason: 'moved',
      detail: 'a hand',
    } as const
    const fates = [fate('ledger 1'), { ...stopped, found: 'acme/payments:0.9.0' }]
    train.answer('commit', { kind: 'committed', commit: 'c1', fates })
    expect(train.told('payments')).toMatchObject([{ state: 'stopped', reason: 'moved', found }])
  })

  it('forgets a permission that came while it was written', () => {
    const train = commits()
    train.depart()
    const effect = train.claim('commit')
    train.carry('payments', 1, 2)
    train.reply(effect, { kind: 'committed', commit: 'c1', fates: [fate('ledger 1'), fate('payments 1')] })
    expect(train.document()).toMatchObject({ cargos: [], next: [], departs: null })
  })

  it('takes nothing back that may be written already, and says what came of it', () => {
    const train = commits()
    train.depart()
    const effect = train.claim('commit')
    train.drop('payments', 2)
    expect(train.cargos()).toEqual(['ledger 1', 'payments 1'])
    train.reply(effect, { kind: 'committed', commit: 'c1', fates: [fate('ledger 1'), fate('payments 1')] })
    expect(states(train, 'payments')).toEqual(['merged'])
    expect(train.document().effects.filter(({ kind }) => kind !== 'send')).toEqual([])
  })

  it('that the repository refuses stops all of them', () => {
    const train = commits()
    train.depart()
    train.answer('commit', { kind: 'failed', reason: 'forbidden', detail: 'no' })
    expect(states(train, 'payments')).toEqual(['stopped'])
    expect(states(train, 'ledger')).toEqual(['stopped'])
    expect(train.effects('commit')[0]?.dead).toMatchObject({ reason: 'forbidden' })
  })
})

describe('no batch any more', () => {
  it('closes what it had opened, and tells everybody: they travel alone from now on', () => {
    const train = open()
    train.configure(aBatchWorld({ names: NAMES, batchMs: undefined }), 'f00d')
    train.tick()
    expect(train.told('payments').at(-1)).toMatchObject({ state: 'stopped', reason: 'unwanted' })
    expect(train.told('ledger').at(-1)).toMatchObject({ state: 'stopped', reason: 'unwanted' })
    expect(train.effects('withdraw')).toHaveLength(1)
    const before = JSON.stringify(train.document())
    expect(train.tick()).toEqual([])
    expect(JSON.stringify(train.document())).toBe(before)
  })
})
describe('a permission', () => {
  const STRICTER = { ...aBatchWorld({ names: ['payments'], merge: 'when-approved' }) }
  const termsUnder = (options: WorldOptions): string | undefined => {
    const stage = aLoadedConfig(options).config.subscriptions[0]?.stages[0]
    return stage && termsOf(stage)
  }
  const withHold = (): WorldOptions => {
    const subscriptions = (STRICTER.subscriptions ?? []).map((one) => {
      const { stages, ...rest } = one as { stages: object[] }
      return { ...rest, stages: stages.map((stage) => ({ ...stage, gates: [{ kind: 'hold', reason: 'audit' }] })) }
    })
    return { ...STRICTER, subscriptions }
  }

  it.each(['pull-request', 'commit'] as const)('given under other gates permits nothing: by %s', (way) => {
    const merge = way === 'commit' ? 'by-person' : 'when-approved'
    const train = playBatch({ names: ['payments'], way, merge })
    const terms = termsUnder(withHold())
    train.step({ kind: 'message', message: { ...aCarryOf('payments', 1, 1), terms } })
    train.depart()
    if (way === 'pull-request') train.answer('propose', shown(1, 'h1', fate('payments 1')))
    expect([...train.effects('merge'), ...train.effects('commit')]).toEqual([])
  })

  it('is good again once the configuration says those gates, and is not before', () => {
    const train = playBatch({ names: ['payments'], merge: 'when-approved' })
    const terms = termsUnder(STRICTER)
    train.step({ kind: 'message', message: { ...aCarryOf('payments', 1, 1), terms } })
    train.depart()
    train.answer('propose', shown(1, 'h1', fate('payments 1')))
    expect(train.effects('merge')).toHaveLength(1)
    train.configure(withHold(), 'stricter')
    const [effect] = train.effects('merge')
    train.step({ kind: 'claim', effects: [effect?.id ?? ''], until: train.now() + MINUTE_MS })
    expect(train.effects('merge')).toEqual([])
    train.configure(STRICTER, 'as before')
    train.tick()
    expect(train.effects('merge')).toHaveLength(1)
  })
})
