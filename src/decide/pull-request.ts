/** The pull request of a train: proposed, rebuilt, looked at, merged while everybody aboard permits it, closed. */

import type { Answer } from '../domain/answer.ts'
import type { Effect, EffectOf } from '../domain/effect.ts'
import type { Carry } from '../domain/message.ts'
import { isUnderWay, type Train } from '../domain/train.ts'
import { finish, isPermitted, leave, workOutFates } from './cargo.ts'
import { whyBehind } from './commit.ts'
import { revive, stuck } from './effects.ts'
import { againId, lookNow } from './look-now.ts'
import { report } from './report.ts'
import { headsOf, tellReviews } from './review.ts'
import { dropEffects, fresh, wish, type Turn } from './turn.ts'

const LOOK_FIRST_MS = 5_000
const LOOK_LATER_MS = 60_000
const LOOK_FIRST_FOR_MS = 10 * 60_000
const MERGE_AGAIN_MS = 60_000
/** The base moves on, and a branch that is not rebuilt upon it ends in conflict. */
const REBUILD_MS = 15 * 60_000

type PullRequest = NonNullable<Train['pullRequest']>

/** Brings what is aboard now, in place of whatever was under way before. */
export function wishJourney(turn: Turn<Train>): void {
  const { id, cargos } = turn.document
  const kind = turn.rules.way === 'commit' ? 'commit' : 'propose'
  dropEffects(
    turn,
    (one) => one.kind === 'propose' || one.kind === 'commit' || one.kind === 'merge' || one.kind === 'withdraw',
  )
  wish(turn, { kind, ...fresh(turn, `${id}/${kind}/${Math.max(...cargos.map(({ order }) => order))}`) })
}

export function closePull(turn: Turn<Train>, why: string): void {
  const train = turn.document
  if (train.pullRequest === null) return
  const { number, head } = train.pullRequest
  wish(turn, { kind: 'withdraw', ...fresh(turn, `${train.id}/withdraw/${number}`), number, head, why })
}

export function proposed(turn: Turn<Train>, effect: EffectOf<'propose'>, answer: Answer): void {
  const train = turn.document
  if (train.cargos.length === 0) return
  if (answer.kind === 'proposed') {
    workOutFates(turn, answer.head, answer.fates)
    return shown(turn, answer)
  }
  if (answer.kind === 'nothing-to-propose') {
    workOutFates(turn, answer.commit, answer.fates)
    if (train.cargos.length === 0) dropEffects(turn, ({ kind }) => kind === 'merge')
    else stuck(turn, effect, whyBehind(train))
    const isWanted = train.pullRequest?.shows.some((one) => train.cargos.some((cargo) => isSameOrder(one, cargo)))
    return isWanted === true ? undefined : closePull(turn, 'the base branch holds what could be brought already')
  }
  if (answer.kind === 'failed' && answer.reason === 'closed') {
    train.lastHead = answer.found ?? train.lastHead
    return train.pullRequest === null ? wishJourney(turn) : tryAgain(turn)
  }
  stuck(turn, effect, answer)
  if (answer.kind === 'failed') refused(turn, effect, answer)
}

function refused(turn: Turn<Train>, effect: Effect, answer: Extract<Answer, { kind: 'failed' }>): void {
  const { reason, detail, found } = answer
  const { cargos } = turn.document
  for (const cargo of cargos) report(turn, cargo, { state: 'stopped', reason, detail, found: found ?? null })
  if (reason !== 'moved') return
  // The line looks at its target again, and sends what it wants then.
  dropEffects(turn, ({ id }) => id === effect.id)
  for (const cargo of cargos) leave(turn, cargo)
}

