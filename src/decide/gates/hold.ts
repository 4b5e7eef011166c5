/** Hold, and a person's pin: nothing goes there until somebody takes it away. */

import type { HoldGate } from '../../domain/gate.ts'
import { held, waiting, type Facts, type Said } from './gate.ts'

export function hold({ reason }: HoldGate): Said {
  return waiting(`held by the configuration: ${reason}`)
}

/** What it is pinned to may go there. */
export function pinned({ state, promotion }: Facts): Said {
  const { pin } = state
  if (pin === undefined || pin.candidate === promotion.candidate.id) return held('not pinned to another image')
  return waiting(`pinned to ${pin.image} by ${pin.by}: ${pin.reason}. \`drayage unpin\` lets others come`)
}
