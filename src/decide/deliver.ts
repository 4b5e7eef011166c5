/** The act is wished for: by ourselves, by a train, or only looked at in observe mode. */

import { parseImageReference } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Carry } from '../domain/message.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId, type Target } from '../domain/target.ts'
import { trainId } from '../domain/train.ts'
import { fresh, wish, type Turn } from './turn.ts'
import { forgetMail } from './withdraw.ts'

/** What is not brought yet, and is not on a train. */
export function wishDeliveries(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const isPending = (one: Target): boolean =>
    trainOf(turn, stage, one, promotion) === null && promotion.deliveries[targetId(one)]?.state === 'pending'
  const kind = turn.rules.mode === 'observe' ? 'preview' : 'deliver'
  for (const [target, ...also] of writesOf(stage.targets.filter(isPending), kind)) {
    const expected = [target, ...also].flatMap((one) => expectedAt(turn, state, promotion, one))
    const common = { stage: stage.name, target, promotion: promotion.id, expected }
    const shared = fresh(turn, `${promotion.id}/${kind}/${target}`)
    wish(turn, { kind, ...shared, ...common, ...(also.length > 0 && { also }) })
  }
}

/** Targets that are written at once, by their ids. */
export type Write = readonly [string, ...string[]]

/** The images of one release come to a repository by one commit, so that nobody ever reads one of them without the others. */
export function writesOf(targets: readonly Target[], kind: 'preview' | 'deliver'): readonly Write[] {
  const writes = new Map<string, [string, ...string[]]>()
  for (const target of targets) {
    const id = targetId(target)
    const isOneOfSeveral = kind === 'deliver' && target.kind === 'git' && target.image !== undefined
    const place = isOneOfSeveral ? `git/${target.git}` : id
    const before = writes.get(place)
    if (before === undefined) writes.set(place, [id])
    else before.push(id)
  }
  return [...writes.values()]
}

/** Which pull requests are wanted: those that a person merges, once every gate held; or those that Drayage merges, at any time. */
type Wanted = { readonly merges: 'by-person' | 'by-itself' | 'any'; readonly merge: Carry['merge'] }

/** Tells the trains. One that carries it already hears only until when it may merge. */
export function sendCarries(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  wanted: Wanted,
): void {
  for (const [train, targets] of trainsOf(turn, stage, promotion)) {
    const isCommitted = targets.some(turn.rules.commits)
    const isOwn = isCommitted || mergesItself(targets)
    // Nobody reviews a commit, so it is not shown before its gates.
    if (wanted.merges === 'by-itself' && (!isOwn || isCommitted)) continue
    if (wanted.merges === 'by-person' && isOwn) continue
    const isToldAgain = promotion.trains.includes(train)
    if (isToldAgain && !isOwn) continue
    const isThere = targets.every((target) => {
      const delivery = promotion.deliveries[targetId(target)]?.state
      return delivery !== 'pending' && delivery !== 'proposed'
    })
    if (!isThere) sendCarry(turn, stage, state, promotion, { train, targets, merge: isOwn ? wanted.merge : null })
  }
}

export function hasTrainThatMerges(turn: Turn<Line>, stage: Stage, promotion: Promotion): boolean {
  return [...trainsOf(turn, stage, promotion).values()].some(
    (targets) => mergesItself(targets) || targets.some(turn.rules.commits),
  )
}

function mergesItself(targets: readonly Target[]): boolean {
  return targets.some((target) => target.kind === 'git' && target.merge === 'when-approved')
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
function trainsOf(turn: Turn<Line>, stage: Stage, promotion: Promotion): ReadonlyMap<string, readonly Target[]> {
  const byTrain = new Map<string, readonly Target[]>()
  for (const target of stage.targets) {
    const train = trainOf(turn, stage, target, promotion)
    if (train !== null) byTrain.set(train, [...(byTrain.get(train) ?? []), target])
  }
  return byTrain
}

/** Nothing travels in observe mode, and a way back waits for no train: the stage's `rollback:` says how it is written. */
function trainOf(turn: Turn<Line>, stage: Stage, target: Target, { purpose }: Promotion): string | null {
  const isAlone = turn.rules.mode === 'observe' || purpose === 'rollback'
  const address = isAlone ? null : turn.rules.trainOf(stage.name, target)
  return address === null ? null : trainId(address)
}

/** Whether the promotion goes the way that the configuration says now: by these trains, written or only looked at. */
export function isOnItsWay(turn: Turn<Line>, stage: Stage, promotion: Promotion): boolean {
  const trains = trainsOf(turn, stage, promotion)
  const isSameWay = promotion.trains.every((train) => trains.has(train))
  // Before its gates held, it is on those trains at most that only show it.
  if (promotion.phase !== 'delivering') return isSameWay
  if (trains.size !== promotion.trains.length) return false
  const wrong = turn.rules.mode === 'observe' ? 'deliver' : 'preview'
  const isOtherMode = turn.document.effects.some((effect) => effect.kind === wrong && effect.promotion === promotion.id)
  const isSeen = Object.values(promotion.deliveries).some(({ state }) => state === 'previewed')
  return isSameWay && !isOtherMode && (turn.rules.mode === 'observe' || !isSeen)
}

type Sent = { readonly train: string; readonly targets: readonly Target[]; readonly merge: Carry['merge'] }

function sendCarry(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  { train, targets, merge }: Sent,
): void {
  const [first, ...rest] = targets.map(targetId)
  if (first === undefined) return
  forgetMail(turn, train)
  turn.document.fence += 1
  const order = turn.document.fence
  const again = promotion.trains.includes(train) ? `/${order}` : ''
  if (again === '') promotion.trains.push(train)
  wish(turn, {
    kind: 'send',
    ...fresh(turn, `${promotion.id}/carry/${train}${again}`),
    to: train,
    message: {
      kind: 'carry',
      order,
      line: turn.document.id,
      stage: stage.name,
      promotion: promotion.id,
      images: promotion.candidate.images,
      targets: [first, ...rest],
      expected: Object.fromEntries([first, ...rest].map((id) => [id, expectedAt(turn, state, promotion, id)])),
      reason: describe(state),
      merge,
      terms: promotion.terms,
      ...(promotion.breakGlass !== undefined && { isUrgent: true }),
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
