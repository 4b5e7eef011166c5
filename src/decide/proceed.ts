/** A promotion on its way to the act, as far as it comes now: proven, its gates held, and only then its deliveries wished for. */

import type { GateState } from '../domain/gate.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { BREAK_GLASS, brokenGlassOf, describeBroken } from './broken-glass.ts'
import { hasTrainThatMerges, sendCarries, wishDeliveries } from './deliver.ts'
import { wishAuthors } from './authors.ts'
import { askGates } from './gates/index.ts'
import { closedUntil } from './gates/window.ts'
import { policyOf, termsOf } from './terms.ts'
import { turnDown } from './turn-down.ts'
import { dropEffects, fresh, isLeased, note, wish, type Turn } from './turn.ts'
import { isProven } from './verify.ts'
import { wishVerify } from './wish-verify.ts'
import { rememberUnanswered, sendDrop, withdraw } from './withdraw.ts'

/** What a person merges cannot be verified right before: it is verified again and again while it is open. */
const OPEN_FRESH_MS = 30 * 60_000
const POSTPONE_MS = 5_000

export function proceed(turn: Turn<Line>, stage: Stage, state: StageState): void {
  const { promotion } = state
  if (promotion === undefined || isWriting(turn, promotion)) return
  lapse(turn, stage, state, promotion)
  if (promotion.terms !== termsOf(stage)) meetNewTerms(turn, stage, promotion, state)
  switch (promotion.phase) {
    case 'verifying':
      return wishVerify(turn, stage, promotion)
    case 'gated':
      return passGates(turn, stage, state, promotion)
    case 'delivering':
      return keepProven(turn, stage, state, promotion)
    case 'observing':
    case 'rolling-back':
      return
  }
}

/** What is being written is not taken away: first its answer. */
function isWriting(turn: Turn<Line>, promotion: Promotion): boolean {
  return turn.document.effects.some(
    (effect) => effect.kind === 'deliver' && effect.promotion === promotion.id && isLeased(effect, turn.now),
  )
}

/** The configuration demands something else now: what was proven and voted was so under other words. */
function meetNewTerms(turn: Turn<Line>, stage: Stage, promotion: Promotion, state: StageState): void {
  promotion.terms = termsOf(stage)
  if (promotion.phase === 'observing' || promotion.phase === 'rolling-back') return
  const isFree = policyOf(stage, promotion, turn.now) === null && stage.gates.length === 0
  if (isFree && promotion.phase === 'delivering') return
  const votes = promotion.votes.length
  delete promotion.gatedAt
  delete promotion.askedAt
  Object.assign(promotion, { gates: [], votes: [], votesSince: turn.now, checks: {} })
  startAgain(turn, stage, state, promotion, 'the configuration demands something else now')
  if (votes === 0) return
  const detail = `the stage's verification or gates changed: ${votes} ${votes === 1 ? 'vote is' : 'votes are'} void`
  note(turn, { ...common(stage, promotion), kind: 'gated', reason: 'terms-changed', detail })
}

/** Two people let it go around what only waits, and that is over: it is held to all of it, like any other. */
function lapse(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const { breakGlass: broken, phase } = promotion
  if (broken === undefined || brokenGlassOf(stage, promotion, turn.now) !== null) return
  if (phase === 'observing' || phase === 'rolling-back') return
  const isLate = turn.now >= broken.until
  delete promotion.breakGlass
  // What they said of an emergency is no vote on a quiet day.
  promotion.votes = promotion.votes.filter(({ shown }) => shown !== BREAK_GLASS)
  const why = isLate ? 'its time is over' : 'the configuration does not let both of them any more'
  const detail = `the break-glass of ${describeBroken(broken)} does not count any more: ${why}. Its gates do`
  const reason = isLate ? 'break-glass-expired' : 'break-glass-revoked'
  note(turn, { ...common(stage, promotion), kind: 'operator', reason, detail })
  startAgain(turn, stage, state, promotion, detail)
}

/** Unproven and before its gates: what was proposed is taken back. */
function startAgain(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion, why: string): void {
  delete promotion.proof
  stepBack(turn, state, promotion)
  for (const train of promotion.trains) sendDrop(turn, stage.name, promotion, train, why)
  promotion.trains = []
  for (const [target, { state: was }] of Object.entries(promotion.deliveries)) {
    if (was === 'proposed') promotion.deliveries[target] = { state: 'pending' }
  }
  dropEffects(
    turn,
    (effect) => (effect.kind === 'verify' || effect.kind === 'check') && effect.promotion === promotion.id,
  )
  const policy = policyOf(stage, promotion, turn.now)
  if (policy === null) return
  promotion.phase = 'verifying'
  promotion.provenBy = turn.now + policy.wait
}

