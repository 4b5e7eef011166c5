/** What one run of the tests is to try: written by `mutate.ts`, read by the processes that run them. */

import { readFileSync } from 'node:fs'

export type Plan = {
  /** How many mutants there are in all, and the first number of each file. */
  readonly count: number
  readonly first: Readonly<Record<string, number>>
  /** Those that are tried at all. */
  readonly chosen: readonly number[]
  /** Those of them that nobody noticed yet. */
  readonly wanted: readonly number[]
  /** Switched on from the start; -1: each in its turn. */
  readonly from: number
  /** Only tests that take less. */
  readonly toMs: number
  /** Tests that were asked about all of them already: by name, for how long one takes differs from run to run. */
  readonly tried: readonly string[]
  readonly log: string
}

export const PLAN = 'DRAYAGE_MUTATE_PLAN'

export function readPlan(): Plan {
  return JSON.parse(readFileSync(process.env[PLAN] ?? '', 'utf8')) as Plan
}
