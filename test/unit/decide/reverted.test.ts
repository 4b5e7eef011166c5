import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../src/domain/answer.ts'
import { aDigest } from '../../helpers/build.ts'
import { image, LATER, playLine, UNWELL, delivered, WELL, type PlayedLine } from '../../helpers/play.ts'
import { aGitStage, aWorkloadStage, createWorld, type WorldOptions } from '../../helpers/world.ts'

const FIRST = 'acme/payments:1.0.0'
const moved = (found: string): Answer => ({ kind: 'failed', reason: 'moved', detail: `found ${found}`, found })

/** 1.1.0 and then 1.2.0 were brought, and 1.3.0 is being brought. */
function onItsWay(options: WorldOptions = {}): PlayedLine {
  const line = playLine(options)
  line.offer('1.1.0', 1)
  line.look(FIRST)
  for (const content of [1, 2]) {
    if (content === 2) line.offer('1.2.0', 2)
    line.deliver()
    line.answer('check-health', WELL)
  }
  line.offer('1.3.0', 3)
  return line
}

const refusedAt = (line: PlayedLine, stage = 'dev') =>
  line.stage(stage).refused.map(({ candidate, reason }) => [candidate, reason])

describe('an older image that somebody put back', () => {
  it.each([
    ['what was healthy before', image('1.1.0', 1)],
    ['what was found before us', FIRST],
    ['any other older one', image('1.1.5', 15)],
  ])('%s: ours is refused, and the newer one is written over it', (_title, found) => {
    const line = onItsWay()
    const { id } = line.stage().promotion ?? {}
    line.answer('deliver', moved(found))
    expect(refusedAt(line)).toEqual([[aDigest(2), 'reverted-by-person']])
    expect(line.notes).toContainEqual(
      expect.objectContaining({
        kind: 'rejected',
        reason: 'reverted-by-person',
        image: image('1.2.0', 2),
        stage: 'dev',
      }),
    )
    expect(line.stage().promotion?.id).toBe(id)
    expect(line.effects('deliver')).toMatchObject([{ expected: [found] }])
    line.deliver()
    line.answer('check-health', WELL)
    expect(line.stage().current).toMatchObject({ candidate: { id: aDigest(3) } })
  })

  it('may have been put over what is being brought, where an attempt before gave no answer: that stops us', () => {
    const line = onItsWay()
    line.answer('deliver', LATER)
    line.answer('deliver', moved(image('1.1.0', 1)))
    expect(refusedAt(line)).toEqual([[aDigest(3), 'moved']])
    expect(line.effects('deliver')).toEqual([])
  })

  it('is what a later rollback goes back to, where it was healthy', () => {
    const line = onItsWay()
    line.answer('deliver', moved(image('1.1.0', 1)))
    line.deliver()
    line.answer('check-health', UNWELL)
    expect(line.effects('roll-back')).toMatchObject([{ to: { kind: 'pinned', image: { tag: '1.1.0' } } }])
  })

  it('is not restored by a rollback, where nobody proved it', () => {
    const line = onItsWay()
    line.answer('deliver', moved(image('1.1.5', 15)))
    line.deliver()
    line.answer('check-health', UNWELL)
    expect(line.effects('roll-back')).toEqual([])
    expect(line.notes.map(({ reason }) => reason)).toContain('nothing-to-restore')
  })

  it.each([
    ['a newer one', image('1.9.0', 9)],
    ['something that the filter does not count', 'acme/payments:latest'],
    ['another repository’s', 'docker.io/evil/payments:1.0.0'],
    ['what cannot be read', '::'],
  ])('is not %s: that stops us, as ever', (_title, found) => {
    const line = onItsWay()
    line.answer('deliver', moved(found))
    expect(refusedAt(line)).toEqual([[aDigest(3), 'moved']])
    expect(line.stage().promotion).toBeUndefined()
    expect(line.effects('deliver')).toEqual([])
  })

  it('does not come again by itself, and does after a lift', () => {
    const line = onItsWay()
    line.answer('deliver', moved(image('1.1.0', 1)))
    line.deliver()
    line.answer('check-health', UNWELL)
    line.answer('roll-back', delivered(image('1.1.0', 1)))
    line.offer('1.2.0', 2)
    expect(line.stage().promotion).toBeUndefined()
    line.step({ kind: 'lift', stage: 'dev', candidate: '1.2.0', by: 'ann', reason: 'it was the other one' })
    line.offer('1.2.0', 2)
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(2))
  })

  it('is found by a look too: ours does not come back from the stage before', () => {
    const stages = [aWorkloadStage('dev'), aWorkloadStage('prod', ['dev'])]
    const line = playLine({ stages })
    line.offer('1.1.0', 1)
    line.look(FIRST)
    for (const stage of ['dev', 'prod']) {
      line.deliver(stage)
      line.answer('check-health', WELL, stage)
    }
    line.offer('1.2.0', 2)
    for (const stage of ['dev', 'prod']) {
      line.deliver(stage)
      line.answer('check-health', WELL, stage)
    }
    const more = { ...aWorkloadStage('prod', ['dev']) } as { targets: object[] }
    more.targets = [...more.targets, { ...more.targets[0], namespace: 'other' }]
    line.configure({ stages: [aWorkloadStage('dev'), more] }, 'more targets')
    line.tick()
    line.look(image('1.1.0', 1))
    expect(refusedAt(line, 'prod')).toEqual([[aDigest(2), 'reverted-by-person']])
    expect(line.stage('prod').promotion).toBeUndefined()
    line.offer('1.3.0', 3)
    line.deliver('dev')
    line.answer('check-health', WELL, 'dev')
    expect(line.stage('prod').promotion?.candidate.id).toBe(aDigest(3))
  })
})

