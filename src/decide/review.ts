/** Reviews of a pull request as voices: the train tells what stands there of its own commits, and the line counts it like any other voice. */

import type { Reviewed } from '../domain/answer.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Carried } from '../domain/message.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Review } from '../domain/review.ts'
import type { Stage } from '../domain/subscription.ts'
import type { Train } from '../domain/train.ts'
import type { Vote } from '../domain/vote.ts'
import { isSamePerson } from './gates/approval.ts'
import { reopen } from './proceed.ts'
import { report } from './report.ts'
import { note, type Turn } from './turn.ts'
import { vote } from './vote.ts'

const REVIEWS_MAX = 100
/** Of one promotion: its branch is rebuilt whenever the base moves. */
const HEADS_MAX = 64

type PullRequest = NonNullable<Train['pullRequest']>

/** By promotion, the commits that showed it: a yes to any of them was a yes to the same digest. */
export function headsOf(
  before: Train['pullRequest'],
  promotions: readonly string[],
  head: string,
): Record<string, string[]> {
  const heads = promotions.map((promotion): [string, string[]] => {
    const same = before?.heads[promotion] ?? []
    return [promotion, [...same.filter((one) => one !== head), head].slice(-HEADS_MAX)]
  })
  return Object.fromEntries(heads)
}

/** Told only where something changed: a new review, or one that was dismissed. */
export function tellReviews(turn: Turn<Train>, pullRequest: PullRequest, reviews: readonly Reviewed[]): void {
  const { shows, url, heads } = pullRequest
  for (const cargo of shows) {
    const reviewed = pullRequest.reviewed[cargo.promotion] ?? []
    const standing = reviews.filter((one) => heads[cargo.promotion]?.includes(one.head)).slice(0, REVIEWS_MAX)
    const ids = standing.map(({ id }) => id)
    if (ids.length === reviewed.length && ids.every((id) => reviewed.includes(id))) continue
    pullRequest.reviewed[cargo.promotion] = ids
    report(turn, cargo, {
      state: 'reviewed',
      url,
      reviews: standing.map(({ id, by, decision, reason, at }) => {
        return { id, by, decision, reason, at, isNew: !reviewed.includes(id) }
      }),
    })
  }
}

type News = Extract<Carried['news'], { state: 'reviewed' }>

/** What was dismissed does not count any more; what is new does, if it may. News that comes late changes nothing. */
export function reviewed(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  { from, order, news }: Omit<Carried, 'news'> & { readonly news: News },
): void {
  if (order < (promotion.reviewed?.[from] ?? 0)) return
  promotion.reviewed = { ...promotion.reviewed, [from]: order }
  const voices = news.reviews
    // What was said under other words, before the configuration changed, was said of something else.
    .filter(({ at }) => at >= (promotion.votesSince ?? 0))
    .map((review) => ({ voice: voiceOf(turn, news.url, review), isRepeat: !review.isNew }))
  takeBack(turn, stage, state, promotion, { url: news.url, standing: voices.map(({ voice }) => voice) })
  for (const { voice, isRepeat } of voices) {
    vote(turn, { kind: 'vote', stage: stage.name, promotion: promotion.id, vote: voice, isRepeat })
  }
}

/** Their login is a name of its own, never one of the configuration's people who did not say so. */
function voiceOf(turn: Turn<Line>, url: string, { by, decision, reason, at }: Review): Vote {
  const groups = [`github:${by}`]
  return { by: turn.rules.personOfGitHub(by), how: 'git', groups, decision, reason, at, shown: url }
}

function takeBack(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  { url, standing }: { readonly url: string; readonly standing: readonly Vote[] },
): void {
  const isGone = ({ how, shown, by }: Vote): boolean =>
    how === 'git' && shown === url && !standing.some((one) => one.decision === 'approve' && isSamePerson(one.by, by))
  const gone = promotion.votes.filter(isGone)
  if (gone.length === 0) return
  promotion.votes = promotion.votes.filter((one) => !gone.includes(one))
  for (const { by } of gone) {
    const detail = `the approval of ${by} at ${url} does not stand any more`
    note(turn, { kind: 'noticed', reason: 'vote-taken-back', detail, stage: stage.name, promotion: promotion.id, by })
  }
  reopen(turn, stage, state, promotion)
}
