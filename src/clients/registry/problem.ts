/** What a registry's answer means where it is not what was asked for. */

import type { RegistryProblem } from '../../domain/registry.ts'
import type { HttpProblem } from '../http.ts'

/** The reasons of the way out, in the words of registries. */
export function problemOfHttp({ reason, detail }: HttpProblem): RegistryProblem {
  switch (reason) {
    case 'address-refused':
      return { reason: 'address-not-allowed', detail }
    case 'redirect-refused':
      return { reason: 'redirect-not-allowed', detail }
    case 'answer-too-large':
      return { reason: 'answer-too-large', detail }
  }
}

/** For any status but 200; 429 and 5xx never get here. */
export function problemOfStatus(status: number, what: string): RegistryProblem {
  if (status === 401 || status === 403)
    return {
      reason: 'unauthorized',
      detail: `${what}: refused (${status}); check pull: of this registry, and that the repository exists`,
    }
  if (status === 404) return { reason: 'tag-not-found', detail: `${what}: not found` }
  if (status >= 300 && status < 400)
    return { reason: 'redirect-not-allowed', detail: `${what}: redirected (${status})` }
  return { reason: 'malformed-answer', detail: `${what}: answered ${status}` }
}
