import { describe, expect, it } from 'vitest'
import { parseSlot } from '../../../src/config/gates.ts'
import type { Gate, Slot } from '../../../src/domain/gate.ts'
import type { Vote } from '../../../src/domain/vote.ts'
import { aDigest, NOW } from '../../helpers/build.ts'
import { delivered, image, playLine, playTrain, proposed, WELL, type PlayedLine } from '../../helpers/play.ts'
import { aPolicy } from '../../helpers/evidence.ts'
import { aGitStage, aWorkloadStage } from '../../helpers/world.ts'

const HOUR_MS = 3_600_000
const soak: Gate = { kind: 'soak', ms: HOUR_MS }
const approval: Gate = { kind: 'approval', from: ['ann', 'bob'], votes: 1, atLeast: [], otherWays: 0, expires: HOUR_MS }

function gated(...gates: readonly Gate[]): object {
  return { ...aWorkloadStage('dev'), gates }
}

function waiting(...gates: readonly Gate[]): PlayedLine {
  const line = playLine({ stages: [gated(...gates)] })
  line.offer('1.1.0', 1)
  line.look()
  return line
}

function vote(
  line: PlayedLine,
  by: string,
  decision: Vote['decision'] = 'approve',
  promotion = `payments/dev/${aDigest(1)}#1`,
) {
  const voice: Vote = { by, how: 'api', groups: [], decision, reason: 'because', at: line.now(), shown: 'status' }
  return line.step({ kind: 'vote', stage: 'dev', promotion, vote: voice })
}

describe('a gated promotion', () => {
  it('delivers nothing while one gate waits, and says which', () => {
    const line = waiting({ kind: 'budget', changes: 1, per: HOUR_MS }, { kind: 'hold', reason: 'audit' })
    expect(line.effects('deliver')).toEqual([])
    expect(line.stage().promotion).toMatchObject({ phase: 'gated', gates: [{ state: 'held' }, { state: 'waiting' }] })
    expect(line.notes.filter(({ kind }) => kind === 'gated')).toMatchObject([
      { reason: 'waiting', detail: 'hold: held by the configuration: audit' },
    ])
  })

  it('wakes when time alone opens a gate, and goes then', () => {
    const line = waiting(soak)
    expect(line.document().alarm).toBe(NOW + HOUR_MS)
    line.pass(HOUR_MS - 1)
    line.tick()
    expect(line.effects('deliver')).toEqual([])
    line.pass(1)
    line.tick()
    expect(line.effects('deliver')).toHaveLength(1)
    expect(line.document().alarm).toBeNull()
  })

  it('is woken again and again without changing anything', () => {
    const line = waiting(soak)
    const before = line.document()
    for (let ticks = 0; ticks < 5; ticks += 1) expect(line.tick()).toEqual([])
    expect(line.document()).toEqual(before)
  })

  it('goes with its approval, and only for this candidate', () => {
    const line = waiting(approval)
    vote(line, 'ann', 'approve', `payments/dev/${aDigest(2)}#1`)
    expect(line.effects('deliver')).toEqual([])
    vote(line, 'mallory')
    expect(line.effects('deliver')).toEqual([])
    vote(line, 'ann')
    expect(line.effects('deliver')).toHaveLength(1)
  })

  it('loses its approval to a newer candidate: that one asks anew', () => {
    const line = waiting({ ...approval, votes: 2 })
    vote(line, 'ann')
    line.offer('1.2.0', 2)
    expect(line.stage().promotion).toMatchObject({ candidate: { id: aDigest(2) }, votes: [] })
    vote(line, 'bob')
    expect(line.effects('deliver')).toEqual([])
  })

  it('that nobody approves in time expires, and is not asked for again by itself', () => {
    const line = waiting(approval)
    line.pass(HOUR_MS)
    line.tick()
    expect(line.stage()).toMatchObject({ refused: [{ reason: 'expired' }] })
    expect(line.stage().promotion).toBeUndefined()
    line.offer('1.1.0', 1)
    expect(line.stage().promotion).toBeUndefined()
    expect(vote(line, 'ann')).toMatchObject([{ reason: 'vote-not-counted' }])
  })

  it('that one person rejects is refused with their words', () => {
    const line = waiting({ ...approval, votes: 2 })
    vote(line, 'ann')
    vote(line, 'bob', 'reject')
    expect(line.stage()).toMatchObject({ refused: [{ reason: 'rejected', by: 'bob', detail: 'because' }] })
  })

  it('loses its votes when what the stage demands is changed', () => {
    const line = waiting({ ...approval, votes: 2 })
    vote(line, 'ann')
    line.configure({ stages: [gated(approval)] }, 'weaker')
    line.tick()
    expect(line.stage().promotion).toMatchObject({ phase: 'gated', votes: [] })
    expect(line.effects('deliver')).toEqual([])
    expect(line.notes.at(-2)).toMatchObject({ kind: 'gated', reason: 'terms-changed' })
  })

  it('asks its check as often as it says, and goes with a yes', () => {
    const check: Gate = {
      kind: 'check',
      name: 'smoke',
      every: 30_000,
      within: HOUR_MS,
      how: { by: 'http', url: 'https://x', status: 200 },
    }
    const line = waiting(check)
    line.answer('check', { kind: 'checked', state: 'waiting', detail: '503' })
    expect(line.effects('check')[0]?.due).toBe(line.now() + 30_000)
    line.answer('check', { kind: 'checked', state: 'held', detail: '200' })
    expect(line.effects('check')).toEqual([])
    expect(line.effects('deliver')).toHaveLength(1)
  })

  it('goes with the report of a CI job about it', () => {
    const line = waiting({ kind: 'check', name: 'e2e', every: 30_000, within: HOUR_MS, how: { by: 'report' } })
    const report = { kind: 'report', by: 'ci', stage: 'dev', check: 'e2e', reason: '214 tests' } as const
    const promotion = line.stage().promotion?.id ?? ''
    expect(line.step({ ...report, promotion: 'payments/dev/x#1', state: 'held' })).toMatchObject([
      { reason: 'act-refused' },
    ])
    expect(line.step({ ...report, check: 'other', promotion, state: 'held' })).toMatchObject([
      { reason: 'act-refused' },
    ])
    line.step({ ...report, promotion, state: 'held' })
    expect(line.effects('deliver')).toHaveLength(1)
  })
})

