/** A cluster by its kubeconfig, or the one around us. Apart from `kubernetes.ts`, so that platforms without files never bundle client-node. */

import type { ClusterConfig, ManagedCluster, ServerCluster } from '../domain/config.ts'
import type { AccessOf } from './cluster-credentials/access.ts'
import { createClusterOver, type Cluster, type Send } from './kubernetes.ts'

/** What client-node connects to; `server:` is plain HTTP of our own (`kubernetes-http.ts`). */
export type ClientNodeCluster =
  | Exclude<ClusterConfig, ServerCluster | ManagedCluster>
  /** A managed one: its cloud says where it is, and gives the token. */
  | { readonly access: AccessOf }

export type ClusterOptions = {
  readonly now: () => number
  readonly readFile: (path: string) => Promise<string>
  /** What stands before `/var/run/secrets/kubernetes.io/serviceaccount`; nothing in a pod. */
  readonly serviceAccountRoot?: string
  /** How long one request may take, its answer read whole. */
  readonly requestMsMax?: number
}

/** Nothing is read or loaded before the first request. */
export function createCluster(config: ClientNodeCluster, options: ClusterOptions): Cluster {
  let transport: Promise<Send> | undefined
  return createClusterOver(async (request) => {
    transport ??= import('./kubernetes-client.ts').then(({ createTransport }) => createTransport(config, options))
    return (await transport)(request)
  })
}
