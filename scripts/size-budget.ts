/**
 * Builds what is deployed and holds its sizes against `infra/size-budget.json`; `--write` takes the sizes of today as the
 * new budget, so that growth is a line in a review.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BundleSizes } from './bundle-sizes.ts'

const ROOT = new URL('..', import.meta.url).pathname
export const BUDGET_FILE = join(ROOT, 'infra/size-budget.json')
export const PLATFORMS = ['cloudflare', 'aws'] as const
/** Some air, in whole steps: not every change is one of the budget. */
const AIR = 1.1
const STEP_BYTES = 8 * 1024

export type Budget = Readonly<Record<string, { readonly eager: number; readonly total: number }>>

/** Builds the platform's example into a folder of its own. */
export function sizesOf(platform: (typeof PLATFORMS)[number]): BundleSizes {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-sizes-'))
  try {
    const script = join(ROOT, `scripts/build-${platform}.ts`)
    const config = join(ROOT, `infra/${platform}/drayage.yaml`)
    execFileSync(process.execPath, [script, '--config', config, '--out', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return JSON.parse(readFileSync(join(folder, 'sizes.json'), 'utf8')) as BundleSizes
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function readBudget(): Budget {
  return JSON.parse(readFileSync(BUDGET_FILE, 'utf8')) as Budget
}

/** What would be written today. */
export function budgetFor(sizes: BundleSizes): Budget {
  const up = (bytes: number): number => Math.ceil((bytes * AIR) / STEP_BYTES) * STEP_BYTES
  return Object.fromEntries(
    Object.entries(sizes)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { eager, total }]) => [name, { eager: up(eager), total: up(total) }]),
  )
}

if (import.meta.main) {
  const budget = budgetFor(Object.assign({}, ...PLATFORMS.map(sizesOf)) as BundleSizes)
  if (process.argv.includes('--write')) writeFileSync(BUDGET_FILE, `${JSON.stringify(budget, null, 2)}\n`)
  console.log(JSON.stringify(budget, null, 2))
}
