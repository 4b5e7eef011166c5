/** One branch and its pull request: carried, replaced in place, merged, closed. One thing at a time, newest order wins. */

import type { Answer } from '../domain/answer.ts'
import type { Effect, EffectOf } from '../domain/effect.ts'
import type { Carry, Message } from '../domain/message.ts'
import type { Train } from '../domain/train.ts'
import { claim, revive, stuck } from './effects.ts'
import { report } from './report.ts'
import { againId, lookNow } from './look-now.ts'
import { headsOf, tellReviews } from './review.ts'
import { dropEffects, fresh, isLeased, wish, type Turn } from './turn.ts'

const LOOK_FIRST_MS = 5_000
const LOOK_LATER_MS = 60_000
const LOOK_FIRST_FOR_MS = 10 * 60_000
const MERGE_AGAIN_MS = 60_000
/** The base moves on, and a branch that is not rebuilt upon it ends in conflict. */
const REBUILD_MS = 15 * 60_000

type PullRequest = NonNullable<Train['pullRequest']>

export function messageToTrain(turn: Turn<Train>, message: Message): void {
  if (message.kind === 'carried') return
  const train = turn.document
  if (message.order <= train.order) return
  train.order = message.order
  train.next = message
}

/** What the configuration and the last answer allow to go on. */
export function reconcileTrain(turn: Turn<Train>): void {
  const train = turn.document
  if (train.config !== turn.rules.hash) {
    for (const effect of train.effects) revive(turn, effect)
    train.config = turn.rules.hash
  }
  if (isBusy(turn)) return
  const { next } = train
  delete train.next
  if (!turn.rules.isWanted) return refuseCargo(turn)
  if (next?.kind === 'carry' && isSameCargo(train.cargo, next)) permit(turn, next)
  else if (next?.kind === 'carry') begin(turn, next)
  if (next?.kind === 'drop') putDown(turn, next.why)
}

/**
 * Begun and not answered: nobody knows what it did, so nothing takes its place before it was repeated and has said so.
 * Otherwise a branch that we wrote looks like somebody's, and a pull request that we opened is nobody's.
 */
function isBusy(turn: Turn<Train>): boolean {
  return turn.document.effects.some(
    ({ kind, fence, dead }) => kind !== 'send' && kind !== 'look' && fence > 0 && dead === undefined,
  )
}

function begin(turn: Turn<Train>, carry: Carry): void {
  const train = turn.document
  train.cargo = carry
  dropEffects(turn, ({ kind }) => kind === 'propose' || kind === 'merge' || kind === 'withdraw')
  wish(turn, { kind: 'propose', ...fresh(turn, `${train.id}/propose/${carry.order}`) })
}

/** Nobody wants what travels: the pull request is closed. */
function putDown(turn: Turn<Train>, why: string): void {
  const train = turn.document
  delete train.cargo
  dropEffects(turn, ({ kind }) => kind === 'propose' || kind === 'merge')
  if (train.pullRequest === null) return
  const { number, head } = train.pullRequest
  wish(turn, { kind: 'withdraw', ...fresh(turn, `${train.id}/withdraw/${number}`), number, head, why })
}

/** Its line is told, in case that it does not know the same configuration. */
function refuseCargo(turn: Turn<Train>): void {
  const { cargo } = turn.document
  const detail = 'the configuration does not name this branch any more'
  if (cargo !== undefined) report(turn, cargo, { state: 'stopped', reason: 'unwanted', detail, found: null })
  putDown(turn, detail)
}

export function answerTrain(turn: Turn<Train>, effect: Effect, answer: Answer): void {
  switch (effect.kind) {
    case 'propose':
      return proposed(turn, effect, answer)
    case 'look':
      return lookedAt(turn, effect, answer)
    case 'merge':
      return merging(turn, effect, answer)
    case 'withdraw':
      return answer.kind === 'withdrawn' ? forgetPullRequest(turn) : stuck(turn, effect, answer)
    case 'send':
      return
    default:
      stuck(turn, effect, answer)
  }
}

