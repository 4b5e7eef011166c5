import { describe, expect, it } from 'vitest'
import { LATER, playTrain, proposed, there, type PlayedTrain } from '../../helpers/play.ts'
import { aGitStage } from '../../helpers/world.ts'

const github = { github: true, stages: [aGitStage('prod')] }
const MINUTE_MS = 60_000

function open(options = github): PlayedTrain {
  const train = playTrain(options)
  train.carry('1.1.0', 1, 1)
  train.answer('propose', proposed(1, 'h1'))
  return train
}

const pull = (train: PlayedTrain) => train.document().pullRequest
const carries = (train: PlayedTrain) => train.document().cargos[0]?.images[0].tag

describe('a train', () => {
  it('proposes what it is asked to carry, and says so', () => {
    const train = open()
    expect(pull(train)).toMatchObject({ number: 1, head: 'h1', shows: [{ order: 1 }] })
    expect(train.news()).toMatchObject([{ state: 'proposed', url: 'https://git.example/pull/1' }])
    expect(train.document().lastHead).toBe('h1')
  })

  it.each([
    { title: 'a newer one in its place', orders: [1, 2], tag: '1.2.0' },
    { title: 'not an older one that comes late', orders: [2, 1], tag: '1.1.0' },
    { title: 'the same one once', orders: [1, 1], tag: '1.1.0' },
  ])('carries $title', ({ orders, tag }) => {
    const train = playTrain(github)
    train.carry('1.1.0', 1, orders[0] ?? 0)
    train.carry('1.2.0', 2, orders[1] ?? 0)
    expect(carries(train)).toBe(tag)
    expect(train.effects('propose')).toHaveLength(1)
  })

  it('finishes what it began before it takes the next: nobody knows what it did', () => {
    const train = playTrain(github)
    train.carry('1.1.0', 1, 1)
    train.answer('propose', LATER)
    train.carry('1.2.0', 2, 2)
    expect(carries(train)).toBe('1.1.0')
    train.answer('propose', proposed(1, 'h1'))
    expect(carries(train)).toBe('1.2.0')
    expect(train.document()).toMatchObject({ lastHead: 'h1', pullRequest: { number: 1 } })
  })

  it('closes what it began, where it is dropped meanwhile', () => {
    const train = playTrain(github)
    train.carry('1.1.0', 1, 1)
    train.answer('propose', LATER)
    train.drop(2)
    expect(carries(train)).toBe('1.1.0')
    train.answer('propose', proposed(1, 'h1'))
    expect(train.effects('withdraw')).toMatchObject([{ number: 1, head: 'h1' }])
  })

  it('forgets what it has not begun, where it is dropped', () => {
    const train = playTrain(github)
    train.carry('1.1.0', 1, 1)
    train.drop(2)
    expect(train.document().effects).toEqual([])
  })

  it('drops also what travels, where the newer one that should follow is dropped', () => {
    const train = open()
    const look = train.claim('look')
    train.carry('1.2.0', 2, 2)
    train.answer('propose', LATER)
    train.carry('1.3.0', 3, 3)
    train.drop(4)
    train.reply(look, { kind: 'open', head: 'h1' })
    train.answer('propose', proposed(1, 'h2'))
    expect(carries(train)).toBeUndefined()
    expect(train.effects('withdraw')).toHaveLength(1)
  })

  it('keeps its pull request where a newer one takes it over in time', () => {
    const train = open()
    train.drop(2)
    train.carry('1.2.0', 2, 3)
    expect(train.effects('withdraw')).toEqual([])
    expect(train.effects('propose')).toHaveLength(1)
  })

  it('opens a new one after a withdrawal that was begun', () => {
    const train = open()
    train.drop(2)
    train.answer('withdraw', LATER)
    train.carry('1.2.0', 2, 3)
    expect(train.effects('propose')).toEqual([])
    train.answer('withdraw', { kind: 'withdrawn' })
    expect(pull(train)).toBeNull()
    expect(train.effects('propose')).toHaveLength(1)
  })
})

