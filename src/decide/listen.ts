/** After delivery: the stages that run a digest go on listening to what scanners say of it. A finding is told, and nothing is taken back. */

import type { Answer } from '../domain/answer.ts'
import type { Candidate } from '../domain/candidate.ts'
import type { EffectOf } from '../domain/effect.ts'
import type { Digest } from '../domain/image.ts'
import type { Known } from '../domain/known.ts'
import type { Line, StageState } from '../domain/line.ts'
import { withInstantsOf } from '../domain/proven.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { revive, stuck } from './effects.ts'
import type { Signal } from './notice.ts'
import { fresh, isLeased, note, wish, type Turn } from './turn.ts'

/** Scanners say that they are done before their interfaces do. */
const LOOKS_MAX = 4
const AGAIN_MS = 2 * 60_000
/** More names than a person reads. */
const NAMED_MAX = 10

/** What runs at a stage, or has just come there, with what is known of it. */
export type Running = { readonly candidate: Candidate; readonly known: Known | undefined }

/** Of a scan, or of a report that somebody attested: whoever runs that digest under a scan rule looks again. */
export function listen(turn: Turn<Line>, { signal, digests }: Signal): void {
  if (signal !== 'scan' && signal !== 'attestation') return
  for (const stage of turn.rules.subscription.stages) {
    const state = turn.document.stages[stage.name]
    if (state === undefined || !demandsScan(stage)) continue
    for (const running of runningAt(state)) {
      if (isAbout(running, digests)) wishLook(turn, stage, running.candidate)
    }
  }
}

/** What runs first. */
export function runningAt({ current, promotion }: StageState): readonly Running[] {
  const running: Running[] = []
  if (current.state === 'candidate') running.push({ candidate: current.candidate, known: current.known })
  if (promotion?.phase === 'observing') running.push({ candidate: promotion.candidate, known: promotion.proof?.known })
  return running
}

/** A scanner of platforms names theirs, not the index's. */
export function isAbout({ candidate, known }: Running, digests: readonly Digest[]): boolean {
  const own = [...candidate.images.map(({ digest }) => digest), ...(known?.platforms ?? [])]
  return own.some((digest) => digests.includes(digest))
}

function demandsScan({ verify }: Stage): boolean {
  return verify !== 'none' && verify.require.some(({ kind }) => kind === 'scan')
}

/** A look that is under way may have asked before the news: then there is one more after it. */
function wishLook(turn: Turn<Line>, stage: Stage, candidate: Candidate): void {
  const id = `${turn.rules.subscription.name}/${stage.name}/${candidate.id}/listen`
  for (const one of [id, `${id}/again`]) {
    const existing = turn.document.effects.find((effect) => effect.id === one)
    if (existing !== undefined && isLeased(existing, turn.now)) continue
    if (existing === undefined) {
      const shared = fresh(turn, one)
      wish(turn, { kind: 'listen', ...shared, stage: stage.name, candidate: candidate.id, looks: 1 })
    } else if (!revive(turn, existing)) existing.due = Math.min(existing.due, turn.now)
    return
  }
}

/** What the scanners say now. Whatever could not be looked at changes nothing that is known. */
export function heard(turn: Turn<Line>, effect: EffectOf<'listen'>, answer: Answer): void {
  const state = turn.document.stages[effect.stage]
  const stage = turn.rules.subscription.stages.find(({ name }) => name === effect.stage)
  const before = state && runningAt(state).find(({ candidate }) => candidate.id === effect.candidate)
  if (state === undefined || stage === undefined || before === undefined || answer.kind === 'failed') return
  if (answer.kind !== 'verdict') return stuck(turn, effect, answer)
  const { verdict, known: found } = answer
  const outcome = verdict.outcomes.find(({ rule }) => rule === 'scan')
  if (outcome === undefined || found === undefined) return
  const isNews = outcome.state === 'failed' && outcome.detail !== before.known?.told
  if (isNews) tellFinding(turn, stage, { before, found, detail: outcome.detail })
  const said = found.named === 'none' ? (before.known ?? found) : found
  const { told: _, ...plain } = said
  const told =
    outcome.state === 'failed' ? outcome.detail : outcome.state === 'waiting' ? before.known?.told : undefined
  const kept = withInstantsOf(before.known, plain)
  remember(state, effect.candidate, told === undefined ? kept : { ...kept, told })
  if (outcome.state === 'waiting' && effect.looks < LOOKS_MAX) {
    const { id, candidate, looks } = effect
    const shared = fresh(turn, id, AGAIN_MS * looks)
    wish(turn, { kind: 'listen', ...shared, stage: stage.name, candidate, looks: looks + 1 })
  }
}

