import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { delivered, image, playLine, UNWELL, WELL, type PlayedLine } from '../../helpers/play.ts'

type Case = { readonly title: string; readonly tag: string; readonly content: number; readonly reason: string }

function told(
  line: PlayedLine,
  tag: string,
  content: number,
): { kind: string | undefined; reason: string | undefined } {
  const [first] = line.offer(tag, content)
  return { kind: first?.kind, reason: first?.reason }
}

describe('a stage where 1.2.0 runs', () => {
  const running = (): PlayedLine => {
    const line = playLine()
    line.offer('1.2.0', 2)
    line.look()
    line.deliver()
    line.answer('check-health', WELL)
    return line
  }

  it.each<Case>([
    { title: 'takes a newer version', tag: '1.3.0', content: 3, reason: 'newer' },
    { title: 'has that version already', tag: '1.2.0', content: 2, reason: 'already-there' },
    { title: 'never goes back', tag: '1.1.0', content: 1, reason: 'older' },
    { title: 'refuses the version with other content', tag: '1.2.0', content: 9, reason: 'moved-tag' },
    { title: 'passes over what its filter does not count', tag: 'nightly', content: 3, reason: 'not-followed' },
  ])('$title', ({ tag, content, reason }) => {
    expect(told(running(), tag, content)).toMatchObject({ reason })
  })
})

describe('a stage where 1.2.0 is on its way', () => {
  const underWay = (): PlayedLine => {
    const line = playLine()
    line.offer('1.2.0', 2)
    line.look()
    return line
  }

  it.each<Case>([
    { title: 'replaces it by a newer one', tag: '1.3.0', content: 3, reason: 'newer-candidate' },
    { title: 'knows it already', tag: '1.2.0', content: 2, reason: 'already-there' },
    { title: 'does not go back behind it', tag: '1.1.0', content: 1, reason: 'older' },
    { title: 'refuses other content', tag: '1.2.0', content: 9, reason: 'moved-tag' },
  ])('$title', ({ tag, content, reason }) => {
    expect(told(underWay(), tag, content)).toMatchObject({ reason })
  })
})

describe('a stage where 1.2.0 failed', () => {
  const failed = (): PlayedLine => {
    const line = playLine()
    line.offer('1.2.0', 2)
    line.look()
    line.deliver()
    line.answer('check-health', UNWELL)
    line.answer('roll-back', delivered('acme/payments:1.0.0'))
    return line
  }

  it.each<Case>([
    { title: 'refuses it when it comes again', tag: '1.2.0', content: 2, reason: 'refused-before' },
    { title: 'refuses that version with other content', tag: '1.2.0', content: 9, reason: 'moved-tag' },
    { title: 'takes what is newer than what runs', tag: '1.1.0', content: 1, reason: 'newer' },
  ])('$title', ({ tag, content, reason }) => {
    expect(told(failed(), tag, content)).toMatchObject({ reason })
  })

  it('refuses it in the history once, however often the same event is handled', () => {
    const line = failed()
    const first = line.offer('1.2.0', 2, { cause: 'hub/7' })
    line.document().tail = first.map((one, index) => {
      return { ...one, document: 'line/payments', seq: index + 1, at: line.now(), config: '', hash: '' }
    })
    expect(line.offer('1.2.0', 2, { cause: 'hub/7' })[0]).toMatchObject({ kind: 'ignored', reason: 'refused-before' })
    expect(line.offer('1.2.0', 2, { cause: 'hub/8' })[0]).toMatchObject({ kind: 'refused' })
  })
})

describe('what the first look found', () => {
  it.each([
    { found: 'acme/payments:1.1.0', tag: '1.1.0', content: 1, opens: false },
    { found: 'acme/payments:1.1.0', tag: '1.0.0', content: 1, opens: false },
    { found: 'acme/payments:1.1.0', tag: '1.2.0', content: 1, opens: true },
    { found: 'acme/payments:latest', tag: '1.0.0', content: 1, opens: true },
    // The very content that would be delivered has still to be proven before it goes to the next stage.
    { found: image('1.1.0', 1), tag: '1.1.0', content: 1, opens: true },
  ])('$found, then $tag: opens $opens', ({ found, tag, content, opens }) => {
    const line = playLine()
    line.tick()
    line.look(found)
    line.offer(tag, content)
    expect(line.stage().promotion !== undefined).toBe(opens)
  })
})

describe('a filter without an order', () => {
  const tags = { digestOf: 'stable' }
  const running = (content: number): PlayedLine => {
    const line = playLine({ tags })
    line.offer('stable', content)
    line.look('acme/payments:stable')
    line.deliver()
    line.answer('check-health', WELL)
    return line
  }

  it('takes a later observation, also of what ran before', () => {
    const line = running(1)
    for (const content of [2, 1]) {
      line.pass(1_000)
      line.offer('stable', content)
      line.deliver()
      line.answer('check-health', WELL)
    }
    expect(line.stage().current).toMatchObject({ candidate: { id: aDigest(1) } })
    expect(line.stage().tried).toContainEqual({ candidate: aDigest(1), attempts: 2 })
  })

  it('passes over an earlier observation that arrives late', () => {
    const line = running(2)
    expect(line.offer('stable', 1, { observedAt: line.now() - 1 })[0]).toMatchObject({ reason: 'older' })
  })

  it('has the same content already', () => {
    const line = running(2)
    line.pass(1_000)
    expect(line.offer('stable', 2)[0]).toMatchObject({ reason: 'already-there' })
  })

  it('passes over a tag that it does not follow', () => {
    expect(running(2).offer('other', 3)[0]).toMatchObject({ reason: 'not-followed' })
  })
})
