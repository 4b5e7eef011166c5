/** The GitHub repositories of the configuration, each with its client. */

import { createGitHub, type GitHub, type GitHubTools } from '../clients/github.ts'
import type { GitConfig } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { DeliveryFailure } from './delivery.ts'

export type GitHubPlaces = GitHubTools & {
  /** `git:` of the configuration; entries for other hosts are passed over. */
  readonly git: Readonly<Record<string, GitConfig>>
}
export type GitHubPlace = { readonly github: GitHub; readonly base: string }
export type FindGitHub = (name: string) => Result<GitHubPlace, DeliveryFailure>

/** One client per repository, made at once: what is wrong with a configuration shows at the start. */
export function createFindGitHub(places: GitHubPlaces): FindGitHub {
  const known = new Map<string, GitHubPlace>()
  for (const [name, entry] of Object.entries(places.git)) {
    if ('github' in entry) known.set(name, { github: createGitHub(entry, places), base: entry.base })
  }
  return (name) => {
    const place = known.get(name)
    if (place !== undefined) return ok(place)
    return err({ reason: 'target-missing', detail: `git.${name} is not a GitHub repository` })
  }
}
