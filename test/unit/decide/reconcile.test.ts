import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { delivered, image, LATER, playLine, UNWELL, WELL, type PlayedLine } from '../../helpers/play.ts'
import { aGitStage, aWorkloadStage } from '../../helpers/world.ts'

const forbidden = { kind: 'failed', reason: 'forbidden', detail: '403' } as const

const workload = (container: string): object => ({
  kind: 'workload',
  cluster: 'dev',
  namespace: 'dev',
  workload: 'deployment/app',
  container,
  takeover: false,
})
const stageOf = (...containers: string[]): object => ({
  name: 'dev',
  after: [],
  verify: 'none',
  targets: containers.map(workload),
})

function delivering(options = {}): PlayedLine {
  const line = playLine(options)
  line.offer('1.1.0', 1)
  line.look()
  return line
}

function running(options = {}): PlayedLine {
  const line = delivering(options)
  line.deliver()
  while (line.effects('check-health').length > 0) line.answer('check-health', WELL)
  return line
}

describe('a configuration that changes while a candidate is on its way', () => {
  it('brings it to the targets that are named now, after another look', () => {
    const line = delivering({ stages: [stageOf('app')] })
    line.configure({ stages: [stageOf('app', 'worker')] }, 'f00d')
    line.tick()
    expect(line.stage()).toMatchObject({ current: { state: 'unknown' }, next: { id: aDigest(1) } })
    line.look()
    expect(line.effects('deliver').map(({ target }) => target.split('/').at(-1))).toEqual(['app', 'worker'])
  })

  it('waits for the answer of who is at work', () => {
    const line = delivering({ stages: [stageOf('app')] })
    const effect = line.claim('deliver')
    line.configure({ stages: [stageOf('worker')] }, 'f00d')
    line.tick()
    expect(line.stage().promotion?.id).toBe(`payments/dev/${aDigest(1)}#1`)
    line.reply(effect, { kind: 'later', detail: 'timeout' })
    expect(line.stage().promotion).toBeUndefined()
    expect(line.effects('observe').map(({ target }) => target.split('/').at(-1))).toEqual(['worker'])
  })

  it('takes it back where its tag counts no more', () => {
    const line = delivering()
    line.configure({ tags: { semver: '<1.1' } }, 'f00d')
    line.tick()
    expect(line.stage().promotion).toBeUndefined()
    expect(line.notes.at(-1)).toMatchObject({ kind: 'withdrawn', reason: 'not-followed' })
  })

  it('takes it back where its stage is gone, and knows its refusals if it comes back', () => {
    const line = delivering()
    line.deliver()
    line.answer('check-health', UNWELL)
    line.answer('roll-back', delivered('acme/payments:1.0.0'))
    line.configure({ stages: [aWorkloadStage('live')] }, 'f00d')
    line.tick()
    expect(line.stage()).toMatchObject({ current: { state: 'unknown' }, holds: {} })
    line.configure({}, 'c0ffee')
    line.tick()
    line.look()
    expect(line.offer('1.1.0', 1)[0]).toMatchObject({ reason: 'refused-before' })
  })

  it('ends a look whose last target is gone', () => {
    const line = playLine({ stages: [stageOf('app', 'worker')] })
    line.offer('1.1.0', 1)
    line.answer('observe', { kind: 'found', image: 'acme/payments:1.0.0', running: 'well' })
    line.configure({ stages: [stageOf('app')] }, 'f00d')
    line.tick()
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(1))
  })

  it('tries again what was given up', () => {
    const line = delivering()
    line.answer('deliver', forbidden)
    line.configure({}, 'f00d')
    line.tick()
    expect(line.effects('deliver')[0]).toMatchObject({ attempt: 0 })
    expect(line.effects('deliver')[0]?.dead).toBeUndefined()
  })

  it('lets a rollback come to its end first', () => {
    const line = delivering({ stages: [stageOf('app')] })
    line.deliver()
    line.answer('check-health', UNWELL)
    line.configure({ stages: [stageOf('app', 'worker')] }, 'f00d')
    line.tick()
    expect(line.stage().promotion?.phase).toBe('rolling-back')
    line.answer('roll-back', delivered('acme/payments:1.0.0'))
    expect(line.stage().current).toEqual({ state: 'unknown' })
    expect(line.effects('observe')).toHaveLength(2)
  })
})

describe('a candidate that goes on after another look', () => {
  const startedOver = (): PlayedLine => {
    const line = delivering({ stages: [stageOf('app')] })
    line.configure({ stages: [stageOf('app', 'worker')] }, 'f00d')
    line.tick()
    return line
  }

  it("stops at a person's hand that was not there when it set out", () => {
    const line = startedOver()
    line.look('acme/payments:hand')
    expect(line.stage().promotion).toBeUndefined()
    expect(line.stage().refused).toMatchObject([{ candidate: aDigest(1), reason: 'moved' }])
    expect(line.notes).toContainEqual(expect.objectContaining({ kind: 'refused', reason: 'moved' }))
  })

  it('gives way to one that came after the hand', () => {
    const line = startedOver()
    line.offer('1.2.0', 2)
    line.look('acme/payments:hand')
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(2))
    expect(line.stage().refused).toEqual([])
  })
})

