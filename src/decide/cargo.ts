/** Who is aboard of a train: boarding at once or when the batch departs, leaving, staying behind. */

import type { Fate } from '../domain/answer.ts'
import type { Carry } from '../domain/message.ts'
import type { Train } from '../domain/train.ts'
import { report } from './report.ts'
import { dropEffects, type Turn } from './turn.ts'

/** What a newer one has taken the place of is not shown longer than this. */
const REPLACED_MS = 30_000
/** A permission that ran out is renewed by its line at once, where its grounds still hold. */
const RENEWED_WITHIN_MS = 60_000
const RENEWED_AGAIN_MS = 5_000

/** What travels already is not brought again: only its permission is another one. */
export function isSameCargo(cargo: Carry | undefined, carry: Carry): boolean {
  const load = ({ promotion, images, targets, expected }: Carry): string =>
    JSON.stringify([promotion, images, targets, expected])
  return cargo !== undefined && load(cargo) === load(carry)
}

/** Takes off what nobody wants any more. Gives the reason of one of them; null: there were none. */
export function takeDrops(turn: Turn<Train>): string | null {
  const train = turn.document
  const drops = train.next.filter((one) => one.kind === 'drop')
  train.next = train.next.filter((one) => one.kind === 'carry')
  let why: string | null = null
  for (const drop of drops) {
    const isShown = train.pullRequest?.shows.some(({ line }) => line === drop.line) === true
    const cargo = train.cargos.find(({ line }) => line === drop.line)
    if (cargo !== undefined) leave(turn, cargo)
    if (cargo !== undefined || isShown) why = drop.why
  }
  return why
}

/** Lets aboard what may go now. True: there is somebody new. */
export function board(turn: Turn<Train>): boolean {
  const train = turn.document
  const waiting = train.next.filter((one) => one.kind === 'carry')
  if (waiting.length === 0) {
    train.departs = null
    return false
  }
  const { batchMs } = turn.rules
  if (batchMs !== null && turn.now < departure(turn, waiting, batchMs)) return false
  const ready = waiting.filter((carry) => mayBoard(turn, carry))
  const renewing = waiting.filter((carry) => !ready.includes(carry) && isRenewing(turn, carry))
  // The others' lines say so anew when they may go; some have come to their end, and say nothing any more.
  train.next = [...renewing, ...ready]
  if (renewing.length > 0) {
    train.departs = turn.now + RENEWED_AGAIN_MS
    return false
  }
  const staying = train.cargos.filter(({ line }) => !ready.some((carry) => carry.line === line))
  train.cargos = [...staying, ...ready].toSorted((a, b) => (a.line < b.line ? -1 : 1))
  train.next = []
  train.departs = null
  return ready.length > 0
}

/** Its permission ran out just now. */
function isRenewing({ now }: Turn<Train>, { merge }: Carry): boolean {
  return merge !== null && merge.until !== null && now - merge.until < RENEWED_WITHIN_MS
}

/** The window of those that come meanwhile begins all the same. */
export function waitForAnswer(turn: Turn<Train>): void {
  const { batchMs } = turn.rules
  const waiting = turn.document.next.filter((one) => one.kind === 'carry')
  if (batchMs === null || waiting.length === 0) return
  departure(turn, waiting, batchMs)
}

/** When the first of those that wait has waited long enough; sooner, where one takes the place of what is shown. */
function departure(turn: Turn<Train>, waiting: readonly Carry[], batchMs: number): number {
  const train = turn.document
  const isReplacing = waiting.some(({ line }) => train.cargos.some((cargo) => cargo.line === line))
  const isUrgent = waiting.some((carry) => carry.isUrgent)
  const patience = isUrgent ? 0 : isReplacing ? Math.min(batchMs, REPLACED_MS) : batchMs
  train.departs = Math.min(train.departs ?? Number.POSITIVE_INFINITY, turn.now + patience)
  return train.departs
}

/** Every gate of the stage as it is configured now held, and the grounds for it still do. */
export function isPermitted({ rules, now }: Turn<Train>, { line, merge, terms }: Carry): boolean {
  if (merge === null || (merge.until !== null && now >= merge.until)) return false
  return terms === undefined || terms === rules.termsOf(line)
}

/** What we commit ourselves needs its permission; what is only shown does not. */
function mayBoard(turn: Turn<Train>, carry: Carry): boolean {
  return turn.rules.way === 'pull-request' || isPermitted(turn, carry)
}

/** Right before the commit: what may not be written any more waits for its line's word. */
export function leaveBehind(turn: Turn<Train>): void {
  const train = turn.document
  const behind = train.cargos.filter((cargo) => !mayBoard(turn, cargo))
  for (const cargo of behind) leave(turn, cargo)
  const isTold = (cargo: Carry): boolean => train.next.some(({ line }) => line === cargo.line)
  train.next = [...behind.filter((cargo) => !isTold(cargo)), ...train.next]
  if (behind.length > 0) train.departs = Math.min(train.departs ?? turn.now, turn.now + RENEWED_AGAIN_MS)
  if (train.cargos.length === 0) dropEffects(turn, ({ kind, fence }) => kind === 'commit' && fence === 0)
}

export function leave(turn: Turn<Train>, cargo: Carry): void {
  const train = turn.document
  train.cargos = train.cargos.filter((one) => one !== cargo)
  delete train.stopped[cargo.promotion]
}

/** It has come to its end: what was permitted anew meanwhile is not asked for any more. */
export function finish(turn: Turn<Train>, cargo: Carry): void {
  leave(turn, cargo)
  const train = turn.document
  train.next = train.next.filter((one) => one.kind === 'drop' || one.promotion !== cargo.promotion)
}

/** Those that did not come along: there already, or stopped alone. The others go on. */
export function workOutFates(turn: Turn<Train>, commit: string, fates: readonly Fate[]): void {
  const byPromotion = new Map(fates.map((fate) => [fate.promotion, fate]))
  for (const cargo of turn.document.cargos) {
    const fate = byPromotion.get(cargo.promotion)
    if (fate?.fate === 'there') {
      report(turn, cargo, { state: 'merged', commit, by: null, url: null })
      finish(turn, cargo)
      forgetShown(turn, cargo)
    }
    if (fate?.fate === 'stopped') stop(turn, cargo, fate)
  }
}

/** Its end is told: what becomes of the pull request is no news of it. */
function forgetShown({ document: { pullRequest } }: Turn<Train>, { promotion }: Carry): void {
  if (pullRequest !== null) pullRequest.shows = pullRequest.shows.filter((one) => one.promotion !== promotion)
}

/** Told once for the same reason, however often it is tried again. */
function stop(turn: Turn<Train>, cargo: Carry, fate: Extract<Fate, { fate: 'stopped' }>): void {
  const { reason, detail, found } = fate
  const { stopped } = turn.document
  const text = `${reason}: ${detail}`
  if (stopped[cargo.promotion] !== text) report(turn, cargo, { state: 'stopped', reason, detail, found: found ?? null })
  stopped[cargo.promotion] = text
  // The line looks at its target again, and sends what it wants then.
  if (reason === 'moved') leave(turn, cargo)
}
