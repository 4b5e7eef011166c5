/** Reviews of a pull request as votes: what the train tells of them, and what the line makes of that. */

import { describe, expect, it } from 'vitest'
import type { Reviewed } from '../../../src/domain/answer.ts'
import type { Vote } from '../../../src/domain/vote.ts'
import { NOW } from '../../helpers/build.ts'
import { aCarry, image, playLine, playTrain, proposed, type PlayedLine, type PlayedTrain } from '../../helpers/play.ts'
import { aGitStage } from '../../helpers/world.ts'

const HOUR = 3_600_000
const TRAIN = 'train/gitops/main/payments/prod'
const URL = 'https://git.example/pull/1'
const approval = {
  kind: 'approval',
  from: ['anna', 'github:cara'],
  votes: 1,
  atLeast: [],
  otherWays: 0,
  expires: 24 * HOUR,
}
const people = { anna: { github: 'Ann-GH', pusher: 'anna-at-hub' }, ben: { github: 'ben-gh' } }
const optionsWith = (gate: object = {}, more: object = {}) => ({
  github: true,
  people,
  stages: [{ ...aGitStage('prod', [], 'when-approved'), gates: [{ ...approval, ...gate }] }],
  ...more,
})

const aReview = (given: Partial<Reviewed> = {}): Reviewed => {
  return { id: 'r1', by: 'ann-gh', decision: 'approve', reason: '', at: NOW, head: 'h1', ...given }
}

const aVote = (given: Partial<Vote> = {}): Vote => {
  return { by: 'anna', how: 'api', groups: [], decision: 'approve', reason: '', at: NOW, shown: 'x', ...given }
}

describe('a train', () => {
  const open = (): PlayedTrain => {
    const train = playTrain(optionsWith())
    train.carry('1.1.0', 1, 1, null)
    train.answer('propose', proposed(1, 'h1'))
    return train
  }
  const look = (train: PlayedTrain, reviews: readonly Reviewed[], head = 'h1') =>
    train.answer('look', { kind: 'open', head, reviews })
  const told = (train: PlayedTrain) => train.news().filter(({ state }) => state === 'reviewed')

  it('tells of a review of its own commit, once', () => {
    const train = open()
    look(train, [aReview()])
    look(train, [aReview()])
    const { head: _, ...review } = aReview()
    expect(told(train)).toEqual([{ state: 'reviewed', url: URL, reviews: [{ ...review, isNew: true }] }])
  })

  it.each([
    ['a commit of somebody else', [aReview({ head: 'theirs' })]],
    ['the commit of an earlier pull request', [aReview({ head: 'h0' })]],
  ])('tells nothing of a review of %s', (_title, reviews) => {
    const train = open()
    look(train, reviews, 'theirs')
    expect(told(train)).toEqual([])
  })

  it('tells that a review was dismissed', () => {
    const train = open()
    look(train, [aReview()])
    look(train, [])
    expect(told(train).at(-1)).toMatchObject({ reviews: [] })
  })

  it('keeps what was said before its branch was rebuilt for the same promotion', () => {
    const train = open()
    look(train, [aReview()])
    train.pass(16 * 60_000)
    look(train, [aReview()])
    train.answer('propose', proposed(1, 'h2'))
    look(train, [aReview(), aReview({ id: 'r2', by: 'cara', head: 'h2' })], 'h2')
    expect(told(train).at(-1)).toMatchObject({
      reviews: [
        { id: 'r1', isNew: false },
        { id: 'r2', isNew: true },
      ],
    })
  })

  it('forgets what was said of the promotion before', () => {
    const train = open()
    look(train, [aReview()])
    train.carry('1.2.0', 2, 2, null)
    train.answer('propose', proposed(1, 'h2'))
    look(train, [aReview()], 'h2')
    expect(told(train)).toHaveLength(1)
  })
})

