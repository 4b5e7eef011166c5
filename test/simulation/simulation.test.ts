import { describe, expect, it } from 'vitest'
import { simulateMany } from './crew.ts'
import { FAULTS } from './faults.ts'
import { simulate } from './simulate.ts'

/** More by the environment: `SIMULATION_SCHEDULES=20000 npx vitest run test/simulation`. */
const SCHEDULES = Number(process.env['SIMULATION_SCHEDULES'] ?? 1_000)
const RELEASES = 400
const SCHEDULES_TO_FIND_MAX = 10_000
const TIMEOUT_MS = 60_000 + SCHEDULES * 200

/** What goes wrong, and what people do, in any thousand of schedules. */
const KINDS_OF_FAULTS = [
  'configuration changed',
  'crash',
  'click: approve',
  'event told again',
  'late write',
  'lost answer',
  'lost webhook',
  'lost webhook found',
  'moved tag',
  'outage',
  'paused',
  'person: approve',
  'person: close',
  'person: commit',
  'person: hand',
  'person: lift',
  'person: merge',
  'person: reject',
  'person: replay',
  'person: retry',
  'pushed again',
  'scan turns bad',
  'signed late',
  'stall',
]

describe('the core, under crashes, lost answers, late writes, outages and people', () => {
  it(
    `keeps every law in ${SCHEDULES} schedules`,
    async () => {
      const { schedules, broken, faults } = await simulateMany({ from: 1, to: SCHEDULES })
      expect(broken, `npm run simulate -- --seed ${broken[0]?.seed} shows how`).toEqual([])
      expect(schedules).toBe(SCHEDULES)
      expect([...faults.keys()]).toEqual(expect.arrayContaining(KINDS_OF_FAULTS))
    },
    TIMEOUT_MS,
  )

  it(
    `keeps every law where two images are one release, in ${RELEASES} schedules`,
    async () => {
      const { broken, faults } = await simulateMany({ from: 1, to: RELEASES, kind: 'releases' })
      expect(broken).toEqual([])
      expect([...faults.keys()]).toContain('companion pushed later')
    },
    TIMEOUT_MS,
  )

  it('takes the same course for the same seed', async () => {
    for (const seed of [3, 17, 286, 288]) {
      const [first, second] = [await simulate(seed, { isTraced: true }), await simulate(seed, { isTraced: true })]
      expect(first.trace.length).toBeGreaterThan(1)
      expect(first.trace).toEqual(second.trace)
    }
  })
})

/** Looked at first, before and after where it was found last. */
const NEAR = 30

describe('the simulation finds a planted mistake:', () => {
  it.each(FAULTS)(
    '$name',
    async ({ name, kind, near = 1 }) => {
      const errand = { kind, fault: name, stopsAtFirst: true }
      const there = await simulateMany({ ...errand, from: Math.max(1, near - NEAR), to: near + NEAR })
      const found =
        there.broken.length > 0 ? there : await simulateMany({ ...errand, from: 1, to: SCHEDULES_TO_FIND_MAX })
      expect(found.broken.length).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )
})
