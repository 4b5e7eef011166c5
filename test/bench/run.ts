/** `npm run bench [-- NAME…]`: runs the benches and prints their ratios. Nothing here passes or fails. */

import type { Bench } from './row.ts'

const benches: Readonly<Record<string, () => Promise<{ bench: Bench }>>> = {
  ingest: () => import('./ingest.ts'),
  latency: () => import('./latency.ts'),
  store: () => import('./store.ts'),
  lines: () => import('./lines.ts'),
  postgres: () => import('./postgres.ts'),
  dynamodb: () => import('./dynamodb.ts'),
  'cold-start': () => import('./cold-start.ts'),
  'first-answer-worker': () => import('./first-answer-worker.ts'),
  'first-answer-node': () => import('./first-answer-node.ts'),
  edits: () => import('./edits.ts'),
  filter: () => import('./filter.ts'),
  receivers: () => import('./receivers.ts'),
  signatures: () => import('./signatures.ts'),
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  console.error(`No bench is called ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
} else {
  for (const [name, load] of Object.entries(benches)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    const { bench } = await load()
    for (const row of await bench()) {
      console.log(`${row.name.padEnd(44)} ${row.ratio.toFixed(3).padStart(8)}   aim ${row.aim.padEnd(8)} ${row.detail}`)
    }
  }
}
