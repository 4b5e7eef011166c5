/** The developers of an image are told at its commit how it stands: one wish for each promotion, said anew when something changes. */

import type { Answer } from '../domain/answer.ts'
import type { EffectOf } from '../domain/effect.ts'
import type { EntryKind } from '../domain/history.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { isIn, isTold } from '../domain/source.ts'
import { isSameNews, type SourceNews } from '../domain/source-news.ts'
import type { Stage } from '../domain/subscription.ts'
import { describeOutcomes } from './verify.ts'
import { dropEffects, fresh, isLeased, note, wish, type Turn } from './turn.ts'

type Told = NonNullable<StageState['told']>[number]

/** A document has a length. */
const TEXT_LENGTH_MAX = 600
/** Promotions whose end was not told yet. */
const TOLD_MAX = 4
/** GitHub takes a thousand of one commit; a gate that changes its mind all day has its last word told all the same. */
const TIMES_MAX = 60

/** How each end is told. */
const ENDS: Readonly<Partial<Record<EntryKind, { readonly state: SourceNews['state']; readonly words: string }>>> = {
  healthy: { state: 'well', words: 'healthy' },
  superseded: { state: 'over', words: 'superseded' },
  withdrawn: { state: 'over', words: 'withdrawn' },
  rejected: { state: 'refused', words: 'rejected' },
  expired: { state: 'refused', words: 'not approved in time' },
  distrusted: { state: 'refused', words: 'refused' },
  'rolled-back': { state: 'refused', words: 'rolled back' },
  failed: { state: 'refused', words: 'failed' },
}

/** Last of all, so that it is told what this decision came to. */
export function tellDevelopers(turn: Turn<Line>): void {
  const { source } = turn.rules.subscription
  const isWanted = source !== undefined && isTold(source) && turn.rules.mode === 'act'
  for (const stage of turn.rules.subscription.stages) {
    const state = turn.document.stages[stage.name]
    if (state === undefined || (!isWanted && state.told === undefined)) continue
    if (isWanted) tellOf(turn, stage, state)
    else forget(turn, stage, state)
  }
}

function forget(turn: Turn<Line>, stage: Stage, state: StageState): void {
  delete state.told
  dropEffects(turn, (one) => one.kind === 'tell-source' && one.stage === stage.name && !isLeased(one, turn.now))
}

function tellOf(turn: Turn<Line>, stage: Stage, state: StageState): void {
  const { promotion } = state
  const told = (state.told ?? []).filter((one) => !isDone(turn, one))
  for (const one of told) if (one.promotion !== promotion?.id && !one.isOver) finish(turn, one)
  if (promotion !== undefined) keep(turn, told, promotion)
  const kept = told.slice(-TOLD_MAX)
  if (kept.length > 0) state.told = kept
  else delete state.told
  for (const one of kept) say(turn, stage, one)
}

/** Its end was told, or cannot be. */
function isDone(turn: Turn<Line>, { promotion, isOver, wished, news }: Told): boolean {
  const effect = turn.document.effects.find(({ id }) => id === idOf(promotion))
  if (!isOver || !isSameNews(wished, news)) return false
  if (effect?.dead !== undefined) dropEffects(turn, (one) => one === effect)
  return effect === undefined || effect.dead !== undefined
}

function keep(turn: Turn<Line>, told: Told[], promotion: Promotion): void {
  const news = newsOf(promotion)
  const commit = commitOf(turn, promotion)
  const known = told.find((one) => one.promotion === promotion.id)
  if (known === undefined) {
    const [image] = promotion.candidate.images
    told.push({ promotion: promotion.id, image, commit, news, isOver: false, times: 0 })
    return
  }
  known.commit ??= commit
  if (known.times < TIMES_MAX) known.news = news
}

/** Null: nothing verified says it, or it was built elsewhere. */
function commitOf(turn: Turn<Line>, { proof }: Promotion): Told['commit'] {
  const { source } = turn.rules.subscription
  const commit = proof?.known?.builtFrom
  return source !== undefined && commit !== undefined && isIn(source, commit) ? commit : null
}

function finish(turn: Turn<Line>, one: Told): void {
  const ends = turn.notes.filter(({ promotion, kind }) => promotion === one.promotion && ENDS[kind] !== undefined)
  const last = ends.at(-1)
  const end = last && ENDS[last.kind]
  const words = last === undefined || end?.state === 'well' ? (end?.words ?? 'ended') : `${end?.words}: ${last.detail}`
  one.isOver = true
  one.news = { ...one.news, state: end?.state ?? 'over', text: words.slice(0, TEXT_LENGTH_MAX) }
}

/** What is not under way yet is said anew; what is under way is followed by the next. */
function say(turn: Turn<Line>, stage: Stage, one: Told): void {
  if (isSameNews(one.wished, one.news)) return
  const id = idOf(one.promotion)
  const waiting = turn.document.effects.find((effect) => effect.id === id)
  if (waiting !== undefined && isLeased(waiting, turn.now)) return
  dropEffects(turn, (effect) => effect === waiting)
  const { promotion, image, commit, news } = one
  one.wished = news
  one.times += 1
  const due = waiting?.dead === undefined ? Math.max(waiting?.due ?? 0, turn.now) : turn.now
  wish(turn, { kind: 'tell-source', ...fresh(turn, id), due, stage: stage.name, promotion, image, commit, news })
}

function idOf(promotion: string): string {
  return `${promotion}/tell-source`
}

function newsOf({ phase, deliveries, gates, proof, failure }: Promotion): SourceNews {
  const states = Object.values(deliveries)
  const [url = null] = states.flatMap((one) => (one.state === 'proposed' ? [one.url] : []))
  const hasBegun = states.some(({ state }) => state === 'delivered' || state === 'well')
  const news = (state: SourceNews['state'], text: string): SourceNews => {
    return { state, text: text.slice(0, TEXT_LENGTH_MAX), url, hasBegun }
  }
  switch (phase) {
    case 'verifying': {
      const missing = (proof?.outcomes ?? []).filter(({ state }) => state !== 'held')
      return news('waiting', missing.length === 0 ? 'is being verified' : `waits: ${describeOutcomes(missing)}`)
    }
    case 'gated': {
      const waits = gates.filter(({ state }) => state !== 'held').map(({ gate }) => gate)
      return news('waiting', `waits: ${waits.join(', ') || 'its gates'}`)
    }
    case 'delivering':
      return url === null
        ? news('delivering', 'is being delivered')
        : news('waiting', 'its pull request waits to be merged')
    case 'observing':
      return news('delivering', 'delivered; its health is watched')
    case 'rolling-back':
      return news('refused', `is being rolled back: ${failure?.reason ?? ''}: ${failure?.detail ?? ''}`)
  }
}

/** A Git host that refuses what it is told delays nothing; whoever reads the history learns it. */
export function developersTold(turn: Turn<Line>, { stage, promotion }: EffectOf<'tell-source'>, answer: Answer): void {
  if (answer.kind !== 'failed') return
  note(turn, { kind: 'noticed', reason: 'developers-not-told', detail: answer.detail, stage, promotion })
}
