/** One step of a push's way, for traces. Ids follow from the cause, so that steps on other machines, days later, meet in one trace. */

export type Span = {
  /** What began it all: the accepted event's id. All its spans make one trace. */
  readonly cause: string
  /** `event`, `handle`, `deliver`, `check-health` …: from our own unions. */
  readonly name: string
  /** Deterministic: a repeat has the same id. */
  readonly id: string
  /** The span above; absent for the event's own. */
  readonly parent?: string
  readonly startedAt: number
  readonly endedAt: number
  readonly ok: boolean
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/** Never fails and never waits: a trace that cannot be sent is no reason to stop a delivery. */
export type Trace = (span: Span) => void
