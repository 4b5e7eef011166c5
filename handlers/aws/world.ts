/** All that the pipeline needs, in a function: DynamoDB by AWS's client, no git program, no files. */

import { assemblePorts } from '../../src/assemble.ts'
import { createEcr } from '../../src/clients/aws/ecr-lazy.ts'
import { createAccess, isManaged } from '../../src/clients/cluster-credentials/index.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createOtlpFromEnvironment } from '../../src/clients/otlp.ts'
import { createHttpTransport } from '../../src/clients/kubernetes-http.ts'
import { createCluster } from '../../src/clients/kubernetes-configured.ts'
import { createClusterOver, type Cluster } from '../../src/clients/kubernetes.ts'
import type { LoadedConfig } from '../../src/domain/config.ts'
import type { World } from '../../src/invocation.ts'
import { createDynamoState } from '../../src/state/dynamodb.ts'
import { createDynamo } from '../../src/state/dynamodb/sdk.ts'
import type { Damage } from '../../src/state/state.ts'
import { daysOf, type Variables } from './environment.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { createTools, noFiles, type Tools } from './tools.ts'

export type FunctionWorld = World & {
  readonly tools: Tools
  /** Sends traces: after an invocation nothing runs. */
  flush(): Promise<void>
}

/** `inForce`: where it is not what was deployed. */
export function createWorld(variables: Variables, inForce?: LoadedConfig): FunctionWorld {
  const tools = createTools(variables)
  const loaded = inForce ?? tools.loaded
  const { env, log, now, measure, secretOf, leave } = tools
  const { config } = loaded
  const random = Math.random
  const http = createHttp({ fetch: guardedFetch, now, random, onCall: (call) => log.debug('request', call) })
  const onDamage = ({ place, id, detail }: Damage): void => log.error('state damaged', { place, id, detail })
  const { inbox, ...state } = createDynamoState({
    dynamo: createDynamo(),
    tables: {
      documents: env.DRAYAGE_TABLE_DOCUMENTS,
      inbox: env.DRAYAGE_TABLE_INBOX,
      journal: env.DRAYAGE_TABLE_JOURNAL,
    },
    onDamage,
    eventDays: daysOf(variables, 'DRAYAGE_EVENT_DAYS'),
    journalDays: daysOf(variables, 'DRAYAGE_JOURNAL_DAYS'),
  })
  const clusterOf = (name: string): Cluster => {
    const cluster = config.clusters[name]
    if (cluster !== undefined && 'server' in cluster) {
      return createClusterOver(createHttpTransport(cluster, { http, secretOf }))
    }
    if (cluster === undefined || !isManaged(cluster)) {
      throw new Error(`cluster ${name}: a function has no kubeconfig; drayage check --platform aws says what to write`)
    }
    const access = createAccess(cluster, { http, env: variables, readFile: noFiles, secretOf, now })
    return createCluster({ access }, { now, readFile: noFiles })
  }
  const platform = { env: variables, readFile: noFiles, createEcr }
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
  const traces = createOtlpFromEnvironment(variables, { http, log, secretOf })
  const trace = traces === null ? {} : { trace: traces.trace }
  const ports = { ...state, ...assembled, config: () => loaded, now, log, measure, ...trace }
  return { ports, inbox, leave, tools, flush: async () => traces?.flush() }
}
