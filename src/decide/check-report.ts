/** Somebody outside, such as a CI job, tells a check of a gate how it ended. */

import type { Line } from '../domain/line.ts'
import { note, type Turn } from './turn.ts'

const DETAIL_LENGTH_MAX = 500

export type ReportInput = {
  readonly kind: 'report'
  readonly by: string
  readonly stage: string
  readonly promotion: string
  readonly check: string
  readonly state: 'held' | 'failed'
  readonly reason: string
}

/** Bound to the promotion that it speaks of; only a check that waits for a report takes one. */
export function report(turn: Turn<Line>, { by, stage: name, promotion: id, check, state, reason }: ReportInput): void {
  const stage = turn.rules.subscription.stages.find((one) => one.name === name)
  const promotion = turn.document.stages[name]?.promotion
  const gate = stage?.gates.find((one) => one.kind === 'check' && one.name === check)
  const refuse = (why: string): void =>
    note(turn, { kind: 'ignored', reason: 'act-refused', detail: `report: ${why}`, stage: name, by })
  if (promotion?.id !== id) return refuse('that promotion has ended, or never was')
  if (gate?.kind !== 'check' || gate.how.by !== 'report') return refuse(`${name} waits for no report called ${check}`)
  const detail = `${reason} (${by})`.slice(0, DETAIL_LENGTH_MAX)
  promotion.checks[check] = { state, detail, at: turn.now }
  note(turn, {
    kind: 'operator',
    reason: 'report',
    detail: `${check} ${state}: ${reason}`,
    stage: name,
    promotion: id,
    by,
  })
}