describe('right before the act', () => {
  const slot = parseSlot('00:00-01:00') as Slot
  const open: Gate = { kind: 'window', allow: [slot], deny: [], timezone: 'UTC' }

  it('a window that closed meanwhile keeps it back until it opens again', () => {
    const line = waiting(open)
    const [deliver] = line.effects('deliver')
    line.pass(HOUR_MS)
    line.step({ kind: 'claim', effects: [deliver?.id ?? ''], until: line.now() + 60_000 })
    expect(line.effects('deliver')).toEqual([])
    expect(line.stage().promotion).toMatchObject({ phase: 'gated', gates: [{ gate: 'window', state: 'waiting' }] })
    expect(line.document().alarm).toBe(NOW + 24 * HOUR_MS)
  })

  it('what is being written ends as it was begun', () => {
    const line = waiting(open)
    const effect = line.claim('deliver')
    line.pass(HOUR_MS)
    line.tick()
    line.reply(effect, delivered(image('1.1.0', 1)))
    expect(line.stage().promotion?.phase).toBe('observing')
  })

  it('reopening takes the newest', () => {
    const line = playLine({ stages: [gated({ ...open, allow: [parseSlot('05:00-06:00') as Slot] })] })
    line.offer('1.1.0', 1)
    line.look()
    line.offer('1.2.0', 2)
    line.offer('1.3.0', 3)
    line.pass(5 * HOUR_MS)
    line.tick()
    expect(line.effects('deliver').map(({ promotion }) => promotion)).toEqual([`payments/dev/${aDigest(3)}#1`])
  })
})

describe('a budget', () => {
  it('counts what changed, and lets the next one go when it is time', () => {
    const line = waiting({ kind: 'budget', changes: 1, per: HOUR_MS })
    line.deliver()
    line.answer('check-health', WELL)
    line.offer('1.2.0', 2)
    expect(line.effects('deliver')).toEqual([])
    line.pass(HOUR_MS)
    line.tick()
    expect(line.effects('deliver')).toHaveLength(1)
  })
})

describe('where Drayage merges by itself', () => {
  const merging = (...gates: readonly Gate[]): object => ({ ...aGitStage('dev', [], 'when-approved'), gates })
  const carried = (...gates: readonly Gate[]): PlayedLine => {
    const line = playLine({ github: true, stages: [merging(...gates)] })
    line.offer('1.1.0', 1)
    line.look('acme/payments:1.0.0', 'not-observed')
    return line
  }
  const merges = (line: PlayedLine) =>
    line.effects('send').flatMap(({ message }) => (message.kind === 'carry' ? [message.merge] : []))

  it('the pull request is open while the gates wait, and may not be merged', () => {
    const line = carried(soak)
    expect(line.stage().promotion?.phase).toBe('gated')
    expect(merges(line)).toEqual([null])
  })

  it('it is told when every gate holds', () => {
    const line = carried(soak)
    line.answer('send', { kind: 'sent' })
    line.pass(HOUR_MS)
    line.tick()
    expect(merges(line)).toEqual([{ until: null }])
  })

  it('a permission ends with the window, and is given again with the next', () => {
    const line = carried({ kind: 'window', allow: [parseSlot('00:00-01:00') as Slot], deny: [], timezone: 'UTC' })
    expect(merges(line)).toEqual([{ until: NOW + HOUR_MS }])
    line.answer('send', { kind: 'sent' })
    line.pass(HOUR_MS + 1)
    line.tick()
    expect(line.stage().promotion?.phase).toBe('gated')
    expect(merges(line)).toEqual([])
    line.pass(23 * HOUR_MS)
    line.tick()
    expect(merges(line)).toEqual([{ until: NOW + 25 * HOUR_MS }])
  })
})