/** Back before its gates; what was begun and not answered may still arrive. */
function stepBack(turn: Turn<Line>, state: StageState, promotion: Promotion): void {
  if (promotion.phase === 'delivering') rememberUnanswered(turn, state, promotion)
  dropEffects(
    turn,
    (effect) => (effect.kind === 'deliver' || effect.kind === 'preview') && effect.promotion === promotion.id,
  )
  promotion.phase = 'gated'
  delete promotion.mergeUntil
}

function passGates(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const policy = policyOf(stage, promotion, turn.now)
  if (policy !== null && promotion.proof?.state !== 'trusted') {
    promotion.phase = 'verifying'
    promotion.provenBy ??= turn.now + policy.wait
    return wishVerify(turn, stage, promotion)
  }
  if (promotion.gatedAt === undefined) beginToWait(turn, promotion)
  const gates = asked(turn, stage, state, promotion)
  const broken = gates.find(({ state: one }) => one === 'failed')
  if (broken !== undefined) return failGate(turn, stage, state, broken)
  wishChecks(turn, stage, promotion)
  wishAuthors(turn, stage, promotion)
  if (gates.some(({ state: one }) => one === 'waiting')) {
    return sendEarly(turn, stage, state, promotion)
  }
  if (!isProven(stage, promotion, turn.now)) return wishVerify(turn, stage, promotion)
  begin(turn, stage, state, promotion, gates)
}

/** Whom quiet hours keep from being asked is asked when they end, and has as long as any other from then on. */
function beginToWait({ now, rules }: Turn<Line>, promotion: Promotion): void {
  promotion.gatedAt = now
  const askedAt = rules.quiet === null ? null : closedUntil(rules.quiet, now)
  if (askedAt !== null) promotion.askedAt = askedAt
}

/** Every gate held for this candidate, and its proof is fresh. */
function begin(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  gates: readonly GateState[],
): void {
  promotion.phase = 'delivering'
  dropEffects(turn, (effect) => effect.kind === 'check' && effect.promotion === promotion.id)
  sendCarries(turn, stage, state, promotion, { merges: 'any', merge: permit(turn, stage, promotion, gates) })
  wishDeliveries(turn, stage, state, promotion)
}

/** Until when Drayage may merge by itself: while the proof is fresh and no window closes. */
function permit(
  turn: Turn<Line>,
  stage: Stage,
  promotion: Promotion,
  gates: readonly GateState[],
): { until: number | null } | null {
  if (!hasTrainThatMerges(turn, stage, promotion)) return null
  const policy = policyOf(stage, promotion, turn.now)
  const ends = gates.flatMap(({ until }) => until ?? [])
  if (policy !== null && promotion.proof !== undefined) ends.push(promotion.proof.at + policy.fresh)
  if (promotion.breakGlass !== undefined) ends.push(promotion.breakGlass.until)
  if (ends.length === 0) return { until: null }
  promotion.mergeUntil = Math.min(...ends)
  return { until: promotion.mergeUntil }
}

/** A vote that let it through was taken back: nothing is merged until its gates hold again. What has arrived stays. */
export function reopen(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const isOnlyShown = Object.values(promotion.deliveries).every(
    ({ state: one }) => one === 'pending' || one === 'proposed',
  )
  if (promotion.phase !== 'delivering' || !isOnlyShown || isWriting(turn, promotion)) return
  stepBack(turn, state, promotion)
  sendCarries(turn, stage, state, promotion, { merges: 'by-itself', merge: null })
}

/** Reviews count as votes where Drayage merges: the pull request is open while the gates wait, and not merged. */
function sendEarly(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  if (promotion.trains.length > 0 || turn.rules.mode === 'observe') return
  sendCarries(turn, stage, state, promotion, { merges: 'by-itself', merge: null })
}

/** What travels may take days: its proof does not grow old meanwhile, nor does a permission to merge outlive its grounds. */
function keepProven(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  if (promotion.trains.length === 0) return
  if (promotion.mergeUntil !== undefined && turn.now > promotion.mergeUntil) {
    delete promotion.mergeUntil
    promotion.phase = 'gated'
    return passGates(turn, stage, state, promotion)
  }
  const policy = policyOf(stage, promotion, turn.now)
  if (policy === null || promotion.proof === undefined) return
  if (turn.now >= promotion.proof.at + refreshMs(policy.fresh)) wishVerify(turn, stage, promotion)
}

