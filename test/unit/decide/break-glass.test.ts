import { describe, expect, it } from 'vitest'
import { candidateOf } from '../../../src/domain/candidate.ts'
import type { Answer } from '../../../src/domain/answer.ts'
import { Line } from '../../../src/domain/line.ts'
import { aDigest, aPinnedImage } from '../../helpers/build.ts'
import { image, playLine, WELL, type PlayedLine } from '../../helpers/play.ts'
import { aGitStage, aWorkloadStage, type WorldOptions } from '../../helpers/world.ts'

const MINUTE_MS = 60_000
const EXPIRES = 30 * MINUTE_MS
const RULE = { from: ['ann', 'bob', 'cid'], expires: EXPIRES }
const CLOSED = { kind: 'window', allow: [], deny: [{ days: [], text: 'always' }], timezone: 'UTC' }
const GATES = {
  soak: { kind: 'soak', ms: 24 * 60 * MINUTE_MS },
  window: CLOSED,
  approval: { kind: 'approval', from: ['ann', 'bob'], votes: 2, atLeast: [], otherWays: 0, expires: 60 * MINUTE_MS },
  approvalByOthers: { kind: 'approval', from: ['dora'], votes: 1, atLeast: [], otherWays: 0, expires: 60 * MINUTE_MS },
  check: { kind: 'check', name: 'e2e', every: MINUTE_MS, within: 60 * MINUTE_MS, how: { by: 'report' } },
  budget: { kind: 'budget', changes: 1, per: 60 * MINUTE_MS },
  hold: { kind: 'hold', reason: 'until the audit is over' },
} as const
const POLICY = {
  require: [
    { kind: 'signature', anyOf: ['ci'], atLeast: 1 },
    {
      kind: 'scan',
      maximum: { critical: 0 },
      fixableOnly: false,
      except: [],
      vex: [],
      allowUnsupported: false,
      signers: [],
    },
  ],
  wait: 10 * MINUTE_MS,
  fresh: 5 * MINUTE_MS,
  reconsider: false,
}

type Stage = { readonly gates?: readonly object[]; readonly verify?: object; readonly breakGlass?: object | null }

function options({ gates = [], verify, breakGlass = RULE }: Stage = {}): WorldOptions {
  const rules = { gates, ...(verify && { verify }), ...(breakGlass && { breakGlass }) }
  return { stages: [aWorkloadStage('dev'), { ...aWorkloadStage('prod', ['dev']), ...rules }] }
}

/** 1.1.0 was delivered to both stages, and 1.2.0 is well at dev. */
function running(stage: Stage = {}): PlayedLine {
  const line = playLine(options())
  line.offer('1.1.0', 1)
  line.look()
  for (const [tag, content] of [
    ['1.1.0', 1],
    ['1.2.0', 2],
  ] as const) {
    if (content === 2) {
      line.configure(options(stage), 'stricter')
      line.offer(tag, content)
    }
    line.deliver('dev')
    line.answer('check-health', WELL, 'dev')
    if (content === 2) break
    line.deliver('prod')
    line.answer('check-health', WELL, 'prod')
  }
  return line
}

function say(line: PlayedLine, by: string, given: { tag?: string; content?: number; pusher?: string } = {}) {
  const { tag = '1.2.0', content = 2, pusher } = given
  const now = line.now()
  const seen = { observedAt: now, cause: `promote by ${by}`, since: now }
  const candidate = candidateOf(aPinnedImage({ tag, digest: aDigest(content) }), seen)
  const known = pusher === undefined ? candidate : { ...candidate, pusher }
  return line.step({ kind: 'break-glass', stage: 'prod', candidate: known, by, reason: `${by} saw it burn` })
}

function broken(stage: Stage = {}): PlayedLine {
  const line = running(stage)
  say(line, 'ann')
  say(line, 'bob')
  return line
}

function prod(line: PlayedLine) {
  return line.stage('prod')
}

function trusted(line: PlayedLine): Answer {
  const outcomes = [{ rule: 'signature: ci', state: 'held' as const, detail: 'signed' }]
  return { kind: 'verdict', builtAt: null, verdict: { state: 'trusted', outcomes, at: line.now() } }
}
const refusedFor = (detail: string) => [
  expect.objectContaining({ reason: 'act-refused', detail: expect.stringContaining(detail) }),
]