describe('in a repository', () => {
  it.each([
    ['a commit', false],
    ['a pull request', true],
  ])('a revert is found before the next delivery by %s', async (_title, github) => {
    const world = createWorld({ stages: [aGitStage('dev')], github })
    const push = async (tag: string, content: number) => {
      await world.push(tag, content)
      for (const pull of world.pulls) if (pull.state === 'open') world.merge(world.pulls.indexOf(pull) + 1, 'ann')
      await world.pass(120_000)
    }
    await push('1.1.0', 1)
    await push('1.2.0', 2)
    expect(world.at('dev').image).toBe(image('1.2.0', 2))
    world.at('dev').image = image('1.1.0', 1)
    await push('1.3.0', 3)
    expect(world.at('dev').image).toBe(image('1.3.0', 3))
    expect((await world.stage('dev')).refused).toMatchObject([
      { candidate: aDigest(2), reason: 'reverted-by-person', by: null },
    ])
    world.at('dev').image = image('1.1.0', 1)
    await push('1.2.0', 2)
    expect(world.at('dev').image).toBe(image('1.1.0', 1))
  })
})

describe('refuse: everywhere', () => {
  const rollback = { as: 'commit', merge: 'now', refuse: 'everywhere' }
  const stages = (rule?: object) => [
    aWorkloadStage('dev'),
    { ...aWorkloadStage('prod', ['dev']), ...(rule && { rollback: rule }) },
    { ...aWorkloadStage('edge', ['dev']), gates: [{ kind: 'hold', reason: 'x' }] },
  ]

  it.each<[string, object | undefined, string[]]>([
    ['is refused at all stages, and taken back where it waits', rollback, ['dev', 'prod', 'edge']],
    ['is refused there alone without it', undefined, ['prod']],
  ])('what is rolled back %s', (_title, rule, refused) => {
    const line = playLine({ stages: stages(rule) })
    line.offer('1.1.0', 1)
    line.look(FIRST)
    line.deliver('dev')
    line.answer('check-health', WELL, 'dev')
    expect(line.stage('edge').promotion?.phase).toBe('gated')
    line.deliver('prod')
    line.answer('check-health', UNWELL, 'prod')
    line.tick()
    expect(['dev', 'prod', 'edge'].filter((name) => line.stage(name).refused.length > 0)).toEqual(refused)
    expect(line.stage('edge').promotion === undefined).toBe(rule !== undefined)
    line.step({ kind: 'lift', stage: null, candidate: aDigest(1), by: 'ann', reason: 'x' })
    expect(['dev', 'prod', 'edge'].flatMap((name) => line.stage(name).refused)).toEqual([])
  })
})