function refreshMs(fresh: number): number {
  return Math.max(fresh, OPEN_FRESH_MS)
}

/** When time alone may move it; null: nothing waits for time. */
export function alarmOf(turn: Turn<Line>, stage: Stage, promotion: Promotion): number | null {
  const { phase, gates, trains, proof, mergeUntil, breakGlass: broken } = promotion
  const ends = broken === undefined ? [] : [broken.until]
  switch (phase) {
    case 'gated':
      return earliest([...ends, ...gates.flatMap(({ state, until }) => (state === 'waiting' ? (until ?? []) : []))])
    case 'delivering': {
      if (trains.length === 0) return earliest(ends)
      const policy = policyOf(stage, promotion, turn.now)
      if (policy !== null && proof !== undefined) ends.push(proof.at + refreshMs(policy.fresh))
      return earliest(mergeUntil === undefined ? ends : [...ends, mergeUntil])
    }
    case 'verifying':
      return earliest(ends)
    case 'observing':
    case 'rolling-back':
      return null
  }
}

function earliest(instants: readonly number[]): number | null {
  return instants.length === 0 ? null : Math.min(...instants)
}

/** Right before the act: where its grounds do not hold any more, the promotion is back before its gates. */
export function affirm(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const gates = askGates(factsOf(turn, stage, state, promotion), turn.now)
  const isHeld = gates.every(({ state: one }) => one === 'held')
  if (promotion.terms === termsOf(stage) && isHeld && isProven(stage, promotion, turn.now)) return
  if (isWriting(turn, promotion)) return postpone(turn, promotion)
  stepBack(turn, state, promotion)
}

/** Another target is being written: its answer comes first. */
function postpone(turn: Turn<Line>, promotion: Promotion): void {
  for (const effect of turn.document.effects) {
    if (effect.kind !== 'deliver' || effect.promotion !== promotion.id || isLeased(effect, turn.now)) continue
    delete effect.lease
    effect.due = Math.max(effect.due, turn.now + POSTPONE_MS)
  }
}

/** Asks them all, and tells the history what changed. */
function asked(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): readonly GateState[] {
  const gates = askGates(factsOf(turn, stage, state, promotion), turn.now)
  const was = new Map(promotion.gates.map((one) => [one.gate, one.state]))
  for (const { gate, state: is, detail } of gates) {
    const before = was.get(gate)
    if (is === before || (is === 'held' && before === undefined)) continue
    note(turn, { ...common(stage, promotion), kind: 'gated', reason: is, detail: `${gate}: ${detail}` })
  }
  promotion.gates = [...gates]
  return gates
}

function factsOf(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion) {
  const { mode } = turn.rules
  return { stage, state, promotion, upstream: turn.document.stages, mode }
}

/** An approval that did not come ends in `expired`; what another stage runs no more only goes away, and all else is a no. */
function failGate(turn: Turn<Line>, stage: Stage, state: StageState, { gate, detail }: GateState): void {
  const isLate = gate === 'approval'
  const text = `${gate}: ${detail}`
  if (gate === 'soak') {
    withdraw(turn, stage.name, state, 'not-soaking', text)
    return
  }
  turnDown(turn, stage, state, {
    end: isLate ? 'expired' : 'rejected',
    as: isLate ? 'expired' : 'gate-failed',
    reason: isLate ? 'expired' : 'gate-failed',
    detail: text,
    by: null,
  })
}

function wishChecks(turn: Turn<Line>, stage: Stage, promotion: Promotion): void {
  for (const gate of stage.gates) {
    if (gate.kind !== 'check' || gate.how.by === 'report' || promotion.purpose === 'rollback') continue
    const last = promotion.checks[gate.name]?.at
    const delayMs = last === undefined ? 0 : Math.max(0, last + gate.every - turn.now)
    const id = `${promotion.id}/check/${gate.name}`
    wish(turn, {
      kind: 'check',
      ...fresh(turn, id, delayMs),
      stage: stage.name,
      promotion: promotion.id,
      check: gate.name,
    })
  }
}

function common(stage: Stage, promotion: Promotion): { stage: string; promotion: string; image: string } {
  return { stage: stage.name, promotion: promotion.id, image: formatImages(promotion.candidate) }
}
