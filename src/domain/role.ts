/** What somebody may do: the roles that the configuration gives. */

import * as z from 'zod'

export const ROLES = ['viewer', 'approver', 'reporter', 'operator'] as const
export const Role = z.enum(ROLES)
export type Role = z.infer<typeof Role>
