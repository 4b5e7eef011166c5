/** The one place that says who may do what. Unlisted is forbidden. */

import type { Role } from './domain/config.ts'

/** A proven person, and the role that the configuration gives them. */
export type Actor = { readonly person: string; readonly role: Role }

export const ACTIONS = [
  'read',
  'retry',
  'replay',
  'lift',
  'approve',
  'report',
  'promote',
  'break-glass',
  'pause',
  'resume',
  'pin',
  'unpin',
  'rollback',
] as const
export type Action = (typeof ACTIONS)[number]

const MAY: Readonly<Record<Role, readonly Action[]>> = {
  viewer: ['read'],
  /** Whether their voice counts says the stage, for a break-glass too. */
  approver: ['read', 'approve', 'break-glass'],
  /** A CI job. */
  reporter: ['read', 'report'],
  operator: ACTIONS,
}

export function isAllowed(actor: Actor, action: Action): boolean {
  return MAY[actor.role].includes(action)
}
