/** The thread of a promotion's message: what a person may want to know, and what happened since, in order. */

import type { Answer } from '../domain/answer.ts'
import type { Board } from '../domain/card.ts'
import type { EffectOf } from '../domain/effect.ts'
import { formatImage } from '../domain/image.ts'
import type { Line } from '../domain/line.ts'
import type { Note } from '../domain/history.ts'
import type { Promotion } from '../domain/promotion.ts'
import { fresh, note, wish, type Turn } from './turn.ts'

type Reply = EffectOf<'reply'>

const TEXT_LENGTH_MAX = 500
/** Each is a block of the message; a chat that is down for long loses what is oldest. */
const LINES_MAX = 20

/** Into the thread, together with what waits to go there. A row of a list has no thread: its history has all of it. */
export function replyWith(turn: Turn<Line>, { promotion, message }: Board, texts: readonly string[]): void {
  if (message === null || texts.length === 0) return
  const lines = texts.map((text) => ({ at: turn.now, text: text.slice(0, TEXT_LENGTH_MAX) }))
  const isMine = ({ kind, id }: { kind: string; id: string }): boolean =>
    kind === 'reply' && id.startsWith(`${promotion}/reply/`)
  const waiting = turn.document.effects.find((effect): effect is Reply => isMine(effect) && effect.lease === undefined)
  if (waiting !== undefined) {
    waiting.lines = [...waiting.lines, ...lines].slice(-LINES_MAX)
    return
  }
  const [, stage = ''] = promotion.split('/')
  const id = `${promotion}/reply/${turn.document.seq + turn.notes.length}`
  wish(turn, { kind: 'reply', ...fresh(turn, id), stage, to: message, lines: lines.slice(-LINES_MAX) })
}

/** The whole digests, and what was proven of them. */
export function detailsOf({ id, candidate, proof }: Promotion): readonly string[] {
  return [
    ...candidate.images.map(formatImage),
    ...(proof?.outcomes ?? []).map(({ rule, state, detail }) => `${rule}, ${state}: ${detail}`),
    `promotion ${id}, by ${candidate.cause}`,
  ]
}

export function happenedTo({ notes }: Turn<Line>, { promotion }: Board): readonly string[] {
  return notes.filter((note) => note.promotion === promotion && note.kind !== 'effect-retried').map(textOf)
}

function textOf({ kind, reason, detail, by }: Note): string {
  const who = by === undefined ? '' : ` by ${by}`
  return `${kind}${who} (${reason}): ${detail}`
}

/** Of no promotion, or it would be said in the same thread. */
export function replied(turn: Turn<Line>, { stage }: Reply, answer: Answer): void {
  if (answer.kind !== 'failed') return
  note(turn, { kind: 'noticed', reason: 'not-shown', detail: `a thread: ${answer.detail}`, stage })
}