describe('a pull request', () => {
  it('that a person merges is delivered by them, and the branch that stays behind is still known', () => {
    const train = open()
    train.answer('look', { kind: 'merged', commit: 'c1', by: 'ann' })
    expect(train.news().at(-1)).toEqual({ state: 'merged', commit: 'c1', by: 'ann', url: 'https://git.example/pull/1' })
    expect(train.document()).toMatchObject({ pullRequest: null, lastHead: 'h1' })
    expect(carries(train)).toBeUndefined()
  })

  it('that a person closes is rejected by them', () => {
    const train = open()
    train.answer('look', { kind: 'closed', by: 'ann' })
    expect(train.news().at(-1)).toMatchObject({ state: 'closed', by: 'ann' })
  })

  it('that we close is no rejection', () => {
    const train = open()
    train.drop(2)
    train.answer('look', { kind: 'closed', by: 'drayage[bot]' })
    expect(train.news().map(({ state }) => state)).toEqual(['proposed'])
  })

  it('that is being changed by us is not judged by a look', () => {
    const train = open()
    train.carry('1.2.0', 2, 2)
    const look = train.claim('look')
    train.claim('propose')
    train.reply(look, { kind: 'merged', commit: 'c1', by: 'ann' })
    expect(train.news().map(({ state }) => state)).toEqual(['proposed'])
    expect(pull(train)).not.toBeNull()
  })

  it('is not mistaken for the one that took its place', () => {
    const train = open()
    const look = train.claim('look')
    train.carry('1.2.0', 2, 2)
    train.answer('propose', proposed(2, 'h2'))
    train.reply(look, { kind: 'merged', commit: 'c1', by: 'ann' })
    expect(pull(train)).toMatchObject({ number: 2 })
    expect(carries(train)).toBe('1.2.0')
  })

  it('of an earlier candidate that is merged leaves the newer one travelling', () => {
    const train = open()
    train.carry('1.2.0', 2, 2)
    train.answer('look', { kind: 'merged', commit: 'c1', by: 'ann' })
    expect(carries(train)).toBe('1.2.0')
    expect(train.effects('propose')).toHaveLength(1)
    expect(train.effects('send').at(-1)?.message).toMatchObject({ image: expect.stringContaining(':1.1.0@') })
  })

  it('is looked at often at first, then every minute', () => {
    const train = open()
    expect(train.effects('look')[0]?.due).toBe(train.now() + 5_000)
    train.pass(10 * MINUTE_MS)
    train.answer('look', { kind: 'open', head: 'h1' })
    expect(train.effects('look')[0]?.due).toBe(train.now() + MINUTE_MS)
  })

  it.each([
    { head: 'h1', again: 1 },
    { head: 'somebody', again: 0 },
  ])('is rebuilt upon a base that moved on, while its head is ours: $head', ({ head, again }) => {
    const train = open()
    train.pass(15 * MINUTE_MS)
    train.answer('look', { kind: 'open', head })
    expect(train.effects('propose')).toHaveLength(again)
  })

  it('that was rebuilt says nothing new', () => {
    const train = open()
    train.pass(15 * MINUTE_MS)
    train.answer('look', { kind: 'open', head: 'h1' })
    train.answer('propose', proposed(1, 'h1'))
    expect(train.news()).toHaveLength(1)
  })

  it('is not opened where the base holds it already', () => {
    const train = playTrain(github)
    train.carry('1.1.0', 1, 1)
    train.answer('propose', { kind: 'nothing-to-propose', commit: 'c7', fates: [there(1)] })
    expect(train.news()).toEqual([{ state: 'merged', commit: 'c7', by: null, url: null }])
    expect(train.document().cargos).toEqual([])
  })
})

