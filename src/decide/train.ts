/** One branch and its pull request: carried, replaced in place, merged, closed. One thing at a time, newest order wins. */

import type { Answer } from '../domain/answer.ts'
import type { Effect, EffectOf } from '../domain/effect.ts'
import { formatImage } from '../domain/image.ts'
import type { Carried, Carry, Message } from '../domain/message.ts'
import type { Train } from '../domain/train.ts'
import { giveUp } from './effects.ts'
import { dropEffects, fresh, isLeased, note, wish, type Turn } from './turn.ts'

const LOOK_FIRST_MS = 5_000
const LOOK_LATER_MS = 60_000
const LOOK_FIRST_FOR_MS = 10 * 60_000
const MERGE_AGAIN_MS = 60_000

export function messageToTrain(turn: Turn<Train>, message: Message): void {
  if (message.kind === 'carried') return
  const train = turn.document
  if (message.order <= train.order) return
  train.order = message.order
  if (message.kind === 'carry') return take(turn, message)
  if (train.next?.promotion === message.promotion) delete train.next
  if (train.cargo?.promotion !== message.promotion) return
  delete train.cargo
  putDown(turn, message.why)
}

function take(turn: Turn<Train>, carry: Carry): void {
  const train = turn.document
  if (isBusy(turn)) {
    train.next = carry
    return
  }
  begin(turn, carry)
}

function isBusy(turn: Turn<Train>): boolean {
  return turn.document.effects.some(
    (effect) => effect.kind !== 'send' && effect.kind !== 'look' && isLeased(effect, turn.now),
  )
}

function begin(turn: Turn<Train>, carry: Carry): void {
  const train = turn.document
  delete train.next
  train.cargo = carry
  dropEffects(turn, ({ kind }) => kind === 'propose' || kind === 'merge' || kind === 'withdraw')
  wish(turn, { kind: 'propose', ...fresh(turn, `${train.id}/propose/${carry.promotion}/${carry.order}`) })
}

/** Nobody wants what travels: the pull request is closed, unless a newer one takes it over. */
function putDown(turn: Turn<Train>, why: string): void {
  const train = turn.document
  dropEffects(turn, (effect) => (effect.kind === 'propose' || effect.kind === 'merge') && !isLeased(effect, turn.now))
  if (train.pullRequest === null) return
  const { number, head } = train.pullRequest
  wish(turn, { kind: 'withdraw', ...fresh(turn, `${train.id}/withdraw/${number}`), number, head, why })
}

export function answerTrain(turn: Turn<Train>, effect: Effect, answer: Answer): void {
  switch (effect.kind) {
    case 'propose':
      proposed(turn, effect, answer)
      break
    case 'look':
      lookedAt(turn, answer)
      break
    case 'merge':
      merging(turn, effect, answer)
      break
    case 'withdraw':
      if (answer.kind === 'withdrawn') forgetPullRequest(turn)
      else stuck(turn, effect, answer)
      break
    case 'send':
      return
    default:
      stuck(turn, effect, answer)
  }
  const next = turn.document.next
  if (next !== undefined && !isBusy(turn)) begin(turn, next)
}

function proposed(turn: Turn<Train>, effect: EffectOf<'propose'>, answer: Answer): void {
  const train = turn.document
  const cargo = train.cargo
  if (answer.kind === 'proposed') {
    train.lastHead = answer.head
    train.pullRequest = {
      number: answer.number,
      url: answer.url,
      head: answer.head,
      promotion: cargo?.promotion ?? '',
      since: turn.now,
    }
    // Dropped while it was being proposed: what was opened is closed again.
    if (cargo === undefined) return putDown(turn, 'nobody wants it any more')
    report(turn, cargo, { state: 'proposed', url: answer.url, diff: answer.diff })
    lookLater(turn)
    if (turn.rules.mergesItself(cargo.stage)) wishMerge(turn, 0)
    return
  }
  if (cargo === undefined) return
  if (answer.kind === 'nothing-to-propose') {
    report(turn, cargo, { state: 'merged', commit: answer.commit, by: null, url: null })
    delete train.cargo
    return putDown(turn, 'the base branch holds it already')
  }
  stuck(turn, effect, answer)
  if (answer.kind === 'failed') {
    const { reason, detail, found } = answer
    report(turn, cargo, { state: 'stopped', reason, detail, found: found ?? null })
    if (reason === 'moved') dropEffects(turn, ({ id }) => id === effect.id)
    else if (train.pullRequest !== null) lookLater(turn)
  }
}

