/** The scanners that the configuration names, each asked by its registry's own credentials; nothing is fetched before the first question. */

import { endpointOf } from '../../clients/aws/call.ts'
import { createEcrCall } from '../../clients/aws/ecr-call.ts'
import { createAwsRestCall } from '../../clients/aws/rest.ts'
import { createAzureToken } from '../../clients/azure/token.ts'
import { createAwsKeys } from '../../clients/registry-credentials/aws.ts'
import { createCredential, type CredentialTools } from '../../clients/registry-credentials/index.ts'
import { basic, type Credential } from '../../clients/registry/access.ts'
import type { Config, PullCredential, RegistryConfig } from '../../domain/config.ts'
import { placeOf } from '../../domain/ecr-place.ts'
import type { Registry } from '../../domain/image.ts'
import type { ScanSettings } from '../../domain/scan-settings.ts'
import { createArtifactAnalysis } from './artifact-analysis.ts'
import { createDefenderScans } from './defender.ts'
import { createEcrScans } from './ecr.ts'
import { createHarborScans } from './harbor.ts'
import { createInspectorScans } from './inspector.ts'
import { createQuayScans } from './quay.ts'
import type { ScanSource } from './source.ts'

const ARM = 'https://management.azure.com'

export type ScanTools = CredentialTools & { readonly random: () => number }

export function createScanSources(registries: Config['registries'], tools: ScanTools): readonly ScanSource[] {
  return Object.values(registries).flatMap(({ host, scan, pull, insecure }) =>
    host === null || scan === undefined ? [] : [sourceOf({ host, scan, pull, insecure }, tools)],
  )
}

type Scanned = Pick<RegistryConfig, 'pull' | 'insecure'> & { readonly host: Registry; readonly scan: ScanSettings }

function sourceOf(scanned: Scanned, tools: ScanTools): ScanSource {
  const { host, scan, insecure } = scanned
  const { http, now, secretOf } = tools
  if (scan === 'ecr' || scan === 'inspector2') return awsSource(scanned, scan, tools)
  if (scan === 'harbor') {
    return createHarborScans({ http, host, insecure, basic: async () => basicOf(await credentialOf(scanned, tools)) })
  }
  if (scan === 'quay') return createQuayScans({ http, host, insecure, now, token: async () => null })
  if ('quay' in scan) {
    const secret = secretOf(scan.quay.token)
    return createQuayScans({ http, host, insecure, now, token: async () => (await secret())[0] })
  }
  if ('artifact-analysis' in scan) {
    const { project } = scan['artifact-analysis']
    return createArtifactAnalysis({
      http,
      host,
      project,
      token: async () => passwordOf(await credentialOf(scanned, tools)),
    })
  }
  const token = azureToken(scanned.pull, tools)
  return createDefenderScans({ http, host, subscriptions: scan.defender.subscriptions, token: () => token(ARM) })
}

function awsSource({ host, pull }: Scanned, scanner: 'ecr' | 'inspector2', tools: ScanTools): ScanSource {
  const place = placeOf(host)
  if (place === null || pull === undefined || !('aws' in pull)) throw new Error(`${host} is no registry of ECR`)
  const { account: registryId, region } = place
  const options = { ...tools, region, credentials: createAwsKeys(pull.aws, host, tools) }
  if (scanner === 'ecr') return createEcrScans({ host, registryId, call: createEcrCall(region, options) })
  const own = tools.env['AWS_ENDPOINT_URL_INSPECTOR2']
  const endpoint = own === undefined ? endpointOf('inspector2', region) : new URL(own)
  const paths = { ListCoverage: '/coverage/list', ListFindings: '/findings/list' }
  const call = createAwsRestCall({ service: 'inspector2', endpoint, paths }, options)
  return createInspectorScans({ host, registryId, region, call })
}

async function credentialOf({ host, pull, insecure }: Scanned, tools: ScanTools): Promise<Credential | null> {
  if (pull === undefined) return null
  return createCredential(pull, { registry: host, apiHost: host, plainHttp: insecure }, tools)()
}

function basicOf(credential: Credential | null): string | null {
  return credential?.kind === 'password' ? basic(credential).replace(/^Basic /u, '') : null
}

function passwordOf(credential: Credential | null): string {
  return credential?.kind === 'password' ? credential.password : ''
}

function azureToken(pull: PullCredential | undefined, tools: ScanTools) {
  const { application, identity } = pull !== undefined && 'azure' in pull ? pull.azure : {}
  return createAzureToken({
    ...tools,
    env: { ...tools.env, ...(identity === undefined ? {} : { AZURE_CLIENT_ID: identity }) },
    application: application === undefined ? null : { ...application, secret: tools.secretOf(application.secret) },
  })
}
