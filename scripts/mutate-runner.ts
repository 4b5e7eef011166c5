/** Runs each test once as it is, then once for each mutant that it reaches, in the same process: nothing is loaded anew. */

import { appendFileSync, readFileSync } from 'node:fs'
import { TestRunner, type RunnerTestCase, type RunnerTestSuite } from 'vitest'
import { KEPT, SWITCH } from './mutants.ts'
import { readPlan, type Plan } from './mutate-plan.ts'

const NONE = -1
/** What one mutant may cost in one file of tests: what many slow tests do not notice, one more hardly does. */
const SPENT_MS_MAX = 15_000
/** Whoever asks more often than that, and five times as often as without a change, is in a loop that does not end. */
const ASKED_MAX = 500_000

export default class MutantRunner extends TestRunner {
  readonly #plan: Plan = readPlan()
  readonly #reached = new Uint8Array(this.#plan.count)
  readonly #wanted = new Set(this.#plan.wanted)
  readonly #tried = new Set(this.#plan.tried)
  readonly #kept: Map<unknown, unknown>[] = []
  readonly #spent = new Map<number, number>()
  #active = this.#plan.from
  #asked = 0
  #askedMax = Number.POSITIVE_INFINITY
  /** Where a mutant left something behind, what comes after it says nothing. */
  #isSpoilt = false

  constructor(config: ConstructorParameters<typeof TestRunner>[0]) {
    super(config)
    const keep = (): Map<unknown, unknown> => {
      const map = new Map<unknown, unknown>()
      this.#kept.push(map)
      return map
    }
    const isActive = (id: number): boolean => {
      this.#reached[id] = 1
      this.#asked += 1
      if (this.#asked > this.#askedMax) throw new Error('a loop that does not end')
      return id === this.#active
    }
    Object.assign(globalThis, { [SWITCH]: isActive, [KEPT]: keep })
    this.#say({ process: process.pid })
    for (const line of readFileSync(this.#plan.log, 'utf8').split('\n')) {
      const said: unknown = line === '' ? null : JSON.parse(line)
      if (typeof said === 'object' && said !== null && 'killed' in said) this.#wanted.delete(Number(said.killed))
    }
  }

  onBeforeRunFiles(): void {
    // What is asked when a file is loaded is asked once: it needs a process of its own.
    this.#say({ loaded: this.#list() })
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test)
    this.#reached.fill(0)
    this.#asked = 0
    this.#askedMax = Number.POSITIVE_INFINITY
    const begun = performance.now()
    await run()
    const tookMs = performance.now() - begun
    const reached = this.#list()
    const isNew = this.#plan.from === NONE && !this.#tried.has(test.id)
    const isMeant = !this.#isSpoilt && isNew && tookMs < this.#plan.toMs
    this.#say({ reached, tookMs: Math.round(tookMs) })
    const ids = isMeant ? reached.filter((id) => this.#wanted.has(id)) : []
    this.#askedMax = ASKED_MAX + 5 * this.#asked
    if (ids.length === 0 || !(await this.#passes(test))) return
    for (const id of ids) {
      const spent = this.#spent.get(id) ?? 0
      if (spent > SPENT_MS_MAX) continue
      this.#spent.set(id, spent + tookMs)
      this.#say({ tries: id })
      this.#active = id
      const isKilled = !(await this.#passes(test))
      this.#active = NONE
      if (!isKilled) continue
      this.#isSpoilt = !(await this.#passes(test))
      this.#say(this.#isSpoilt ? { spoils: id } : { killed: id, by: test.fullName })
      if (this.#isSpoilt) return
      this.#wanted.delete(id)
    }
    this.#say({ tries: NONE, tried: test.id })
  }

  async #passes(test: RunnerTestCase): Promise<boolean> {
    for (const map of this.#kept) map.clear()
    this.#asked = 0
    const suites: RunnerTestSuite[] = []
    for (let suite = test.suite ?? test.file; ; suite = suite.suite ?? test.file) {
      suites.unshift(suite)
      if (suite === test.file) break
    }
    try {
      for (const suite of suites)
        for (const hook of TestRunner.getSuiteHooks(suite).beforeEach) await hook(test.context, suite)
      await TestRunner.getTestFn(test)()
      return true
    } catch {
      return false
    } finally {
      for (const suite of suites.toReversed())
        for (const hook of TestRunner.getSuiteHooks(suite).afterEach) await hook(test.context, suite)
      for (const map of this.#kept) map.clear()
    }
  }

  #list(): number[] {
    return [...this.#reached.entries()].flatMap(([id, is]) => (is === 1 ? [id] : []))
  }

  #say(what: object): void {
    appendFileSync(this.#plan.log, `${JSON.stringify(what)}\n`)
  }
}