describe('word that a pull request changed', () => {
  const open = (): PlayedTrain => {
    const train = playTrain(optionsWith())
    train.carry('1.1.0', 1, 1)
    train.answer('propose', proposed(1, 'h1'))
    return train
  }

  it('has it looked at now, and what waits to be merged tried now', () => {
    const train = open()
    train.answer('merge', { kind: 'failed', reason: 'not-mergeable', detail: 'checks run' })
    train.step({ kind: 'look', cause: 'git/gitops/x' })
    const due = train.document().effects.map(({ kind, due: at }) => [kind, at <= train.now()])
    expect(due).toEqual(
      expect.arrayContaining([
        ['look', true],
        ['merge', true],
      ]),
    )
  })

  it('has it looked at again where a look is under way', () => {
    const train = open()
    const first = train.claim('look')
    train.step({ kind: 'look', cause: 'git/gitops/x' })
    train.reply(first, { kind: 'open', head: 'h1' })
    expect(train.effects('look').map(({ due }) => due <= train.now())).toContain(true)
    train.answer('look', { kind: 'merged', commit: 'c1', by: 'ann' })
    expect(train.news().at(-1)).toMatchObject({ state: 'merged' })
  })

  it('changes nothing where there is no pull request, and twice is once', () => {
    const train = playTrain(optionsWith())
    expect(train.step({ kind: 'look', cause: 'x' })).toEqual([])
    expect(train.document().effects).toEqual([])
    const other = open()
    other.step({ kind: 'look', cause: 'x' })
    const before = other.document()
    other.step({ kind: 'look', cause: 'x' })
    expect(other.document()).toEqual(before)
  })
})

describe('a line', () => {
  let order = 0
  const waiting = (gate: object = {}, more: object = {}): PlayedLine => {
    const line = playLine(optionsWith(gate, more))
    line.offer('1.1.0', 1)
    line.look()
    order = 1
    line.hear({
      ...heard(),
      news: { state: 'proposed', url: URL, diff: '+image' },
    })
    return line
  }
  const heard = () => {
    const { stage, promotion, targets } = aCarry('1.1.0', 1, 1)
    order += 1
    return { from: TRAIN, order, stage, promotion, image: image('1.1.0', 1), targets }
  }
  const review = (line: PlayedLine, ...reviews: readonly Partial<Reviewed & { isNew: boolean }>[]) =>
    line.hear({
      ...heard(),
      news: {
        state: 'reviewed',
        url: URL,
        reviews: reviews.map((one) => ({ ...aReview(one), isNew: one.isNew ?? true })),
      },
    })
  const phase = (line: PlayedLine) => line.stage('prod').promotion?.phase
  const uncounted = (line: PlayedLine) => line.notes.filter(({ reason }) => reason === 'vote-not-counted')

  it('shows the pull request while it waits, and merges when it is approved there', () => {
    const line = waiting()
    expect(phase(line)).toBe('gated')
    review(line, {})
    expect(phase(line)).toBe('delivering')
    expect(line.notes.find(({ kind }) => kind === 'approved')).toMatchObject({ by: 'anna', reason: 'git' })
    expect(line.effects('send').at(-1)?.message).toMatchObject({ kind: 'carry', merge: { until: null } })
  })

  it.each([
    ['a login that the configuration names', { by: 'cara' }, true],
    ['a login that is called like one of its people', { by: 'anna' }, false],
    ['somebody of whom the gate knows nothing', { by: 'ben-gh' }, false],
  ])('takes the word of %s: %s', (_title, given, counts) => {
    const line = waiting()
    review(line, given)
    expect(phase(line)).toBe(counts ? 'delivering' : 'gated')
    expect(uncounted(line)).toHaveLength(counts ? 0 : 1)
    review(line, { ...given, isNew: false }, { id: 'r2', by: 'mallory', isNew: false })
    expect(uncounted(line)).toHaveLength(counts ? 0 : 1)
  })

  it('counts a review as another way than chat', () => {
    const line = waiting({ otherWays: 1 })
    const { promotion } = heard()
    const vote = aVote({ how: 'slack' })
    line.step({ kind: 'vote', stage: 'prod', promotion, vote })
    expect(phase(line)).toBe('gated')
    review(line, { by: 'cara' })
    expect(phase(line)).toBe('delivering')
  })

  it('counts one person once, whichever way', () => {
    const line = waiting({ votes: 2 })
    const { promotion } = heard()
    const vote = aVote({ by: 'Anna' })
    line.step({ kind: 'vote', stage: 'prod', promotion, vote })
    review(line, {})
    expect(phase(line)).toBe('gated')
  })

  it.each([
    ['before enough said yes', 2, 'gated'],
    ['after', 1, 'gated'],
  ])('does not count what was dismissed %s', (_title, votes, then) => {
    const line = waiting({ votes })
    review(line, {})
    review(line)
    expect(phase(line)).toBe(then)
    expect(line.stage('prod').promotion?.votes).toEqual([])
    expect(line.notes.at(-1)).toMatchObject({ reason: expect.stringMatching(/vote-taken-back|waiting/u) })
    expect(
      line
        .effects('send')
        .filter(({ message }) => message.kind === 'carry')
        .at(-1)?.message,
    ).toMatchObject({ merge: null })
  })

  it('leaves what was merged as it is, whatever is dismissed then', () => {
    const line = waiting()
    review(line, {})
    line.hear({ ...heard(), news: { state: 'merged', commit: 'c1', by: null, url: URL } })
    review(line)
    expect(phase(line)).toBe('observing')
  })

  it.each([
    ['while it waits', {}],
    ['when enough said yes, and nothing was merged', { by: 'cara', id: 'r0' }],
  ])('is turned down by a request for changes, with its words: %s', (_title, before) => {
    const line = waiting()
    if ('id' in before) review(line, before)
    review(line, { id: 'r9', decision: 'reject', reason: 'not on a Friday' })
    expect(line.stage('prod').refused).toMatchObject([{ reason: 'rejected', detail: 'not on a Friday', by: 'anna' }])
    expect(line.effects('send').at(-1)?.message).toMatchObject({ kind: 'drop' })
  })

  it('is not turned down by a stranger', () => {
    const line = waiting()
    review(line, { by: 'mallory', decision: 'reject' })
    expect(phase(line)).toBe('gated')
    expect(uncounted(line)).toHaveLength(1)
  })

  it('does not take the word of whoever pushed it', () => {
    const line = playLine(optionsWith())
    line.step({ kind: 'offer', candidate: { ...aCandidate(), pusher: 'cara' } })
    line.look()
    order = 1
    review(line, { by: 'cara' })
    expect(phase(line)).toBe('gated')
    expect(uncounted(line)[0]?.detail).toMatch(/github:cara pushed it/u)
  })
  const aCandidate = () => {
    const { images } = aCarry('1.1.0', 1, 1)
    return { id: images[0].digest, images, observedAt: NOW, cause: 'hub/1', since: NOW }
  }

  it('does not count what was said under other words', () => {
    const line = waiting()
    line.pass(HOUR)
    line.configure(optionsWith({ expires: 2 * HOUR }), 'other')
    line.tick()
    review(line, {})
    expect(phase(line)).toBe('gated')
    review(line, { id: 'r2', at: line.now() })
    expect(phase(line)).toBe('delivering')
  })

  it('is not moved by older news that comes late', () => {
    const line = waiting({ votes: 2 })
    const late = heard()
    review(line, {})
    line.hear({ ...late, news: { state: 'reviewed', url: URL, reviews: [] } })
    expect(line.stage('prod').promotion?.votes).toHaveLength(1)
  })
})

