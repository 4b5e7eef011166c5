/** The one message of each promotion that people are asked about: kept as it stands now, and left with its end. */

import type { Answer } from '../domain/answer.ts'
import { COMPARE, withCompare, type Board, type Card, type CardTone } from '../domain/card.ts'
import { compareUrl } from '../domain/compare.ts'
import type { EffectOf } from '../domain/effect.ts'
import { SEVERITIES } from '../domain/evidence.ts'
import type { EntryKind } from '../domain/history.ts'
import { formatImage, isSameRepository, type ImageName } from '../domain/image.ts'
import type { Known } from '../domain/known.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { imageNamed } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { describeBroken } from './broken-glass.ts'
import { closedUntil } from './gates/window.ts'
import { detailsOf, happenedTo, replyWith } from './thread.ts'
import { fresh, isLeased, note, wish, type Turn } from './turn.ts'

/** A document has a length, and so has a message. */
const CHANGES_MAX = 21
const FACTS_MAX = 10
const VOTES_MAX = 10
const TEXT_LENGTH_MAX = 300
/** Messages of promotions that ended and are not shown yet. */
const BOARDS_MAX = 4

/** How each end is told. */
const ENDS: Readonly<Partial<Record<EntryKind, { readonly tone: CardTone; readonly words: string }>>> = {
  healthy: { tone: 'good', words: 'healthy' },
  superseded: { tone: 'over', words: 'superseded' },
  rejected: { tone: 'bad', words: 'rejected' },
  expired: { tone: 'over', words: 'not approved in time' },
  distrusted: { tone: 'bad', words: 'not trusted' },
  'rolled-back': { tone: 'bad', words: 'rolled back' },
  failed: { tone: 'bad', words: 'failed' },
  withdrawn: { tone: 'over', words: 'withdrawn' },
}

/** Last of all, so that the message says what this decision came to. */
export function showCards(turn: Turn<Line>): void {
  for (const stage of turn.rules.subscription.stages) {
    const state = turn.document.stages[stage.name]
    if (state === undefined) continue
    const channel = channelOf(stage)
    const { promotion } = state
    for (const board of state.boards) if (board.promotion !== promotion?.id) finish(turn, stage, state, board)
    if (promotion !== undefined && channel !== null && turn.rules.mode === 'act') {
      keep(turn, stage, state, promotion, channel)
    }
    for (const board of state.boards) replyWith(turn, board, happenedTo(turn, board))
    state.boards = state.boards.slice(-BOARDS_MAX)
  }
}

/** Where this stage asks. */
function channelOf(stage: Stage): string | null {
  for (const gate of stage.gates) if (gate.kind === 'approval' && gate.slack !== undefined) return gate.slack
  return null
}

/** Nobody is shown what is not proven yet, or was never asked about. */
function keep(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion, channel: string): void {
  const known = state.boards.find((board) => board.promotion === promotion.id)
  // A break-glass asks nobody any more; whoever is asked otherwise sees it all the same.
  const isNew = promotion.phase === 'gated' || (promotion.breakGlass !== undefined && promotion.phase !== 'verifying')
  if (known === undefined && !isNew) return
  const card = withCompare(cardOf(turn, stage, state, promotion), known?.compare)
  if (known !== undefined && isSame(known.card, card)) return
  const board: Board = known ?? { promotion: promotion.id, channel, message: null, card, isOver: false }
  if (known === undefined) state.boards.push(board)
  const isUrgent = promotion.phase === 'rolling-back' || promotion.breakGlass !== undefined
  show(turn, stage, board, card, isUrgent)
}

function finish(turn: Turn<Line>, stage: Stage, state: StageState, board: Board): void {
  const ends = turn.notes.filter(({ promotion, kind }) => promotion === board.promotion && ENDS[kind] !== undefined)
  const end = ends.at(-1)
  const told = end === undefined ? undefined : ENDS[end.kind]
  if (end === undefined || told === undefined) {
    if (board.isOver) return sayAgain(turn, stage, board)
    return over(turn, stage, board, { ...board.card, tone: 'over', status: 'ended' })
  }
  const isUrgent = end.kind === 'failed' || end.kind === 'rolled-back'
  if (!isUrgent && forgetUnseen(turn, state, board)) return
  const why = told.tone === 'good' ? '' : `: ${end.reason}: ${end.detail}`
  over(turn, stage, board, { ...board.card, tone: told.tone, status: clip(`${told.words}${why}`) }, isUrgent)
}

