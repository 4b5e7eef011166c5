/**
 * Around the waiting: one person asks, another one confirms, and a single promotion goes around soak, windows and scans until
 * an end. Who signed it, its digest, votes, budgets, holds, pins and the kill switch count as ever.
 */

import type { BreakGlass, BreakGlassRequest, BreakGlassRule, BreakGlassWord } from '../domain/break-glass.ts'
import type { Candidate } from '../domain/candidate.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { describeBroken, isAmong } from './broken-glass.ts'
import { isSamePerson } from './gates/approval.ts'
import { describeInstant } from './gates/gate.ts'
import { askGates, isAround } from './gates/index.ts'
import { open } from './open.ts'
import { asKnown, dropPromotion, whyNotPromoted } from './promote.ts'
import { note, type Turn } from './turn.ts'

type Asked = { readonly candidate: Candidate; readonly by: string; readonly reason: string }

/** Why it may not; null: it is asked for, or confirmed and on its way. */
export function breakGlass(turn: Turn<Line>, stage: Stage, state: StageState, asked: Asked): string | null {
  const { breakGlass: rule } = stage
  if (rule === undefined) return 'nobody may: the stage has no `breakGlass:` in the configuration'
  const candidate = asKnown(turn, asked.candidate)
  const why = whyNotOneOfTwo(turn, rule, candidate, asked.by) ?? whyNotPromoted(turn, stage, state, candidate)
  if (why !== null) return why
  const { by, reason } = asked
  const word: BreakGlassWord = { by, reason, at: turn.now }
  const request = pendingFor(state, candidate, rule)
  if (request === null) {
    ask(turn, stage, state, candidate, { word, until: turn.now + rule.expires })
    return null
  }
  if (isSamePerson(request.word.by, by))
    return `${by} asked for it already: another person confirms, ${untilOf(request)}`
  confirm(turn, stage, state, candidate, { words: [request.word, word], until: request.until })
  return null
}

/** Null: this person may be one of the two. */
function whyNotOneOfTwo(turn: Turn<Line>, { from }: BreakGlassRule, candidate: Candidate, by: string): string | null {
  if (!isAmong(from, by)) return `${by} is not among those who may: ${from.join(', ')}`
  const { pusher } = candidate
  const { personOf, personOfGitHub } = turn.rules
  // Registries that say logins of GitHub write them in any case.
  const names = pusher === undefined ? [] : [pusher, personOf(pusher), personOfGitHub(pusher)]
  const isOwn = names.some((name) => isSamePerson(name, by))
  return isOwn ? `${by} pushed it: two others have to say so` : null
}

/** What was asked for another image, or by somebody who may not any more, is no half of anything. */
function pendingFor({ breakGlass: request }: StageState, { id }: Candidate, { from }: BreakGlassRule) {
  if (request === undefined || request.candidate !== id || !isAmong(from, request.word.by)) return null
  return request
}

function untilOf({ until }: { readonly until: number }): string {
  return `until ${describeInstant(until)}`
}

function ask(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  candidate: Candidate,
  { word, until }: Pick<BreakGlassRequest, 'word' | 'until'>,
): void {
  const image = formatImages(candidate)
  state.breakGlass = { candidate: candidate.id, image, word, until }
  const others = (stage.breakGlass?.from ?? []).filter((name) => !isSamePerson(name, word.by))
  const detail = `${word.reason}. One of ${others.join(', ')} confirms by the same command, ${untilOf({ until })}`
  note(turn, { kind: 'operator', reason: 'break-glass-asked', detail, stage: stage.name, image, by: word.by })
}

function confirm(turn: Turn<Line>, stage: Stage, state: StageState, candidate: Candidate, broken: BreakGlass): void {
  const [first, second] = broken.words
  delete state.breakGlass
  dropPromotion(turn, stage, state, `${describeBroken(broken)} break the glass for ${formatImages(candidate)}`)
  delete state.next
  const said = `${first.by}: ${first.reason}; ${second.by}: ${second.reason}`
  open(turn, stage, state, candidate, { purpose: 'promoted', detail: said, by: second.by, broken })
  const { promotion } = state
  const around = promotion === undefined ? [] : whatIsSkipped(turn, stage, state, promotion)
  note(turn, {
    kind: 'operator',
    reason: 'break-glass',
    detail: `${said}. Skipped, ${untilOf(broken)}: ${around.join('; ') || 'nothing, as nothing here only waits'}`,
    stage: stage.name,
    ...(promotion === undefined ? {} : { promotion: promotion.id }),
    image: formatImages(candidate),
    by: second.by,
  })
}

/** What would have been said without it. */
function whatIsSkipped(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): readonly string[] {
  const { breakGlass: _, ...plain } = promotion
  const gates = stage.gates.filter(isAround)
  const facts = {
    stage: { ...stage, gates },
    state,
    promotion: plain,
    upstream: turn.document.stages,
    mode: turn.rules.mode,
  }
  const said = askGates(facts, turn.now).filter(({ gate }) => gate !== 'pin')
  const hasScans = stage.verify !== 'none' && stage.verify.require.some(({ kind }) => kind === 'scan')
  return [...said.map(({ gate, state: is, detail }) => `${gate} (${is}: ${detail})`), ...(hasScans ? ['scan'] : [])]
}

/** Nobody confirmed in time, or somebody said no: it was asked for, and nothing came of it. */
export function forgetRequest(turn: Turn<Line>, stage: string, state: StageState): void {
  const { breakGlass: request } = state
  if (request === undefined) return
  const isRefused = state.refused.some(({ candidate }) => candidate === request.candidate)
  if (turn.now < request.until && !isRefused) return
  delete state.breakGlass
  const { word, image } = request
  const why = isRefused ? 'it was refused meanwhile' : 'nobody confirmed it'
  const detail = `${why}, as ${word.by} had asked for: ${word.reason}`
  note(turn, { kind: 'operator', reason: 'break-glass-expired', detail, stage, image })
}
