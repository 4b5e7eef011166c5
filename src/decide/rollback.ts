/** What was delivered is not well, or not wanted: it is remembered as refused, and what ran before is put back. */

import type { Answer } from '../domain/answer.ts'
import type { EffectOf, Restoration } from '../domain/effect.ts'
import { formatImage, parseImageReference } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { formatImages, formatTaken, imagesIn, imageTaken } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId, type Target } from '../domain/target.ts'
import { writesOf, type Write } from './deliver.ts'
import { stuck } from './effects.ts'
import { lookAgain } from './look.ts'
import { refuseAsBad, refusedCandidate, rememberRefused } from './refuse.ts'
import { dropEffects, fresh, note, wish, type Turn } from './turn.ts'
import { backPolicyOf } from './terms.ts'
import { wishVerify } from './wish-verify.ts'
import { rememberUnanswered, sendDrop, targetsOf, withdraw } from './withdraw.ts'

/** A registry that is slow at night is waited for; what is not proven by then stays as it is. */
const BACK_PROVEN_MS = 10 * 60_000
const BACK_AGAIN_MS = 15_000

export type Failure = {
  readonly reason: string
  readonly detail: string
  readonly as: 'failed' | 'rejected'
  /** What the refusal is called. Absent: as the entry is. */
  readonly refusedAs?: string
  /** The person who said so. */
  readonly by: string | null
}

export function fail(turn: Turn<Line>, stage: Stage, state: StageState, failure: Failure): void {
  const { promotion } = state
  if (promotion === undefined) return
  const { reason, detail, as, refusedAs = as, by } = failure
  const common = { stage: stage.name, promotion: promotion.id, image: formatImages(promotion.candidate) }
  note(turn, { ...common, kind: as, reason, detail, ...(by === null ? {} : { by }) })
  const refused = { reason: refusedAs, detail: `${reason}: ${detail}`, at: turn.now, by }
  refuseAsBad(turn, stage, state, { ...refusedCandidate(promotion.candidate), ...refused })
  const mayArrive = rememberUnanswered(turn, state, promotion)
  // Its message stays: with its end, or while its answer is under way.
  dropEffects(turn, (effect) => effect.kind !== 'show' && 'promotion' in effect && effect.promotion === promotion.id)
  for (const train of promotion.trains) sendDrop(turn, stage.name, promotion, train, detail)
  promotion.phase = 'rolling-back'
  promotion.failure = { reason, detail }
  for (const [target, delivery] of Object.entries(promotion.deliveries)) {
    if (delivery.state === 'delivered' || delivery.state === 'well') continue
    promotion.deliveries[target] = { state: 'settled', restored: !mayArrive, detail: 'was not reached' }
  }
  if (needsProof(stage, state)) {
    promotion.provenBy = turn.now + BACK_PROVEN_MS
    wishVerify(turn, stage, promotion)
  } else putAllBack(turn, stage, state, promotion)
  finishIfSettled(turn, stage, state, promotion)
}

/** What we delivered ourselves is asked for its signature again, also at night; its scans and its age are not. */
function needsProof(stage: Stage, state: StageState): boolean {
  return backPolicyOf(stage) !== null && state.current.state === 'candidate'
}

/** Whether the way back may be gone: what ran before is still signed by whom the policy names. */
export function provenBack(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  effect: EffectOf<'verify'>,
  answer: Answer,
): void {
  const { promotion } = state
  if (promotion?.id !== effect.promotion) return
  if (answer.kind !== 'verdict' && backPolicyOf(stage) !== null) return stuck(turn, effect, answer)
  const said = answer.kind === 'verdict' ? answer.verdict : null
  if (said?.state === 'undecided' && turn.now < (promotion.provenBy ?? 0)) {
    return wishVerify(turn, stage, promotion, BACK_AGAIN_MS)
  }
  if (said === null || said.state === 'trusted') putAllBack(turn, stage, state, promotion)
  else leaveAll(turn, stage, promotion, said.outcomes.map(({ rule, detail }) => `${rule}: ${detail}`).join('; '))
  finishIfSettled(turn, stage, state, promotion)
}

/** Nothing that may be put back is proven: it stays as it is, and a person has to know. */
function leaveAll(turn: Turn<Line>, stage: Stage, promotion: Promotion, why: string): void {
  const detail = `what ran before is not proven any more, so it stays as it is: ${why}`
  for (const [target, { state }] of Object.entries(promotion.deliveries)) {
    if (state !== 'settled') promotion.deliveries[target] = { state: 'settled', restored: false, detail }
  }
  const common = { stage: stage.name, promotion: promotion.id, image: formatImages(promotion.candidate) }
  note(turn, { ...common, kind: 'rolled-back', reason: 'not-proven', detail })
}

function putAllBack(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const backs = new Map<string, Restoration>()
  for (const [target, delivery] of Object.entries(promotion.deliveries)) {
    const back = delivery.state === 'settled' ? null : putBack(turn, stage, state, promotion, target)
    if (back !== null) backs.set(target, back)
  }
  for (const [target, ...also] of writesBack(stage, backs)) {
    const to = backs.get(target)
    if (to !== undefined) wishBack(turn, stage, state, promotion, { target, also, to: withOthers(to, also, backs) })
  }
}

