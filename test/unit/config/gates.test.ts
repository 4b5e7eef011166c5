import { describe, expect, it } from 'vitest'
import { parseSlot } from '../../../src/config/gates.ts'
import { load, problems, SMALLEST } from '../../helpers/config.ts'

const PROD = 'prod: { git: repo, file: app.yaml }'

function text(gates: string, shared = '[]'): string {
  const own = SMALLEST.replace(PROD, `prod: { git: repo, file: app.yaml, gates: ${gates} }`)
  return `${own}stages: { prod: { gates: ${shared} } }\n`
}

async function gatesOf(gates: string, shared = '[]') {
  const result = await load(text(gates, shared))
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'))
  return result.value.loaded.config.subscriptions[0]?.stages[0].gates
}

describe('gates', () => {
  it.each([
    ['[{ soak: 2h }]', { kind: 'soak', ms: 7_200_000 }],
    ['[{ hold: "audit" }]', { kind: 'hold', reason: 'audit' }],
    ['[{ budget: { changes: 3 } }]', { kind: 'budget', changes: 3, per: 3_600_000 }],
    ['[{ approval: { from: [ann] } }]', { kind: 'approval', votes: 1, atLeast: [], otherWays: 0, expires: 86_400_000 }],
    [
      '[{ approval: { from: [S0REL, S0SEC], votes: 2, atLeast: [{ from: [S0SEC] }], otherWays: 1 } }]',
      { votes: 2, atLeast: [{ from: ['S0SEC'], votes: 1 }], otherWays: 1 },
    ],
    ['[{ check: { name: smoke, http: "https://shop/healthz" } }]', { name: 'smoke', how: { by: 'http', status: 200 } }],
    [
      '[{ check: { name: errors, prometheus: "http://prom:9090", query: "rate(e[5m])", is: "< 0.01", within: 10m } }]',
      { within: 600_000, how: { by: 'prometheus', query: 'rate(e[5m])', is: '<', value: 0.01 } },
    ],
    ['[{ check: { name: e2e, report: true } }]', { how: { by: 'report' } }],
    [
      '[{ window: { allow: Mon-Thu 09:00-16:00, deny: ["Fri", 2026-12-24..2027-01-02], timezone: Europe/Berlin } }]',
      { allow: [{ days: [1, 2, 3, 4], hours: { from: 540, to: 960 } }], deny: [{ days: [5] }, { days: [] }] },
    ],
  ])('are read: %s', async (written, expected) => {
    expect(await gatesOf(written)).toMatchObject([expected])
  })

  it('of a shared stage stand before those that a subscription adds', async () => {
    expect(await gatesOf('[{ budget: { changes: 1 } }]', '[{ soak: 1h }]')).toMatchObject([
      { kind: 'soak' },
      { kind: 'budget' },
    ])
  })

  it.each([
    ['[{ soak: long }]', 'expected a duration'],
    ['[{ soak: 1h, hold: x }]', 'cannot stand beside'],
    ['[{ sook: 1h }]', 'Did you mean soak?'],
    ['[{ approval: {} }]', 'missing'],
    ['[{ approval: { from: [] } }]', 'at least 1'],
    ['[{ approval: { from: [ann], votes: 1, otherWays: 2 } }]', 'expected at most 1'],
    ['[{ approval: { from: [ann], atLeast: [{ from: [bob], votes: 2 }] } }]', 'expected at most 1 of the votes'],
    ['[{ window: {} }]', 'expected allow: or deny:'],
    ['[{ window: { allow: Mon, timezone: Europe/Berln } }]', 'expected a time zone'],
    ['[{ window: { allow: Mon-Moon } }]', 'expected times'],
    ['[{ check: { name: a, http: "ftp://x" } }]', 'expected a URL'],
    ['[{ check: { name: a, http: "https://x" } }, { check: { name: a, report: true } }]', 'two checks are called a'],
    ['[{ check: { name: a, prometheus: "http://p", query: q, is: "~ 3" } }]', 'expected a comparison'],
  ])('are refused: %s', async (written, message) => {
    expect((await problems(text(written))).map((one) => one.message).join('\n')).toContain(message)
  })
})

describe('a slot', () => {
  it.each([
    ['Mon', { days: [1] }],
    ['mon,wed', { days: [1, 3] }],
    ['Fri-Mon', { days: [5, 6, 0, 1] }],
    ['22:00-04:00', { days: [], hours: { from: 1320, to: 240 } }],
    ['00:00-24:00', { hours: { from: 0, to: 1440 } }],
    ['Sat 10:00-12:00', { days: [6], hours: { from: 600, to: 720 } }],
    ['2026-12-24', { dates: { from: '2026-12-24', to: '2026-12-24' } }],
    ['2026-12-24..2027-01-02 08:00-09:00', { dates: { from: '2026-12-24', to: '2027-01-02' } }],
  ])('is read: %s', (written, expected) => {
    expect(parseSlot(written)).toMatchObject({ ...expected, text: written })
  })

  it.each([
    '',
    'Mon Tue',
    '9:00-16:00',
    '09:00-09:00',
    '09:00-25:00',
    '09:60-10:00',
    '23:00-24:30',
    '2026-02-30',
    '2027-01-02..2026-12-24',
    'Mon-',
    '-Mon',
    'Mon-Tue-Wed',
    'always',
  ])('is not %j', (written) => {
    expect(parseSlot(written)).toBeNull()
  })
})

describe('after', () => {
  const stages = (after: string, shared = ''): string =>
    SMALLEST.replace(
      `      ${PROD}`,
      `      a: { git: repo, file: a.yaml }\n      b: { git: repo, file: b.yaml }\n      prod: { git: repo, file: app.yaml, after: ${after} }`,
    ) + (shared === '' ? '' : `stages: { a: {}, b: {}, prod: { after: ${shared} } }\n`)
  const prodOf = async (written: string) => {
    const result = await load(written)
    if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'))
    return result.value.loaded.config.subscriptions[0]?.stages.find(({ name }) => name === 'prod')
  }

  it.each([
    ['[a, b]', '', { after: ['a', 'b'], needs: 'all' }],
    ['{ any: [a, b] }', '', { after: ['a', 'b'], needs: 'any' }],
    ['{ all: [a, b] }', '', { after: ['a', 'b'], needs: 'all' }],
    ['{ any: [a, b] }', 'a', { after: ['a', 'b'], needs: 'all' }],
    ['{ any: [a, b] }', '{ any: [a] }', { after: ['a', 'b'], needs: 'any' }],
  ])('%s under a floor of %j', async (own, shared, expected) => {
    expect(await prodOf(stages(own, shared))).toMatchObject(expected)
  })

  it('refuses a stage that is not there, in any of its forms', async () => {
    expect((await problems(stages('{ any: [a, c] }'))).map(({ message }) => message).join('\n')).toContain(
      'there is no stage "c"',
    )
  })
})
