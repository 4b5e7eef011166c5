/** One branch: what travels on it is carried, replaced, taken off again. One thing at a time; of each line the newest order wins. */

import type { Answer } from '../domain/answer.ts'
import type { Effect } from '../domain/effect.ts'
import type { Message } from '../domain/message.ts'
import { isUnderWay, type Train } from '../domain/train.ts'
import { board, isSameCargo, leave, leaveBehind, takeDrops, waitForAnswer } from './cargo.ts'
import { committed } from './commit.ts'
import { claim, revive, stuck } from './effects.ts'
import {
  closePull,
  forgetPullRequest,
  lookedAt,
  mayMerge,
  mergeWhereAllowed,
  merging,
  permit,
  proposed,
  tryAgain,
  wishJourney,
} from './pull-request.ts'
import { report } from './report.ts'
import { dropEffects, isLeased, note, type Turn } from './turn.ts'

/** So long lines have to take back what waits, under another configuration. */
const RECONSIDERED_MS = 60_000

export function messageToTrain(turn: Turn<Train>, message: Message): void {
  if (message.kind === 'carried') return
  const train = turn.document
  if (message.order <= (train.orders[message.line] ?? 0)) return
  train.orders[message.line] = message.order
  train.next = [...train.next.filter(({ line }) => line !== message.line), message]
}

/** What the configuration, the time and the last answer allow to go on. */
export function reconcileTrain(turn: Turn<Train>): void {
  const train = turn.document
  if (train.config !== turn.rules.hash) {
    for (const effect of train.effects) revive(turn, effect)
    tryStoppedAgain(turn)
    // Lines may not want any more under it what they sent under another.
    if (train.departs !== null) train.departs = Math.max(train.departs, turn.now + RECONSIDERED_MS)
    train.config = turn.rules.hash
  }
  // Nothing takes its place: a branch that we wrote would look like somebody's, and a pull request that we opened be nobody's.
  if (isUnderWay(train)) return waitForAnswer(turn)
  const wasLeft = refuseUnwanted(turn)
  const dropped = takeDrops(turn)
  for (const carry of train.next) {
    const cargo = train.cargos.find(({ line }) => line === carry.line)
    if (carry.kind !== 'carry' || !isSameCargo(cargo, carry)) continue
    train.next = train.next.filter((one) => one !== carry)
    permit(turn, carry)
  }
  const hasBoarded = board(turn)
  const why = wasLeft ?? dropped
  if (train.cargos.length === 0 && why !== null) putDown(turn, why)
  else if (hasBoarded || (why !== null && train.cargos.length > 0)) wishJourney(turn)
  // What was given up and left otherwise needs nobody any more.
  else if (train.cargos.length === 0) dropEffects(turn, ({ kind }) => kind === 'propose' || kind === 'commit')
  else mergeWhereAllowed(turn)
}

/** Nobody wants what travels: the pull request is closed. */
function putDown(turn: Turn<Train>, why: string): void {
  dropEffects(turn, ({ kind }) => kind === 'propose' || kind === 'commit' || kind === 'merge')
  closePull(turn, why)
}

/** Their lines are told, in case that they do not know the same configuration. Null: there were none. */
function refuseUnwanted(turn: Turn<Train>): string | null {
  const train = turn.document
  const detail = 'the configuration does not name this branch any more'
  const unwanted = train.cargos.filter(({ line }) => !turn.rules.isWanted(line))
  const waiting = train.next.filter(({ line }) => !turn.rules.isWanted(line))
  const told = new Map(
    [...waiting, ...unwanted].flatMap((one) => (one.kind === 'carry' ? [[one.promotion, one] as const] : [])),
  )
  for (const cargo of told.values()) report(turn, cargo, { state: 'stopped', reason: 'unwanted', detail, found: null })
  for (const cargo of unwanted) leave(turn, cargo)
  train.next = train.next.filter((one) => !waiting.includes(one))
  const isLeft =
    train.cargos.length === 0 && train.pullRequest?.shows.some(({ line }) => !turn.rules.isWanted(line)) === true
  return unwanted.length + waiting.length > 0 || isLeft ? detail : null
}

export function answerTrain(turn: Turn<Train>, effect: Effect, answer: Answer): void {
  switch (effect.kind) {
    case 'propose':
      return proposed(turn, effect, answer)
    case 'commit':
      return committed(turn, effect, answer)
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

/** A merge or a commit whose grounds have gone is not begun. */
export function claimOfTrain(turn: Turn<Train>, ids: readonly string[], until: number): void {
  if (!mayMerge(turn)) dropEffects(turn, (effect) => effect.kind === 'merge' && !isLeased(effect, turn.now))
  const isCommit = turn.document.effects.some(
    (effect) => effect.kind === 'commit' && ids.includes(effect.id) && !isLeased(effect, turn.now),
  )
  if (isCommit) leaveBehind(turn)
  claim(turn, ids, until)
}

/** A person repaired what kept some of a batch behind; what stopped all of it is a dead letter, and revived as such. */
export function retryTrain(turn: Turn<Train>, { by, reason }: { readonly by: string; readonly reason: string }): void {
  const behind = Object.keys(turn.document.stopped)
  if (behind.length === 0 || turn.document.pullRequest === null) return
  tryStoppedAgain(turn)
  note(turn, { kind: 'operator', reason: 'retry', detail: `${reason}; again: ${behind.join(', ')}`, by })
}

function tryStoppedAgain(turn: Turn<Train>): void {
  if (Object.keys(turn.document.stopped).length > 0) tryAgain(turn)
}
