/**
 * Breadth first over everything that can happen to two candidates and two stages: pushes, votes, expiry, merges, failures,
 * rollbacks, deaths in between, other configurations. The real `decide`; every state that is not yet known is looked at once.
 */

import { isDue } from '../../../src/decide/effects.ts'
import { decide, type Input, type RuleBook } from '../../../src/decide/index.ts'
import { readDocument, wakeAt, type Document } from '../../../src/domain/document.ts'
import type { Effect } from '../../../src/domain/effect.ts'
import type { Note } from '../../../src/domain/history.ts'
import { newLine, type Line } from '../../../src/domain/line.ts'
import { newTrain, type Train } from '../../../src/domain/train.ts'
import { targetId } from '../../../src/domain/target.ts'
import type { Vote } from '../../../src/domain/vote.ts'
import { rulesOf } from '../../../src/rules.ts'
import { NOW } from '../../helpers/build.ts'
import { canonical } from './canonical.ts'
import { whatIsWrong, witness, type Truth } from './laws.ts'
import { candidate, configure, CONFIGURATIONS, FOUND, LINE, type Configuration, type Way } from './model.ts'
import { close, merge, outcomesOf, perform, type Outcome, type SmallWorld } from './small-world.ts'

const LEASE_MS = 5 * 60_000
/** Every so many states the document is read as a store would read it. */
const READ_EVERY = 50

/** How often each may happen on one way: the world is small, and so is their patience. */
export type Budget = {
  readonly pushes: number
  readonly deaths: number
  readonly changes: number
  readonly hands: number
  readonly acts: number
}

/** Everything at once is too much for a machine: each of these is about one thing, and pushes go with all. */
export const BUDGETS = {
  people: { pushes: 3, deaths: 0, changes: 0, hands: 0, acts: 1 },
  deaths: { pushes: 2, deaths: 1, changes: 0, hands: 0, acts: 0 },
  changes: { pushes: 2, deaths: 0, changes: 2, hands: 0, acts: 0 },
  hands: { pushes: 2, deaths: 0, changes: 0, hands: 1, acts: 0 },
} as const satisfies Readonly<Record<string, Budget>>

export type Step = {
  readonly before: Line | Train
  readonly document: Document
  readonly input: Input
  readonly notes: readonly Note[]
  readonly isNewConfig: boolean
}

export type State = {
  readonly line: Line
  readonly train: Train | null
  readonly world: SmallWorld
  readonly configuration: Configuration
  readonly now: number
  readonly left: Budget
  readonly truth: Truth
}

export type Exploration = {
  readonly states: number
  readonly transitions: number
  /** Nothing was left to look at. */
  readonly isComplete: boolean
  readonly violations: readonly { readonly what: string; readonly path: readonly string[] }[]
}

export type ExploreOptions = {
  readonly way: Way
  readonly budget: Budget
  readonly statesMax: number
  readonly onStep?: (step: Step) => void
  readonly decideWith?: typeof decide
}

type Move = { readonly label: string; readonly state: State }
type Came = { readonly from: string | null; readonly label: string }

export function explore(options: ExploreOptions): Exploration {
  const books = booksOf(options.way)
  const first = firstState(options)
  const came = new Map<string, Came>([[keyOf(first), { from: null, label: 'the beginning' }]])
  let frontier: State[] = [first]
  let transitions = 0
  const violations: { what: string; path: readonly string[] }[] = []
  const visit = (state: State): State[] => {
    const from = keyOf(state)
    const found: State[] = []
    for (const { label, state: next } of movesOf(state, books, options)) {
      transitions += 1
      const key = keyOf(next)
      const wrong = next.truth.wrong
      if (wrong !== null) violations.push({ what: wrong, path: [...pathTo(from, came), label] })
      if (wrong !== null || came.has(key)) continue
      came.set(key, { from, label })
      const what = lookAt(next, books, options, came.size)
      if (what !== null) violations.push({ what, path: pathTo(key, came) })
      found.push(next)
    }
    return found
  }
  while (frontier.length > 0 && came.size < options.statesMax && violations.length === 0) {
    const next: State[] = []
    for (const state of frontier) {
      if (came.size >= options.statesMax || violations.length > 0) break
      next.push(...visit(state))
    }
    frontier = next
  }
  return { states: came.size, transitions, isComplete: came.size < options.statesMax, violations }
}

