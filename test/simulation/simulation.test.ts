import { describe, expect, it } from 'vitest'
import { DEMAND_FAULTS, FAULTS } from './faults.ts'
import { simulate } from './simulate.ts'

/** More by the environment: `SIMULATION_SCHEDULES=20000 npx vitest run test/simulation`. */
const SCHEDULES = Number(process.env['SIMULATION_SCHEDULES'] ?? 2_000)
const SCHEDULES_WITH_LOSSES = Math.ceil(SCHEDULES / 4)
const SCHEDULES_WITH_DEMANDS = Math.ceil(SCHEDULES / 2)
const SCHEDULES_TO_FIND_MAX = 10_000
const TIMEOUT_MS = 60_000 + SCHEDULES * 200

describe('the core, under crashes, lost answers, late writes, outages and people', () => {
  it(
    `keeps every law in ${SCHEDULES} schedules`,
    async () => {
      for (let seed = 1; seed <= SCHEDULES; seed += 1) {
        const { violations } = await simulate(seed)
        expect(violations, `npm run simulate -- --seed ${seed} shows how`).toEqual([])
      }
    },
    TIMEOUT_MS,
  )

  it(
    `loses no push although webhooks get lost, in ${SCHEDULES_WITH_LOSSES} schedules`,
    async () => {
      const faults = new Set<string>()
      for (let seed = 1; seed <= SCHEDULES_WITH_LOSSES; seed += 1) {
        const outcome = await simulate(seed, { losesWebhooks: true })
        expect(outcome.violations, `npm run simulate -- --losses --seed ${seed} shows how`).toEqual([])
        for (const kind of outcome.faults.keys()) faults.add(kind)
      }
      expect([...faults]).toEqual(expect.arrayContaining(['lost webhook', 'lost webhook found', 'pushed again']))
    },
    TIMEOUT_MS,
  )

  it(
    `passes no gate by and delivers nothing unproven, in ${SCHEDULES_WITH_DEMANDS} schedules`,
    async () => {
      const faults = new Set<string>()
      for (let seed = 1; seed <= SCHEDULES_WITH_DEMANDS; seed += 1) {
        const outcome = await simulate(seed, { demands: true })
        expect(outcome.violations, `npm run simulate -- --demands --seed ${seed} shows how`).toEqual([])
        for (const kind of outcome.faults.keys()) faults.add(kind)
      }
      const expected = ['signed late', 'scan turns bad', 'person: approve', 'person: reject', 'paused']
      expect([...faults]).toEqual(expect.arrayContaining(expected))
    },
    TIMEOUT_MS,
  )

  it('takes the same course for the same seed', async () => {
    for (const seed of [3, 17, 284]) {
      const [first, second] = [await simulate(seed, { isTraced: true }), await simulate(seed, { isTraced: true })]
      expect(first.trace.length).toBeGreaterThan(1)
      expect(first.trace).toEqual(second.trace)
    }
  })

  it('injects every kind of fault', async () => {
    const kinds = new Set<string>()
    for (let seed = 1; seed <= 200; seed += 1) for (const kind of (await simulate(seed)).faults.keys()) kinds.add(kind)
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'configuration changed',
        'crash',
        'event told again',
        'late write',
        'lost answer',
        'moved tag',
        'outage',
        'person: close',
        'person: commit',
        'person: hand',
        'person: lift',
        'person: merge',
        'person: replay',
        'person: retry',
        'stall',
      ]),
    )
  })
})

describe('the simulation finds a planted mistake:', () => {
  it.each(FAULTS)(
    '$name',
    async (fault) => {
      let found = 0
      for (let seed = 1; seed <= SCHEDULES_TO_FIND_MAX && found === 0; seed += 1) {
        const { violations } = await simulate(seed, { fault })
        if (violations.length > 0) found = seed
      }
      expect(found).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )
})

describe('with demands, the simulation finds a planted mistake:', () => {
  it.each(DEMAND_FAULTS)(
    '$name',
    async (fault) => {
      let found = 0
      for (let seed = 1; seed <= SCHEDULES_TO_FIND_MAX && found === 0; seed += 1) {
        const { violations } = await simulate(seed, { fault, demands: true })
        if (violations.length > 0) found = seed
      }
      expect(found).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )
})