describe('a merge by a person', () => {
  const merged = (by: string) => {
    const line = playLine(optionsWith())
    line.offer('1.1.0', 1)
    line.look()
    const { stage, promotion, targets } = aCarry('1.1.0', 1, 1)
    const told = { from: TRAIN, stage, promotion, image: image('1.1.0', 1), targets }
    line.hear({ ...told, order: 1, news: { state: 'proposed', url: URL, diff: '+image' } })
    line.hear({ ...told, order: 2, news: { state: 'merged', commit: 'c1', by, url: URL } })
    return line
  }

  it('before its gates held delivers, is no vote, and somebody is told', () => {
    const line = merged('zoe')
    expect(line.stage('prod').promotion).toMatchObject({ phase: 'observing', votes: [] })
    expect(line.notes.find(({ reason }) => reason === 'merged-early')).toMatchObject({
      kind: 'noticed',
      by: 'zoe',
      detail: expect.stringMatching(
        /was merged by zoe before it was let through. What did not hold: approval: waits for 1 more/u,
      ),
    })
  })

  it.each([
    ['whom the configuration knows, by the name that it has for them', 'ann-gh', 'anna'],
    ['whose login is the name of somebody else', 'Ben', 'github:ben'],
    ['of whom it knows nothing', 'zoe', 'zoe'],
  ])('%s stands in the history', (_title, login, name) => {
    expect(merged(login).notes.find(({ kind }) => kind === 'delivered')).toMatchObject({ by: name })
  })
})
