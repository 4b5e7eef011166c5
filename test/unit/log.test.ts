import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLog, isLevel, type LogOptions } from '../../src/log.ts'
import { HOSTILE_TEXTS } from '../helpers/hostile.ts'
import { NOW } from '../helpers/build.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1_000)

function aLog(options: Partial<LogOptions> = {}) {
  const written: string[] = []
  const write = (line: string): void => void written.push(line)
  return { written, log: createLog({ write, now: () => NOW, level: 'debug', style: 'json', ...options }) }
}

describe('a line for machines', () => {
  it('has its time, level and event first, then the fields', () => {
    const { log, written } = aLog()
    log.info('request accepted', { source: 'hub', status: 202, isNew: true, tag: null, by: undefined })
    expect(written).toEqual([
      '{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"request accepted","source":"hub","status":202,"isNew":true,"tag":null}\n',
    ])
  })

  it('keeps what happened and when, whatever a field is called', () => {
    const { log, written } = aLog()
    log.warn('refused', { event: 'another', level: 'info', time: 'never' })
    expect(JSON.parse(written[0] ?? '')).toEqual({
      time: '2026-01-01T00:00:00.000Z',
      level: 'warn',
      event: 'refused',
    })
  })

  it('is one parseable line of printable characters, whatever it says', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...HOSTILE_TEXTS),
      fc.constant('\u001b'.repeat(3_000)),
    )
    fc.assert(
      fc.property(text, text, (detail, reason) => {
        const { log, written } = aLog()
        log.error('refused', { detail, reason })
        expect(written).toHaveLength(1)
        const [line = ''] = written
        expect(line.endsWith('}\n')).toBe(true)
        expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/u)
        expect(JSON.parse(line)).toMatchObject({ level: 'error', event: 'refused' })
        expect(line.length).toBeLessThan(40_000)
      }),
      { numRuns: RUNS },
    )
  })

  it('bounds a field of a megabyte', () => {
    const { log, written } = aLog()
    log.info('x', { detail: 'a'.repeat(1024 * 1024) })
    expect(written[0]?.length).toBeLessThan(3_000)
  })
})

describe('a line for eyes', () => {
  it('is aligned, short of time, and without what is not there', () => {
    const { log, written } = aLog({ style: 'terminal' })
    log.info('serving', { hooks: 'http://127.0.0.1:8080', mode: 'act', by: null, detail: 'two words', odd: 'a="b"' })
    expect(written).toEqual([
      '00:00:00.000 info  serving            hooks=http://127.0.0.1:8080 mode=act detail="two words" odd="a=\\"b\\""\n',
    ])
  })

  it.each(HOSTILE_TEXTS)('shows %j as text that a terminal does not obey', (text) => {
    const { log, written } = aLog({ style: 'terminal' })
    log.info('x', { detail: text })
    expect(written).toHaveLength(1)
    expect(written[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/u)
  })
})

describe('a level', () => {
  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const)('%s lets %i of four through', (level, count) => {
    const { log, written } = aLog({ level })
    log.debug('a')
    log.info('b')
    log.warn('c')
    log.error('d')
    expect(written).toHaveLength(count)
  })

  it('is one of four words', () => {
    expect(['debug', 'info', 'warn', 'error', 'trace', 'INFO', '', 'constructor'].map(isLevel)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})
