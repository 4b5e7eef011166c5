/** What was decided, told to the channels that asked for it: a wish like any other, saved with the decision. */

import type { Answer } from '../domain/answer.ts'
import type { EffectOf } from '../domain/effect.ts'
import type { Line } from '../domain/line.ts'
import { isAlarm, noticeOf } from '../domain/notice.ts'
import { closedUntil } from './gates/window.ts'
import { dropEffects, fresh, note, wish, type Turn } from './turn.ts'

/** A channel that is down for long loses its oldest news, never a document's room. */
const WAITING_MAX = 32

/** Last of all: every note of this decision is known, and so is the place of each in the history. */
export function tellChannels(turn: Turn<Line>): void {
  const { channels } = turn.rules
  if (channels.length === 0) return
  turn.notes.forEach((told, index) => {
    const seq = turn.document.seq + index + 1
    const notice = noticeOf({ ...told, document: turn.document.id, seq, at: turn.now })
    // News of a channel that does not work would go to the same channel.
    if (notice === null || told.reason === 'notification-refused') return
    for (const { name, kinds, stages, quiet } of channels) {
      const isAsked = kinds.includes(told.kind) && (stages === null || stages.includes(told.stage ?? ''))
      if (!isAsked && !isAlarm(told)) continue
      const isUrgent = notice.urgency === 'page' || isAlarm(told)
      const until = quiet === null || isUrgent ? null : closedUntil(quiet, turn.now)
      const due = { due: until ?? turn.now }
      wish(turn, { kind: 'notify', ...fresh(turn, `${notice.id}/notify/${name}`), ...due, channel: name, notice })
    }
  })
  const waiting = turn.document.effects.filter(({ kind }) => kind === 'notify')
  const tooOld = new Set(waiting.slice(0, Math.max(0, waiting.length - WAITING_MAX)).map(({ id }) => id))
  if (tooOld.size > 0) dropEffects(turn, ({ id }) => tooOld.has(id))
}

/** A channel that refuses what it is told delays nothing; whoever reads the history learns it. */
export function notified(turn: Turn<Line>, { channel }: EffectOf<'notify'>, answer: Answer): void {
  if (answer.kind !== 'failed') return
  note(turn, { kind: 'noticed', reason: 'notification-refused', detail: `${channel}: ${answer.detail}` })
}
