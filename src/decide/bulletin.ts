/** Which promotions of a channel share a message, and what stands in it. A few get one each; of a flood, and of a batch, there is a list. */

import type { Answer } from '../domain/answer.ts'
import { ROWS_MAX, type Bulletin, type Page, type Row } from '../domain/bulletin.ts'
import { COMPARE, type Card } from '../domain/card.ts'
import type { Effect } from '../domain/effect.ts'
import { claim, hold, revive, settle } from './effects.ts'
import type { Input } from './index.ts'
import { retry } from './operator.ts'
import { dropEffects, fresh, isLeased, note, wish, type Turn } from './turn.ts'

/** So many new messages for one stage in one channel are read; more within the span are a flood. */
export const ALONE_MAX = 5
export const BURST_MS = 2 * 60_000
/** What a batch collects comes over this time. */
const BATCH_MS = 15 * 60_000
/** What comes together is posted together. */
const GATHER_MS = 2_000
/** Slack takes about one change of a message in a second, and of all of them fifty in a minute. */
const UPDATE_MS = 3_000
/** With its rows: what a document may hold. What finds no room gets a message of its own. */
const PAGES_MAX = 4
/** A list that nobody answered or ended in so long makes room. */
const PAGE_KEPT_MS = 30 * 24 * 60 * 60_000
const TEXT_LENGTH_MAX = 150

/** A line says how a promotion of it stands, and asks where that is to be shown. */
export type AnnounceInput = {
  readonly kind: 'announce'
  readonly line: string
  readonly promotion: string
  /** Grows with each that the line sends. */
  readonly order: number
  readonly card: Card
  /** It was a row before. */
  readonly isListed: boolean
  readonly isOver: boolean
  readonly isBatch: boolean
}

/** Whether a promotion has its place in a list; otherwise it gets a message of its own. */
export function isListed({ pages }: Bulletin, promotion: string): boolean {
  return pages.some(({ rows }) => rows.some((row) => row.promotion === promotion))
}

export function decideBulletin(turn: Turn<Bulletin>, input: Input): void {
  if (turn.document.config !== turn.rules.hash) {
    for (const effect of turn.document.effects) revive(turn, effect)
    turn.document.config = turn.rules.hash
  }
  switch (input.kind) {
    case 'announce':
      return announce(turn, input)
    case 'claim':
      return claimPosts(turn, input.effects, input.until)
    case 'answer': {
      const effect = settle(turn, input.effect, input.fence, input.answer)
      if (effect !== null) posted(turn, effect, input.answer)
      return
    }
    case 'retry':
      return retry(turn, input)
    case 'hold':
      return hold(turn, input.effects, input.until)
    default:
      // What is said to lines and trains.
      return
  }
}

function announce(turn: Turn<Bulletin>, said: AnnounceInput): void {
  for (const page of turn.document.pages) {
    const row = page.rows.find(({ promotion }) => promotion === said.promotion)
    if (row !== undefined) return change(turn, page, row, said)
  }
  if (said.isListed ? said.isOver : isAlone(turn, said)) return
  const page = pageWithRoom(turn, said.isBatch ? BATCH_MS : BURST_MS)
  if (page === null) return
  turn.document.lastRow += 1
  const { line, promotion } = said
  const row: Row = { number: turn.document.lastRow, line, promotion, ...rowOf(said), asked: null }
  page.rows.push(row)
  change(turn, page, row, said, true)
}

/** The first few of a while. A repeat finds what was decided. */
function isAlone(turn: Turn<Bulletin>, { promotion, isBatch }: AnnounceInput): boolean {
  const bulletin = turn.document
  if (bulletin.alone.some((one) => one.promotion === promotion)) return true
  const lately = bulletin.alone.filter(({ at }) => at > turn.now - BURST_MS)
  if (isBatch || lately.length >= ALONE_MAX) return false
  bulletin.alone = [...lately, { promotion, at: turn.now }]
  return true
}

