/** AWS's own client, loaded when the first registry of ECR is read: most who start have none. */

import type { CreateEcr } from './ecr.ts'

export const createEcr: CreateEcr = async (tools) => (await import('./ecr-sdk.ts')).createSdkEcr(tools)
