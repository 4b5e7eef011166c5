/**
 * `npm run mutate -- [--minutes 120] [--sample N] [--seed 1] [FILE…]`: changes verification in small ways, one at a time, and sees
 * whether its tests notice. Exit code 1 where fewer than 90 % are noticed, or where one that is not has no reason in `mutants-explained.ts`.
 */

import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createVitest, type TestModule } from 'vitest/node'
import { EXPLAINED } from './mutants-explained.ts'
import { mutantsOf, type Mutant } from './mutants.ts'
import { PLAN, type Plan } from './mutate-plan.ts'

const KILLED_PERCENT_MIN = 90
/** Quick tests are asked first, slow ones about what is left then. */
const TAKES_MS = [40, Number.MAX_SAFE_INTEGER]
const NONE = -1
/** Files of tests that are asked about what is read once, when a file is loaded. */
const NEAREST_MAX = 3
const HANGS_MS = 15_000
const PROBE_MS = 500
const TESTS = [
  'test/unit/verification/**/*.test.ts',
  'test/unit/cli/{conformance,trust,verify}.test.ts',
  'test/contracts/scans.test.ts',
  'test/journeys/{notation,signatures,verifier}.test.ts',
]

const { values, positionals } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    sample: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
  },
  allowPositionals: true,
})
const begun = Date.now()
const end = begun + Number(values.minutes) * 60_000
const files = globSync(positionals.length > 0 ? positionals : ['src/verification/**/*.ts']).toSorted()
const mutants: Mutant[] = []
const first: Record<string, number> = {}
for (const file of files) {
  first[file] = mutants.length
  mutants.push(...mutantsOf(file, readFileSync(file, 'utf8')))
}
const share = values.sample === '' ? 1 : Number(values.sample) / mutants.length
/** Of each file its share, and one at least. */
const chosen = files.flatMap((file) => {
  const own = mutants.flatMap((mutant, id) => (mutant.file === file ? [id] : []))
  return shuffled(own, Number(values.seed)).slice(0, Math.ceil(own.length * share))
})

const folder = mkdtempSync(join(tmpdir(), 'drayage-mutate-'))
const plan = join(folder, 'plan.json')
const log = join(folder, 'log')
process.env[PLAN] = plan
const killed = new Set<number>()
/** Asked by a test; asked when a file was loaded, by the test files that load it; left something behind, in this test file. */
const reached = new Set<number>()
const loaded = new Map<number, Set<string>>()
const spoilt = new Map<number, string>()
const judged = new Set<number>()
const tried = new Set<string>()
const imports = new Map<string, ReadonlyMap<string, number>>()

write({ from: NONE, toMs: 0 })
const vitest = await createVitest('test', { watch: false, config: 'scripts/mutate.config.ts' })
try {
  const tests = globSync(TESTS).filter((test) => files.some((file) => importsOf(test).has(file)))
  for (const test of tests) {
    const problem = await run(test, { from: NONE, toMs: 0 })
    if (problem !== null) throw new Error(`${test} fails without any change: ${problem}`)
  }
  console.log(`${minutes()} ${chosen.length} of ${mutants.length} mutants, ${tests.length} files of tests`)
  for (const toMs of TAKES_MS) {
    for (const test of tests) await run(test, { from: NONE, toMs })
    console.log(
      `${minutes()} ${killed.size} are noticed${toMs < Number.MAX_SAFE_INTEGER ? ` by tests that take less than ${toMs} ms` : ''}`,
    )
  }
  const again = chosen.filter((id) => !killed.has(id) && (loaded.has(id) || spoilt.has(id)))
  console.log(`${minutes()} ${again.length} need a process of their own`)
  for (const id of chosen) if (!again.includes(id)) judged.add(id)
  for (const id of again) {
    for (const test of nearest(id)) {
      if (Date.now() > end || killed.has(id)) break
      if ((await run(test, { from: id, toMs: 0 })) !== null) killed.add(id)
    }
    if (Date.now() > end) break
    judged.add(id)
  }
} finally {
  await vitest.close()
  rmSync(folder, { recursive: true, force: true })
}
report()

type Turn = Pick<Plan, 'from' | 'toMs'>

function write(turn: Turn): void {
  const wanted = chosen.filter((id) => !killed.has(id) && !spoilt.has(id))
  writeFileSync(log, '')
  writeFileSync(
    plan,
    JSON.stringify({ ...turn, count: mutants.length, first, chosen, wanted, tried: [...tried], log } satisfies Plan),
  )
}

/** What failed first; null: nothing. Where a process had to be ended, or was spoilt, the file runs again without what did it. */
async function run(test: string, turn: Turn): Promise<string | null> {
  const [project] = vitest.projects
  if (project === undefined) throw new Error('there is no project')
  for (;;) {
    write(turn)
    const guard = setInterval(endWhatHangs(), PROBE_MS)
    const { testModules } = await vitest.runTestSpecifications([project.createSpecification(resolve(test))])
    clearInterval(guard)
    const { lastTried, isSpoilt } = hear(test)
    if (lastTried >= 0) killed.add(lastTried)
    const isWhole = turn.from !== NONE || (lastTried < 0 && !isSpoilt)
    if (!isWhole && Date.now() < end) continue
    const errors = testModules.flatMap((one) => [...one.errors(), ...failuresOf(one)])
    return testModules.length === 0 ? 'its process ended' : (errors[0]?.message ?? null)
  }
}

