import { describe, expect, it } from 'vitest'
import { askGates } from '../../../src/decide/gates/index.ts'
import type { Facts } from '../../../src/decide/gates/gate.ts'
import { window } from '../../../src/decide/gates/window.ts'
import { parseSlot } from '../../../src/config/gates.ts'
import { candidateOf } from '../../../src/domain/candidate.ts'
import type { ApprovalGate, CheckGate, Gate, GateState, Slot, WindowGate } from '../../../src/domain/gate.ts'
import type { StageState } from '../../../src/domain/line.ts'
import type { Promotion } from '../../../src/domain/promotion.ts'
import type { Stage } from '../../../src/domain/subscription.ts'
import type { Vote } from '../../../src/domain/vote.ts'
import { aDigest, aPinnedImage, aStageState, NOW } from '../../helpers/build.ts'

const HOUR_MS = 3_600_000
const seen = { observedAt: NOW, cause: 'hub/1', since: NOW }
const candidate = candidateOf(aPinnedImage(), seen)

function aPromotion(promotion: Partial<Promotion> = {}): Promotion {
  return {
    id: 'payments/prod/x#1',
    candidate,
    openedAt: NOW,
    gatedAt: NOW,
    phase: 'gated',
    purpose: 'newer',
    terms: '',
    gates: [],
    votes: [],
    checks: {},
    deliveries: {},
    trains: [],
    ...promotion,
  }
}

type Given = Partial<Omit<Facts, 'stage'>> & { readonly stage?: Partial<Stage> }

function ask(gate: Gate, now: number, given: Given = {}): GateState | undefined {
  const { stage, ...rest } = given
  const whole: Stage = {
    name: 'prod',
    after: ['dev'],
    needs: 'all',
    verify: 'none',
    gates: [gate],
    targets: [] as never,
    ...stage,
  }
  return askGates(
    { stage: whole, state: aStageState(), promotion: aPromotion(), upstream: {}, mode: 'act', ...rest },
    now,
  )[0]
}

function wellSince(healthySince: number, digest = aDigest()): StageState {
  const current = {
    state: 'candidate',
    candidate: candidateOf(aPinnedImage({ digest }), seen),
    observed: true,
    healthySince,
    builtAt: null,
  } as const
  return aStageState({ current })
}

describe('soak', () => {
  const gate: Gate = { kind: 'soak', ms: HOUR_MS }

  it.each<[string, Given, number, GateState['state'], number | undefined]>([
    ['is not over yet', { upstream: { dev: wellSince(NOW) } }, NOW + HOUR_MS - 1, 'waiting', NOW + HOUR_MS],
    ['is over', { upstream: { dev: wellSince(NOW) } }, NOW + HOUR_MS, 'held', undefined],
    [
      'ends where the stage before runs another one now',
      { upstream: { dev: wellSince(0, aDigest(2)) } },
      NOW + HOUR_MS,
      'failed',
      undefined,
    ],
    ['does not count a stage that is not known', { upstream: {} }, NOW + HOUR_MS, 'waiting', undefined],
    [
      'ends badly where the stage before refused it',
      {
        upstream: {
          dev: aStageState({
            refused: [{ candidate: candidate.id, image: 'x', reason: 'failed', detail: '', at: 0, by: null }],
          }),
        },
      },
      NOW,
      'failed',
      undefined,
    ],
    [
      'waits for the slowest of all stages before it',
      { stage: { after: ['a', 'b'] }, upstream: { a: wellSince(NOW - HOUR_MS), b: wellSince(NOW) } },
      NOW,
      'waiting',
      NOW + HOUR_MS,
    ],
    [
      'takes the first of any stages before it',
      { stage: { after: ['a', 'b'], needs: 'any' }, upstream: { a: wellSince(NOW - HOUR_MS), b: wellSince(NOW) } },
      NOW,
      'held',
      undefined,
    ],
    [
      'counts from its coming where no stage is before',
      { stage: { after: [] } },
      NOW + HOUR_MS - 1,
      'waiting',
      NOW + HOUR_MS,
    ],
  ])('%s', (_title, given, now, state, until) => {
    const said = ask(gate, now, given)
    expect(said?.state).toBe(state)
    expect(said?.until).toBe(until)
  })
})

function aWindow(allow: readonly string[], deny: readonly string[] = [], timezone = 'Europe/Berlin'): WindowGate {
  const slots = (texts: readonly string[]): Slot[] => texts.flatMap((text) => parseSlot(text) ?? [])
  return { kind: 'window', allow: slots(allow), deny: slots(deny), timezone }
}

