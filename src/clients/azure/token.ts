/**
 * Entra tokens for one of Azure's services: by the pod's or machine's own identity, or by a secret.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */

import * as z from 'zod'
import { RetryLater } from '../../domain/retry.ts'
import type { Secret } from '../../domain/secret.ts'
import { ask } from '../ask.ts'
import type { Http } from '../http.ts'
import { keep, type Keeper } from '../kept.ts'

const MARGIN_MS = 5 * 60_000
const AUTHORITY = 'https://login.microsoftonline.com/'
const METADATA = 'http://169.254.169.254'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export type AzureOptions = {
  readonly http: Http
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => Promise<string>
  /** An application with a secret. Null: the identity of the pod or machine. */
  readonly application: { readonly tenant: string; readonly client: string; readonly secret: Secret } | null
  readonly now: () => number
  readonly endpoints?: { readonly authority?: URL; readonly metadata?: URL }
}

/** `resource`: an application's id or URL, without `/.default`. */
export type AzureToken = (resource: string) => Promise<string>

export function createAzureToken(options: AzureOptions): AzureToken {
  const kept = new Map<string, Keeper<string>>()
  return async (resource) => {
    const known = kept.get(resource) ?? keep(() => fetchOne(options, resource), options.now)
    kept.set(resource, known)
    return known()
  }
}

/** Numbers come as text from the machine's service. */
const Token = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() })

async function fetchOne(options: AzureOptions, resource: string) {
  const { access_token, expires_in } = await answerOf(options, resource)
  const expires = options.now() + expires_in * 1000
  return { value: access_token, until: expires - MARGIN_MS, expires }
}

async function answerOf(options: AzureOptions, resource: string): Promise<z.infer<typeof Token>> {
  const { application, env } = options
  if (application !== null) {
    const [secret] = await application.secret()
    return byClient(options, application.tenant, resource, { client_id: application.client, client_secret: secret })
  }
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_FEDERATED_TOKEN_FILE: file } = env
  if (tenant === undefined || client === undefined || file === undefined) return byMachine(options, resource)
  const token = await options.readFile(file).catch((cause: unknown) => {
    throw new RetryLater(`the token ${file} cannot be read`, { cause })
  })
  const proof = { client_id: client, client_assertion_type: ASSERTION, client_assertion: token.trim() }
  return byClient(options, tenant, resource, proof)
}

async function byClient(
  { http, env, endpoints }: AzureOptions,
  tenant: string,
  resource: string,
  proof: Readonly<Record<string, string>>,
) {
  const authority = endpoints?.authority ?? new URL(env['AZURE_AUTHORITY_HOST'] ?? AUTHORITY)
  return ask(http, {
    who: 'Entra',
    url: new URL(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, authority),
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: `${resource}/.default`, ...proof }).toString(),
    shape: Token,
  })
}

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
async function byMachine(options: AzureOptions, resource: string): Promise<z.infer<typeof Token>> {
  const { http, env, endpoints } = options
  const service = URL.parse(env['IDENTITY_ENDPOINT'] ?? '')
  if (service !== null) return byService(options, service, resource)
  const url = new URL(
    '/metadata/identity/oauth2/token',
    endpoints?.metadata ?? env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? METADATA,
  )
  url.searchParams.set('api-version', '2018-02-01')
  url.searchParams.set('resource', resource)
  // Where a machine has several.
  if (env['AZURE_CLIENT_ID'] !== undefined) url.searchParams.set('client_id', env['AZURE_CLIENT_ID'])
  return ask(http, { who: "Azure's metadata service", url, headers: { metadata: 'true' }, shape: Token })
}

/** When it ends, in seconds since 1970. */
const DatedToken = z.object({ access_token: z.string().min(1), expires_on: z.coerce.number().positive() })

/** Container Apps, Functions and App Service: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference */
async function byService(
  { http, env, now }: AzureOptions,
  service: URL,
  resource: string,
): Promise<z.infer<typeof Token>> {
  const url = new URL(service)
  url.searchParams.set('api-version', '2019-08-01')
  url.searchParams.set('resource', resource)
  if (env['AZURE_CLIENT_ID'] !== undefined) url.searchParams.set('client_id', env['AZURE_CLIENT_ID'])
  const headers = { 'x-identity-header': env['IDENTITY_HEADER'] ?? '' }
  const who = "Azure's service of identities"
  const { access_token, expires_on } = await ask(http, { who, url, headers, shape: DatedToken })
  return { access_token, expires_in: Math.max(1, expires_on - now() / 1000) }
}
