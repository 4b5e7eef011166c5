/** A promotion opens: its verdict is noted and its deliveries are wished for. */

import type { Candidate } from '../domain/candidate.ts'
import type { Note } from '../domain/history.ts'
import { formatImage, parseImageReference } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import { promotionId, type Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId, type Target } from '../domain/target.ts'
import { trainId } from '../domain/train.ts'
import { fresh, note, wish, type Turn } from './turn.ts'
import { forgetMail } from './withdraw.ts'

/** So many candidates are remembered with the number of their attempts; older ones begin at 1 again. */
const TRIED_MAX = 64

export function open(turn: Turn<Line>, stage: Stage, state: StageState, candidate: Candidate): void {
  const { subscription } = turn.rules
  const attempt = countAttempt(state, candidate.id)
  const promotion: Promotion = {
    id: promotionId(subscription.name, stage.name, candidate.id, attempt),
    candidate,
    openedAt: turn.now,
    phase: 'delivering',
    deliveries: Object.fromEntries(stage.targets.map((target) => [targetId(target), { state: 'pending' as const }])),
    trains: [],
  }
  state.promotion = promotion
  const common = { stage: stage.name, promotion: promotion.id, image: formatImage(candidate.images[0]) }
  const opened = { reason: 'newer', detail: describe(state), cause: candidate.cause, ...pushedBy(candidate) }
  note(turn, { ...common, kind: 'promotion-opened', ...opened })
  note(turn, {
    ...common,
    kind: 'verdict',
    reason: 'verify-none',
    detail: 'trusted without proof: `verify: none` is written in the configuration',
  })
  wishDeliveries(turn, stage, state, promotion)
}

/** For the history: who pushed it, where the event that brought it said so. */
export function pushedBy({ pusher }: Candidate): Pick<Note, 'pusher'> {
  return pusher === undefined ? {} : { pusher }
}

function wishDeliveries(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  for (const [train, targets] of trainsOf(turn, stage)) sendCarry(turn, stage, state, promotion, train, targets)
  const kind = turn.rules.mode === 'observe' ? 'preview' : 'deliver'
  for (const one of stage.targets) {
    if (trainOf(turn, stage, one) !== null) continue
    const target = targetId(one)
    const expected = expectedAt(turn, state, promotion, target)
    const common = { stage: stage.name, target, promotion: promotion.id, expected }
    wish(turn, { kind, ...fresh(turn, `${promotion.id}/${kind}/${target}`), ...common })
  }
}

/** What is known to stand there, and what we began before and may arrive late; but never what is newer than this one. */
function expectedAt(turn: Turn<Line>, state: StageState, { candidate }: Promotion, target: string): string[] {
  const held = state.holds[target] ?? []
  const isNewer = (written: string): boolean => {
    const image = parseImageReference(written)
    const tag = image.ok ? image.value.tag : null
    return turn.rules.ordered && tag !== null && (turn.rules.compare(tag, candidate.images[0].tag) ?? 0) > 0
  }
  return [...held.slice(0, -1).filter((written) => !isNewer(written)), ...held.slice(-1)]
}

/** By the train's id: the targets that travel with it. */
function trainsOf(turn: Turn<Line>, stage: Stage): ReadonlyMap<string, readonly Target[]> {
  const byTrain = new Map<string, readonly Target[]>()
  for (const target of stage.targets) {
    const train = trainOf(turn, stage, target)
    if (train !== null) byTrain.set(train, [...(byTrain.get(train) ?? []), target])
  }
  return byTrain
}

/** Nothing travels in observe mode. */
function trainOf(turn: Turn<Line>, stage: Stage, target: Target): string | null {
  const address = turn.rules.mode === 'observe' ? null : turn.rules.trainOf(stage.name, target)
  return address === null ? null : trainId(address)
}

/** Whether the promotion goes the way that the configuration says now: by these trains, written or only looked at. */
export function isOnItsWay(turn: Turn<Line>, stage: Stage, promotion: Promotion): boolean {
  const trains = trainsOf(turn, stage)
  const isSameWay = trains.size === promotion.trains.length && promotion.trains.every((train) => trains.has(train))
  const wrong = turn.rules.mode === 'observe' ? 'deliver' : 'preview'
  const isOtherMode = turn.document.effects.some((effect) => effect.kind === wrong && effect.promotion === promotion.id)
  const isSeen = Object.values(promotion.deliveries).some(({ state }) => state === 'previewed')
  return isSameWay && !isOtherMode && (turn.rules.mode === 'observe' || !isSeen)
}

function sendCarry(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  train: string,
  targets: readonly Target[],
): void {
  const [first, ...rest] = targets.map(targetId)
  if (first === undefined) return
  forgetMail(turn, train)
  promotion.trains.push(train)
  turn.document.fence += 1
  wish(turn, {
    kind: 'send',
    ...fresh(turn, `${promotion.id}/carry/${train}`),
    to: train,
    message: {
      kind: 'carry',
      order: turn.document.fence,
      line: turn.document.id,
      stage: stage.name,
      promotion: promotion.id,
      images: promotion.candidate.images,
      targets: [first, ...rest],
      expected: Object.fromEntries([first, ...rest].map((id) => [id, expectedAt(turn, state, promotion, id)])),
      reason: describe(state),
      cause: promotion.candidate.cause,
    },
  })
}

/** One line for people: what this replaces. */
export function describe(state: StageState): string {
  const { current } = state
  if (current.state === 'candidate') return `newer than ${current.candidate.images[0].tag}`
  if (current.state === 'found' && current.tag !== null) {
    return current.counts
      ? `newer than ${current.tag}, which was found there`
      : `${current.tag} was found there and sets no bound`
  }
  return 'the first to come here'
}

function countAttempt(state: StageState, candidate: string): number {
  const before = state.tried.find((tried) => tried.candidate === candidate)
  const attempts = (before?.attempts ?? 0) + 1
  const others = state.tried.filter((tried) => tried.candidate !== candidate)
  state.tried = [...others, { candidate, attempts }].slice(-TRIED_MAX)
  return attempts
}
