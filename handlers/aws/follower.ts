/** Reads the repository of the configuration, by GitHub's API: a function has no git program. */

import { configOptions } from '../../src/cli/config-options.ts'
import { createGitHub } from '../../src/clients/github.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createFollower, sourceOf, type Follower } from '../../src/follow/follow.ts'
import { createGitHubSource } from '../../src/follow/github.ts'
import type { Journal } from '../../src/state/journal.ts'
import type { Keep } from '../../src/state/keep.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { Tools } from './tools.ts'

const PERMISSIONS = { contents: 'read', metadata: 'read' } as const

export function createFunctionFollower(tools: Tools, keep: Keep, journal: Pick<Journal, 'append'>): Follower {
  const { loaded: first, secretOf, now, log, measure } = tools
  const { git, ref } = sourceOf(first)
  const entry = first.config.git[git]
  if (entry === undefined || !('github' in entry)) {
    throw new Error(`server.config.git: ${git} is not on GitHub, and a function has no git program`)
  }
  const http = createHttp({
    fetch: guardedFetch,
    now,
    random: Math.random,
    onCall: (call) => log.debug('request', call),
  })
  const github = createGitHub(entry, { secretOf, http, now, permissions: PERMISSIONS })
  const source = createGitHubSource(github, ref ?? entry.base)
  return createFollower({
    first,
    source,
    load: { ...configOptions, platform: 'aws' },
    keep,
    journal,
    now,
    log,
    measure,
  })
}