function proposed(turn: Turn<Train>, effect: EffectOf<'propose'>, answer: Answer): void {
  const train = turn.document
  const { cargo } = train
  if (cargo === undefined) return
  if (answer.kind === 'proposed') return shown(turn, cargo, answer)
  if (answer.kind === 'nothing-to-propose') {
    report(turn, cargo, { state: 'merged', commit: answer.commit, by: null, url: null })
    return putDown(turn, 'the base branch holds it already')
  }
  stuck(turn, effect, answer)
  if (answer.kind !== 'failed') return
  const { reason, detail, found } = answer
  report(turn, cargo, { state: 'stopped', reason, detail, found: found ?? null })
  if (reason !== 'moved') return
  // The line looks at its target again, and sends what it wants then.
  dropEffects(turn, ({ id }) => id === effect.id)
  delete train.cargo
}

function shown(turn: Turn<Train>, cargo: Carry, answer: Extract<Answer, { kind: 'proposed' }>): void {
  const train = turn.document
  const { number, url, head, diff } = answer
  const before = train.pullRequest
  const isSame = before?.number === number && before.head === head && before.shows.promotion === cargo.promotion
  const since = before?.number === number ? before.since : turn.now
  train.lastHead = head
  const heads = headsOf(before?.number === number ? before : null, cargo.promotion, head)
  const told = before !== null && heads.includes(before.head) ? { reviewed: before.reviewed ?? [] } : {}
  train.pullRequest = { number, url, head, heads, ...told, shows: cargo, since, builtAt: turn.now }
  if (!isSame) report(turn, cargo, { state: 'proposed', url, diff })
  const look = lookId(train, train.pullRequest)
  dropEffects(
    turn,
    ({ kind, id }) => (kind === 'look' && id !== look) || (kind === 'merge' && id !== mergeId(train, head)),
  )
  lookLater(turn, train.pullRequest)
  mergeIfAllowed(turn, cargo, head)
}

/** Every gate held, and the grounds for it still do. */
function mayMerge(turn: Turn<Train>, { merge }: Carry): boolean {
  return turn.rules.mergesItself && merge !== null && (merge.until === null || turn.now < merge.until)
}

function mergeIfAllowed(turn: Turn<Train>, cargo: Carry, head: string): void {
  if (mayMerge(turn, cargo)) wishMerge(turn, head, 0)
}

/** What travels already is not proposed again: only its permission is another one. */
function isSameCargo(cargo: Carry | undefined, carry: Carry): boolean {
  const load = ({ promotion, images, targets, expected }: Carry): string =>
    JSON.stringify([promotion, images, targets, expected])
  return cargo !== undefined && load(cargo) === load(carry)
}

function permit(turn: Turn<Train>, carry: Carry): void {
  const train = turn.document
  const { cargo, pullRequest } = train
  const wasShown = pullRequest !== null && pullRequest.shows.order === cargo?.order
  train.cargo = carry
  if (!wasShown) return
  pullRequest.shows = carry
  const isBeingProposed = train.effects.some(({ kind }) => kind === 'propose')
  if (!isBeingProposed) mergeIfAllowed(turn, carry, pullRequest.head)
}

/** A merge whose grounds have gone is not begun. */
export function claimOfTrain(turn: Turn<Train>, ids: readonly string[], until: number): void {
  const { pullRequest } = turn.document
  const isAllowed = pullRequest !== null && mayMerge(turn, pullRequest.shows)
  if (!isAllowed) dropEffects(turn, (effect) => effect.kind === 'merge' && !isLeased(effect, turn.now))
  claim(turn, ids, until)
}