/** Held back, and nobody saw it: there is nothing to take back either. */
function forgetUnseen(turn: Turn<Line>, state: StageState, board: Board): boolean {
  const id = showId(board)
  const waiting = turn.document.effects.find((effect) => effect.id === id)
  if (waiting === undefined || waiting.attempt > 0 || waiting.due <= turn.now) return false
  if (board.message !== null || board.isListed === true) return false
  turn.document.effects = turn.document.effects.filter((effect) => effect !== waiting)
  state.boards = state.boards.filter((other) => other !== board)
  return true
}

function over(turn: Turn<Line>, stage: Stage, board: Board, card: Card, isUrgent = false): void {
  const last = { ...card, ask: null, waitsFor: [] }
  board.isOver = true
  show(turn, stage, board, last, isUrgent)
  board.card = last
}

/** What was under way when it ended showed something older. */
function sayAgain(turn: Turn<Line>, stage: Stage, board: Board): void {
  const id = showId(board)
  if (!turn.document.effects.some((effect) => effect.id === id)) show(turn, stage, board, board.card, false)
}

function showId({ promotion }: Board): string {
  return `${promotion}/show`
}

/** One wish for each message: what is not under way yet is said anew, what is under way is followed by the next. */
function show(turn: Turn<Line>, stage: Stage, board: Board, card: Card, isUrgent: boolean): void {
  const id = showId(board)
  const waiting = turn.document.effects.find((effect) => effect.id === id)
  if (waiting !== undefined && isLeased(waiting, turn.now)) return
  turn.document.effects = turn.document.effects.filter((effect) => effect !== waiting)
  const { promotion, channel, message, isListed, isOver } = board
  const isNew = message === null && isListed !== true
  // What was to be told already is told with what it came to.
  const isDue = isUrgent || (waiting !== undefined && waiting.dead === undefined && waiting.due <= turn.now)
  const quiet = isNew && !isDue ? quietUntil(turn) : null
  const patience = waiting?.dead === undefined && (waiting?.attempt ?? 0) > 0 ? (waiting?.due ?? 0) : 0
  const due = Math.max(turn.now, quiet ?? 0, patience)
  board.card = card
  wish(turn, {
    kind: 'show',
    ...fresh(turn, id),
    // What was tried stays tried: a chat that is down is not asked more often for it.
    attempt: waiting?.dead === undefined ? (waiting?.attempt ?? 0) : 0,
    due,
    stage: stage.name,
    promotion,
    channel,
    known: message,
    card,
    ...(isListed === true && { isListed }),
    ...(isOver && { isLast: true }),
    ...(stage.batchMs !== undefined && { isBatch: true }),
    ...(wantsCommits(turn, board, card) && { asksCommits: true }),
  })
}

/** Nothing proves them, and the labels were not asked yet. */
function wantsCommits({ rules }: Turn<Line>, { compare, isOver }: Board, { links }: Card): boolean {
  if (isOver || compare !== undefined || rules.subscription.source === undefined) return false
  return !links.some(({ label }) => label === COMPARE)
}

/** Null: people may be asked now. */
function quietUntil({ rules, now }: Turn<Line>): number | null {
  return rules.quiet === null ? null : closedUntil(rules.quiet, now)
}

/** What came of showing it. A chat that refuses is told of in the history and delays nothing. */
export function shown(turn: Turn<Line>, state: StageState, effect: EffectOf<'show'>, answer: Answer): void {
  const board = state.boards.find(({ promotion }) => promotion === effect.promotion)
  const isLast = board?.isOver === true && isSame(board.card, effect.card)
  if (board !== undefined) learn(turn, state, board, answer)
  if (answer.kind === 'failed') {
    const { stage, promotion } = effect
    note(turn, { kind: 'noticed', reason: 'not-shown', detail: answer.detail, stage, promotion })
  }
  if (isLast) state.boards = state.boards.filter((other) => other !== board)
}

function learn(turn: Turn<Line>, state: StageState, board: Board, answer: Answer): void {
  if (answer.kind !== 'shown' && answer.kind !== 'listed') return
  if (answer.compare !== undefined) {
    board.compare = answer.compare
    board.card = withCompare(board.card, answer.compare)
  }
  if (answer.kind === 'listed') {
    board.isListed = true
    return
  }
  delete board.isListed
  const isNew = board.message === null
  board.message = answer.message
  const { promotion } = state
  if (isNew && promotion?.id === board.promotion) replyWith(turn, board, detailsOf(promotion))
}