/** The same way once more, with what the documents said on it. */
export function tellWay(options: Omit<ExploreOptions, 'onStep'>, path: readonly string[]): readonly string[] {
  const said: string[] = []
  const books = booksOf(options.way)
  let state = firstState(options)
  for (const label of path.slice(1)) {
    const notes: string[] = []
    const onStep = (step: Step): void => {
      notes.push(...step.notes.map(({ kind, reason, detail }) => `    ${kind} (${reason}): ${detail.slice(0, 120)}`))
    }
    let next: State | undefined
    for (const move of movesOf(state, books, { ...options, onStep })) {
      next ??= move.label === label ? move.state : undefined
      if (next !== undefined) break
      notes.length = 0
    }
    if (next === undefined) break
    said.push(`  ${label}`, ...notes)
    state = next
  }
  return said
}

function booksOf(way: Way): Books {
  return new Map(CONFIGURATIONS.map((one) => [one, rulesOf(configure(way, one))]))
}

function firstState({ way, budget }: ExploreOptions): State {
  const { config } = configure(way, 'asking')
  const targets = config.subscriptions.flatMap(({ stages }) => stages.flatMap((stage) => stage.targets.map(targetId)))
  return {
    line: newLine('payments'),
    train: null,
    world: { images: Object.fromEntries(targets.map((id) => [id, FOUND])), pulls: [], branch: null },
    configuration: 'asking',
    now: NOW,
    left: budget,
    truth: { votes: [], well: [], trusted: [], refused: [], lifted: false, wrong: null },
  }
}

function keyOf({ line, train, world, configuration, left, truth, now }: State): string {
  const documents = train === null ? [line] : [line, train]
  const isKnown = documents.map(({ config }) => config === configuration)
  return canonical(documents, world, { configuration, isKnown, left, truth }, now)
}

function pathTo(key: string, came: ReadonlyMap<string, Came>): string[] {
  const path: string[] = []
  for (let at: string | null = key; at !== null;) {
    const step: Came | undefined = came.get(at)
    if (step === undefined) break
    path.unshift(step.label)
    at = step.from
  }
  return path
}

/** What must be true of every state: whoever waits can be moved on, and waking it once too often changes nothing. */
function lookAt(state: State, books: Books, { decideWith = decide }: ExploreOptions, count: number): string | null {
  const book = bookOf(books, state.configuration)
  for (const document of documentsOf(state)) {
    const once = decideWith(document, book, { kind: 'tick' }, state.now).document
    const twice = decideWith(once, book, { kind: 'tick' }, state.now).document
    if (JSON.stringify(once) !== JSON.stringify(twice)) return `${document.id} changes when it is woken once more`
    const read = count % READ_EVERY === 0 ? readDocument(document) : null
    if (read?.ok === false) return `${document.id} could not be read again: ${read.error.detail}`
  }
  return whatIsWrong(state)
}

/** Its alarm: time alone may move it. */
function hasCome(document: Line | Train, now: number): boolean {
  return document.kind === 'line' && document.alarm !== null && document.alarm <= now
}

type Books = ReadonlyMap<Configuration, RuleBook>

function bookOf(books: Books, configuration: Configuration): RuleBook {
  const book = books.get(configuration)
  if (book === undefined) throw new Error(`no rules for ${configuration}`)
  return book
}

function documentsOf({ line, train }: State): readonly (Line | Train)[] {
  return train === null ? [line] : [line, train]
}

