/** The world under the configuration in force: made once for each that comes. */

import type { LoadedConfig } from '../../src/domain/config.ts'
import type { Variables } from './environment.ts'
import { follow } from './following.ts'
import { createWorld, type FunctionWorld } from './world.ts'

export type Worlds = {
  /** Throws where a repository is followed and nothing good was ever read: the platform comes again. */
  current(): Promise<FunctionWorld>
  /** Reads the repository of the configuration, where there is one. */
  look(): Promise<void>
  problems(): Promise<readonly { readonly detail: string }[]>
}

export function createWorlds(variables: Variables): Worlds {
  const first = createWorld(variables)
  const following = follow(first.tools, first.ports.journal)
  let made: { readonly loaded: LoadedConfig; readonly world: FunctionWorld } = {
    loaded: first.tools.loaded,
    world: first,
  }
  return {
    async current() {
      const loaded = await following.current()
      if (loaded.hash !== made.loaded.hash) made = { loaded, world: createWorld(variables, loaded) }
      return made.world
    },
    look: following.look,
    problems: following.problems,
  }
}