function cardOf(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): Card {
  const { candidate, phase, votes, deliveries } = promotion
  const waits = promotion.gates.filter((gate) => gate.state !== 'held')
  const urls = Object.values(deliveries).flatMap((delivery) => (delivery.state === 'proposed' ? [delivery.url] : []))
  return {
    promotion: promotion.id,
    title: `${turn.rules.subscription.name} → ${stage.name}`,
    ...PHASES[phase],
    changes: candidate.images.slice(0, CHANGES_MAX).map((image) => ({
      repository: formatImage({ registry: image.registry, repository: image.repository }),
      from: runningTag(state, image),
      to: image.tag,
      digest: image.digest,
    })),
    facts: factsOf(stage, promotion),
    waitsFor: phase === 'gated' ? waits.map(({ gate, detail }) => clip(`${gate}: ${detail}`)) : [],
    votes: votes.slice(-VOTES_MAX).map(({ by, decision, at, reason }) => {
      return { person: by, decision, at, reason: reason === '' ? null : clip(reason) }
    }),
    links: [...compareOf(state, promotion), ...[...new Set(urls)].map((url) => ({ label: 'pull request', url }))],
    ask: phase === 'gated' && waits.some(({ gate }) => gate === 'approval') ? promotion.id : null,
  }
}

const PHASES: Readonly<Record<Promotion['phase'], Pick<Card, 'tone' | 'status'>>> = {
  verifying: { tone: 'waits', status: 'is verified' },
  gated: { tone: 'waits', status: 'waits' },
  delivering: { tone: 'works', status: 'is being delivered' },
  observing: { tone: 'works', status: 'delivered; its health is watched' },
  'rolling-back': { tone: 'bad', status: 'is being rolled back' },
}

/** As the verified provenance of both has it. */
function compareOf({ current }: StageState, { proof }: Promotion): Card['links'] {
  const from = current.state === 'candidate' ? current.known?.builtFrom : undefined
  const to = proof?.known?.builtFrom
  const url = from === undefined || to === undefined ? null : compareUrl(from, to)
  return url === null ? [] : [{ label: COMPARE, url }]
}

function factsOf(stage: Stage, { proof, breakGlass, authors, candidate: { pusher, since } }: Promotion): Card['facts'] {
  const proven = (proof?.outcomes ?? []).map(({ rule, detail }) => ({ label: rule, text: clip(detail) }))
  const verified =
    stage.verify === 'none' ? [{ label: 'verified', text: 'nothing: `verify: none` is configured' }] : proven
  const pushed = { label: 'pushed', text: pusher === undefined ? '' : `by ${clip(pusher)},`, at: since }
  const builtAt = proof?.builtAt ?? null
  const built = builtAt === null ? [] : [{ label: 'built', text: '', at: builtAt }]
  const broken =
    breakGlass === undefined
      ? []
      : [
          {
            label: 'break-glass',
            text: `around its gates, by ${describeBroken(breakGlass)}, until`,
            at: breakGlass.until,
          },
        ]
  return [
    ...broken,
    pushed,
    ...built,
    ...authorsOf(authors),
    ...signersOf(proof?.known),
    ...scanOf(proof?.known),
    ...verified,
  ].slice(0, FACTS_MAX)
}

/** Who cannot approve it, beside whoever pushed it; that nobody knows is said too. */
function authorsOf(authors: Promotion['authors']): Card['facts'] {
  if (authors === undefined) return []
  const text = authors.state === 'known' ? authors.people.join(', ') : authors.detail
  return [{ label: 'written by', text: clip(text) }]
}

function signersOf(known: Known | undefined): Card['facts'] {
  if (known === undefined || known.signers.length === 0) return []
  return [{ label: 'signed by', text: clip(known.signers.map(({ name, by }) => `${name}: ${by}`).join(', ')) }]
}

function scanOf(known: Known | undefined): Card['facts'] {
  if (known === undefined || known.named === 'none') return []
  const counts = SEVERITIES.flatMap((severity) => {
    const count = known.counts[severity] ?? 0
    return count === 0 ? [] : [`${count} ${severity}`]
  })
  return [{ label: 'found by scanners', text: counts.join(', ') || 'nothing' }]
}

function runningTag({ current }: StageState, image: ImageName): string | null {
  if (current.state === 'unknown') return null
  if (current.state === 'candidate') return imageNamed(current.candidate, image)?.tag ?? null
  return current.parts === undefined
    ? current.tag
    : (current.parts.find((part) => isSameRepository(part, image))?.tag ?? null)
}

function isSame(a: Card, b: Card): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function clip(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX - 1)}…`
}