function* movesOf(state: State, books: Books, options: ExploreOptions): Generator<Move> {
  const { decideWith = decide, onStep } = options
  const step = (at: State, id: string, input: Input): State => {
    const before = id === LINE ? at.line : (at.train ?? newTrainOf())
    const { document, notes } = decideWith(before, bookOf(books, at.configuration), input, at.now)
    onStep?.({ before, document, input, notes, isNewConfig: before.config !== at.configuration })
    // What was voted under other terms is void, once the line knows them.
    const isNew = id === LINE && before.config !== document.config
    const truth = { ...at.truth, refused: refusedBy(at.truth, notes), votes: isNew ? [] : at.truth.votes }
    if (document.kind === 'line') return { ...at, truth, line: document }
    return document.kind === 'train' ? { ...at, truth, train: document } : at
  }
  yield* pushes(state, step)
  yield* people(state, step)
  yield* changes(state)
  yield* time(state)
  for (const document of documentsOf(state)) {
    if (document.config !== state.configuration || hasCome(document, state.now)) {
      yield { label: `${document.id} is woken`, state: step(state, document.id, { kind: 'tick' }) }
      continue
    }
    for (const effect of document.effects.filter((one) => isDue(one, state.now))) {
      yield* performing(state, document, effect, step)
    }
  }
}

type DoStep = (at: State, id: string, input: Input) => State

function newTrainOf(): Train {
  return newTrain({ git: 'host', base: 'main', subscription: 'payments', stage: 'prod' })
}

function refusedBy({ refused }: Truth, notes: readonly Note[]): readonly string[] {
  const more = notes.flatMap(({ kind, stage, promotion = '' }) => {
    const which = /#0*(?<digest>[0-9a-f]+)#/u.exec(promotion.replace('sha256:', '#'))?.groups?.['digest']
    const isRefusal = kind === 'rejected' || kind === 'failed' || kind === 'distrusted' || kind === 'expired'
    return isRefusal && which !== undefined ? [`${stage} ${which}`] : []
  })
  return more.length === 0 ? refused : [...new Set([...refused, ...more])].toSorted()
}

function* pushes(state: State, step: DoStep): Generator<Move> {
  if (state.left.pushes === 0) return
  const left = { ...state.left, pushes: state.left.pushes - 1 }
  for (const which of [1, 2] as const) {
    yield {
      label: `push ${which}`,
      state: step({ ...state, left }, LINE, { kind: 'offer', candidate: candidate(which) }),
    }
  }
}

function* people(state: State, step: DoStep): Generator<Move> {
  const { line, train, world, left, truth, configuration } = state
  const promotion = line.stages['prod']?.promotion
  const isAsked = promotion !== undefined && (promotion.phase === 'verifying' || promotion.phase === 'gated')
  if (isAsked && line.config === configuration && configuration === 'asking') {
    for (const decision of ['approve', 'reject'] as const) {
      const vote: Vote = { by: 'ann', how: 'api', groups: [], decision, reason: '', at: state.now, shown: '' }
      const isHeard = decision === 'approve' ? [promotion.id, ...truth.votes] : truth.votes
      const votes = [...new Set(isHeard)].toSorted()
      const told = { ...state, truth: { ...truth, votes } }
      yield { label: decision, state: step(told, LINE, { kind: 'vote', stage: 'prod', promotion: promotion.id, vote }) }
    }
  }
  const open = world.pulls.findIndex((pull) => pull.state === 'open') + 1
  if (open > 0) {
    const merged = merge(world, open, 'ann')
    yield { label: 'a person merges', state: { ...state, world: merged.world } }
    yield { label: 'a person closes', state: { ...state, world: close(world, open, 'ann') } }
  }
  if (left.hands > 0) {
    for (const target of Object.keys(world.images)) {
      const images = { ...world.images, [target]: 'docker.io/acme/payments:by-hand' }
      const after = { ...state, world: { ...world, images }, left: { ...left, hands: left.hands - 1 } }
      yield { label: `a hand at ${target}`, state: after }
    }
  }
  if (left.acts === 0) return
  const acted = { ...state, left: { ...left, acts: left.acts - 1 } }
  const why = { by: 'ann', reason: 'so' } as const
  for (const [stage, { refused }] of Object.entries(line.stages)) {
    yield { label: `rollback ${stage}`, state: step(acted, LINE, { kind: 'rollback', ...why, stage }) }
    for (const one of refused) {
      const lifted = { ...acted, truth: { ...truth, lifted: true } }
      yield {
        label: `lift at ${stage}`,
        state: step(lifted, LINE, { kind: 'lift', ...why, stage, candidate: one.candidate }),
      }
    }
  }
  for (const { id } of train === null ? [line] : [line, train]) {
    yield { label: `retry ${id}`, state: step(acted, id, { kind: 'retry', ...why, stage: null }) }
  }
}