describe('two people', () => {
  it('ask and confirm, and the history names both, their reasons and what was skipped', () => {
    const line = broken({ gates: [GATES.soak, GATES.window] })
    expect(prod(line).breakGlass).toBeUndefined()
    expect(prod(line).promotion).toMatchObject({ phase: 'delivering', purpose: 'promoted' })
    const said = line.notes.find(({ reason }) => reason === 'break-glass')
    expect(said).toMatchObject({ kind: 'operator', by: 'bob', stage: 'prod', image: image('1.2.0', 2) })
    for (const word of ['ann saw it burn', 'bob saw it burn', 'soak (waiting', 'window (waiting']) {
      expect(said?.detail).toContain(word)
    }
  })

  it('are needed: one alone opens nothing', () => {
    const line = running({ gates: [GATES.window] })
    const before = prod(line).promotion?.id
    say(line, 'ann')
    expect(prod(line)).toMatchObject({ breakGlass: { candidate: aDigest(2), word: { by: 'ann' } } })
    expect(prod(line).promotion).toMatchObject({ id: before, phase: 'gated' })
    expect(line.effects('deliver')).toEqual([])
  })

  it.each([
    ['the same person', 'ann'],
    ['the same person in other letters', 'Ann'],
  ])('are two: %s confirms nothing', (_title, by) => {
    const line = running({ gates: [GATES.window] })
    say(line, 'ann')
    expect(say(line, by)).toEqual(refusedFor('another person confirms'))
    expect(line.effects('deliver')).toEqual([])
  })

  it.each([
    ['who is not listed', { by: 'eve' }, 'is not among those who may'],
    ['who pushed it', { by: 'cid', pusher: 'cid' }, 'pushed it'],
  ])('do not count one %s', (_title, { by, pusher }: { by: string; pusher?: string }, why) => {
    const line = running({ gates: [GATES.window] })
    say(line, 'ann')
    expect(say(line, by, pusher === undefined ? {} : { pusher })).toEqual(refusedFor(why))
    expect(line.effects('deliver')).toEqual([])
  })

  it('do not count one whom the line knows as its pusher, whatever the command says', () => {
    const line = playLine(options({ gates: [GATES.window] }))
    const now = line.now()
    const seen = { observedAt: now, cause: 'hub/1', since: now, pusher: 'ann' }
    line.step({ kind: 'offer', candidate: candidateOf(aPinnedImage({ tag: '1.2.0', digest: aDigest(2) }), seen) })
    line.look()
    line.deliver('dev')
    line.answer('check-health', WELL, 'dev')
    expect(say(line, 'ann')).toEqual(refusedFor('pushed it'))
  })

  it.each([
    ['by the registry', { pusher: 'ann' }],
    ['at GitHub, in other letters', { github: 'Acme-CI-ann' }],
  ])('do not count one whom a registry calls otherwise: %s', (_title, person) => {
    const line = playLine({ ...options({ gates: [GATES.window] }), people: { bob: person } })
    line.offer('1.2.0', 2)
    line.look()
    line.deliver('dev')
    line.answer('check-health', WELL, 'dev')
    const pusher = 'pusher' in person ? person.pusher : 'acme-ci-ann'
    expect(say(line, 'bob', { pusher })).toEqual(refusedFor('pushed it'))
  })

  it('speak of one image: who confirms another one asks anew', () => {
    const line = running({ gates: [GATES.window] })
    say(line, 'ann')
    line.offer('1.3.0', 3)
    line.deliver('dev')
    line.answer('check-health', WELL, 'dev')
    say(line, 'bob', { tag: '1.3.0', content: 3 })
    expect(prod(line).breakGlass).toMatchObject({ candidate: aDigest(3), word: { by: 'bob' } })
    expect(line.effects('deliver')).toEqual([])
  })

  it('may do nothing where the stage names nobody', () => {
    const line = running({ gates: [GATES.window], breakGlass: null })
    expect(say(line, 'ann')).toEqual(refusedFor('nobody may'))
  })

  it('go the way of the stages', () => {
    const line = running({ gates: [GATES.window] })
    expect(say(line, 'ann', { tag: '1.9.0', content: 9 })).toEqual(refusedFor('has not proven it'))
  })

  it('are told to all channels, whatever those asked for', () => {
    const told = { type: 'webhook', url: 'env:URL', secret: 'env:HOOK', on: ['failed'] }
    const notifications = { pager: { ...told, stages: ['dev'] } }
    const line = playLine({ ...options({ gates: [GATES.window] }), notifications })
    line.offer('1.2.0', 2)
    line.look()
    line.deliver('dev')
    line.answer('check-health', WELL, 'dev')
    say(line, 'ann')
    say(line, 'bob')
    expect(line.effects('notify').map(({ notice }) => [notice.urgency, notice.subject])).toEqual([
      ['warn', 'payments/prod'],
      ['page', 'payments/prod'],
    ])
  })
})

