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

/** One client per repository, made when it is first asked for. */
export function createFindGitHub(places: GitHubPlaces): FindGitHub {
  const clients = new Map<string, GitHub>()
  return (name) => {
    const entry = places.git[name]
    if (entry === undefined || !('github' in entry)) {
      return err({ reason: 'target-missing', detail: `git.${name} is not a GitHub repository` })
    }
    const github = clients.get(name) ?? createGitHub(entry, places)
    clients.set(name, github)
    return ok({ github, base: entry.base })
  }
}
