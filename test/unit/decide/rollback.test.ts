import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { delivered, image, playLine, UNWELL, WELL, type PlayedLine } from '../../helpers/play.ts'

const moved = {
  kind: 'failed',
  reason: 'moved',
  detail: 'found acme/payments:hand',
  found: 'acme/payments:hand',
} as const

function observing(running: 'well' | 'not-well' | 'not-observed' = 'well', found = 'acme/payments:1.0.0'): PlayedLine {
  const line = playLine()
  line.offer('1.1.0', 1)
  line.look(found, running)
  line.deliver()
  return line
}

describe('what failed is put back', () => {
  it('to the candidate that was healthy there', () => {
    const line = observing()
    line.answer('check-health', WELL)
    line.offer('1.2.0', 2)
    line.deliver()
    line.answer('check-health', UNWELL)
    expect(line.effects('roll-back')).toMatchObject([{ to: { kind: 'pinned', image: { tag: '1.1.0' } } }])
    expect(line.effects('roll-back')[0]?.expected).toEqual([image('1.2.0', 2)])
  })

  it('to exactly what the first look found running well', () => {
    const line = observing()
    line.answer('check-health', UNWELL)
    expect(line.effects('roll-back')).toMatchObject([{ to: { kind: 'restore', image: 'acme/payments:1.0.0' } }])
  })

  it.each(['not-well', 'not-observed'] as const)('to nothing where what was found ran %s', (running) => {
    const line = observing(running)
    line.answer('check-health', UNWELL)
    expect(line.effects('roll-back')).toEqual([])
    expect(line.notes).toContainEqual(expect.objectContaining({ kind: 'rolled-back', reason: 'nothing-to-restore' }))
    expect(line.stage().current).toEqual({ state: 'unknown' })
  })

  it('to nothing where what was found was refused here before', () => {
    const line = observing('not-well')
    line.answer('check-health', UNWELL)
    line.look(image('1.1.0', 1))
    line.offer('1.2.0', 2)
    line.deliver()
    line.answer('check-health', UNWELL)
    expect(line.effects('roll-back')).toEqual([])
  })

  it('and remembered as refused, with what the platform said', () => {
    const line = observing()
    line.answer('check-health', UNWELL)
    expect(line.stage().refused).toMatchObject([
      { candidate: aDigest(1), reason: 'failed', detail: 'CrashLoopBackOff: exit 1', by: null },
    ])
  })

  it('at once where it was not well after thirty minutes', () => {
    const line = observing()
    line.answer('check-health', { kind: 'progressing', detail: '0 of 1' })
    expect(line.stage().promotion?.phase).toBe('observing')
    line.pass(30 * 60_000)
    line.answer('check-health', { kind: 'progressing', detail: '0 of 1' })
    expect(line.notes).toContainEqual(expect.objectContaining({ kind: 'failed', reason: 'health-timeout' }))
  })

  it('again when a person asks, where that was refused', () => {
    const line = observing()
    line.answer('check-health', UNWELL)
    line.answer('roll-back', { kind: 'failed', reason: 'forbidden', detail: '403' })
    expect(line.stage().promotion?.phase).toBe('rolling-back')
    line.step({ kind: 'retry', by: 'ann', reason: 'RBAC', stage: null })
    line.answer('roll-back', delivered('acme/payments:1.0.0'))
    expect(line.stage().promotion).toBeUndefined()
    expect(line.stage().current).toMatchObject({ state: 'found', tag: '1.0.0' })
  })

  it('not over a person who moved on: then it is looked at again', () => {
    const line = observing()
    line.answer('check-health', UNWELL)
    line.answer('roll-back', moved)
    expect(line.notes).toContainEqual(expect.objectContaining({ kind: 'rolled-back', reason: 'moved' }))
    expect(line.effects('observe')).toHaveLength(1)
  })
})

describe("a person's hand", () => {
  it('stops a delivery, and what met it does not come again by itself', () => {
    const line = playLine()
    line.offer('1.1.0', 1)
    line.look()
    line.answer('deliver', moved)
    expect(line.stage().promotion).toBeUndefined()
    line.look('acme/payments:hand')
    expect(line.offer('1.1.0', 1)[0]).toMatchObject({ kind: 'refused', reason: 'refused-before' })
    line.offer('1.2.0', 2)
    expect(line.effects('deliver')[0]?.expected).toEqual(['acme/payments:hand'])
  })

  it('ends the watch, and what was delivered does not come again by itself', () => {
    const line = observing()
    line.answer('check-health', { kind: 'unwell', reason: 'moved', detail: 'now holds acme/payments:0.9.0' })
    line.look('acme/payments:0.9.0')
    expect(line.offer('1.1.0', 1)[0]).toMatchObject({ reason: 'refused-before' })
  })

  it('refuses nothing in observe mode, where nothing was brought', () => {
    const line = playLine({ mode: 'observe' })
    line.offer('1.1.0', 1)
    line.look()
    line.answer('preview', moved)
    expect(line.stage().refused).toEqual([])
  })

  it('that took the workload away refuses nothing: the candidate waits until it is back', () => {
    const line = observing()
    line.answer('check-health', { kind: 'unwell', reason: 'target-missing', detail: 'no deployment/app' })
    expect(line.stage()).toMatchObject({ refused: [], next: { id: aDigest(1) }, current: { state: 'unknown' } })
    line.look()
    expect(line.stage().promotion?.id).toBe(`payments/dev/${aDigest(1)}#2`)
  })

  describe('at one of two containers', () => {
    const targets = ['app', 'worker'].map((container) => ({
      kind: 'workload',
      cluster: 'dev',
      namespace: 'dev',
      workload: 'deployment/app',
      container,
      takeover: false,
    }))
    /** At the other one, 1.3.0 was begun and never answered. */
    const stopped = (): PlayedLine => {
      const line = playLine({ stages: [{ name: 'dev', after: [], verify: 'none', targets }] })
      line.offer('1.3.0', 3)
      line.look()
      const first = line.claim('deliver')
      line.answer('deliver', { kind: 'later', detail: 'timeout' })
      line.reply(first, moved)
      line.look()
      return line
    }
    const expectedAtOther = (line: PlayedLine): readonly string[] =>
      line.effects('deliver').find(({ target }) => target.endsWith('/worker'))?.expected ?? []

    it('does not hide what we began at the other, which may still arrive', () => {
      const line = stopped()
      line.offer('1.4.0', 4)
      expect(expectedAtOther(line)).toEqual([image('1.3.0', 3), 'acme/payments:1.0.0'])
    })

    it('does not let an older one replace what may still arrive there', () => {
      const line = stopped()
      line.offer('1.2.0', 2)
      expect(expectedAtOther(line)).toEqual(['acme/payments:1.0.0'])
    })
  })
})
