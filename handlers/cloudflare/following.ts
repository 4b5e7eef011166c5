/** What is in force: what was compiled in, or what a repository adds to it. Loads what reads one where there is one. */

import type { LoadedConfig } from '../../src/domain/config.ts'
import type { Follower } from '../../src/follow/follow.ts'
import { createConfigurationPush } from '../../src/receivers/configuration-push.ts'
import type { Receiver } from '../../src/receivers/receiver.ts'
import type { Env, ObjectOf } from './platform.ts'
import { createTools, loaded as first, type Tools } from './tools.ts'

const followers = new WeakMap<Env, Follower>()

/** Throws where a repository is followed and nothing good was ever read: senders and the platform come again. */
export async function inForce(env: Env): Promise<LoadedConfig> {
  return first.config.server.config === undefined ? first : (await followerOf(env)).current()
}

export async function openTools(env: Env, objectOf?: ObjectOf): Promise<Tools> {
  return createTools(env, objectOf, await inForce(env))
}

/** Reads the repository, where there is one. Never throws: what was good last stays in force. */
export async function look(env: Env): Promise<void> {
  if (first.config.server.config === undefined) return
  try {
    await (await followerOf(env)).look()
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'unknown failure'
    createTools(env).log.error('configuration not followed', { detail })
  }
}

export async function problems(env: Env): Promise<readonly { readonly detail: string }[]> {
  if (first.config.server.config === undefined) return []
  return (await (await followerOf(env)).problems()).map((detail) => ({ detail }))
}

/** Takes word of pushes to it. */
export function receiverOf({ env, secretOf }: Tools): Receiver | undefined {
  const { config, server } = { ...first, server: first.config.server.config }
  if (server?.secret === undefined) return undefined
  const branch = server.ref ?? config.git[server.git]?.base ?? 'main'
  const wake = async (): Promise<void> => void (await env.INBOX.send({ wake: 'configuration' }, { delaySeconds: 0 }))
  return createConfigurationPush({ secret: secretOf(server.secret), branch, wake })
}

async function followerOf(env: Env): Promise<Follower> {
  const known = followers.get(env)
  if (known !== undefined) return known
  const { createWorkerFollower } = await import('./follower.ts')
  const made = createWorkerFollower(first, createTools(env))
  followers.set(env, made)
  return made
}