describe('a proposal that is refused', () => {
  it('stays, with its reason, and is told', () => {
    const train = playTrain(github)
    train.carry('1.1.0', 1, 1)
    train.answer('propose', { kind: 'failed', reason: 'foreign-commits', detail: 'somebody pushed' })
    expect(train.effects('propose')[0]?.dead).toMatchObject({ reason: 'foreign-commits' })
    expect(train.news()).toMatchObject([{ state: 'stopped', reason: 'foreign-commits' }])
  })

  it("for a person's hand is not tried again: the line looks first", () => {
    const train = playTrain(github)
    train.carry('1.1.0', 1, 1)
    train.answer('propose', { kind: 'failed', reason: 'moved', detail: 'hand', found: 'acme/payments:hand' })
    expect(train.effects('propose')).toEqual([])
    expect(train.document().cargos).toEqual([])
  })

  it("for a person's commit is tried again once it is gone from the branch", () => {
    const train = open()
    train.carry('1.2.0', 2, 2)
    train.answer('propose', { kind: 'failed', reason: 'foreign-commits', detail: 'somebody pushed' })
    train.pass(15 * MINUTE_MS)
    train.answer('look', { kind: 'open', head: 'h1' })
    expect(train.effects('propose')[0]?.dead).toBeUndefined()
  })

  it('is tried again under another configuration', () => {
    const train = playTrain(github)
    train.carry('1.1.0', 1, 1)
    train.answer('propose', { kind: 'failed', reason: 'forbidden', detail: '403' })
    train.configure(github, 'f00d')
    train.tick()
    expect(train.effects('propose')[0]?.dead).toBeUndefined()
  })
})

describe('merging by ourselves', () => {
  const merges = { github: true, stages: [aGitStage('prod', [], 'when-approved')] }

  it('is bound to the head that we wrote', () => {
    const train = open(merges)
    expect(train.effects('merge').map(({ id }) => id)).toEqual(['train/gitops/main/payments/prod/merge/h1'])
    train.answer('merge', { kind: 'merged', commit: 'c1', by: null })
    expect(train.news().at(-1)).toMatchObject({ state: 'merged', commit: 'c1' })
  })

  it('waits while checks run', () => {
    const train = open(merges)
    train.answer('merge', { kind: 'failed', reason: 'not-mergeable', detail: 'checks run' })
    expect(train.effects('merge')[0]).toMatchObject({ due: train.now() + MINUTE_MS, fence: 0 })
  })

  it('stops at another head, and says so', () => {
    const train = open(merges)
    train.answer('merge', { kind: 'failed', reason: 'head-moved', detail: 'somebody pushed' })
    expect(train.effects('merge')[0]?.dead).toMatchObject({ reason: 'head-moved' })
    expect(train.news().at(-1)).toMatchObject({ state: 'stopped', reason: 'head-moved' })
  })

  it('of an older head ends with a newer one', () => {
    const train = open(merges)
    train.carry('1.2.0', 2, 2)
    train.answer('propose', proposed(1, 'h2'))
    expect(train.effects('merge').map(({ id }) => id)).toEqual(['train/gitops/main/payments/prod/merge/h2'])
  })
})

describe('a branch that no configuration names any more', () => {
  it.each([
    { title: 'its subscription is gone', changed: { ...github, subscriptions: [] } },
    { title: 'its stage is gone', changed: { ...github, stages: [aGitStage('live')] } },
    { title: 'its target is reached without', changed: { stages: [aGitStage('prod')] } },
  ])('puts down what it carries: $title', ({ changed }) => {
    const train = open()
    train.configure(changed, 'f00d')
    train.tick()
    expect(train.document().cargos).toEqual([])
    expect(train.effects('withdraw')).toHaveLength(1)
    expect(train.news().at(-1)).toMatchObject({ state: 'stopped', reason: 'unwanted' })
    train.answer('withdraw', { kind: 'withdrawn' })
    expect(pull(train)).toBeNull()
  })

  it('says so once', () => {
    const train = open()
    train.configure({ ...github, subscriptions: [] }, 'f00d')
    train.tick()
    const before = JSON.stringify(train.document())
    expect(train.tick()).toEqual([])
    expect(JSON.stringify(train.document())).toBe(before)
  })
})
