/** All that the pipeline needs, on a Worker: no git program, no files, clusters over `fetch`. */

import { assembleOutbound } from '../../src/assemble.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createHttpTransport } from '../../src/clients/kubernetes-http.ts'
import { createClusterOver, type Cluster } from '../../src/clients/kubernetes.ts'
import { createRegistries } from '../../src/clients/registry/registries.ts'
import type { Ports } from '../../src/pipeline.ts'
import type { Fetcher } from './platform.ts'
import type { Tools } from './tools.ts'

export function createPorts(tools: Tools): Ports {
  const { loaded, state, http, secretOf, log, measure, now, traces } = tools
  const { config } = loaded
  const clusterOf = (name: string): Cluster => clusterBy(name, tools)
  const outbound = assembleOutbound({ config, clusterOf, plainGit: null, http, secretOf, random: Math.random, now })
  return {
    ...state,
    ...outbound,
    registries: createRegistries({ http, registries: config.registries, secretOf, now }),
    // The document's object set its alarm in the same write as the document.
    wake: async () => {},
    config: () => loaded,
    now,
    log,
    measure,
    ...(traces === null ? {} : { trace: traces.trace }),
  }
}

/** Over a Workers VPC service, which trusts the cluster's own CA, or the public Internet. */
function clusterBy(name: string, { loaded, env, http, secretOf, now }: Tools): Cluster {
  const cluster = loaded.config.clusters[name]
  if (cluster === undefined || !('server' in cluster))
    throw new Error(`cluster ${name}: expected server: and token:, for a Worker has no kubeconfig`)
  if (cluster.vpc === undefined) return createClusterOver(createHttpTransport(cluster, { http, secretOf }))
  const service = env[cluster.vpc]
  if (!isFetcher(service)) throw new Error(`cluster ${name}: no Workers VPC service is bound as ${cluster.vpc}`)
  const inside = createHttp({ fetch: (url, init) => service.fetch(url, init), now, random: Math.random })
  return createClusterOver(createHttpTransport(cluster, { http: inside, secretOf }))
}

function isFetcher(value: unknown): value is Fetcher {
  return typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function'
}
