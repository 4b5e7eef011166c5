import { describe, expect, it } from 'vitest'
import { EFFECT_ATTEMPTS_MAX } from '../../../src/decide/effects.ts'
import { delivered, image, LATER, playLine, type PlayedLine } from '../../helpers/play.ts'

function delivering(): PlayedLine {
  const line = playLine()
  line.offer('1.1.0', 1)
  line.look()
  return line
}

const wish = (line: PlayedLine) => line.effects('deliver')[0]

describe('a claim', () => {
  it('gives a lease and the next fence', () => {
    const line = delivering()
    const before = line.document().fence
    const effect = line.claim('deliver')
    expect(effect).toMatchObject({ fence: before + 1, attempt: 1, lease: line.now() + 300_000 })
    expect(line.document().fence).toBe(before + 1)
  })

  it('of what somebody has gives nothing', () => {
    const line = delivering()
    const { id, fence } = line.claim('deliver')
    line.step({ kind: 'claim', effects: [id], until: line.now() + 300_000 })
    expect(wish(line)?.fence).toBe(fence)
  })

  it('after the lease gives another fence, and the first answer is late', () => {
    const line = delivering()
    const first = line.claim('deliver')
    line.pass(300_001)
    const second = line.claim('deliver')
    expect(second.fence).toBeGreaterThan(first.fence)
    expect(line.reply(first, delivered(image('1.1.0', 1)))).toEqual([])
    expect(line.stage().promotion?.phase).toBe('delivering')
    line.reply(second, delivered(image('1.1.0', 1)))
    expect(line.stage().promotion?.phase).toBe('observing')
  })

  it('that nobody ever answers is given up at a bound', () => {
    const line = delivering()
    for (let attempt = 1; attempt <= EFFECT_ATTEMPTS_MAX; attempt += 1) {
      line.claim('deliver')
      line.pass(300_001)
    }
    expect(wish(line)?.dead).toBeUndefined()
    line.step({ kind: 'claim', effects: [wish(line)?.id ?? ''], until: line.now() + 300_000 })
    expect(wish(line)?.dead).toMatchObject({ reason: 'never-answered' })
    expect(wish(line)?.lease).toBeUndefined()
  })
})

describe('"later"', () => {
  it('doubles its waits up to a quarter of an hour, and gives up at a bound', () => {
    const line = delivering()
    const waits: number[] = []
    for (let attempt = 1; attempt < EFFECT_ATTEMPTS_MAX; attempt += 1) {
      line.answer('deliver', LATER)
      waits.push((wish(line)?.due ?? 0) - line.now())
    }
    expect(waits[0]).toBeLessThan(1_500)
    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * 60_000 * 1.25)
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(2 * 60 * 60_000)
    line.answer('deliver', LATER)
    expect(wish(line)?.dead).toMatchObject({ reason: 'gave-up' })
  })

  it.each([
    { asked: 60_000, least: 60_000, most: 60_000 },
    // Who always says "in a second" does not use up the attempts in a minute.
    { asked: 1, least: 700, most: 1_300 },
    { asked: 10 ** 12, least: 3_600_000, most: 3_600_000 },
  ])('waits as long as it is asked to: $asked ms', ({ asked, least, most }) => {
    const line = delivering()
    line.answer('deliver', { ...LATER, retryAfterMs: asked })
    const wait = (wish(line)?.due ?? 0) - line.now()
    expect(wait).toBeGreaterThanOrEqual(least)
    expect(wait).toBeLessThanOrEqual(most)
  })

  it('is noted at the first attempt, and then seldom', () => {
    const line = delivering()
    for (let attempt = 1; attempt <= 16; attempt += 1) line.answer('deliver', LATER)
    expect(line.kinds().filter((kind) => kind === 'effect-retried')).toHaveLength(3)
  })
})

describe('a document', () => {
  it('keeps the words of others within bounds', () => {
    const line = delivering()
    line.answer('deliver', { kind: 'failed', reason: 'forbidden', detail: 'x'.repeat(100_000) })
    expect(wish(line)?.dead?.detail.length).toBeLessThanOrEqual(500)
    expect(Math.max(...line.notes.map(({ detail }) => detail.length))).toBeLessThanOrEqual(8_192)
  })

  it('changes nothing when it is woken once too often', () => {
    const line = delivering()
    const before = JSON.stringify(line.document())
    expect(line.tick()).toEqual([])
    expect(JSON.stringify(line.document())).toBe(before)
  })

  it('is not touched by decide: what was given stays as it was', () => {
    const line = delivering()
    const was = line.document()
    const before = JSON.stringify(was)
    line.deliver()
    expect(JSON.stringify(was)).toBe(before)
  })
})
