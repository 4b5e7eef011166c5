/** What is in force: what was deployed with the function, or what a repository adds to it. Loads what reads one where there is one. */

import type { LoadedConfig } from '../../src/domain/config.ts'
import type { Follower } from '../../src/follow/follow.ts'
import type { Receiver } from '../../src/receivers/receiver.ts'
import type { Journal } from '../../src/state/journal.ts'
import { createDynamoKeep } from '../../src/state/dynamodb/keep.ts'
import { createDynamoPut } from '../../src/state/dynamodb/put.ts'
import type { Tools } from './tools.ts'

export type Following = {
  current(): Promise<LoadedConfig>
  /** Reads the repository; nothing where there is none. */
  look(): Promise<void>
  problems(): Promise<readonly { readonly detail: string }[]>
  /** Takes word of pushes to it. */
  receiver(): Promise<Receiver | undefined>
}

/** `journal` is of those who look. */
export function follow(tools: Tools, journal?: Pick<Journal, 'append'>): Following {
  const { loaded: first, secretOf, leave } = tools
  const wanted = first.config.server.config
  if (wanted === undefined) return alwaysThis(first)
  let opened: Promise<Follower> | undefined
  const follower = (): Promise<Follower> => (opened ??= open(tools, journal))
  return {
    current: async () => (await follower()).current(),
    look: async () => void (await (await follower()).look()),
    problems: async () => (await (await follower()).problems()).map((detail) => ({ detail })),
    async receiver() {
      if (wanted.secret === undefined) return undefined
      const { createConfigurationPush } = await import('../../src/receivers/configuration-push.ts')
      const branch = wanted.ref ?? first.config.git[wanted.git]?.base ?? 'main'
      const wake = (): Promise<void> => leave([{ wakeUp: { configuration: 'changed' }, delayMs: 0 }])
      return createConfigurationPush({ secret: secretOf(wanted.secret), branch, wake })
    },
  }
}

function alwaysThis(loaded: LoadedConfig): Following {
  const current = async () => loaded
  return { current, look: async () => {}, problems: async () => [], receiver: async () => undefined }
}

async function open(tools: Tools, journal?: Pick<Journal, 'append'>): Promise<Follower> {
  const { createFunctionFollower } = await import('./follower.ts')
  const keep = createDynamoKeep(createDynamoPut(tools.dynamoCall), tools.env.DRAYAGE_TABLE_DOCUMENTS)
  return createFunctionFollower(tools, keep, journal ?? { append: async () => {} })
}