describe('a window', () => {
  const WEEK = ['Mon-Thu 09:00-16:00']

  it.each<[string, WindowGate, string, 'held' | 'waiting', string | undefined]>([
    ['is closed a minute before', aWindow(WEEK), '2026-11-19T07:59:00Z', 'waiting', '2026-11-19T08:00:00Z'],
    ['is open at its start', aWindow(WEEK), '2026-11-19T08:00:00Z', 'held', '2026-11-19T15:00:00Z'],
    ['is closed at its end', aWindow(WEEK), '2026-11-19T15:00:00Z', 'waiting', '2026-11-23T08:00:00Z'],
    ['opens again after the weekend', aWindow(WEEK), '2026-11-20T12:00:00Z', 'waiting', '2026-11-23T08:00:00Z'],
    ['opens an hour earlier in summer', aWindow(WEEK), '2026-07-15T06:59:00Z', 'waiting', '2026-07-15T07:00:00Z'],
    ['is always open without allow', aWindow([], ['Fri']), '2026-11-19T12:00:00Z', 'held', '2026-11-19T23:00:00Z'],
    [
      'is closed where it is denied',
      aWindow(['Mon-Fri'], ['Fri']),
      '2026-11-20T12:00:00Z',
      'waiting',
      '2026-11-22T23:00:00Z',
    ],
    [
      'is denied on dates',
      aWindow([], ['2026-12-24..2027-01-02']),
      '2026-12-24T12:00:00Z',
      'waiting',
      '2027-01-02T23:00:00Z',
    ],
    [
      'goes over midnight',
      aWindow(['Fri 22:00-04:00'], [], 'UTC'),
      '2026-11-21T03:59:00Z',
      'held',
      '2026-11-21T04:00:00Z',
    ],
    [
      'over midnight belongs to the day on which it starts',
      aWindow(['Fri 22:00-04:00'], [], 'UTC'),
      '2026-11-20T03:00:00Z',
      'waiting',
      '2026-11-20T22:00:00Z',
    ],
    ['has minutes', aWindow(['09:07-09:08'], [], 'UTC'), '2026-11-20T09:06:59Z', 'waiting', '2026-11-20T09:07:00Z'],
    [
      'is as good by half hours',
      aWindow(WEEK, [], 'Asia/Kolkata'),
      '2026-11-19T03:29:00Z',
      'waiting',
      '2026-11-19T03:30:00Z',
    ],
  ])('%s', (_title, gate, at, state, until) => {
    const said = window(gate, Date.parse(at))
    expect(said.state).toBe(state)
    expect(said.until === undefined ? undefined : new Date(said.until).toISOString().replace('.000', '')).toBe(until)
  })

  it('in the hour that spring leaves out does not open that day', () => {
    const gate = aWindow(['02:15-02:45'])
    expect(window(gate, Date.parse('2026-03-29T00:30:00Z'))).toMatchObject({
      state: 'waiting',
      until: Date.parse('2026-03-30T00:15:00Z'),
    })
  })

  it('that spring cuts opens with the first minute that there is', () => {
    expect(window(aWindow(['02:30-04:00']), Date.parse('2026-03-29T00:59:00Z')).until).toBe(
      Date.parse('2026-03-29T01:00:00Z'),
    )
  })

  it('in the hour that autumn has twice is open twice', () => {
    const gate = aWindow(['02:00-03:00'])
    const open = [
      '2026-10-24T23:59:00Z',
      '2026-10-25T00:00:00Z',
      '2026-10-25T00:59:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-25T02:00:00Z',
    ]
    expect(open.map((at) => window(gate, Date.parse(at)).state)).toEqual(['waiting', 'held', 'held', 'held', 'waiting'])
  })

  it('that never opens is asked for again the next day', () => {
    const now = Date.parse('2026-11-20T12:00:00Z')
    expect(window(aWindow(['2020-01-01']), now)).toMatchObject({ state: 'waiting', until: now + 24 * HOUR_MS })
  })
})

