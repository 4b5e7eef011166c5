/** What a train reports of the pull request that carries a promotion. */

import { formatImage } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Carried, Message } from '../domain/message.ts'
import type { Stage } from '../domain/subscription.ts'
import { lookAgain } from './look.ts'
import { takeNext } from './offer.ts'
import { arrive, DIFF_LENGTH_MAX } from './progress.ts'
import { rememberRefused } from './rollback.ts'
import { note, type Turn } from './turn.ts'
import { end, requeue, withdraw } from './withdraw.ts'

export function messageToLine(turn: Turn<Line>, message: Message): void {
  if (message.kind !== 'carried') return
  const state = turn.document.stages[message.stage]
  const stage = turn.rules.subscription.stages.find(({ name }) => name === message.stage)
  if (state === undefined || stage === undefined) return
  const promotion = state.promotion
  if (promotion?.id !== message.promotion) return newsOfAnEarlierOne(turn, stage, state, message)
  const { news } = message
  const common = { stage: stage.name, promotion: promotion.id, image: formatImage(promotion.candidate.images[0]) }
  switch (news.state) {
    case 'proposed': {
      if (message.targets.every((target) => promotion.deliveries[target]?.state === 'proposed')) return
      for (const target of message.targets) promotion.deliveries[target] = { state: 'proposed', url: news.url }
      note(turn, {
        ...common,
        kind: 'proposed',
        reason: 'pull-request',
        detail: `${news.url}\n${news.diff.slice(0, DIFF_LENGTH_MAX)}`.trimEnd(),
      })
      return
    }
    case 'merged': {
      if (message.targets.every((target) => promotion.deliveries[target]?.state === 'delivered')) return
      const arrival = {
        reference: news.commit,
        now: common.image,
        status: news.url === null ? 'unchanged' : 'changed',
        by: news.by ?? undefined,
      } as const
      return arrive(turn, stage, state, promotion, message.targets, arrival)
    }
    case 'closed': {
      const { candidate } = promotion
      const detail = `${news.url} was closed without a merge`
      rememberRefused(state, {
        candidate: candidate.id,
        image: common.image,
        reason: 'rejected',
        detail,
        at: turn.now,
        by: news.by,
      })
      end(
        turn,
        stage.name,
        state,
        'rejected',
        'pull-request-closed',
        news.by === null ? detail : `${detail} by ${news.by}`,
      )
      return takeNext(turn, stage, state)
    }
    case 'stopped':
      if (news.reason === 'moved') {
        withdraw(turn, stage.name, state, 'moved', news.detail)
        return lookAgain(turn, stage, state)
      }
      return note(turn, { ...common, kind: 'failed', reason: news.reason, detail: news.detail })
  }
}

/** A pull request that we had moved on from was merged by a person: what runs there has to be looked at again. */
function newsOfAnEarlierOne(turn: Turn<Line>, stage: Stage, state: StageState, message: Carried): void {
  const { news } = message
  const isKnown = state.current.state === 'candidate' && message.promotion.includes(`/${state.current.candidate.id}#`)
  if (news.state !== 'merged' || isKnown) return
  const detail = `the pull request of an earlier candidate was merged (${news.commit})`
  note(turn, {
    kind: 'delivered',
    reason: 'merged-by-hand',
    detail,
    stage: stage.name,
    promotion: message.promotion,
    ...(news.by === null ? {} : { by: news.by }),
  })
  requeue(state, withdraw(turn, stage.name, state, 'merged-by-hand', detail))
  lookAgain(turn, stage, state)
}