function failuresOf({ children }: TestModule): readonly { readonly message: string }[] {
  const own = [...children.allSuites()].flatMap((suite) => suite.errors())
  return [...own, ...[...children.allTests('failed')].flatMap((test) => test.result().errors ?? [])]
}

type Said = {
  readonly process?: number
  readonly tries?: number
  readonly killed?: number
  readonly spoils?: number
  readonly tried?: string
  readonly reached?: readonly number[]
  readonly loaded?: readonly number[]
}

function said(): readonly Said[] {
  const lines = readFileSync(log, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Said)
}

/** `lastTried`: its process did not come back from it. */
function hear(test: string): { readonly lastTried: number; readonly isSpoilt: boolean } {
  let lastTried = NONE
  let isSpoilt = false
  for (const one of said()) {
    lastTried = one.tries ?? (one.killed === undefined && one.spoils === undefined ? lastTried : NONE)
    if (one.killed !== undefined) killed.add(one.killed)
    if (one.spoils !== undefined) spoilt.set(one.spoils, test)
    if (one.tried !== undefined) tried.add(one.tried)
    isSpoilt ||= one.spoils !== undefined
    for (const id of one.reached ?? []) reached.add(id)
    for (const id of one.loaded ?? []) loaded.set(id, (loaded.get(id) ?? new Set()).add(test))
  }
  return { lastTried, isSpoilt }
}

/** The process that says nothing any more: the one that was started here, and nothing else. */
function endWhatHangs(): () => void {
  let [length, since] = [0, Date.now()]
  return () => {
    const { size } = statSync(log)
    if (size !== length) [length, since] = [size, Date.now()]
    if (Date.now() - since < HANGS_MS) return
    since = Date.now()
    const id = said().findLast((one) => one.process !== undefined)?.process
    if (id !== undefined) process.kill(id, 'SIGKILL')
  }
}

function report(): void {
  const all = [...judged]
  const survivors = all.filter((id) => !killed.has(id)).toSorted((a, b) => a - b)
  const unexplained = survivors.flatMap((id) => {
    const mutant = mutants[id]
    if (mutant === undefined || isExplained(mutant)) return []
    const { file, line, was, text } = mutant
    const how = reached.has(id) || loaded.has(id) ? 'survived' : 'nobody asks'
    return [`${how} ${file}:${line}  ${oneLine(was)}  →  ${oneLine(text)}`]
  })
  for (const line of unexplained) console.log(line)
  for (const file of files) {
    const own = all.filter((id) => mutants[id]?.file === file)
    const count = own.filter((id) => killed.has(id)).length
    if (own.length > 0) console.log(`${count} of ${own.length}  ${file}`)
  }
  const percent = (100 * (all.length - survivors.length)) / Math.max(all.length, 1)
  const explained = survivors.length - unexplained.length
  console.log(
    `${all.length - survivors.length} of ${all.length} noticed (${percent.toFixed(1)} %), of ${mutants.length}; seed ${values.seed}`,
  )
  console.log(`${survivors.length} survived: ${explained} with a reason, ${unexplained.length} without`)
  process.exitCode = percent >= KILLED_PERCENT_MIN && unexplained.length === 0 ? 0 : 1
}

function isExplained({ file, code, was, text }: Mutant): boolean {
  const change = `${oneLine(was)} → ${oneLine(text)}`
  return EXPLAINED.some((one) => one.file === file && one.code === code && one.changes.includes(change))
}

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

/** Where it left something behind; then the tests that are nearest to its file. */
function nearest(id: number): readonly string[] {
  const file = mutants[id]?.file ?? ''
  const far = (test: string): number => importsOf(test).get(file) ?? Number.POSITIVE_INFINITY
  const near = [...(loaded.get(id) ?? [])].toSorted((a, b) => far(a) - far(b)).slice(0, NEAREST_MAX)
  return [...new Set([...(spoilt.has(id) ? [spoilt.get(id) ?? ''] : []), ...near])]
}

/** All that a file imports, and what that imports, with how far away it is: `related` of Vitest reads files before our change of them. */
function importsOf(file: string): ReadonlyMap<string, number> {
  const known = imports.get(file)
  if (known !== undefined) return known
  const found = new Map([[file, 0]])
  for (const [one, far] of found) for (const next of importedBy(one)) if (!found.has(next)) found.set(next, far + 1)
  imports.set(file, found)
  return found
}

function importedBy(file: string): readonly string[] {
  const found = readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(?<path>\.[^']+\.ts)'/gu)
  return [...found].map(({ groups }) => relative('.', resolve(dirname(file), groups?.['path'] ?? '')))
}

function minutes(): string {
  return `${((Date.now() - begun) / 60_000).toFixed(1)} min:`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').slice(0, 80)
}