describe('an approval', () => {
  const gate: ApprovalGate = {
    kind: 'approval',
    from: ['ann', 'bob', 'S0REL', 'S0SEC'],
    votes: 1,
    atLeast: [],
    otherWays: 0,
    expires: HOUR_MS,
  }
  const yes = (vote: Partial<Vote> = {}): Vote => ({
    by: 'ann',
    how: 'api',
    groups: [],
    decision: 'approve',
    reason: '',
    at: NOW,
    shown: '',
    ...vote,
  })

  it.each<[string, Partial<ApprovalGate>, readonly Vote[], GateState['state']]>([
    ['by somebody named', {}, [yes()], 'held'],
    ['by a name in other letters', {}, [yes({ by: 'Ann' })], 'held'],
    ['by somebody of a group', {}, [yes({ by: 'cid', how: 'slack', groups: ['S0REL'] })], 'held'],
    ['by a stranger', {}, [yes({ by: 'mallory' })], 'waiting'],
    ['by nobody', {}, [], 'waiting'],
    ['that is a no', {}, [yes({ decision: 'reject' })], 'waiting'],
    ['of two, by one', { votes: 2 }, [yes()], 'waiting'],
    ['of two, by two', { votes: 2 }, [yes(), yes({ by: 'bob' })], 'held'],
    [
      'of two, one of them from security, without one',
      { votes: 2, atLeast: [{ from: ['S0SEC'], votes: 1 }] },
      [yes(), yes({ by: 'bob' })],
      'waiting',
    ],
    [
      'of two, one of them from security',
      { votes: 2, atLeast: [{ from: ['S0SEC'], votes: 1 }] },
      [yes(), yes({ by: 'bob', groups: ['S0SEC'] })],
      'held',
    ],
    ['by chat alone where another way is demanded', { otherWays: 1 }, [yes({ how: 'slack' })], 'waiting'],
    [
      'by another way where one is demanded',
      { votes: 2, otherWays: 1 },
      [yes({ how: 'slack' }), yes({ by: 'bob', how: 'git' })],
      'held',
    ],
    ['by who pushed it', { from: ['ada', 'ann'] }, [yes({ by: 'Ada' })], 'waiting'],
  ])('%s', (_title, more, votes, expected) => {
    const promotion = aPromotion({ votes: [...votes], candidate: { ...candidate, pusher: 'ada' } })
    expect(ask({ ...gate, ...more }, NOW, { promotion })?.state).toBe(expected)
  })

  it('expires, at its deadline and not before, however late it is looked at', () => {
    expect(ask(gate, NOW + HOUR_MS - 1)).toMatchObject({ state: 'waiting', until: NOW + HOUR_MS })
    expect(ask(gate, NOW + HOUR_MS)).toMatchObject({ state: 'failed' })
    expect(ask(gate, NOW + 100 * HOUR_MS, { promotion: aPromotion({ votes: [yes()] }) })).toMatchObject({
      state: 'held',
    })
  })

  it('asks nobody in observe mode', () => {
    expect(ask(gate, NOW, { mode: 'observe' })).toMatchObject({ state: 'held' })
  })
})

describe('a check', () => {
  const gate: CheckGate = {
    kind: 'check',
    name: 'smoke',
    every: 30_000,
    within: HOUR_MS,
    how: { by: 'http', url: 'https://x', status: 200 },
  }
  const heard = (state: 'held' | 'waiting' | 'failed', at = NOW): Given => ({
    promotion: aPromotion({ checks: { smoke: { state, detail: 'as heard', at } } }),
  })

  it.each<[string, Given, number, GateState['state']]>([
    ['that was not heard of', {}, NOW, 'waiting'],
    ['that was not heard of in time', {}, NOW + HOUR_MS, 'failed'],
    ['that said yes', heard('held'), NOW, 'held'],
    ['that said yes a while ago', heard('held'), NOW + 60_000, 'held'],
    ['that said yes too long ago', heard('held'), NOW + 60_001, 'waiting'],
    ['that said nothing', heard('waiting'), NOW, 'waiting'],
    ['that said nothing in time', heard('waiting'), NOW + HOUR_MS, 'failed'],
    ['that said no', heard('failed'), NOW, 'failed'],
  ])('%s', (_title, given, now, expected) => {
    expect(ask(gate, now, given)?.state).toBe(expected)
  })

  it('that is reported counts until the promotion ends', () => {
    expect(ask({ ...gate, how: { by: 'report' } }, NOW + HOUR_MS, heard('held'))?.state).toBe('held')
  })
})

describe('a budget', () => {
  const gate: Gate = { kind: 'budget', changes: 2, per: HOUR_MS }

  it.each<[readonly number[], GateState['state'], number | undefined]>([
    [[], 'held', undefined],
    [[NOW - 1], 'held', undefined],
    [[NOW - 2, NOW - 1], 'waiting', NOW - 2 + HOUR_MS],
    [[NOW - HOUR_MS, NOW - 1], 'held', undefined],
    [[NOW - 3, NOW - 2, NOW - 1], 'waiting', NOW - 2 + HOUR_MS],
  ])('after changes at %j', (changes, state, until) => {
    expect(ask(gate, NOW, { state: aStageState({ changes: [...changes] }) })).toMatchObject({
      state,
      ...(until === undefined ? {} : { until }),
    })
  })
})

describe('a hold, and a pin', () => {
  const hold: Gate = { kind: 'hold', reason: 'audit' }
  const pinnedTo = (digest: string): Given => ({
    state: aStageState({
      pin: { candidate: digest, image: 'acme/payments:1.0.0', by: 'ann', reason: 'incident', at: NOW },
    }),
  })

  it('say whose they are and how they end', () => {
    expect(ask(hold, NOW)).toMatchObject({ state: 'waiting', detail: 'held by the configuration: audit' })
    expect(ask(hold, NOW, pinnedTo(aDigest(2)))).toMatchObject({
      gate: 'pin',
      state: 'waiting',
      detail: expect.stringContaining('pinned to acme/payments:1.0.0 by ann: incident'),
    })
    expect(ask(hold, NOW, pinnedTo(aDigest()))).toMatchObject({ gate: 'pin', state: 'held' })
  })

  it('are passed by a way back, like all gates', () => {
    expect(ask(hold, NOW, { promotion: aPromotion({ purpose: 'rollback' }) })).toBeUndefined()
  })
})
