/** What a train reports of the pull request that carries a promotion. */

import type { Line, StageState } from '../domain/line.ts'
import type { Carried, Message } from '../domain/message.ts'
import { candidateOfPromotion, type Promotion } from '../domain/promotion.ts'
import { formatImages, formatTaken } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { startOver } from './look.ts'
import { arrive, DIFF_LENGTH_MAX } from './progress.ts'
import { refusedCandidate, rememberRefused } from './refuse.ts'
import { reviewed } from './review.ts'
import { carryAgain, goOnOver } from './reverted.ts'
import { fail, stopForSomebody } from './rollback.ts'
import { note, type Turn } from './turn.ts'
import { end, requeue, sendDrop, withdraw } from './withdraw.ts'

/** So many of each train are told apart from repeats. */
const HEARD_MAX = 32

export function messageToLine(turn: Turn<Line>, told: Message): void {
  if (told.kind !== 'carried') return
  const message = { ...told, news: withPerson(turn, told.news) }
  const state = turn.document.stages[message.stage]
  const stage = turn.rules.subscription.stages.find(({ name }) => name === message.stage)
  if (state === undefined || stage === undefined || !isNews(state, message)) return
  const { promotion } = state
  if (promotion?.id !== message.promotion) return newsOfAnEarlierOne(turn, stage, state, message)
  const { news } = message
  switch (news.state) {
    case 'proposed':
      return proposed(turn, stage, promotion, message.targets, news)
    case 'merged': {
      const { commit, url, by } = news
      noticeEarly(turn, stage, promotion, message.image, news)
      const status = news.status ?? (url === null ? 'unchanged' : 'changed')
      const arrival = { reference: commit, status, by: by ?? undefined } as const
      const written = new Map(message.targets.map((target) => [target, formatTaken(promotion.candidate, target)]))
      return arrive(turn, stage, state, promotion, written, arrival)
    }
    case 'closed':
      return closed(turn, stage, state, promotion, news)
    case 'reviewed':
      return reviewed(turn, stage, state, promotion, { ...message, news })
    case 'stopped': {
      if (news.reason === 'moved') {
        const hand = { targets: message.targets, found: news.found, said: news.detail }
        if (!goOnOver(turn, stage, state, promotion, hand)) return stopForSomebody(turn, stage, state, news.detail)
        return carryAgain(promotion, message.from, message.targets)
      }
      if (news.reason === 'unwanted') {
        requeue(state, withdraw(turn, stage.name, state, 'way-changed', news.detail))
        return
      }
      const common = { stage: stage.name, promotion: promotion.id, image: message.image }
      return note(turn, { ...common, kind: 'failed', reason: news.reason, detail: news.detail })
    }
  }
}

/** The Git host knows logins; the history has people. */
function withPerson(turn: Turn<Line>, news: Carried['news']): Carried['news'] {
  if (!('by' in news) || news.by === null) return news
  return { ...news, by: turn.rules.actorOfGitHub(news.by) }
}

function isNews(state: StageState, { from, order }: Carried): boolean {
  const heard = state.heard[from] ?? []
  const oldest = heard.length < HEARD_MAX ? Number.NEGATIVE_INFINITY : Math.min(...heard)
  if (heard.includes(order) || order < oldest) return false
  state.heard[from] = [...heard, order].toSorted((a, b) => a - b).slice(-HEARD_MAX)
  return true
}

/** News may come late: what has arrived already is proposed no more. */
function proposed(
  turn: Turn<Line>,
  stage: Stage,
  promotion: Promotion,
  targets: readonly string[],
  news: Extract<Carried['news'], { state: 'proposed' }>,
): void {
  const waiting = targets.filter((target) => promotion.deliveries[target]?.state === 'pending')
  for (const target of waiting) promotion.deliveries[target] = { state: 'proposed', url: news.url }
  if (waiting.length === 0) return
  note(turn, {
    kind: 'proposed',
    reason: 'pull-request',
    detail: `${news.url}\n${news.diff.slice(0, DIFF_LENGTH_MAX)}`.trimEnd(),
    stage: stage.name,
    promotion: promotion.id,
    image: formatImages(promotion.candidate),
  })
}

/**
 * A person merged before it was let through: that is their act, as far as the branch's own rules let them. It delivers, and is no
 * vote; whoever reads the history sees who it was, and what had not held.
 */
function noticeEarly(
  turn: Turn<Line>,
  stage: Stage,
  { id, phase, gates }: Promotion,
  image: string,
  { url, by: person }: Extract<Carried['news'], { state: 'merged' }>,
): void {
  if (url === null || person === null || (phase !== 'verifying' && phase !== 'gated')) return
  const waits = gates.filter(({ state }) => state !== 'held').map(({ gate, detail }) => `${gate}: ${detail}`)
  const missing = phase === 'verifying' ? 'it was not proven' : waits.join('; ') || 'its gates'
  const detail = `${url} was merged by ${person} before it was let through. What did not hold: ${missing}`
  note(turn, { kind: 'noticed', reason: 'merged-early', detail, stage: stage.name, promotion: id, image, by: person })
}

/** Closed without a merge: that candidate is rejected, here and at the targets which have it already. */
function closed(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  news: Extract<Carried['news'], { state: 'closed' }>,
): void {
  const { by } = news
  const detail = `${news.url} was closed without a merge${by === null ? '' : ` by ${by}`}`
  const reason = 'pull-request-closed'
  const hasArrived = Object.values(promotion.deliveries).some(({ state }) => state === 'delivered')
  if (hasArrived) return fail(turn, stage, state, { reason, detail, as: 'rejected', by })
  rememberRefused(state, { ...refusedCandidate(promotion.candidate), reason: 'rejected', detail, at: turn.now, by })
  end(turn, stage.name, state, 'rejected', reason, detail)
  // The one that was closed has nothing left to drop; the others would wait for ever.
  for (const train of promotion.trains) sendDrop(turn, stage.name, promotion, train, detail)
}

/** A person merged or closed what we had moved on from. */
function newsOfAnEarlierOne(turn: Turn<Line>, stage: Stage, state: StageState, message: Carried): void {
  const { news, promotion, image } = message
  const candidate = candidateOfPromotion(promotion)
  const isKnown = state.current.state === 'candidate' && state.current.candidate.id === candidate
  if (isKnown) return
  const common = { stage: stage.name, promotion, image }
  const isTriedAgain = state.promotion?.candidate.id === candidate && state.promotion.phase !== 'rolling-back'
  // Closed before we heard so, and tried again meanwhile: it was this candidate that the person did not want.
  if (news.state === 'closed' && state.promotion !== undefined && isTriedAgain) {
    return closed(turn, stage, state, state.promotion, news)
  }
  if (news.state === 'closed') {
    const detail = `${news.url} was closed without a merge`
    rememberRefused(state, { candidate, image, reason: 'rejected', detail, at: turn.now, by: news.by })
    return note(turn, { ...common, kind: 'rejected', reason: 'pull-request-closed', detail, ...by(news.by) })
  }
  if (news.state !== 'merged') return
  const detail = `the pull request of an earlier candidate was merged (${news.commit})`
  note(turn, { ...common, kind: 'delivered', reason: 'merged-late', detail, ...by(news.by) })
  startOver(turn, stage, state, 'merged-late', detail)
}

function by(person: string | null): { by?: string } {
  return person === null ? {} : { by: person }
}