/** A release goes back as it came: by one commit for each repository. What was found before us is put back one by one. */
function writesBack({ targets }: Stage, backs: ReadonlyMap<string, Restoration>): readonly Write[] {
  const isPinned = (target: Target): boolean => backs.get(targetId(target))?.kind === 'pinned'
  const together = writesOf(targets.filter(isPinned), 'deliver').filter(({ length }) => length > 1)
  const isAlone = (target: string): boolean => !together.some((write) => write.includes(target))
  return [...together, ...[...backs.keys()].filter(isAlone).map((target): Write => [target])]
}

function withOthers(to: Restoration, also: readonly string[], backs: ReadonlyMap<string, Restoration>): Restoration {
  if (to.kind === 'restore' || also.length === 0) return to
  const others = also.flatMap((target) => {
    const back = backs.get(target)
    return back?.kind === 'pinned' ? [back.image] : []
  })
  return { ...to, others: others.filter((image, index) => image !== to.image && others.indexOf(image) === index) }
}

/** What it goes back to; null where there is nothing, and it stays as it is. */
function putBack(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  target: string,
): Restoration | null {
  const image = formatTaken(promotion.candidate, target)
  const common = { stage: stage.name, promotion: promotion.id, image }
  const back = restoration(state, target)
  if (back === null) {
    const why = 'nothing that was seen running well is known for it, so it stays as it is'
    promotion.deliveries[target] = { state: 'settled', restored: false, detail: why }
    note(turn, { ...common, kind: 'rolled-back', reason: 'nothing-to-restore', detail: `${target}: ${why}` })
    return null
  }
  const reason = promotion.failure?.reason ?? 'failed'
  note(turn, { ...common, kind: 'rolling-back', reason, detail: `${target}: back to ${describeRestoration(back)}` })
  return back
}

type Back = { readonly target: string; readonly also: readonly string[]; readonly to: Restoration }

function wishBack(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion, back: Back): void {
  const { target, also, to } = back
  const expected = [target, ...also].flatMap((one) => state.holds[one] ?? [])
  const place = {
    stage: stage.name,
    target,
    promotion: promotion.id,
    expected,
    ...(also.length > 0 && { also: [...also] }),
  }
  wish(turn, { kind: 'roll-back', ...fresh(turn, `${promotion.id}/roll-back/${target}`), ...place, to })
}

/**
 * A candidate that was healthy here; or, after our first delivery, exactly what the first look found running well
 * (as written, without a verdict). Null: there is nothing that may be put back.
 */
function restoration(state: StageState, target: string): Restoration | null {
  if (state.current.state === 'candidate') {
    const { candidate } = state.current
    // A person rolled it back, and the way back failed: it does not come again by that.
    const isBad = state.refused.some((refused) => refused.candidate === candidate.id)
    const image = imageTaken(candidate, target)
    return isBad || image === null ? null : { kind: 'pinned', image }
  }
  const look = state.looks[target]
  if (state.current.state !== 'found' || look?.running !== 'well' || isRefused(state, look.image)) return null
  return { kind: 'restore', image: look.image }
}

function isRefused(state: StageState, written: string): boolean {
  const image = parseImageReference(written)
  return image.ok && state.refused.some((refused) => imagesIn(refused.image).includes(formatImage(image.value)))
}

function describeRestoration(back: Restoration): string {
  if (back.kind === 'pinned') return formatImage(back.image)
  return `${back.image}, exactly as the first look found it: it was never verified`
}

export function finishRollback(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  effect: EffectOf<'roll-back'>,
  answer: Answer,
): void {
  const promotion = state.promotion
  if (promotion?.id !== effect.promotion) return
  const isMoved = answer.kind === 'failed' && answer.reason === 'moved'
  if (answer.kind !== 'delivered' && !isMoved) return stuck(turn, effect, answer)
  for (const [index, target] of targetsOf(effect).entries()) {
    const image = formatTaken(promotion.candidate, target)
    const common = { kind: 'rolled-back', stage: stage.name, promotion: promotion.id, image } as const
    if (answer.kind === 'delivered') {
      const { reference } = answer
      const now = [answer.now, ...(answer.also ?? [])][index] ?? answer.now
      state.holds[target] = [now]
      promotion.deliveries[target] = { state: 'settled', restored: true, detail: `put back to ${now}` }
      note(turn, { ...common, reason: 'restored', detail: `${target}: ${now} (${reference})`, reference })
    } else {
      promotion.deliveries[target] = { state: 'settled', restored: false, detail: 'somebody moved on' }
      note(turn, { ...common, reason: 'moved', detail: `${target}: not touched, ${answer.detail}` })
    }
  }
  finishIfSettled(turn, stage, state, promotion)
}

/** Where a target could not be put back, what runs there is unknown now. */
function finishIfSettled(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const deliveries = Object.values(promotion.deliveries)
  if (deliveries.some(({ state }) => state !== 'settled')) return
  delete state.promotion
  const isRestored = deliveries.every((delivery) => delivery.state === 'settled' && delivery.restored)
  if (!isRestored) lookAgain(turn, stage, state)
}

/**
 * Somebody changed the target: we stop, look, and count what is there from now on. What met a person's hand does not
 * come again by itself, else the same push, told twice, would undo what they did.
 */
export function stopForSomebody(turn: Turn<Line>, stage: Stage, state: StageState, detail: string): void {
  const candidate = withdraw(turn, stage.name, state, 'moved', detail)
  if (candidate !== undefined && turn.rules.mode === 'act') {
    rememberRefused(state, { ...refusedCandidate(candidate), reason: 'moved', detail, at: turn.now, by: null })
  }
  lookAgain(turn, stage, state)
}
