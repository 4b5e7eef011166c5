/** Keeps to the repository that the configuration names: looks at the start, at each push, and every minute. */

import { tmpdir } from 'node:os'
import { configOptions } from '../../src/cli/config-options.ts'
import { createGitHub } from '../../src/clients/github.ts'
import type { LoadedConfig } from '../../src/domain/config.ts'
import { createFollower, sourceOf, type Follower } from '../../src/follow/follow.ts'
import { createGitSource } from '../../src/follow/git.ts'
import { createGitHubSource } from '../../src/follow/github.ts'
import type { Source } from '../../src/follow/source.ts'
import { createConfigurationPush } from '../../src/receivers/configuration-push.ts'
import type { Receiver } from '../../src/receivers/receiver.ts'
import type { State } from '../../src/state/state.ts'
import type { Tools } from './tools.ts'

const LOOK_EVERY_MS = 60_000
/** What another process on the same database has read. */
const COMPARE_EVERY_MS = 5_000

export type Following = {
  /** What is in force at the start. */
  readonly loaded: LoadedConfig
  readonly receiver: Receiver | undefined
  problems(): Promise<readonly { readonly detail: string }[]>
  /** From now on `adopt` is told of each change. */
  start(adopt: (loaded: LoadedConfig) => void): void
  stop(): Promise<void>
}

/** Where no repository is named, what was given is what is in force. Throws where nothing good was ever read. */
export async function follow(first: LoadedConfig, state: State, tools: Tools): Promise<Following> {
  if (first.config.server.config === undefined) {
    const nothing = { receiver: undefined, problems: async () => [], start: () => {}, stop: async () => {} }
    return { loaded: first, ...nothing }
  }
  const { log, now, measure, secretOf } = tools
  const { secret } = first.config.server.config
  const { source, branch } = openSource(first, tools)
  const follower = createFollower({ first, source, load: { ...configOptions }, ...state, now, log, measure })
  const loaded = await firstOf(follower).catch(async (error: unknown) => {
    await source.close()
    throw error
  })
  const turns = createTurns(follower, loaded, tools)
  const wake = async (): Promise<void> => turns.look()
  return {
    loaded,
    receiver: secret === undefined ? undefined : createConfigurationPush({ secret: secretOf(secret), branch, wake }),
    problems: async () => (await follower.problems()).map((detail) => ({ detail })),
    start: turns.start,
    async stop() {
      await turns.stop()
      await source.close()
    },
  }
}

function openSource(first: LoadedConfig, tools: Tools): { readonly source: Source; readonly branch: string } {
  const { git, ref } = sourceOf(first)
  const entry = first.config.git[git]
  if (entry === undefined) throw new Error(`server.config.git: there is no ${git} under git:`)
  const branch = ref ?? entry.base
  const { secretOf, http, now, env } = tools
  const permissions = { contents: 'read', metadata: 'read' } as const
  const source =
    'github' in entry
      ? createGitHubSource(createGitHub(entry, { secretOf, http, now, permissions }), branch)
      : createGitSource({ entry, branch, secretOf, tempDir: tmpdir(), environment: env })
  return { source, branch }
}

/** What was good last, whether or not the repository is there; else what it holds now. */
async function firstOf(follower: Follower): Promise<LoadedConfig> {
  const kept = await follower.current().catch(() => null)
  if (kept !== null) return kept
  await follower.look()
  return follower.current().catch(async (error: unknown) => {
    const [problem] = await follower.problems()
    throw problem === undefined ? error : new Error(`there is no configuration to start with: ${problem}`)
  })
}

/** One look at a time; who asks during one gets another one after it. */
function createTurns(follower: Follower, first: LoadedConfig, { log, now }: Tools) {
  let adopt: (loaded: LoadedConfig) => void = () => {}
  let inForce = first
  let lookAt = 0
  let underWay: Promise<void> = Promise.resolve()
  let isWaiting = false
  let timer: ReturnType<typeof setInterval> | undefined

  const turn = async (): Promise<void> => {
    isWaiting = false
    try {
      if (now() >= lookAt) {
        lookAt = now() + LOOK_EVERY_MS
        await follower.look()
      }
      const loaded = await follower.current()
      if (loaded.hash === inForce.hash) return
      inForce = loaded
      adopt(loaded)
      log.warn('configuration in force', { config: loaded.hash, mode: loaded.config.mode })
    } catch (error) {
      log.error('configuration not followed', { detail: error instanceof Error ? error.message : 'unknown failure' })
    }
  }
  const poke = (): void => {
    if (isWaiting) return
    isWaiting = true
    underWay = underWay.then(turn)
  }
  return {
    look(): void {
      lookAt = 0
      poke()
    },
    start(tell: (loaded: LoadedConfig) => void): void {
      adopt = tell
      timer = setInterval(poke, COMPARE_EVERY_MS)
      poke()
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      await underWay
    },
  }
}
