import { describe, expect, it } from 'vitest'
import { decide, type Input } from '../../../src/decide/index.ts'
import type { Document } from '../../../src/domain/document.ts'
import type { StageState } from '../../../src/domain/line.ts'
import { BUDGETS, explore, tellWay, type Budget } from './explore.ts'
import { WAYS, type Way } from './model.ts'

/** Deeper by the environment: `EXPLORE_STATES=100000 npx vitest run test/simulation/states`. */
const STATES_MAX = Number(process.env['EXPLORE_STATES'] ?? 3_000)
const TIMEOUT_MS = 120_000 + STATES_MAX * 20

const cases = WAYS.flatMap((way) => Object.entries(BUDGETS).map(([name, budget]) => ({ way, name, budget })))

describe('all states of two candidates at two stages, breadth first', () => {
  it.each(cases)(
    'hold every law, the second by $way, with $name',
    ({ way, budget }) => {
      const { violations, states } = explore({ way, budget, statesMax: STATES_MAX })
      const [first] = violations
      const told = first === undefined ? '' : tellWay({ way, budget, statesMax: 0 }, first.path).join('\n')
      expect(first?.what, told).toBeUndefined()
      expect(states).toBeGreaterThan(200)
    },
    TIMEOUT_MS,
  )
})

/** What the search has to find: mistakes of the core itself. */
type Mistake = {
  readonly name: string
  readonly way: Way
  readonly budget: Budget
  readonly decideWith: typeof decide
}

function onDocument(change: (document: Document, before: Document, input: Input) => Document): typeof decide {
  return (was, book, input, now) => {
    const decision = decide(was, book, input, now)
    return { ...decision, document: change(decision.document, was, input) }
  }
}

function forgetful(stage: StageState): StageState {
  return { ...stage, refused: [] }
}

const MISTAKES: readonly Mistake[] = [
  {
    name: 'a refusal is forgotten',
    way: 'workload',
    budget: BUDGETS['people'],
    decideWith: onDocument((document) => {
      if (document.kind !== 'line') return document
      const stages = Object.entries(document.stages).map(([name, stage]) => [name, forgetful(stage)] as const)
      return { ...document, stages: Object.fromEntries(stages) }
    }),
  },
  {
    name: 'anybody may approve',
    way: 'workload',
    budget: BUDGETS['people'],
    decideWith: onDocument((document) => {
      if (document.kind !== 'line') return document
      const { prod } = document.stages
      if (prod?.promotion?.phase !== 'gated') return document
      const vote = { by: 'ann', how: 'api', groups: [], decision: 'approve', reason: '', at: 0, shown: '' } as const
      const promotion = { ...prod.promotion, votes: [{ ...vote, groups: [] }] }
      return { ...document, stages: { ...document.stages, prod: { ...prod, promotion } } }
    }),
  },
  {
    name: 'what is to be proposed is forgotten',
    way: 'pull-request',
    budget: BUDGETS['people'],
    decideWith: onDocument((document, _before, input) =>
      input.kind === 'message'
        ? { ...document, effects: document.effects.filter(({ kind }) => kind !== 'propose') }
        : document,
    ),
  },
  {
    name: 'time changes something each time',
    way: 'workload',
    budget: BUDGETS['people'],
    decideWith: onDocument((document, _before, input) =>
      input.kind === 'tick' ? { ...document, fence: document.fence + 1 } : document,
    ),
  },
]

describe('the search through all states finds', () => {
  it.each(MISTAKES)('$name', ({ way, budget, decideWith }) => {
    const { violations } = explore({ way, budget, decideWith, statesMax: 20_000 })
    expect(violations.length).toBeGreaterThan(0)
  })
})