function shown(turn: Turn<Train>, { number, url, head, fates }: Extract<Answer, { kind: 'proposed' }>): void {
  const train = turn.document
  const diffs = new Map(fates.flatMap((fate) => (fate.fate === 'aboard' ? [[fate.promotion, fate.diff] as const] : [])))
  const aboard = train.cargos.filter(({ promotion }) => diffs.has(promotion))
  const before = train.pullRequest?.number === number ? train.pullRequest : null
  train.lastHead = head
  // What each may hold was asked when it was written.
  const shows = aboard.map((cargo) => ({ ...cargo, expected: {} }))
  const promotions = shows.map(({ promotion }) => promotion)
  const heads = headsOf(before, promotions, head)
  const told = Object.entries(before?.reviewed ?? {}).filter(([promotion]) => promotions.includes(promotion))
  const reviewed = Object.fromEntries(told)
  const since = before?.since ?? turn.now
  train.pullRequest = { number, url, head, heads, reviewed, shows, since, builtAt: turn.now }
  for (const cargo of aboard) {
    delete train.stopped[cargo.promotion]
    const isTold = before?.shows.some((one) => one.promotion === cargo.promotion && one.order === cargo.order)
    if (isTold !== true) report(turn, cargo, { state: 'proposed', url, diff: diffs.get(cargo.promotion) ?? '' })
  }
  const look = lookId(train, train.pullRequest)
  dropEffects(
    turn,
    ({ kind, id }) => (kind === 'look' && id !== look) || (kind === 'merge' && id !== mergeId(train, head)),
  )
  lookLater(turn, train.pullRequest)
  mergeIfAllowed(turn, head)
}

/** Each that is shown is permitted, and nothing newer waits to take its place. */
export function mayMerge(turn: Turn<Train>): boolean {
  const { pullRequest, cargos, next } = turn.document
  if (pullRequest === null || pullRequest.shows.length === 0 || !turn.rules.mergesItself) return false
  return pullRequest.shows.every(
    (shown) =>
      isPermitted(turn, shown) &&
      cargos.some(({ line, order }) => line === shown.line && order === shown.order) &&
      !next.some(({ line }) => line === shown.line),
  )
}

/** What was not permitted yet under another configuration may be by now. */
export function mergeWhereAllowed(turn: Turn<Train>): void {
  const { pullRequest, effects } = turn.document
  if (pullRequest !== null && !effects.some(({ kind }) => kind === 'propose')) mergeIfAllowed(turn, pullRequest.head)
}

function mergeIfAllowed(turn: Turn<Train>, head: string): void {
  if (mayMerge(turn)) wishMerge(turn, head, 0)
}

/** The same promotion, permitted anew. */
export function permit(turn: Turn<Train>, carry: Carry): void {
  const train = turn.document
  const was = train.cargos.find(({ line }) => line === carry.line)
  train.cargos = train.cargos.map((cargo) => (cargo === was ? carry : cargo))
  const { pullRequest } = train
  if (pullRequest === null || !pullRequest.shows.some((one) => isSameOrder(one, was))) return
  pullRequest.shows = pullRequest.shows.map((one) => (isSameOrder(one, was) ? { ...carry, expected: {} } : one))
  const isBeingProposed = train.effects.some(({ kind }) => kind === 'propose')
  if (!isBeingProposed) mergeIfAllowed(turn, pullRequest.head)
}

function isSameOrder(a: Carry, b: Carry | undefined): boolean {
  return a.line === b?.line && a.order === b.order
}

