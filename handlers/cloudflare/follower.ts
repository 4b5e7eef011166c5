/** Reads the repository of the configuration, by GitHub's API: a Worker has no git program. */

import { configOptions } from '../../src/cli/config-options.ts'
import { createGitHub } from '../../src/clients/github.ts'
import type { LoadedConfig } from '../../src/domain/config.ts'
import { createFollower, sourceOf, type Follower } from '../../src/follow/follow.ts'
import { createGitHubSource } from '../../src/follow/github.ts'
import type { Tools } from './tools.ts'

const PERMISSIONS = { contents: 'read', metadata: 'read' } as const

export function createWorkerFollower(first: LoadedConfig, tools: Tools): Follower {
  const { state, http, secretOf, now, log, measure } = tools
  const { git, ref } = sourceOf(first)
  const entry = first.config.git[git]
  if (entry === undefined || !('github' in entry)) {
    throw new Error(`server.config.git: ${git} is not on GitHub, and a Worker has no git program`)
  }
  const github = createGitHub(entry, { secretOf, http, now, permissions: PERMISSIONS })
  const source = createGitHubSource(github, ref ?? entry.base)
  return createFollower({
    first,
    source,
    load: { ...configOptions, platform: 'cloudflare' },
    ...state,
    now,
    log,
    measure,
  })
}