/** The pull request as the Git host has it: a person may have merged or closed it. */
function lookedAt(turn: Turn<Train>, effect: EffectOf<'look'>, answer: Answer): void {
  const { pullRequest, cargo } = turn.document
  // Of one that another has taken the place of meanwhile.
  if (pullRequest === null) return
  const look = lookId(turn.document, pullRequest)
  if (effect.id !== look && effect.id !== againId(look)) return
  // What we are changing just now may look like a person's act, or belong to what it showed before.
  if (isBusy(turn)) return lookLater(turn, pullRequest)
  switch (answer.kind) {
    case 'merged':
      report(turn, pullRequest.shows, { state: 'merged', commit: answer.commit, by: answer.by, url: pullRequest.url })
      return endOf(turn, pullRequest)
    case 'closed':
      // Of what nobody wanted any more, closing is no rejection.
      if (cargo !== undefined) report(turn, pullRequest.shows, { state: 'closed', by: answer.by, url: pullRequest.url })
      return endOf(turn, pullRequest)
    case 'open':
      tellReviews(turn, pullRequest, answer.reviews ?? [])
      if (answer.head === pullRequest.head) rebuild(turn, pullRequest)
      return lookLater(turn, pullRequest)
    default:
      return lookLater(turn, pullRequest)
  }
}

/** Proposes again what is shown: upon a base that moved on, or once a person took their commits back. */
function rebuild(turn: Turn<Train>, { builtAt }: PullRequest): void {
  const { id, cargo, effects } = turn.document
  if (cargo === undefined || turn.now - builtAt < REBUILD_MS) return
  const isForeign = (effect: Effect): boolean => effect.kind === 'propose' && effect.dead?.reason === 'foreign-commits'
  for (const effect of effects.filter(isForeign)) revive(turn, effect)
  if (effects.some(({ kind }) => kind === 'propose')) return
  dropEffects(turn, ({ kind, dead }) => kind === 'merge' && dead === undefined)
  wish(turn, { kind: 'propose', ...fresh(turn, `${id}/propose/${cargo.order}`) })
}

/** What it showed has travelled; another cargo goes on, on a new pull request. */
function endOf(turn: Turn<Train>, { shows }: PullRequest): void {
  const train = turn.document
  forgetPullRequest(turn)
  if (train.cargo?.order === shows.order) {
    delete train.cargo
    dropEffects(turn, ({ kind }) => kind === 'propose')
  }
  for (const effect of train.effects) if (effect.kind === 'propose') revive(turn, effect)
}

function merging(turn: Turn<Train>, effect: EffectOf<'merge'>, answer: Answer): void {
  const { pullRequest } = turn.document
  if (pullRequest === null) return
  const { shows, url, head } = pullRequest
  if (answer.kind === 'merged') {
    report(turn, shows, { state: 'merged', commit: answer.commit, by: answer.by, url })
    return endOf(turn, pullRequest)
  }
  // Checks still run, or a person closed it: the look says which. We never merge another head than ours.
  if (answer.kind === 'failed' && answer.reason === 'not-mergeable') return wishMerge(turn, head, MERGE_AGAIN_MS)
  stuck(turn, effect, answer)
  if (answer.kind !== 'failed') return
  const { reason, detail } = answer
  report(turn, shows, { state: 'stopped', reason, detail, found: null })
}

function wishMerge(turn: Turn<Train>, head: string, delayMs: number): void {
  wish(turn, { kind: 'merge', ...fresh(turn, mergeId(turn.document, head), delayMs) })
}

function mergeId(train: Train, head: string): string {
  return `${train.id}/merge/${head}`
}

function lookLater(turn: Turn<Train>, pullRequest: PullRequest): void {
  const delay = turn.now - pullRequest.since < LOOK_FIRST_FOR_MS ? LOOK_FIRST_MS : LOOK_LATER_MS
  wish(turn, { kind: 'look', ...fresh(turn, lookId(turn.document, pullRequest), delay) })
}

function lookId(train: Train, { number }: PullRequest): string {
  return `${train.id}/look/${number}`
}

/** Word came that it has changed. */
export function lookAtOnce(turn: Turn<Train>): void {
  const { pullRequest } = turn.document
  if (pullRequest !== null) lookNow(turn, lookId(turn.document, pullRequest))
}

/** The head that we wrote last stays known: the branch may outlive its pull request. */
function forgetPullRequest(turn: Turn<Train>): void {
  turn.document.pullRequest = null
  dropEffects(turn, ({ kind }) => kind === 'look' || kind === 'merge' || kind === 'withdraw')
}
