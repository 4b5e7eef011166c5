/** The port of checks: something outside is asked whether a promotion may go on. */

import type { CheckGate } from '../domain/gate.ts'
import type { PinnedImage } from '../domain/image.ts'

/** `waiting`: there is no answer yet, or none that says anything; an empty result is no yes. */
export type Probed = { readonly state: 'held' | 'waiting' | 'failed'; readonly detail: string }

export type Probe = {
  /** Throws where it was not there: later may help. */
  ask(gate: CheckGate, image: PinnedImage): Promise<Probed>
}