describe('each gate', () => {
  it.each<[keyof typeof GATES, 'delivering' | 'gated']>([
    ['soak', 'delivering'],
    ['window', 'delivering'],
    ['approval', 'delivering'],
    ['approvalByOthers', 'gated'],
    ['check', 'gated'],
    ['hold', 'gated'],
  ])('%s: the promotion is %s', (gate, phase) => {
    expect(prod(broken({ gates: [GATES[gate]] })).promotion?.phase).toBe(phase)
  })

  it.each([
    [1, 'gated'],
    [2, 'delivering'],
  ])('budget: of %d changes one is used, and it is %s', (changes, phase) => {
    const gates = [{ ...GATES.budget, changes }]
    const line = running()
    line.configure(options({ gates }), 'budget')
    line.tick()
    line.deliver('prod')
    line.answer('check-health', WELL, 'prod')
    line.offer('1.3.0', 3)
    line.deliver('dev')
    line.answer('check-health', WELL, 'dev')
    say(line, 'ann', { tag: '1.3.0', content: 3 })
    say(line, 'bob', { tag: '1.3.0', content: 3 })
    expect(prod(line).promotion?.phase).toBe(phase)
  })

  it('pin: a stage that is pinned to another one takes nothing', () => {
    const line = running({ gates: [GATES.window] })
    line.step({ kind: 'pin', stage: 'prod', by: 'dora', reason: 'Black Friday' })
    expect(say(line, 'ann')).toEqual(refusedFor('drayage unpin'))
  })

  it('signature: is asked, and a scan is not', () => {
    const line = broken({ verify: POLICY })
    const [asked] = line.effects('verify').filter(({ stage }) => stage === 'prod')
    expect(asked).toMatchObject({ breakGlass: true })
    expect(prod(line).promotion?.phase).toBe('verifying')
    line.answer('verify', trusted(line), 'prod')
    expect(prod(line).promotion).toMatchObject({ phase: 'delivering', proof: { breakGlass: true } })
  })

  it('signature: without one it is refused', () => {
    const line = broken({ verify: POLICY })
    const verdict = {
      state: 'distrusted',
      outcomes: [{ rule: 'signature: ci', state: 'failed', detail: 'none' }],
      at: 0,
    }
    line.answer('verify', { kind: 'verdict', builtAt: null, verdict } as Answer, 'prod')
    expect(prod(line).promotion).toBeUndefined()
    expect(prod(line).refused).toMatchObject([{ candidate: aDigest(2), reason: 'distrusted' }])
  })

  it('scan alone: nothing is left to prove, and the history says so', () => {
    const line = broken({ verify: { ...POLICY, require: POLICY.require.slice(1) } })
    expect(prod(line).promotion?.phase).toBe('delivering')
    expect(line.notes).toContainEqual(expect.objectContaining({ kind: 'verdict', reason: 'nothing-to-prove' }))
  })
})

