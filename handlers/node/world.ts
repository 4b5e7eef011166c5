/** What follows from the configuration in force: adapters of this machine. Another configuration makes others, under the same ports. */

import { tmpdir } from 'node:os'
import { assemblePorts } from '../../src/assemble.ts'
import { createEcr } from '../../src/clients/aws/ecr-lazy.ts'
import { createAccess, isManaged } from '../../src/clients/cluster-credentials/index.ts'
import { createCluster } from '../../src/clients/kubernetes-configured.ts'
import { createHttpTransport } from '../../src/clients/kubernetes-http.ts'
import { createClusterOver, type Cluster } from '../../src/clients/kubernetes.ts'
import { readSecretFile } from '../../src/config/files.ts'
import { createGitDelivery, type GitDelivery } from '../../src/delivery/git.ts'
import type { Config, LoadedConfig } from '../../src/domain/config.ts'
import type { Outbound } from '../../src/effects.ts'
import { createEmailNotifier } from '../../src/notifications/email.ts'
import { withInteractions } from '../../src/interactions.ts'
import type { Ports } from '../../src/pipeline.ts'
import { createReceivers } from '../../src/receivers/configured.ts'
import type { Receiver } from '../../src/receivers/receiver.ts'
import type { Tools } from './tools.ts'

type Generation = {
  readonly loaded: LoadedConfig
  readonly ports: Ports
  readonly receivers: ReadonlyMap<string, Receiver>
  readonly git: { readonly text: string; readonly delivery: GitDelivery }
}

export type World = {
  readonly loaded: () => LoadedConfig
  readonly receivers: () => ReadonlyMap<string, Receiver>
  /** Each of them is the one of the configuration in force when it is asked for: never copy them. */
  readonly ports: Ports
  adopt(loaded: LoadedConfig): void
  close(): Promise<void>
}

/** What ports have whatever the configuration says. */
type Lasting = Omit<Ports, keyof Outbound | 'registries' | 'config'>

export function createWorld(first: LoadedConfig, tools: Tools, lasting: Lasting): World {
  const clones: GitDelivery[] = []
  const generate = (loaded: LoadedConfig, before?: Generation): Generation => {
    const text = JSON.stringify(loaded.config.git)
    const git = before?.git.text === text ? before.git : { text, delivery: cloneInto(loaded.config, tools) }
    if (git !== before?.git) clones.push(git.delivery)
    const ports = { ...lasting, ...portsOf(loaded.config, git.delivery, tools), config: () => loaded }
    return { loaded, git, ports, receivers: receiversOf(loaded.config, tools) }
  }
  let current = generate(first)
  return {
    loaded: () => current.loaded,
    receivers: () => current.receivers,
    ports: new Proxy(current.ports, { get: (_, name) => Reflect.get(current.ports, name) }),
    adopt(loaded) {
      const before = current
      current = generate(loaded, before)
      // What is under way ends first. It may be asked once more; what it leaves then is removed at the end.
      if (current.git !== before.git) void before.git.delivery.close()
    },
    async close() {
      for (const clone of clones) await clone.close()
    },
  }
}

function receiversOf(config: Config, tools: Tools): ReadonlyMap<string, Receiver> {
  return withInteractions(config, createReceivers(config, tools.secretOf, tools.http), tools)
}

function cloneInto({ git }: Config, { secretOf, now, env }: Tools): GitDelivery {
  return createGitDelivery({ git, secretOf, tempDir: tmpdir(), now, environment: env })
}

function portsOf(config: Config, plainGit: GitDelivery, tools: Tools) {
  const { http, env, secretOf, now, random, measure } = tools
  const clusterOf = (name: string): Cluster => clusterBy(name, config, tools)
  const platform = { env, readFile: readSecretFile, createEcr }
  const mail = createEmailNotifier
  return assemblePorts({ config, clusterOf, plainGit, http, secretOf, random, now, measure, platform, mail })
}

function clusterBy(name: string, { clusters }: Config, { http, env, secretOf, now }: Tools): Cluster {
  const cluster = clusters[name] ?? { inCluster: true }
  if ('server' in cluster) return createClusterOver(createHttpTransport(cluster, { http, secretOf }))
  const tools = { http, env, readFile: readSecretFile, secretOf, now }
  const local = isManaged(cluster) ? { access: createAccess(cluster, tools) } : cluster
  return createCluster(local, { now, readFile: readSecretFile })
}
