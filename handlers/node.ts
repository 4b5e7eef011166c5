/** The Node handler: one process, a store, two listeners. Chooses adapters and hands over; decides nothing. */

import { createBuckets, perMinuteBy } from '../src/allowance.ts'
import { createApp } from '../src/app.ts'
import type { LoadedConfig } from '../src/domain/config.ts'
import { createLoop } from '../src/loop.ts'
import { createReadiness } from '../src/readiness.ts'
import type { Wake } from '../src/state/wake.ts'
import { startSweeping } from '../src/sweep-timer.ts'
import { isHmacByNode } from './hmac.ts'
import { listen, nodeEdge } from './listen.ts'
import { openApi, type LocalToken } from './node/api.ts'
import { closing, type OnClose } from './node/closing.ts'
import { follow } from './node/following.ts'
import { createTools, type Given } from './node/tools.ts'
import { createWorld } from './node/world.ts'
import { openStore } from './store.ts'

export type NodeOptions = Given & { readonly loaded: LoadedConfig; readonly local: LocalToken }
type Addresses = { readonly hooks: string; readonly api: string }
export type NodeService = Addresses & { stop(): Promise<void> }

/** Throws with everything closed again where something cannot be opened. */
export const startNode = (options: NodeOptions): Promise<NodeService> => closing((onClose) => open(options, onClose))

/** Its parts close in the other order, so that what was accepted is in the store, and what is under way is finished. */
async function open({ loaded: first, local, ...given }: NodeOptions, onClose: OnClose): Promise<Addresses> {
  const { now, log } = given
  const { server } = first.config
  const tools = createTools(given)
  const { measure, secretOf } = tools
  onClose(tools.close)
  const state = await openStore(server.state, { secretOf, log, now, onNews: () => loop.poke() })
  onClose(() => state.close())
  const following = await follow(first, state, tools)
  onClose(following.stop)
  const wake: Wake = (id, at) => loop.wake(id, at)
  const world = createWorld(following.loaded, tools, { ...state, wake, now, log, measure, ...tools.tracing })
  onClose(world.close)
  const loop = createLoop(() => world.ports)
  onClose(loop.stop)
  const sweeping = startSweeping(world.ports, loop.poke)
  onClose(sweeping.stop)
  const config = () => world.loaded().config
  const { inbox, unready, problems, stop } = createReadiness({ ...state, config, secretOf, now, log })
  const allowance = createBuckets({ perMinuteOf: (name) => perMinuteBy(config().registries)(name), now })
  const taken = { inbox, allowance, unready, now, log, measure, onStored: loop.poke, receivers: world.receivers }
  const app = createApp({ ...taken, configuration: following.receiver, edge: nodeEdge, isHmac: isHmacByNode })
  const all = async () => [...(await problems()), ...(await following.problems())]
  const asked = { first, local, inbox: state.inbox, ports: () => world.ports, poke: loop.poke, problems: all }
  const hooks = await listen(app, server.listen)
  onClose(hooks.close)
  const api = await listen(openApi(asked, tools), server.apiListen)
  onClose(api.close)
  onClose(stop)
  following.start((loaded) => [world.adopt(loaded), loop.poke()])
  loop.poke()
  return { hooks: hooks.url, api: api.url }
}