function remember({ current, promotion }: StageState, candidate: string, known: Known): void {
  if (current.state === 'candidate' && current.candidate.id === candidate) current.known = known
  if (promotion?.candidate.id === candidate && promotion.proof !== undefined) promotion.proof.known = known
}

type News = { readonly before: Running; readonly found: Known; readonly detail: string }

/** With what a person needs who has to act on it: what is new, where it runs, whose it is, and where to go. */
function tellFinding(turn: Turn<Line>, stage: Stage, { before: { candidate, known }, found, detail }: News): void {
  const ids = found.findings.filter((id) => known?.findings.includes(id) !== true)
  const names = ids.slice(0, NAMED_MAX).join(', ')
  const more = ids.length > NAMED_MAX ? ` and ${ids.length - NAMED_MAX} more` : ''
  const better = newestWithout(turn, candidate, ids)
  note(turn, {
    kind: 'noticed',
    reason: ids.length > 0 || hasMore(known, found) ? 'new-finding' : 'scan-fails',
    detail: [
      `it runs there, and its scan rule does not hold any more: ${detail}`,
      ...(ids.length === 0 ? [] : [`new since it was looked at: ${names}${more}`]),
      `runs at ${stagesWith(turn, candidate).join(', ')}`,
      `owners: ${ownersOf(turn, candidate).join(', ') || 'nobody is named, and nobody knows who pushed it'}`,
      better,
      'nothing was taken back',
    ].join('. '),
    stage: stage.name,
    image: formatImages(candidate),
    ...(candidate.pusher === undefined ? {} : { pusher: candidate.pusher }),
  })
}

function hasMore(before: Known | undefined, found: Known): boolean {
  return Object.entries(found.counts).some(([severity, count]) => {
    return count > (Object.entries(before?.counts ?? {}).find(([name]) => name === severity)?.[1] ?? 0)
  })
}

function stagesWith(turn: Turn<Line>, { id }: Candidate): readonly string[] {
  return Object.entries(turn.document.stages).flatMap(([name, state]) =>
    runningAt(state).some(({ candidate }) => candidate.id === id) ? [name] : [],
  )
}

/** Those that are named, or else who pushed it. */
function ownersOf({ rules }: Turn<Line>, { pusher }: Candidate): readonly string[] {
  const { owners } = rules.subscription
  if (owners !== undefined) return owners
  return pusher === undefined ? [] : [rules.personOf(pusher)]
}

/** Of the candidates that this line holds; of those whose findings have no names nobody knows. */
function newestWithout(turn: Turn<Line>, { id }: Candidate, ids: readonly string[]): string {
  const unknown = 'no candidate without it is known here'
  if (ids.length === 0) return unknown
  const held = Object.values(turn.document.stages).flatMap(({ current, promotion, refused }) => {
    const all: Running[] = []
    if (current.state === 'candidate') all.push({ candidate: current.candidate, known: current.known })
    if (promotion?.proof?.state === 'trusted')
      all.push({ candidate: promotion.candidate, known: promotion.proof.known })
    return all.filter(({ candidate }) => !refused.some((one) => one.candidate === candidate.id))
  })
  const clean = held.filter(({ candidate, known }) => candidate.id !== id && isWithout(known, ids))
  const [newest] = clean.toSorted((a, b) => orderOf(turn, b.candidate, a.candidate))
  if (newest?.known === undefined) return unknown
  const seen = new Date(newest.known.at).toISOString()
  return `newest without it: ${formatImages(newest.candidate)}, as it was seen at ${seen}`
}

function isWithout(known: Known | undefined, ids: readonly string[]): boolean {
  return known?.named === 'all' && known.more === 0 && !ids.some((id) => known.findings.includes(id))
}

function orderOf({ rules }: Turn<Line>, a: Candidate, b: Candidate): number {
  return (rules.ordered ? rules.compare(a.images[0].tag, b.images[0].tag) : null) ?? a.observedAt - b.observedAt
}
