/** The answers that rollouts have in common, in one wording. */

import * as z from 'zod'
import type { Health } from './health.ts'

export const MESSAGE_LENGTH_MAX = 500

export const NOT_SEEN = 'its controller has not seen the change yet'
export const SCALED_TO_ZERO = 'it is scaled to zero, so nothing runs'

/** A number that a controller leaves out where it is zero. */
export const Count = z.number().int().default(0)

export function healthy(detail: string): Health {
  return { state: 'healthy', detail }
}

export function progressing(detail: string): Health {
  return { state: 'progressing', detail }
}

export function notObserved(detail: string): Health {
  return { state: 'not-observed', detail }
}

/** With such a strategy there is no rollout to wait for. */
export function onDelete(strategy: string): Health {
  return notObserved(`with the update strategy ${strategy} a pod takes the image only when somebody deletes it`)
}
