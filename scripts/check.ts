/**
 * `npm run check`: the one quick gate. Runs its steps side by side, prints what failed, then the size figures.
 * `--without-tests` where `npm test` has just run them all.
 */

import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'

const TESTS = 'The quick tests pass'
const steps: Record<string, readonly string[]> = {
  'Types hold': ['tsc', '--noEmit'],
  'The linter has nothing to say': ['oxlint', '--type-aware'],
  'Everything is formatted': ['oxfmt', '--check', 'src', 'handlers', 'test', 'scripts'],
  'No dead code': ['knip', '--no-progress'],
  // Those that start a server of their own (Git, PostgreSQL, DynamoDB, workerd) are for `npm test`.
  [TESTS]: [
    'vitest',
    'run',
    '--reporter=dot',
    'test/unit',
    'test/contracts/state.memory',
    'test/contracts/state.sqlite',
    'test/contracts/receivers',
    'test/architecture.test.ts',
    '--exclude=test/unit/state/postgres.test.ts',
    '--exclude=test/unit/handlers/**',
  ],
}

const started = Date.now()
const wanted = Object.entries(steps).filter(([claim]) => claim !== TESTS || !process.argv.includes('--without-tests'))
const results = await Promise.all(wanted.map(([claim, command]) => run(claim, command)))
printSizes()
const failed = results.filter((result) => !result)
console.log(
  `${results.length - failed.length} of ${results.length} checks hold, ${((Date.now() - started) / 1000).toFixed(1)} s`,
)
process.exitCode = failed.length === 0 ? 0 : 1

async function run(claim: string, [program = '', ...args]: readonly string[]): Promise<boolean> {
  const child = spawn(program, args, { env: { FUZZ_RUNS: '100', ...process.env, NO_COLOR: '1' } })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${claim}`)
  if (code !== 0) console.log(output)
  return code === 0
}

/** Not asserted: a graph that bends upward is the first sign of decay. */
function printSizes(): void {
  const sizes = globSync('{src,handlers}/**/*.ts')
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
    .toSorted((a, b) => a.lines - b.lines)
  const largest = sizes.at(-1)
  const total = sizes.reduce((sum, { lines }) => sum + lines, 0)
  console.log(
    `     ${sizes.length} files, ${total} lines, median ${sizes[sizes.length >> 1]?.lines}, largest ${largest?.file} ${largest?.lines}`,
  )
}
