/** Clients for the source repositories of a configuration: each by its own way in, or by that of the entry of `git:` for the same repository. */

import type { Config, GitHubRepository } from '../domain/config.ts'
import { isSameRepository, type Source } from '../domain/source.ts'
import type { Subscription } from '../domain/subscription.ts'
import { createGitHub, type GitHub, type GitHubTools } from './github.ts'

type Level = 'read' | 'write'
type Whole = Pick<Config, 'git' | 'subscriptions'>

/** What is asked and told in a repository, and with which entry's credential. */
export type SourceHost = { readonly github: GitHub; readonly place: Pick<Source, 'github' | 'api'> }
export type FindSource = (source: Pick<Source, 'github'> & Partial<Source>) => SourceHost | null

/** Null: no entry leads there. */
export function createFindSource(config: Whole, tools: Omit<GitHubTools, 'permissions'>): FindSource {
  const made = new Map<string, SourceHost>()
  return (source) => {
    const entry = entryOf(source, config)
    if (entry === null) return null
    const key = JSON.stringify(entry)
    const known = made.get(key)
    if (known !== undefined) return known
    const permissions = permissionsAt(entry.github, config)
    const host = { github: createGitHub(entry, { ...tools, permissions }), place: entry }
    made.set(key, host)
    return host
  }
}

function entryOf(source: Pick<Source, 'github'> & Partial<Source>, { git }: Whole): GitHubRepository | null {
  const { github, app, key, token, api } = source
  if (app !== undefined || token !== undefined) {
    return {
      github,
      base: 'main',
      ...(app !== undefined && { app }),
      ...(key !== undefined && { key }),
      ...(token !== undefined && { token }),
      ...(api !== undefined && { api }),
    }
  }
  const entries = Object.values(git).flatMap((entry) => ('github' in entry ? [entry] : []))
  return entries.find((entry) => isSameRepository(entry.github, github)) ?? null
}

/** No more than what the configuration makes use of there: an App that was not given the rest gets no token at all. */
function permissionsAt(repository: string, { subscriptions }: Whole): Readonly<Record<string, Level>> {
  const here = subscriptions.filter(({ source }) => source !== undefined && isSameRepository(source.github, repository))
  const isTold = (what: 'status' | 'deployments' | 'comments'): boolean =>
    here.some(({ source }) => source?.[what] === true)
  const isChecked = subscriptions.some((subscription) => isCheckedAt(repository, subscription))
  return {
    metadata: 'read',
    contents: 'read',
    ...(isChecked && { checks: 'read', statuses: 'read' }),
    ...(isTold('status') && { statuses: 'write' }),
    ...(isTold('deployments') && { deployments: 'write' }),
    ...(isTold('comments') && { pull_requests: 'write' }),
  }
}

function isCheckedAt(repository: string, { stages, source }: Subscription): boolean {
  return stages.some(({ gates }) =>
    gates.some((gate) => {
      if (gate.kind !== 'check' || gate.how.by !== 'github') return false
      const asked = gate.how.repository ?? source?.github
      return asked !== undefined && isSameRepository(asked, repository)
    }),
  )
}
