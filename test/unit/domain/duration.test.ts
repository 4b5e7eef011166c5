import { describe, expect, it } from 'vitest'
import { Duration, formatDuration, parseDuration } from '../../../src/domain/duration.ts'

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['1d2h3m4s', 93_784_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
    expect(parseDuration(formatDuration(ms))).toBe(ms)
  })

  it.each(['', '0s', '5', 'm', '1m1h', '1.5h', '-1h', '1 h', '2H', '99999d', '1h\n'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull()
    expect(Duration.safeParse(text).success).toBe(false)
  })
})
