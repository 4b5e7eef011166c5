import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { delivered, image, LATER, playLine, UNWELL, WELL, type PlayedLine } from '../../helpers/play.ts'

const forbidden = { kind: 'failed', reason: 'forbidden', detail: '403' } as const

function delivering(): PlayedLine {
  const line = playLine()
  line.offer('1.1.0', 1)
  line.look()
  return line
}

describe('an offer that comes while', () => {
  it('nobody has looked yet waits, and the newest of those that wait goes', () => {
    const line = playLine()
    line.offer('1.1.0', 1)
    line.offer('1.2.0', 2)
    line.look()
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(2))
    expect(line.stage().next).toBeUndefined()
    expect(line.notes).toContainEqual(expect.objectContaining({ kind: 'superseded', image: image('1.1.0', 1) }))
  })

  it('the delivery waits for its turn replaces it', () => {
    const line = delivering()
    line.offer('1.2.0', 2)
    expect(line.effects('deliver').map(({ promotion }) => promotion)).toEqual([`payments/dev/${aDigest(2)}#1`])
  })

  it('somebody is at work waits for their answer', () => {
    const line = delivering()
    const effect = line.claim('deliver')
    line.offer('1.2.0', 2)
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(1))
    line.reply(effect, delivered(image('1.1.0', 1)))
    expect(line.stage().promotion?.phase).toBe('observing')
    line.answer('check-health', WELL)
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(2))
  })

  it.each([
    { title: 'puts it off', answer: LATER },
    { title: 'gives it up', answer: forbidden },
  ])('somebody is at work goes as soon as that one $title', ({ answer }) => {
    const line = delivering()
    const effect = line.claim('deliver')
    line.offer('1.2.0', 2)
    line.reply(effect, answer)
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(2))
    expect(line.stage().next).toBeUndefined()
  })

  it('somebody is at work goes once their lease has run out', () => {
    const line = delivering()
    line.claim('deliver')
    line.offer('1.2.0', 2)
    line.pass(300_001)
    line.tick()
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(2))
  })

  it('the one before is watched waits until it is well', () => {
    const line = delivering()
    line.deliver()
    line.offer('1.2.0', 2)
    expect(line.stage()).toMatchObject({ promotion: { phase: 'observing' }, next: { id: aDigest(2) } })
  })

  it('the one before is watched by nobody any more replaces it', () => {
    const line = delivering()
    line.deliver()
    line.answer('check-health', forbidden)
    line.offer('1.2.0', 2)
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(2))
  })

  it('the one before is rolled back waits until that is done', () => {
    const line = delivering()
    line.deliver()
    line.answer('check-health', UNWELL)
    line.offer('1.2.0', 2)
    expect(line.stage().promotion?.phase).toBe('rolling-back')
    line.answer('roll-back', delivered('acme/payments:1.0.0'))
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(2))
  })
})

describe('what a target may hold', () => {
  it('is what was found there', () => {
    expect(delivering().effects('deliver')[0]?.expected).toEqual(['acme/payments:1.0.0'])
  })

  it('is also what was begun there and never answered', () => {
    const line = delivering()
    line.answer('deliver', LATER)
    line.offer('1.2.0', 2)
    expect(line.effects('deliver')[0]?.expected).toEqual([image('1.1.0', 1), 'acme/payments:1.0.0'])
  })

  it('is not what was never begun', () => {
    const line = delivering()
    line.offer('1.2.0', 2)
    expect(line.effects('deliver')[0]?.expected).toEqual(['acme/payments:1.0.0'])
  })

  it('is only what was written last, once that was answered', () => {
    const line = delivering()
    line.answer('deliver', LATER)
    line.offer('1.2.0', 2)
    line.deliver()
    expect(line.stage().holds).toEqual({ 'workload/dev/dev/deployment/app/app': [image('1.2.0', 2)] })
  })

  it('stays bounded, however often a target was not reached', () => {
    const line = delivering()
    for (let minor = 2; minor < 80; minor += 1) {
      line.answer('deliver', LATER)
      line.offer(`1.${minor}.0`, minor)
    }
    const [held = []] = Object.values(line.stage().holds)
    expect(held.length).toBeLessThanOrEqual(33)
    expect(held.at(-1)).toBe('acme/payments:1.0.0')
    expect(held[0]).toBe(image('1.78.0', 78))
  })
})

describe('stages in order', () => {
  const stages = ['dev', 'prod'].map((name, index) => ({
    name,
    after: index === 0 ? [] : ['dev'],
    verify: 'none',
    targets: [
      {
        kind: 'workload',
        cluster: 'dev',
        namespace: name,
        workload: 'deployment/app',
        container: 'app',
        takeover: false,
      },
    ],
  }))

  it('bring on what was well, and nothing else', () => {
    const line = playLine({ stages })
    line.offer('1.1.0', 1)
    line.look()
    line.deliver()
    expect(line.stage('prod').promotion).toBeUndefined()
    line.answer('check-health', WELL)
    expect(line.stage('prod').promotion?.candidate.id).toBe(aDigest(1))
  })

  it('bring it on although the later stage was looked at afterwards', () => {
    const line = playLine({ stages })
    line.offer('1.1.0', 1)
    line.answer('observe', { kind: 'found', image: 'acme/payments:1.0.0', running: 'well' }, 'dev')
    line.deliver()
    line.answer('check-health', WELL)
    expect(line.stage('prod').next?.id).toBe(aDigest(1))
    line.look()
    expect(line.stage('prod').promotion?.candidate.id).toBe(aDigest(1))
  })

  it('bring to a new stage what runs before it', () => {
    const line = playLine({ stages: stages.slice(0, 1) })
    line.offer('1.1.0', 1)
    line.look()
    line.deliver()
    line.answer('check-health', WELL)
    line.configure({ stages }, 'f00d')
    line.tick()
    line.look()
    expect(line.stage('prod').promotion?.candidate.id).toBe(aDigest(1))
  })
})