/** Null: so many lists are open that this one gets a message of its own. */
function pageWithRoom(turn: Turn<Bulletin>, openMs: number): Page | null {
  const bulletin = turn.document
  const newest = bulletin.pages.at(-1)
  if (newest !== undefined && newest.rows.length < ROWS_MAX && newest.since > turn.now - openMs) return newest
  if (bulletin.pages.length >= PAGES_MAX) {
    bulletin.pages = bulletin.pages.filter(({ since }) => since > turn.now - PAGE_KEPT_MS)
    if (bulletin.pages.length >= PAGES_MAX) return null
  }
  bulletin.lastPage += 1
  const page: Page = { number: bulletin.lastPage, edition: 0, message: null, rows: [], since: turn.now }
  bulletin.pages.push(page)
  return page
}

type Said = Omit<Row, 'number' | 'line' | 'promotion' | 'asked'>

function rowOf({ card, order, isOver }: AnnounceInput): Said {
  const [first] = card.changes
  return {
    order,
    title: clip(card.title.split(' → ')[0] ?? card.title),
    tone: card.tone,
    status: clip(card.waitsFor.length === 1 && card.tone === 'waits' ? (card.waitsFor[0] ?? '') : card.status),
    from: first?.from ?? null,
    to: first?.to ?? '',
    digest: first?.digest ?? '',
    more: Math.max(0, card.changes.length - 1),
    compare: card.links.find(({ label }) => label.startsWith(COMPARE))?.url ?? null,
    isOver,
  }
}

/** Only what is newer than what stands there, and says something else. */
function change(turn: Turn<Bulletin>, page: Page, row: Row, said: AnnounceInput, isNew = false): void {
  if (said.order < row.order) return
  const before = JSON.stringify({ ...row, order: 0 })
  const isAsked = said.card.ask !== null
  Object.assign(row, rowOf(said), { asked: isAsked ? (row.asked ?? page.edition + 1) : null })
  if (!isNew && JSON.stringify({ ...row, order: 0 }) === before) return
  page.edition += 1
  wishPost(turn, page, page.message === null ? GATHER_MS : UPDATE_MS)
}

/** What is under way shows an older edition; its answer finds that, and there is one more after it. */
function wishPost(turn: Turn<Bulletin>, { number, edition }: Page, delayMs: number): void {
  const id = `${turn.document.id}/post/${number}`
  const waiting = turn.document.effects.find((effect) => effect.id === id)
  if (waiting !== undefined && isLeased(waiting, turn.now)) return
  if (waiting?.dead !== undefined) dropEffects(turn, (effect) => effect === waiting)
  wish(turn, { kind: 'post', ...fresh(turn, id, delayMs), page: number, edition })
}

/** Whoever takes it shows the page as it stands then. */
function claimPosts(turn: Turn<Bulletin>, ids: readonly string[], until: number): void {
  claim(turn, ids, until)
  for (const effect of turn.document.effects) {
    if (effect.kind !== 'post' || effect.lease !== until || !ids.includes(effect.id)) continue
    const page = turn.document.pages.find(({ number }) => number === effect.page)
    if (page !== undefined) effect.edition = page.edition
  }
}

function posted(turn: Turn<Bulletin>, effect: Effect, answer: Answer): void {
  if (effect.kind !== 'post') return
  const bulletin = turn.document
  const page = bulletin.pages.find(({ number }) => number === effect.page)
  if (page === undefined) return
  if (answer.kind === 'shown') page.message = answer.message
  if (answer.kind === 'failed') {
    const detail = `a list of ${page.rows.length} in ${bulletin.channel}: ${answer.detail}`
    note(turn, { kind: 'noticed', reason: 'not-shown', detail, stage: bulletin.stage })
  }
  if (page.edition > effect.edition) return wishPost(turn, page, UPDATE_MS)
  if (page.rows.every(({ isOver }) => isOver)) bulletin.pages = bulletin.pages.filter((other) => other !== page)
}

function clip(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX - 1)}…`
}
