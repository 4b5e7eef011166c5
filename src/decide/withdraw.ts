/** Ending a promotion that has not arrived: what it wished for is taken back. */

import type { Candidate } from '../domain/candidate.ts'
import type { Effect, EffectOf } from '../domain/effect.ts'
import { formatImage, type PinnedImage } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { formatImages, formatTaken, imageTaken } from '../domain/release.ts'
import { dropEffects, fresh, note, wish, type Turn } from './turn.ts'

export type End = 'superseded' | 'withdrawn' | 'rejected' | 'distrusted' | 'expired'

/** Of what was begun at a target and never answered, so many are remembered. */
const UNANSWERED_MAX = 32

/** Gives the candidate back, for those who want to offer it again; undefined where nothing was under way. */
export function withdraw(
  turn: Turn<Line>,
  stage: string,
  state: StageState,
  reason: string,
  detail: string,
): Candidate | undefined {
  const promotion = state.promotion
  if (promotion === undefined) return undefined
  end(turn, stage, state, 'withdrawn', reason, detail)
  for (const train of promotion.trains) sendDrop(turn, stage, promotion, train, detail)
  return promotion.candidate
}

/** What waits already is newer than what is given back. */
export function requeue(state: StageState, candidate: Candidate | undefined): void {
  if (candidate !== undefined && state.next === undefined) state.next = candidate
}

/** Ends without telling the trains: the next carry, or their own word, has told them. */
export function end(
  turn: Turn<Line>,
  stage: string,
  state: StageState,
  kind: End,
  reason: string,
  detail: string,
  by: string | null = null,
): void {
  const promotion = state.promotion
  if (promotion === undefined) return
  rememberUnanswered(turn, state, promotion)
  // Its message stays: with its end, or while its answer is under way.
  dropEffects(turn, (effect) => effect.kind !== 'show' && 'promotion' in effect && effect.promotion === promotion.id)
  delete state.promotion
  note(turn, {
    kind,
    reason,
    detail,
    stage,
    promotion: promotion.id,
    image: formatImages(promotion.candidate),
    ...(by === null ? {} : { by }),
  })
}

/**
 * What was begun and not answered may have arrived, or arrives late, and a person may merge what was proposed: then the
 * target holds something of ours, which must not look like somebody's hand. True where there was any such.
 */
export function rememberUnanswered(turn: Turn<Line>, state: StageState, promotion: Promotion): boolean {
  const imageOf = (target: string): string[] => {
    const image = imageTaken(promotion.candidate, target)
    return image === null ? [] : [formatImage(image)]
  }
  const begun = turn.document.effects.flatMap((effect) => maybeWritten(effect, promotion, imageOf))
  // A train may have proposed it without our having heard so yet.
  const travels = promotion.trains.length === 0 ? [] : Object.entries(promotion.deliveries)
  const carried = travels.flatMap(([target, { state }]) =>
    state === 'pending' || state === 'proposed' ? imageOf(target).map((image) => ({ target, image })) : [],
  )
  for (const one of [...begun, ...carried]) {
    const held = state.holds[one.target]
    if (held === undefined || held.includes(one.image)) continue
    state.holds[one.target] = [one.image, ...held.slice(0, -1).slice(0, UNANSWERED_MAX - 1), ...held.slice(-1)]
  }
  return begun.length + carried.length > 0
}

function maybeWritten(
  effect: Effect,
  promotion: Promotion,
  imageOf: (target: string) => string[],
): { target: string; image: string }[] {
  if (effect.kind !== 'deliver' && effect.kind !== 'roll-back') return []
  if (effect.promotion !== promotion.id || effect.fence === 0) return []
  if (effect.kind === 'deliver') {
    return targetsOf(effect).flatMap((target) => imageOf(target).map((image) => ({ target, image })))
  }
  const { to } = effect
  if (to.kind === 'restore') return [{ target: effect.target, image: to.image }]
  const back: readonly [PinnedImage, ...PinnedImage[]] = [to.image, ...(to.others ?? [])]
  return targetsOf(effect).map((target) => ({ target, image: formatTaken({ images: back }, target) }))
}

/** Those of one write. */
export function targetsOf({
  target,
  also = [],
}: Pick<EffectOf<'deliver' | 'roll-back'>, 'target' | 'also'>): readonly string[] {
  return [target, ...also]
}

export function sendDrop(
  turn: Omit<Turn<Line>, 'rules'>,
  stage: string,
  promotion: Promotion,
  train: string,
  why: string,
): void {
  forgetMail(turn, train)
  turn.document.fence += 1
  wish(turn, {
    kind: 'send',
    ...fresh(turn, `${promotion.id}/drop/${train}`),
    to: train,
    message: { kind: 'drop', order: turn.document.fence, line: turn.document.id, stage, promotion: promotion.id, why },
  })
}

/** An older message to the same train that nobody has sent yet is not worth sending. */
export function forgetMail(turn: Omit<Turn<Line>, 'rules'>, train: string): void {
  dropEffects(turn, (effect) => effect.kind === 'send' && effect.to === train && effect.lease === undefined)
}