describe('a configuration that changes where a candidate runs', () => {
  it('brings it to a target that is new', () => {
    const line = running({ stages: [stageOf('app')] })
    line.configure({ stages: [stageOf('app', 'worker')] }, 'f00d')
    line.tick()
    line.answer('observe', { kind: 'found', image: image('1.1.0', 1), running: 'well' })
    line.answer('observe', { kind: 'found', image: 'acme/payments:1.0.0', running: 'well' })
    expect(line.stage().promotion?.id).toBe(`payments/dev/${aDigest(1)}#2`)
  })

  it('brings it although an older one was offered while nobody knew', () => {
    const line = running({ stages: [stageOf('app')] })
    line.configure({ stages: [stageOf('app', 'worker')] }, 'f00d')
    line.tick()
    line.offer('1.0.5', 5)
    line.look(image('1.1.0', 1))
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(1))
  })

  it('does not, where a person changed what we brought', () => {
    const line = running({ stages: [stageOf('app')] })
    line.configure({ stages: [stageOf('app', 'worker')] }, 'f00d')
    line.tick()
    line.look('acme/payments:1.0.0')
    expect(line.stage().promotion).toBeUndefined()
  })
})

describe('mode: observe', () => {
  it('looks at everything anew before it acts, and then brings what it would have brought', () => {
    const line = delivering({ mode: 'observe' })
    line.answer('preview', delivered(image('1.1.0', 1)))
    expect(line.stage().shadow?.id).toBe(aDigest(1))
    line.configure({ mode: 'act' }, 'f00d')
    line.tick()
    expect(line.stage()).toMatchObject({ current: { state: 'unknown' }, next: { id: aDigest(1) } })
    line.look('acme/payments:1.0.5')
    expect(line.effects('deliver')[0]?.expected).toEqual(['acme/payments:1.0.5'])
  })

  it('takes back what was about to be written', () => {
    const line = delivering()
    line.configure({ mode: 'observe' }, 'f00d')
    line.tick()
    expect(line.effects('deliver')).toEqual([])
    expect(line.effects('preview')).toHaveLength(1)
  })

  it('offers to later stages what it would have brought', () => {
    const line = playLine({ mode: 'observe', stages: [aWorkloadStage('dev'), aWorkloadStage('prod', ['dev'])] })
    line.offer('1.1.0', 1)
    line.look()
    line.answer('preview', delivered(image('1.1.0', 1)))
    expect(line.effects('preview').map(({ stage }) => stage)).toEqual(['prod'])
  })

  it('what it would have brought to a later stage waits for the one before, which has to run it first', () => {
    const stages = [aWorkloadStage('dev'), aWorkloadStage('prod', ['dev'])]
    const line = playLine({ mode: 'observe', stages })
    line.offer('1.1.0', 1)
    line.look()
    line.answer('preview', delivered(image('1.1.0', 1)))
    line.configure({ mode: 'act', stages }, 'f00d')
    line.tick()
    line.look()
    expect(line.effects('deliver').map(({ stage }) => stage)).toEqual(['dev'])
    expect(line.stage('prod').promotion).toBeUndefined()
  })
})

describe('a target that is reached another way', () => {
  it('is reached that way, and the pull request is taken back', () => {
    const line = playLine({ github: true, stages: [aGitStage('dev')] })
    line.offer('1.1.0', 1)
    line.look()
    line.answer('send', { kind: 'sent' })
    line.configure({ stages: [aGitStage('dev')] }, 'f00d')
    line.tick()
    expect(line.effects('send').map(({ message }) => message.kind)).toEqual(['drop'])
    expect(line.effects('deliver')).toHaveLength(1)
  })
})

describe('a subscription that is removed', () => {
  const removed = (): PlayedLine => {
    const line = delivering()
    line.configure({ subscriptions: [] }, 'f00d')
    line.tick()
    return line
  }

  it('wants nothing any more, and says what was withdrawn', () => {
    const line = removed()
    expect(line.document()).toMatchObject({ effects: [], config: 'f00d' })
    expect(line.stage()).toMatchObject({ current: { state: 'unknown' } })
    expect(line.notes.at(-1)).toMatchObject({ kind: 'withdrawn', reason: 'subscription-removed' })
  })

  it('takes back what it sent to a train, until that has heard', () => {
    const line = playLine({ stages: [aGitStage('dev')], github: true })
    line.offer('1.1.0', 1)
    line.look()
    line.answer('send', { kind: 'sent' })
    line.configure({ subscriptions: [] }, 'f00d')
    line.tick()
    expect(line.effects('send').map(({ message }) => message.kind)).toEqual(['drop'])
    line.answer('send', LATER)
    line.answer('send', { kind: 'sent' })
    expect(line.document().effects).toEqual([])
  })

  it('changes nothing when it is woken again', () => {
    const line = removed()
    const before = JSON.stringify(line.document())
    expect(line.tick()).toEqual([])
    expect(JSON.stringify(line.document())).toBe(before)
  })

  it('explains an offer that comes all the same', () => {
    expect(removed().offer('1.2.0', 2)).toMatchObject([{ kind: 'ignored', reason: 'subscription-removed' }])
  })

  it('looks again when it comes back', () => {
    const line = removed()
    line.configure({}, 'c0ffee')
    line.tick()
    expect(line.effects('observe')).toHaveLength(1)
  })
})
