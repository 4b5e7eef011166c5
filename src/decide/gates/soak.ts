/** Soak: the candidate has been well at the stages before this one for so long, counted from their verified health. */

import { formatDuration } from '../../domain/duration.ts'
import type { SoakGate } from '../../domain/gate.ts'
import type { StageState } from '../../domain/line.ts'
import { describeInstant, failed, held, waiting, type Facts, type Said } from './gate.ts'

export function soak({ ms }: SoakGate, { stage, promotion, upstream }: Facts, now: number): Said {
  // Where a candidate comes from the registry, there is no health to count from: it waits here.
  if (stage.after.length === 0) return until(promotion.openedAt + ms, ms, 'since it came', now)
  const each = stage.after.map((name) => soaked(name, upstream[name], promotion.candidate.id, ms, now))
  const best = stage.needs === 'any' ? mostAdvanced(each) : leastAdvanced(each)
  return best ?? waiting('the stages before this one are not known')
}

function soaked(name: string, state: StageState | undefined, candidate: string, ms: number, now: number): Said {
  if (state?.refused.some((refused) => refused.candidate === candidate) === true) {
    return failed(`${name} refused it meanwhile`)
  }
  const current = state?.current
  if (current === undefined || current.state === 'unknown') return waiting(`what runs at ${name} is not known`)
  if (current.state === 'found' || current.candidate.id !== candidate) return failed(`${name} runs another one now`)
  return until(current.healthySince + ms, ms, `at ${name}`, now)
}

function until(end: number, ms: number, where: string, now: number): Said {
  if (now >= end) return held(`soaked for ${formatDuration(ms)} ${where}`)
  return waiting(`soaks for ${formatDuration(ms)} ${where}, until ${describeInstant(end)}`, end)
}

const ORDER = { held: 0, waiting: 1, failed: 2 } as const

/** With several that wait, the one that needs no event comes before the one that does. */
function byProgress(a: Said, b: Said): number {
  return ORDER[a.state] - ORDER[b.state] || (a.until ?? Infinity) - (b.until ?? Infinity)
}

function mostAdvanced(each: readonly Said[]): Said | undefined {
  return each.toSorted(byProgress)[0]
}

function leastAdvanced(each: readonly Said[]): Said | undefined {
  return each.toSorted(byProgress).at(-1)
}