/** The pull request as the Git host has it: a person may have merged or closed it. */
function lookedAt(turn: Turn<Train>, answer: Answer): void {
  const train = turn.document
  const shown = train.pullRequest
  if (shown === null) return
  const cargo = train.cargo
  switch (answer.kind) {
    case 'open':
      if (cargo !== undefined) lookLater(turn)
      return
    case 'merged':
      reportShown(turn, shown, { state: 'merged', commit: answer.commit, by: answer.by, url: shown.url })
      return forgetPullRequest(turn)
    case 'closed':
      reportShown(turn, shown, { state: 'closed', by: answer.by, url: shown.url })
      return forgetPullRequest(turn)
    default:
      if (cargo !== undefined) lookLater(turn)
  }
}

function merging(turn: Turn<Train>, effect: EffectOf<'merge'>, answer: Answer): void {
  const train = turn.document
  const shown = train.pullRequest
  if (shown === null || train.cargo === undefined) return
  if (answer.kind === 'merged') {
    reportShown(turn, shown, { state: 'merged', commit: answer.commit, by: answer.by, url: shown.url })
    return forgetPullRequest(turn)
  }
  if (answer.kind !== 'failed') return stuck(turn, effect, answer)
  // Checks still run, or somebody pushed: the look says which. We never merge another head than ours.
  if (answer.reason === 'not-mergeable') return wishMerge(turn, MERGE_AGAIN_MS)
  report(turn, train.cargo, { state: 'stopped', reason: answer.reason, detail: answer.detail, found: null })
}

function wishMerge(turn: Turn<Train>, delayMs: number): void {
  const head = turn.document.pullRequest?.head ?? ''
  wish(turn, { kind: 'merge', ...fresh(turn, `${turn.document.id}/merge/${head}`, delayMs) })
}

function lookLater(turn: Turn<Train>): void {
  const { id, pullRequest } = turn.document
  if (pullRequest === null) return
  const isYoung = turn.now - pullRequest.since < LOOK_FIRST_FOR_MS
  wish(turn, {
    kind: 'look',
    ...fresh(turn, `${id}/look/${pullRequest.number}`, isYoung ? LOOK_FIRST_MS : LOOK_LATER_MS),
  })
}

/** About the promotion that the pull request showed; the one that travels now goes on, on a new pull request. */
function reportShown(turn: Turn<Train>, shown: NonNullable<Train['pullRequest']>, news: Carried['news']): void {
  const train = turn.document
  const cargo = train.cargo
  if (cargo === undefined) return
  if (cargo.promotion === shown.promotion) {
    report(turn, cargo, news)
    delete train.cargo
    return
  }
  report(turn, { ...cargo, promotion: shown.promotion }, news)
}

function forgetPullRequest(turn: Turn<Train>): void {
  const train = turn.document
  train.pullRequest = null
  train.lastHead = null
  dropEffects(turn, ({ kind }) => kind === 'look' || kind === 'merge' || kind === 'withdraw')
}

function report(turn: Turn<Train>, cargo: Carry, news: Carried['news']): void {
  const { stage, promotion, targets, line } = cargo
  const message: Carried = { kind: 'carried', stage, promotion, targets, news }
  wish(turn, { kind: 'send', ...fresh(turn, `${turn.document.id}/send/${promotion}/${news.state}`), to: line, message })
  note(turn, {
    kind:
      news.state === 'merged'
        ? 'delivered'
        : news.state === 'closed'
          ? 'rejected'
          : news.state === 'stopped'
            ? 'failed'
            : 'proposed',
    reason: news.state === 'stopped' ? news.reason : news.state,
    detail: describeNews(news),
    stage,
    promotion,
    image: formatImage(cargo.images[0]),
    ...('by' in news && news.by !== null ? { by: news.by } : {}),
  })
}

function describeNews(news: Carried['news']): string {
  switch (news.state) {
    case 'proposed':
      return news.url
    case 'merged':
      return news.url === null
        ? `the base branch holds it already (${news.commit})`
        : `${news.url} merged as ${news.commit}`
    case 'closed':
      return `${news.url} closed without a merge`
    case 'stopped':
      return news.detail
  }
}

function stuck(turn: Turn<Train>, effect: Effect, answer: Answer): void {
  turn.document.effects.push(effect)
  if (answer.kind === 'failed') giveUp(turn, effect, answer.reason, answer.detail)
  else giveUp(turn, effect, 'unexpected-answer', `${effect.kind} was answered with ${answer.kind}`)
}
