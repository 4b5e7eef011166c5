/** All that the pipeline needs, on a Worker: no git program, no files, clusters over `fetch`. */

import { assemblePorts } from '../../src/assemble.ts'
import { createSignedEcr } from '../../src/clients/aws/ecr.ts'
import { createAccess } from '../../src/clients/cluster-credentials/index.ts'
import { createAccessTransport } from '../../src/clients/cluster-credentials/over-http.ts'
import { createHttp, type Http } from '../../src/clients/http.ts'
import { createHttpTransport } from '../../src/clients/kubernetes-http.ts'
import { createClusterOver, type Cluster } from '../../src/clients/kubernetes.ts'
import type { Ports } from '../../src/pipeline.ts'
import type { Fetcher } from './platform.ts'
import { noFiles, textsOf, type Tools } from './tools.ts'

export function createPorts(tools: Tools): Ports {
  const { env, loaded, state, http, secretOf, log, measure, now, traces } = tools
  const { config } = loaded
  const clusterOf = (name: string): Cluster => clusterBy(name, tools)
  const platform = { env: textsOf(env), readFile: noFiles, createEcr: createSignedEcr }
  const { random } = Math
  const assembled = assemblePorts({
    config,
    clusterOf,
    plainGit: null,
    http,
    secretOf,
    random,
    now,
    measure,
    platform,
  })
  return {
    ...state,
    ...assembled,
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
function clusterBy(name: string, tools: Tools): Cluster {
  const { loaded, env, http, secretOf, now } = tools
  const cluster = loaded.config.clusters[name]
  if (cluster === undefined || 'kubeconfig' in cluster || 'inCluster' in cluster)
    throw new Error(
      `cluster ${name}: a Worker has no kubeconfig; drayage check --platform cloudflare says what to write`,
    )
  const inside = cluster.vpc === undefined ? http : insideOf(name, cluster.vpc, tools)
  if ('server' in cluster) return createClusterOver(createHttpTransport(cluster, { http: inside, secretOf }))
  const access = createAccess(cluster, { http, env: textsOf(env), readFile: noFiles, secretOf, now })
  return createClusterOver(createAccessTransport(access, inside))
}

function insideOf(name: string, vpc: string, { env, now }: Tools): Http {
  const service = env[vpc]
  if (!isFetcher(service)) throw new Error(`cluster ${name}: no Workers VPC service is bound as ${vpc}`)
  return createHttp({ fetch: (url, init) => service.fetch(url, init), now, random: Math.random })
}

function isFetcher(value: unknown): value is Fetcher {
  return typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function'
}
