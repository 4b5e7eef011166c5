/** Proof is wished for: once at a time for each promotion. */

import type { Line } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { brokenGlassOf } from './broken-glass.ts'
import { fresh, wish, type Turn } from './turn.ts'

export function wishVerify(turn: Turn<Line>, stage: Stage, promotion: Promotion, delayMs = 0): void {
  const id = `${promotion.id}/verify`
  const around = brokenGlassOf(stage, promotion, turn.now) === null ? {} : { breakGlass: true as const }
  wish(turn, { kind: 'verify', ...fresh(turn, id, delayMs), stage: stage.name, promotion: promotion.id, ...around })
}
