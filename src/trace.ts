/** A push's way as spans, from the event's receipt to its end at each stage. Pure. */

import type { Document } from './domain/document.ts'
import type { Effect } from './domain/effect.ts'
import type { AcceptedEvent } from './domain/event.ts'
import type { EntryKind, Note } from './domain/history.ts'
import type { Span } from './domain/span.ts'

const EVENT = 'event'
const ENDS: ReadonlySet<EntryKind> = new Set([
  'healthy',
  'failed',
  'rejected',
  'distrusted',
  'expired',
  'superseded',
  'withdrawn',
  'rolled-back',
])

type Times = { readonly startedAt: number; readonly endedAt: number }

/** From the receipt to the offer, or to where it ended before. */
export function spanOfEvent({ id, source, receivedAt, event }: AcceptedEvent, outcome: string, endedAt: number): Span {
  const { kind, repository, tag } = event
  const attributes = {
    source,
    kind,
    outcome,
    ...(repository === null ? {} : { repository }),
    ...(tag === null ? {} : { tag }),
  }
  return { cause: id, name: EVENT, id: EVENT, startedAt: receivedAt, endedAt, ok: outcome === 'done', attributes }
}

/** One performance of an effect; null where no push led to it (a first look). */
export function spanOfEffect(effect: Effect, document: Document, times: Times, answer: string): Span | null {
  const cause = causeOf(effect, document)
  if (cause === null) return null
  const attributes = { effect: effect.id, answer, attempt: effect.attempt }
  const ok = answer !== 'failed' && answer !== 'later' && answer !== 'unwell'
  return { cause, name: effect.kind, id: `${effect.id}#${effect.fence}`, parent: EVENT, ...times, ok, attributes }
}

/** The promotions that ended: each from its opening to its end. */
export function spansOfEnds(was: Document, notes: readonly Note[], endedAt: number): readonly Span[] {
  if (was.kind !== 'line') return []
  return notes.flatMap(({ kind, stage, promotion: id, image = '', reason }) => {
    const promotion = stage === undefined ? undefined : was.stages[stage]?.promotion
    if (!ENDS.has(kind) || promotion === undefined || promotion.id !== id) return []
    const attributes = { stage: stage ?? '', image, end: kind, reason }
    const { candidate, openedAt } = promotion
    return [
      {
        cause: candidate.cause,
        name: 'promotion',
        id,
        parent: EVENT,
        startedAt: openedAt,
        endedAt,
        ok: kind === 'healthy',
        attributes,
      },
    ]
  })
}

/** The event that led to an entry: by the promotion it is about, before it or after it. Logs of all machines meet in it, and traces too. */
export function causeOfNote(
  { stage = '', promotion: id, cause }: Note,
  was: Document,
  is: Document,
): string | undefined {
  if (is.kind === 'bulletin' || was.kind === 'bulletin') return cause
  if (is.kind === 'train' || was.kind === 'train') return causeOfCargo([is, was], id) ?? cause
  const promotions = [is, was].map(({ stages }) => stages[stage]?.promotion)
  return promotions.find((one) => one !== undefined && one.id === id)?.candidate.cause ?? cause
}

/** The event that led to an effect; null where no push did. */
export function causeOf(effect: Effect, document: Document): string | null {
  if (document.kind === 'bulletin') return null
  if (document.kind === 'train') return document.cargos[0]?.cause ?? null
  if (!('promotion' in effect)) return null
  return document.stages[effect.stage]?.promotion?.candidate.cause ?? null
}

/** Of a batch, that of the promotion which is told of. */
function causeOfCargo(trains: readonly Document[], promotion: string | undefined): string | undefined {
  const [first = [], ...others] = trains.map((train) => (train.kind === 'train' ? train.cargos : []))
  return ([...first, ...others.flat()].find((cargo) => cargo.promotion === promotion) ?? first[0])?.cause
}
