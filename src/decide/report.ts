/** What a train tells its line, and its own history: proposed, merged, closed, stopped. */

import type { EntryKind } from '../domain/history.ts'
import type { Carried, Carry } from '../domain/message.ts'
import { formatImages } from '../domain/release.ts'
import type { Train } from '../domain/train.ts'
import { fresh, note, wish, type Turn } from './turn.ts'

const KINDS: Record<Carried['news']['state'], EntryKind> = {
  proposed: 'proposed',
  merged: 'delivered',
  closed: 'rejected',
  reviewed: 'noticed',
  stopped: 'failed',
}
/** A diff in a message is for reading, not for applying. */
const DIFF_LENGTH_MAX = 4_096
/** All messages of a batch are in its document at once. */
const DIFFS_LENGTH_MAX = 128 * 1_024

export function report(turn: Turn<Train>, cargo: Carry, said: Carried['news']): void {
  const train = turn.document
  const diffLengthMax = Math.min(DIFF_LENGTH_MAX, Math.floor(DIFFS_LENGTH_MAX / Math.max(1, train.cargos.length)))
  const { stage, promotion, targets, line } = cargo
  const image = formatImages(cargo)
  const news = said.state === 'proposed' ? { ...said, diff: said.diff.slice(0, diffLengthMax) } : said
  train.fence += 1
  const order = train.fence
  const message: Carried = { kind: 'carried', from: train.id, order, stage, promotion, image, targets, news }
  wish(turn, { kind: 'send', ...fresh(turn, `${train.id}/send/${order}`), to: line, message })
  note(turn, {
    kind: KINDS[news.state],
    reason: news.state === 'stopped' ? news.reason : news.state,
    detail: describe(news),
    stage,
    promotion,
    image,
    ...('by' in news && news.by !== null ? { by: news.by } : {}),
  })
}

function describe(news: Carried['news']): string {
  switch (news.state) {
    case 'proposed':
      return news.url
    case 'merged':
      if (news.url !== null) return `${news.url} merged as ${news.commit}`
      return news.status === 'changed'
        ? `committed as ${news.commit}`
        : `the base branch holds it already (${news.commit})`
    case 'closed':
      return `${news.url} closed without a merge`
    case 'reviewed':
      return `${news.url}: ${news.reviews.map(({ by, decision }) => `${decision} by ${by}`).join(', ') || 'no review stands'}`
    case 'stopped':
      return news.detail
  }
}
