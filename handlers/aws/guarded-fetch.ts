/** The guarded `fetch`, loaded by the functions that call whom the configuration or a peer names. */

import { createGuardedFetch } from '../../src/clients/address-guard.ts'

export const guardedFetch = createGuardedFetch()
