import { describe, expect, it } from 'vitest'
import { candidateOf } from '../../../src/domain/candidate.ts'
import { aDigest, aPinnedImage } from '../../helpers/build.ts'
import { delivered, image, playLine, UNWELL, WELL, type PlayedLine } from '../../helpers/play.ts'
import { aWorkloadStage } from '../../helpers/world.ts'

const who = { by: 'ann', reason: 'because' } as const

function running(...versions: readonly number[]): PlayedLine {
  const line = playLine({ stages: [aWorkloadStage('dev'), aWorkloadStage('prod', ['dev'])] })
  line.offer('1.0.1', 100)
  line.look()
  for (const version of [100, ...versions]) {
    if (version !== 100) line.offer(`1.${version}.0`, version)
    line.deliver()
    line.answer('check-health', WELL, 'dev')
  }
  return line
}

function promote(line: PlayedLine, stage: string, tag: string, content: number) {
  const now = line.now()
  const candidate = candidateOf(aPinnedImage({ tag, digest: aDigest(content) }), {
    observedAt: now,
    cause: 'promote by ann',
    since: now,
  })
  return line.step({ kind: 'promote', stage, candidate, ...who })
}

describe('promote', () => {
  it('brings an older one, with the person’s name and words', () => {
    const line = running(2, 3)
    promote(line, 'dev', '1.2.0', 2)
    expect(line.stage().promotion).toMatchObject({ candidate: { id: aDigest(2) }, purpose: 'promoted' })
    expect(line.notes).toContainEqual(
      expect.objectContaining({ kind: 'promotion-opened', reason: 'promoted', by: 'ann', detail: 'because' }),
    )
    line.deliver()
    line.answer('check-health', WELL, 'dev')
    expect(line.stage().current).toMatchObject({ candidate: { id: aDigest(2) } })
  })

  it.each<[string, (line: PlayedLine) => unknown, string]>([
    ['what runs there', (line) => promote(line, 'dev', '1.3.0', 3), 'it runs there already'],
    ['what another stage has not proven', (line) => promote(line, 'prod', '1.9.0', 9), 'has not proven it'],
    ['what the filter does not count', (line) => promote(line, 'dev', 'latest', 9), 'does not count'],
    ['to a stage that is not there', (line) => promote(line, 'qa', '1.9.0', 9), 'there is no stage qa'],
  ])('refuses %s, and changes nothing', (_title, act, why) => {
    const line = running(3)
    const before = line.document()
    expect(act(line)).toMatchObject([{ kind: 'ignored', reason: 'act-refused', detail: expect.stringContaining(why) }])
    expect(line.document()).toEqual(before)
  })

  it('refuses what was refused, until it is lifted', () => {
    const line = running(2)
    line.offer('1.3.0', 3)
    line.deliver()
    line.answer('check-health', UNWELL, 'dev')
    line.answer('roll-back', delivered(image('1.2.0', 2)))
    expect(promote(line, 'dev', '1.3.0', 3)).toMatchObject([{ detail: expect.stringContaining('drayage lift') }])
    line.step({ kind: 'lift', stage: 'dev', candidate: aDigest(3), ...who })
    promote(line, 'dev', '1.3.0', 3)
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(3))
  })

  it('waits for the end of what is at work', () => {
    const line = running(2)
    line.offer('1.3.0', 3)
    line.claim('deliver', 'dev')
    expect(promote(line, 'dev', '1.4.0', 4)).toMatchObject([{ detail: expect.stringContaining('is at work') }])
  })
})

describe('pin', () => {
  it('keeps what runs, lets the newest wait, and lets it go again', () => {
    const line = running(2)
    line.step({ kind: 'pin', stage: 'dev', ...who })
    line.offer('1.3.0', 3)
    line.offer('1.4.0', 4)
    line.tick()
    expect(line.stage()).toMatchObject({ pin: { candidate: aDigest(2), by: 'ann' }, next: { id: aDigest(4) } })
    expect(line.stage().promotion).toBeUndefined()
    line.step({ kind: 'unpin', stage: 'dev', ...who })
    expect(line.stage().promotion?.candidate.id).toBe(aDigest(4))
    expect(line.stage().pin).toBeUndefined()
  })

  it('holds back what was on its way already', () => {
    const line = running(2)
    line.offer('1.3.0', 3)
    const deliver = line.effects('deliver').find(({ stage }) => stage === 'dev')
    line.step({ kind: 'pin', stage: 'dev', ...who })
    line.step({ kind: 'claim', effects: [deliver?.id ?? ''], until: line.now() + 60_000 })
    expect(line.stage().promotion).toMatchObject({ phase: 'gated', gates: [{ gate: 'pin', state: 'waiting' }] })
  })

  it('needs to know what runs, and unpin a pin', () => {
    const line = playLine()
    line.tick()
    expect(line.step({ kind: 'pin', stage: 'dev', ...who })).toMatchObject([{ reason: 'act-refused' }])
    expect(line.step({ kind: 'unpin', stage: 'dev', ...who })).toMatchObject([{ reason: 'act-refused' }])
  })
})

describe('rollback', () => {
  it('goes back to what was healthy before, past every gate but not past a pin’s reason, and refuses what ran', () => {
    const line = running(2, 3)
    line.configure({ stages: [{ ...aWorkloadStage('dev'), gates: [{ kind: 'hold', reason: 'audit' }] }] }, 'held')
    line.step({ kind: 'rollback', stage: 'dev', ...who })
    expect(line.stage()).toMatchObject({
      promotion: { candidate: { id: aDigest(2) }, purpose: 'rollback', phase: 'delivering' },
      refused: [{ candidate: aDigest(3), reason: 'rolled-back', by: 'ann' }],
    })
    line.deliver()
    line.answer('check-health', WELL, 'dev')
    expect(line.stage().current).toMatchObject({ candidate: { id: aDigest(2) } })
    expect(line.stage().previous).toBeUndefined()
    expect(line.step({ kind: 'rollback', stage: 'dev', ...who })).toMatchObject([{ reason: 'act-refused' }])
  })

  it('of what was just delivered puts back what ran', () => {
    const line = running(2)
    line.offer('1.3.0', 3)
    line.deliver()
    line.step({ kind: 'rollback', stage: 'dev', ...who })
    expect(line.effects('roll-back')).toMatchObject([{ to: { kind: 'pinned', image: { tag: '1.2.0' } } }])
    expect(line.stage().refused).toMatchObject([{ candidate: aDigest(3), by: 'ann' }])
  })

  it('that fails itself goes back to nothing that is refused', () => {
    const line = running(2, 3)
    line.step({ kind: 'rollback', stage: 'dev', ...who })
    line.deliver()
    line.answer('check-health', UNWELL, 'dev')
    expect(line.effects('roll-back')).toEqual([])
    expect(line.notes.at(-1)).toMatchObject({ kind: 'rolled-back', reason: 'nothing-to-restore' })
  })
})