/** The pull request as the Git host has it: a person may have merged or closed it. */
export function lookedAt(turn: Turn<Train>, effect: EffectOf<'look'>, answer: Answer): void {
  const { pullRequest, cargos } = turn.document
  // Of one that another has taken the place of meanwhile.
  if (pullRequest === null) return
  const look = lookId(turn.document, pullRequest)
  if (effect.id !== look && effect.id !== againId(look)) return
  // What we are changing just now may look like a person's act, or belong to what it showed before.
  if (isUnderWay(turn.document)) return lookLater(turn, pullRequest)
  const { url, shows } = pullRequest
  switch (answer.kind) {
    case 'merged':
      for (const cargo of shows) report(turn, cargo, { state: 'merged', commit: answer.commit, by: answer.by, url })
      return endOf(turn, pullRequest)
    case 'closed':
      // Of what nobody wanted any more, closing is no rejection.
      for (const cargo of shows.filter(({ line }) => cargos.some((one) => one.line === line)))
        report(turn, cargo, { state: 'closed', by: answer.by, url })
      return endOf(turn, pullRequest)
    case 'open':
      tellReviews(turn, pullRequest, answer.reviews ?? [])
      if (answer.head === pullRequest.head) rebuild(turn, pullRequest)
      return lookLater(turn, pullRequest)
    case 'failed':
      // It was to be proposed again, and there is none any more that could be.
      if (answer.reason === 'target-missing' && pullRequest.builtAt === 0)
        return endOf(turn, { ...pullRequest, shows: [] })
      return lookLater(turn, pullRequest)
    default:
      return lookLater(turn, pullRequest)
  }
}

/** Proposes again what is aboard: upon a base that moved on, once a person took their commits back, or repaired a file. */
function rebuild(turn: Turn<Train>, { builtAt }: PullRequest): void {
  const { cargos, effects } = turn.document
  if (cargos.length === 0 || turn.now - builtAt < REBUILD_MS) return
  const isForeign = (effect: Effect): boolean => effect.kind === 'propose' && effect.dead?.reason === 'foreign-commits'
  for (const effect of effects.filter(isForeign)) revive(turn, effect)
  if (effects.some(({ kind }) => kind === 'propose')) return
  const { id } = turn.document
  dropEffects(turn, ({ kind, dead }) => kind === 'merge' && dead === undefined)
  wish(turn, { kind: 'propose', ...fresh(turn, `${id}/propose/${Math.max(...cargos.map(({ order }) => order))}`) })
}

/** Word came that it has changed. */
export function lookAtOnce(turn: Turn<Train>): void {
  const { pullRequest } = turn.document
  if (pullRequest !== null) lookNow(turn, lookId(turn.document, pullRequest))
}

/** Looks now, and proposes what is aboard again if the pull request is as we know it. */
export function tryAgain(turn: Turn<Train>): void {
  const { pullRequest } = turn.document
  if (pullRequest === null) return
  pullRequest.builtAt = 0
  lookAtOnce(turn)
}

/** What it showed has travelled; the others go on, on a new pull request. */
function endOf(turn: Turn<Train>, { shows }: PullRequest): void {
  const train = turn.document
  forgetPullRequest(turn)
  for (const cargo of train.cargos.filter((one) => shows.some((other) => isSameOrder(other, one)))) finish(turn, cargo)
  if (train.cargos.length === 0) return dropEffects(turn, ({ kind }) => kind === 'propose')
  if (!train.effects.some(({ kind }) => kind === 'propose')) wishJourney(turn)
  for (const effect of train.effects) if (effect.kind === 'propose') revive(turn, effect)
}

export function merging(turn: Turn<Train>, effect: EffectOf<'merge'>, answer: Answer): void {
  const { pullRequest } = turn.document
  if (pullRequest === null) return
  const { shows, url, head } = pullRequest
  if (answer.kind === 'merged') {
    for (const cargo of shows) report(turn, cargo, { state: 'merged', commit: answer.commit, by: answer.by, url })
    return endOf(turn, pullRequest)
  }
  // Checks still run, or a person closed it: the look says which. We never merge another head than ours.
  if (answer.kind === 'failed' && answer.reason === 'not-mergeable') return wishMerge(turn, head, MERGE_AGAIN_MS)
  stuck(turn, effect, answer)
  if (answer.kind !== 'failed') return
  const { reason, detail } = answer
  for (const cargo of shows) report(turn, cargo, { state: 'stopped', reason, detail, found: null })
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

/** The head that we wrote last stays known: the branch may outlive its pull request. */
export function forgetPullRequest(turn: Turn<Train>): void {
  turn.document.pullRequest = null
  dropEffects(turn, ({ kind }) => kind === 'look' || kind === 'merge' || kind === 'withdraw')
}
