/** Managed clusters by what the configuration calls them, with the clouds' own credentials. */

import type { ClusterConfig, ManagedCluster } from '../../domain/config.ts'
import type { Secret, SecretReference } from '../../domain/secret.ts'
import { createAwsCredentials } from '../aws/credential-chain.ts'
import { createAzureToken } from '../azure/token.ts'
import { createGoogleToken } from '../google/token.ts'
import type { Http } from '../http.ts'
import type { AccessOf } from './access.ts'
import { createAksAccess } from './aks.ts'
import { createEksAccess } from './eks.ts'
import { createGkeAccess } from './gke.ts'

/** Where nobody says a region, for a federation from AWS. */
const AWS_REGION = 'us-east-1'

export type CloudTools = {
  readonly http: Http
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => Promise<string>
  readonly secretOf: (reference: SecretReference) => Secret
  readonly now: () => number
}

export function isManaged(cluster: ClusterConfig): cluster is ManagedCluster {
  return 'eks' in cluster || 'gke' in cluster || 'aks' in cluster
}

export function createAccess(cluster: ManagedCluster, tools: CloudTools): AccessOf {
  const { http, env, secretOf, now } = tools
  const aws = (region: string) => ({ region, credentials: createAwsCredentials({ ...tools, region }) })
  if ('eks' in cluster) return createEksAccess(cluster, { http, now, ...aws(cluster.eks.region) })
  if ('gke' in cluster) {
    const { credentials } = cluster.gke
    const secret = credentials === undefined ? null : secretOf(credentials)
    const token = createGoogleToken({ ...tools, credentials: secret, aws: aws(env['AWS_REGION'] ?? AWS_REGION) })
    return createGkeAccess(cluster, { http, now, token })
  }
  const { application } = cluster.aks
  const proof = application === undefined ? null : { ...application, secret: secretOf(application.secret) }
  return createAksAccess(cluster, { http, now, token: createAzureToken({ ...tools, application: proof }) })
}