function* changes(state: State): Generator<Move> {
  if (state.left.changes === 0) return
  for (const configuration of CONFIGURATIONS) {
    if (configuration === state.configuration) continue
    const left = { ...state.left, changes: state.left.changes - 1 }
    yield { label: `the configuration is ${configuration}`, state: { ...state, configuration, left } }
  }
}

/** To the next instant at which somebody wants something. */
function* time(state: State): Generator<Move> {
  const wakes = documentsOf(state).flatMap((document) => wakeAt(document) ?? [])
  const next = Math.min(...wakes)
  if (wakes.length > 0 && next > state.now) yield { label: 'time passes', state: { ...state, now: next } }
}

function* performing(state: State, document: Line | Train, effect: Effect, step: DoStep): Generator<Move> {
  const claim: Input = { kind: 'claim', effects: [effect.id], until: state.now + LEASE_MS }
  const claimed = step(state, document.id, claim)
  const mine = documentsOf(claimed).find(({ id }) => id === document.id)
  const taken = mine?.effects.find(({ id }) => id === effect.id)
  if (mine === undefined || taken === undefined || taken.fence === effect.fence) {
    yield { label: `${effect.kind} is not begun`, state: claimed }
    return
  }
  if (taken.kind === 'send') return yield* sending(claimed, document.id, taken, step)
  for (const outcome of outcomesOf(taken)) {
    const at = outcome === 'too-long' && taken.kind === 'check-health' ? { ...claimed, now: taken.until } : claimed
    const done = actOn(at, mine, taken, outcome)
    const input: Input = { kind: 'answer', effect: taken.id, fence: taken.fence, answer: done.answer }
    const label = outcome === 'only' ? taken.kind : `${taken.kind}: ${outcome}`
    yield { label, state: step(done.state, document.id, input) }
    if (state.left.deaths > 0 && done.hasActed) {
      const left = { ...state.left, deaths: state.left.deaths - 1 }
      yield { label: `${taken.kind}, and dies`, state: { ...done.state, left } }
    }
  }
}

function* sending(claimed: State, from: string, effect: Effect & { kind: 'send' }, step: DoStep): Generator<Move> {
  const heard = step(claimed, effect.to, { kind: 'message', message: effect.message })
  const sent: Input = { kind: 'answer', effect: effect.id, fence: effect.fence, answer: { kind: 'sent' } }
  yield { label: `${effect.message.kind} is sent`, state: step(heard, from, sent) }
  if (claimed.left.deaths === 0) return
  const left = { ...claimed.left, deaths: claimed.left.deaths - 1 }
  yield { label: `${effect.message.kind} is sent, and the sender dies`, state: { ...heard, left } }
}

/** What `work` asks before it begins. */
const TOUCHING: ReadonlySet<Effect['kind']> = new Set(['deliver', 'roll-back', 'propose', 'merge', 'withdraw'])
const IN_OBSERVE_MODE = { kind: 'failed', reason: 'observe-mode', detail: 'nothing is touched' } as const

function actOn(state: State, document: Line | Train, effect: Effect, outcome: Outcome) {
  if (state.configuration === 'observing' && TOUCHING.has(effect.kind)) {
    return { state, answer: IN_OBSERVE_MODE, hasActed: false }
  }
  const done = perform(effect, document, state.world, outcome, state.now)
  const truth = witness(state, { document, effect, outcome, done })
  const hasActed = done.world !== state.world
  return { state: { ...state, world: done.world, truth }, answer: done.answer, hasActed }
}