describe('its end', () => {
  it('forgets what nobody confirmed, and says so', () => {
    const line = running({ gates: [GATES.window] })
    say(line, 'ann')
    expect(line.document().alarm).not.toBeNull()
    line.pass(EXPIRES)
    line.tick()
    expect(prod(line).breakGlass).toBeUndefined()
    expect(line.notes.at(-1)).toMatchObject({ reason: 'break-glass-expired', stage: 'prod' })
    say(line, 'bob')
    expect(prod(line).breakGlass).toMatchObject({ word: { by: 'bob' } })
    expect(line.effects('deliver')).toEqual([])
  })

  it('forgets what was refused meanwhile: a lift does not bring it back', () => {
    const line = running({ gates: [GATES.window, GATES.approvalByOthers] })
    say(line, 'ann')
    const promotion = prod(line).promotion?.id ?? ''
    const vote = {
      by: 'dora',
      how: 'api',
      groups: [],
      decision: 'reject',
      reason: 'no',
      at: line.now(),
      shown: '',
    } as const
    line.step({ kind: 'vote', stage: 'prod', promotion, vote: { ...vote, groups: [] } })
    expect(prod(line).breakGlass).toBeUndefined()
    line.step({ kind: 'lift', stage: 'prod', candidate: '1.2.0', by: 'ann', reason: 'yes' })
    say(line, 'bob')
    expect(prod(line).breakGlass).toMatchObject({ word: { by: 'bob' } })
    expect(line.effects('deliver')).toEqual([])
  })

  it.each([
    ['a moment before', -1, 1],
    ['at', 0, 0],
    ['after', 1, 0],
  ])('is looked at right before the act: %s it, %d ms', (_title, off, claimed) => {
    const line = broken({ gates: [GATES.window] })
    const [effect] = line.effects('deliver')
    line.pass(EXPIRES + off)
    line.step({ kind: 'claim', effects: [effect?.id ?? ''], until: line.now() + MINUTE_MS })
    expect(line.effects('deliver').filter(({ lease }) => lease !== undefined)).toHaveLength(claimed)
    expect(prod(line).promotion?.phase).toBe(claimed === 1 ? 'delivering' : 'gated')
  })

  it('holds it to every rule again: what was proven without a scan is no proof', () => {
    const line = broken({ verify: POLICY, gates: [GATES.approvalByOthers] })
    line.answer('verify', trusted(line), 'prod')
    expect(prod(line).promotion?.phase).toBe('gated')
    line.pass(EXPIRES)
    line.tick()
    expect(prod(line).promotion).toMatchObject({ phase: 'verifying' })
    expect(prod(line).promotion?.proof).toBeUndefined()
    expect(line.effects('verify').filter(({ stage }) => stage === 'prod')[0]?.breakGlass).toBeUndefined()
  })

  it('takes the voices of both back', () => {
    const line = broken({ gates: [GATES.approval, GATES.hold] })
    expect(prod(line).promotion?.votes.map(({ by }) => by)).toEqual(['ann', 'bob'])
    line.pass(EXPIRES)
    line.tick()
    expect(prod(line).promotion).toMatchObject({ phase: 'gated', votes: [] })
  })

  it('comes with an answer that was asked for before it: no proof either', () => {
    const line = broken({ verify: POLICY })
    const asked = line.claim('verify', 'prod')
    line.pass(EXPIRES)
    line.reply(asked, trusted(line))
    expect(line.effects('deliver')).toEqual([])
    expect(prod(line).promotion?.phase).toBe('verifying')
  })

  it.each<[string, Stage['breakGlass'] | null]>([
    ['one of them is taken off the list', { ...RULE, from: ['ann', 'cid'] }],
    ['the stage names nobody any more', null],
  ])('comes when %s', (_title, breakGlass) => {
    const line = broken({ gates: [GATES.window] })
    line.configure(options({ gates: [GATES.window], breakGlass: breakGlass ?? null }), 'revoked')
    line.tick()
    expect(prod(line).promotion?.phase).toBe('gated')
    expect(line.effects('deliver')).toEqual([])
    expect(line.notes.some(({ reason }) => reason === 'break-glass-revoked')).toBe(true)
  })

  it('does not let somebody confirm for one who may not any more', () => {
    const line = running({ gates: [GATES.window] })
    say(line, 'ann')
    line.configure(options({ gates: [GATES.window], breakGlass: { ...RULE, from: ['bob', 'cid'] } }), 'revoked')
    say(line, 'bob')
    expect(prod(line).breakGlass).toMatchObject({ word: { by: 'bob' } })
    expect(line.effects('deliver')).toEqual([])
  })

  it('comes with the delivery: what is observed afterwards is left alone', () => {
    const line = broken({ gates: [GATES.window] })
    line.deliver('prod')
    line.pass(2 * EXPIRES)
    line.tick()
    expect(prod(line).promotion).toMatchObject({
      phase: 'observing',
      breakGlass: { words: [{ by: 'ann' }, { by: 'bob' }] },
    })
  })
})

it('lets what is newer wait until it is through', () => {
  const line = broken({ gates: [GATES.window, GATES.approvalByOthers] })
  line.offer('1.3.0', 3)
  line.deliver('dev')
  line.answer('check-health', WELL, 'dev')
  expect(prod(line)).toMatchObject({ promotion: { candidate: { id: aDigest(2) } }, next: { id: aDigest(3) } })
  line.pass(EXPIRES)
  line.tick()
  expect(prod(line).promotion?.candidate.id).toBe(aDigest(3))
})

it('takes a pull request back when its time is over before anybody merged it', () => {
  const stage = { ...aGitStage('dev'), gates: [CLOSED], breakGlass: RULE }
  const line = playLine({ stages: [stage], github: true })
  line.look()
  line.offer('1.2.0', 2)
  line.look()
  const now = line.now()
  const seen = { observedAt: now, cause: 'x', since: now }
  const candidate = candidateOf(aPinnedImage({ tag: '1.2.0', digest: aDigest(2) }), seen)
  for (const by of ['ann', 'bob']) line.step({ kind: 'break-glass', stage: 'dev', candidate, by, reason: 'it burns' })
  expect(line.stage().promotion?.trains).toHaveLength(1)
  line.pass(EXPIRES)
  line.tick()
  expect(line.stage().promotion).toMatchObject({ phase: 'gated', trains: [] })
  expect(line.effects('send').map(({ message }) => message.kind)).toContain('drop')
})

it('is stored as it is, and a document that never heard of it is read', () => {
  const line = running({ gates: [GATES.window] })
  expect(Line.parse(line.document())).toEqual(line.document())
  say(line, 'ann')
  expect(Line.parse(line.document())).toEqual(line.document())
  say(line, 'bob')
  expect(Line.parse(line.document())).toEqual(line.document())
})
