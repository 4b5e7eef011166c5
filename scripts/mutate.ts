/**
 * `npm run mutate -- [--minutes 20] [--seed 1] [FILE…]`: changes verification in small ways, one at a time, and sees whether its unit
 * tests notice. A sample by seed, one process at a time. Exit code 1 where fewer than 90 % are noticed.
 */

import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { mutantsOf, type Mutant } from './mutants.ts'

const KILLED_PERCENT_MIN = 90
/** A change may loop for ever: that is noticed, too. */
const RUN_TIMEOUT_MS = 90_000
const FILES = [
  'src/verification/{policy,case,attestation-rule,signature-rule,source-rule,image-rules}.ts',
  'src/verification/scans/{judge,vex}.ts',
  'src/verification/sigstore/*.ts',
  'src/verification/notation/**/*.ts',
]

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const files = globSync(positionals.length > 0 ? positionals : FILES).toSorted()
const end = Date.now() + Number(values.minutes) * 60_000

/** The same seed, the same sample. */
function shuffled<T>(list: readonly T[], seed: number): readonly T[] {
  let state = seed >>> 0 || 1
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
  return list
    .map((one) => ({ one, rank: next() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ one }) => one)
}

/** All that a file imports, and what that imports: `related` of Vitest reads files before our change of them. */
function importsOf(file: string, seen: Set<string> = new Set()): ReadonlySet<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const { groups } of readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(?<path>\.[^']+\.ts)'/gu)) {
    importsOf(relative('.', resolve(dirname(file), groups?.['path'] ?? '')), seen)
  }
  return seen
}

const tests = globSync('test/unit/{verification/**/*,cli/{trust,verify}}.test.ts').map((test) => ({
  test,
  imports: importsOf(test),
}))

function testsOf(file: string): readonly string[] {
  return tests.flatMap(({ test, imports }) => (imports.has(file) ? [test] : []))
}

async function isNoticed(mutant: Mutant | null, by: readonly string[]): Promise<boolean> {
  const args = ['run', ...by, '--config', 'scripts/mutate.config.ts']
  const env = { ...process.env, ...(mutant === null ? {} : { DRAYAGE_MUTANT: JSON.stringify(mutant) }) }
  const child = spawn('node_modules/.bin/vitest', args, { env, stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  let report = ''
  child.stdout.on('data', (chunk: Buffer) => (report += chunk.toString()))
  const timer = setTimeout(() => {
    // Its workers with it: the group that was started here, and nothing else.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, RUN_TIMEOUT_MS)
  await new Promise((done) => child.on('close', done))
  clearTimeout(timer)
  // Where it stops at the first failure its exit code is 0 now and then; its report says how it was.
  return !report.includes('the run passed')
}

const mutants = files.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')))
if (await isNoticed(null, [])) throw new Error('the tests fail without any change')
const survivors: Mutant[] = []
const scores = new Map<string, { killed: number; all: number }>()
let done = 0
for (const mutant of shuffled(mutants, Number(values.seed))) {
  if (Date.now() > end) break
  const score = scores.get(mutant.file) ?? { killed: 0, all: 0 }
  scores.set(mutant.file, score)
  score.all += 1
  done += 1
  const by = testsOf(mutant.file)
  // Without a test nothing is noticed; and without a name Vitest would run them all.
  if (by.length > 0 && (await isNoticed(mutant, by))) {
    score.killed += 1
    continue
  }
  survivors.push(mutant)
  console.log(`survived ${mutant.file}:${mutant.line}  ${oneLine(mutant.was)}  →  ${oneLine(mutant.text)}`)
}
for (const [file, { killed, all }] of [...scores].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${killed} of ${all}  ${file}`)
const percent = (100 * (done - survivors.length)) / Math.max(done, 1)
console.log(
  `${done - survivors.length} of ${done} noticed (${percent.toFixed(1)} %), of ${mutants.length}; seed ${values.seed}`,
)
process.exitCode = percent >= KILLED_PERCENT_MIN ? 0 : 1

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').slice(0, 80)
}
