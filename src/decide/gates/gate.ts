/** What a gate is asked with, and what it may answer. Pure, like all of `decide`. */

import type { GateState } from '../../domain/gate.ts'
import type { StageState } from '../../domain/line.ts'
import type { Promotion } from '../../domain/promotion.ts'
import type { Stage } from '../../domain/subscription.ts'

export type Facts = {
  readonly stage: Stage
  readonly state: StageState
  readonly promotion: Promotion
  /** The stages before this one, as the line knows them. */
  readonly upstream: Readonly<Record<string, StageState>>
  readonly mode: 'act' | 'observe'
}

export type Said = Omit<GateState, 'gate'>

export function held(detail: string, until?: number): Said {
  return until === undefined ? { state: 'held', detail } : { state: 'held', detail, until }
}

export function waiting(detail: string, until?: number): Said {
  return until === undefined ? { state: 'waiting', detail } : { state: 'waiting', detail, until }
}

export function failed(detail: string): Said {
  return { state: 'failed', detail }
}

/** `2026-01-01 00:00 UTC`. */
export function describeInstant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
