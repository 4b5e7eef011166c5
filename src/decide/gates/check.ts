/** Check: something outside said yes to this promotion lately: a probe, a query, a CI job. Silence is no yes. */

import { formatDuration } from '../../domain/duration.ts'
import type { CheckGate } from '../../domain/gate.ts'
import { failed, held, waiting, type Facts, type Said } from './gate.ts'

export function check({ name, within, every, how }: CheckGate, { promotion }: Facts, now: number): Said {
  const last = promotion.checks[name]
  const end = (promotion.gatedAt ?? promotion.openedAt) + within
  const isFresh = last !== undefined && (how.by === 'report' || now - last.at <= 2 * every)
  if (last?.state === 'failed') return failed(last.detail)
  if (last?.state === 'held' && isFresh) return held(last.detail)
  if (now >= end)
    return failed(`no yes within ${formatDuration(within)}${last === undefined ? '' : `: ${last.detail}`}`)
  return waiting(last?.detail ?? `${name} was not heard of yet`, end)
}
