/** `npm run simulate -- [--losses] [--demands] [--schedules N] [--seed N]`: many schedules, or one with its whole trace. */

import { parseArgs } from 'node:util'
import { simulate, type Outcome } from './simulate.ts'

const { values } = parseArgs({
  options: {
    losses: { type: 'boolean' },
    demands: { type: 'boolean' },
    schedules: { type: 'string' },
    seed: { type: 'string' },
  },
})
const losesWebhooks = values.losses === true
const demands = values.demands === true
const failures =
  values.seed === undefined ? await many(Number(values.schedules ?? 1_000)) : await one(Number(values.seed))
process.exitCode = failures === 0 ? 0 : 1

async function one(seed: number): Promise<number> {
  const { trace, violations } = await simulate(seed, { isTraced: true, losesWebhooks, demands })
  console.log(trace.join('\n'))
  console.log(violations.length === 0 ? `seed ${seed} holds` : `seed ${seed}: ${violations.join('\n')}`)
  return violations.length
}

async function many(schedules: number): Promise<number> {
  const started = performance.now()
  const outcomes: Outcome[] = []
  for (let seed = 1; seed <= schedules; seed += 1) {
    const outcome = await simulate(seed, { losesWebhooks, demands })
    outcomes.push(outcome)
    if (outcome.violations.length > 0) console.log(`seed ${seed}: ${outcome.violations[0]}`)
  }
  const seconds = (performance.now() - started) / 1_000
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, one) => total + of(one), 0)
  const faults = new Map<string, number>()
  for (const outcome of outcomes)
    for (const [kind, count] of outcome.faults) faults.set(kind, (faults.get(kind) ?? 0) + count)
  const broken = outcomes.filter(({ violations }) => violations.length > 0).length
  console.log(`${schedules} schedules in ${seconds.toFixed(1)} s: ${Math.round(schedules / seconds)} a second`)
  console.log(
    `${sum(({ steps }) => steps)} steps, ${sum(({ writes }) => writes)} writes, ${Math.round(sum(({ simulatedMs }) => simulatedMs) / 86_400_000)} simulated days`,
  )
  console.log(`${sum(({ checks }) => checks)} checks`)
  console.log(
    `faults: ${[...faults]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
  )
  console.log(`${schedules - broken} held, ${broken} broken`)
  return broken
}
