/**
 * `npm run simulate -- [--schedules N] [--from N] [--demands | --losses | --batches | --releases] [--threads N]`: many schedules. `--seed N`: one, with its
 * whole trace. `--faults`: plants each mistake that we know of, and says how soon it is found.
 */

import { parseArgs } from 'node:util'
import { simulateMany } from './crew.ts'
import { FAULTS } from './faults.ts'
import { simulate, type Kind } from './simulate.ts'
import type { Tally } from './tally.ts'

const SCHEDULES_DEFAULT = 1_000
const SCHEDULES_TO_FIND_MAX = 10_000
const BROKEN_SHOWN_MAX = 10
const PROGRESS_EVERY_MS = 1_000

const { values } = parseArgs({
  options: {
    losses: { type: 'boolean', default: false },
    demands: { type: 'boolean', default: false },
    batches: { type: 'boolean', default: false },
    releases: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
    schedules: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    threads: { type: 'string' },
  },
})
const kind: Kind | undefined = (['losses', 'demands', 'batches', 'releases'] as const).find((one) => values[one])
const ofKind = kind === undefined ? {} : { kind }
const crew = values.threads === undefined ? {} : { threads: Number(values.threads) }

process.exitCode = (await isFine()) ? 0 : 1

function isFine(): Promise<boolean> {
  if (values.faults) return findFaults()
  return values.seed === undefined
    ? many(Number(values.from), Number(values.schedules ?? SCHEDULES_DEFAULT))
    : one(Number(values.seed))
}

async function one(seed: number): Promise<boolean> {
  const { trace, violations } = await simulate(seed, { isTraced: true, ...ofKind })
  console.log(trace.join('\n'))
  console.log(violations.length === 0 ? `seed ${seed} holds` : `seed ${seed}: ${violations.join('\n')}`)
  return violations.length === 0
}

async function many(from: number, schedules: number): Promise<boolean> {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1_000
  const errand = { from, to: from + schedules - 1, ...ofKind }
  const tally = await simulateMany(errand, { ...crew, onProgress: progressOf(schedules, seconds) })
  report(tally, seconds())
  return tally.broken.length === 0
}

/** On a terminal, one line that is written over; elsewhere, nothing. */
function progressOf(schedules: number, seconds: () => number): (tally: Tally) => void {
  let shownAt = 0
  return ({ schedules: done, broken }) => {
    if (!process.stderr.isTTY || seconds() * 1_000 - shownAt < PROGRESS_EVERY_MS) return
    shownAt = seconds() * 1_000
    process.stderr.write(
      `\r${done} of ${schedules}, ${Math.round(done / seconds())} a second, ${broken.length} broken `,
    )
  }
}

function report({ schedules, steps, writes, checks, simulatedMs, faults, broken }: Tally, seconds: number): void {
  if (process.stderr.isTTY) process.stderr.write('\n')
  for (const { seed, violation } of broken.slice(0, BROKEN_SHOWN_MAX)) {
    console.log(`seed ${seed}: ${violation}\n  ${commandFor(seed)}`)
  }
  console.log(`${schedules} schedules in ${seconds.toFixed(1)} s: ${Math.round(schedules / seconds)} a second`)
  console.log(`${steps} steps, ${writes} writes, ${Math.round(simulatedMs / 86_400_000)} simulated days`)
  console.log(`${checks} checks of invariants`)
  const injected = [...faults].toSorted(([a], [b]) => (a < b ? -1 : 1))
  console.log(`${injected.reduce((total, [, count]) => total + count, 0)} faults injected:`)
  for (const [name, count] of injected) console.log(`${String(count).padStart(9)}  ${name}`)
  console.log(`${schedules - broken.length} held, ${broken.length} broken`)
}

function commandFor(seed: number): string {
  return `npm run simulate -- ${kind === undefined ? '' : `--${kind} `}--seed ${seed}`
}

async function findFaults(): Promise<boolean> {
  let missed = 0
  for (const fault of FAULTS) {
    const errand = { from: 1, to: SCHEDULES_TO_FIND_MAX, kind: fault.kind, fault: fault.name, stopsAtFirst: true }
    const { broken } = await simulateMany(errand, crew)
    const [first] = broken
    missed += first === undefined ? 1 : 0
    console.log(
      `${String(first?.seed ?? 'never').padStart(6)}  ${fault.name.padEnd(60)}  ${first?.violation ?? ''}`.slice(
        0,
        200,
      ),
    )
  }
  console.log(
    `${FAULTS.length - missed} of ${FAULTS.length} planted faults found within ${SCHEDULES_TO_FIND_MAX} schedules`,
  )
  return missed === 0
}