describe('a train', () => {
  const options = { github: true, stages: [aWorkloadStage('dev'), aGitStage('prod', ['dev'], 'when-approved')] }
  const shown = (merge: { until: number | null } | null) => {
    const train = playTrain(options)
    train.carry('1.1.0', 1, 1, merge)
    train.answer('propose', proposed(1, 'head-1'))
    return train
  }

  it('that may not merge yet only shows', () => {
    expect(shown(null).effects('merge')).toEqual([])
  })

  it('merges what it shows already once it may, without proposing it again', () => {
    const train = shown(null)
    train.carry('1.1.0', 1, 2, { until: NOW + HOUR_MS })
    expect(train.effects('propose')).toEqual([])
    expect(train.effects('merge')).toHaveLength(1)
  })

  it('merges nothing any more when its permission has ended', () => {
    const train = shown({ until: NOW + HOUR_MS })
    const [merge] = train.effects('merge')
    train.pass(HOUR_MS)
    train.step({ kind: 'claim', effects: [merge?.id ?? ''], until: train.now() + 60_000 })
    expect(train.effects('merge')).toEqual([])
  })
})

/** Each gate in each state that it can be in, and the proof in each of its. */
describe('all combinations of proof × soak × window × approval × check × budget', () => {
  const at = (text: string): Slot => parseSlot(text) as Slot
  const span = 10 * 60_000
  const soaks: readonly Gate[] = [
    { kind: 'soak', ms: 1 },
    { kind: 'soak', ms: HOUR_MS },
  ]
  const windows: readonly Gate[] = ['00:00-02:00', '05:00-06:00'].map((text) => ({
    kind: 'window',
    allow: [at(text)],
    deny: [],
    timezone: 'UTC',
  }))
  const budgets: readonly Gate[] = [5, 1].map((changes) => ({ kind: 'budget', changes, per: HOUR_MS }))
  const check: Gate = { kind: 'check', name: 'e2e', every: 30_000, within: HOUR_MS, how: { by: 'report' } }
  const policy = aPolicy([{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }])
  const states = ['trusted', 'undecided', 'distrusted'] as const
  const voices = ['approve', null, 'reject'] as const
  const reports = ['held', null, 'failed'] as const

  function delivers(
    gates: readonly Gate[],
    state: (typeof states)[number],
    voice: (typeof voices)[number],
    said: (typeof reports)[number],
  ): boolean {
    const line = playLine({
      stages: [{ ...aWorkloadStage('dev'), gates: [{ kind: 'budget', changes: 9, per: HOUR_MS }] }],
    })
    line.offer('1.0.1', 100)
    line.look()
    line.deliver()
    line.answer('check-health', WELL)
    line.configure({ stages: [{ ...aWorkloadStage('dev'), gates, verify: policy }] }, 'demanding')
    line.tick()
    line.offer('1.1.0', 1)
    const outcomes = [{ rule: 'signature: ci', state: 'held', detail: '' }] as const
    line.answer('verify', {
      kind: 'verdict',
      verdict: { state, outcomes: [...outcomes], at: line.now() },
      builtAt: null,
    })
    const promotion = line.stage().promotion?.id ?? ''
    if (voice !== null) vote(line, 'ann', voice)
    if (said !== null)
      line.step({ kind: 'report', by: 'ci', stage: 'dev', promotion, check: 'e2e', state: said, reason: 'run 1' })
    line.pass(span)
    line.tick()
    return line.effects('deliver').length > 0
  }

  it('deliver only where all hold', () => {
    let [combinations, delivered] = [0, 0]
    for (const state of states) {
      for (const voice of voices) {
        for (const said of reports) {
          for (const soaking of soaks) {
            for (const open of windows) {
              for (const budget of budgets) {
                const gates = [soaking, open, approval, check, budget]
                const isExpected =
                  state === 'trusted' &&
                  voice === 'approve' &&
                  said === 'held' &&
                  soaking === soaks[0] &&
                  open === windows[0] &&
                  budget === budgets[0]
                expect(delivers(gates, state, voice, said), JSON.stringify([state, voice, said, gates])).toBe(
                  isExpected,
                )
                combinations += 1
                delivered += isExpected ? 1 : 0
              }
            }
          }
        }
      }
    }
    expect([combinations, delivered]).toEqual([216, 1])
  })
})
