/** What many subscriptions cost one process on the embedded store: saves for each rollout, and memory. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchRow } from './row.ts'
import { measureRollouts, type RolloutFigures } from './rollouts.ts'

const FEW = 100
const MANY = 10_000
const MIB = 1024 * 1024

export async function bench(): Promise<readonly BenchRow[]> {
  const [few, many] = [await carry(FEW), await carry(MANY)]
  const mib = ({ bytes }: RolloutFigures): string => `${Math.round(bytes / MIB)} MiB`
  const figures = (name: string, { saves, perSecond }: RolloutFigures): string =>
    `${name}: ${saves.toFixed(2)} saves each, ${Math.round(perSecond)}/s`
  return [
    {
      name: `saves for each rollout, ${MANY} lines : ${FEW} lines`,
      ratio: many.saves / few.saves,
      aim: '≤ 1.05',
      detail: `${figures(`${MANY}`, many)}; ${figures(`${FEW}`, few)}`,
    },
    {
      name: `memory of the process, ${MANY} healthy lines : ${FEW}`,
      ratio: many.bytes / few.bytes,
      aim: '≤ 4',
      detail: `${mib(many)} : ${mib(few)}`,
    },
  ]
}

async function carry(rollouts: number): Promise<RolloutFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-bench-'))
  try {
    return await measureRollouts({ kind: 'sqlite', place: join(folder, 'state.db'), processes: 1, rollouts })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
