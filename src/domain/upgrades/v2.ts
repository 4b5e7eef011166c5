/** Version 1 → 2: promotions are verified and wait for gates; a train is told until when it may merge. */

import * as z from 'zod'

type Loose = Record<string, unknown>
const Map = z.record(z.string(), z.unknown())
const Effects = z.array(z.looseObject({ kind: z.string() }))
const Line = z.looseObject({ id: z.string(), kind: z.string(), stages: z.record(z.string(), Map), effects: Effects })
const Train = z.looseObject({ id: z.string(), kind: z.string(), effects: Effects })

export function lineWithGates(document: Loose): z.infer<typeof Line> {
  const line = Line.parse(document)
  const stages = Object.entries(line.stages).map(([name, stage]) => [name, withGates(stage)] as const)
  return { ...line, alarm: null, stages: Object.fromEntries(stages), effects: line.effects.map(withMerge) }
}

function withGates(stage: Loose): Loose {
  const { current, promotion } = stage
  return {
    ...stage,
    boards: [],
    changes: [],
    current: { ...Map.parse(current), ...(Map.parse(current)['state'] === 'candidate' ? { builtAt: null } : {}) },
    // Opened under `verify: none` and no gates, which were all that there was: other terms are met anew.
    ...(promotion === undefined
      ? {}
      : { promotion: { ...Map.parse(promotion), purpose: 'newer', terms: '', gates: [], votes: [], checks: {} } }),
  }
}

/** `when-approved` merged as soon as it could. */
export function trainToldWhenToMerge(document: Loose): z.infer<typeof Train> {
  const train = Train.parse(document)
  const { cargo, next, pullRequest, ...rest } = train
  const shown = pullRequest === null || pullRequest === undefined ? pullRequest : Map.parse(pullRequest)
  return {
    ...rest,
    effects: train.effects.map(withMerge),
    ...(cargo === undefined ? {} : { cargo: carrying(cargo) }),
    ...(next === undefined ? {} : { next: carrying(next) }),
    pullRequest: shown === null || shown === undefined ? null : { ...shown, shows: carrying(shown['shows']) },
  }
}

function withMerge<T extends Loose>(effect: T): T {
  return 'message' in effect ? { ...effect, message: carrying(effect['message']) } : effect
}

function carrying(message: unknown): Loose {
  const known = Map.parse(message)
  return known['kind'] === 'carry' ? { ...known, merge: { until: null } } : known
}
