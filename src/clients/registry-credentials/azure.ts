/**
 * ACR: an Entra token becomes a refresh token of the one registry, and that an access token for each repository.
 * https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
 */

import { decodeJwt } from 'jose'
import * as z from 'zod'
import type { AzurePull } from '../../domain/config.ts'
import { ask } from '../ask.ts'
import { createAzureToken } from '../azure/token.ts'
import { keep } from '../kept.ts'
import type { Access, Credential } from '../registry/access.ts'
import type { CredentialOf, CredentialTools } from './index.ts'

const MARGIN_MS = 15 * 60_000
/** Where the token does not say it; they last three hours. */
const LIFETIME_DEFAULT_MS = 60 * 60_000

type AzureCloud = { readonly authority: string; readonly resource: string }
/** By the end of the registry's name. The audience of the registries themselves: a token for it manages nothing else. */
const CLOUDS: Readonly<Record<string, AzureCloud>> = {
  cn: { authority: 'https://login.chinacloudapi.cn/', resource: 'https://management.chinacloudapi.cn' },
  us: { authority: 'https://login.microsoftonline.us/', resource: 'https://management.usgovcloudapi.net' },
}
const PUBLIC: AzureCloud = {
  authority: 'https://login.microsoftonline.com/',
  resource: 'https://containerregistry.azure.net',
}

const Exchanged = z.object({ refresh_token: z.string().min(1) })

export function createAzureCredential(
  { application, identity }: AzurePull,
  { apiHost, plainHttp }: Pick<Access, 'apiHost' | 'plainHttp'>,
  tools: CredentialTools,
): CredentialOf {
  const { env, http, secretOf, now } = tools
  const cloud = CLOUDS[/\.azurecr\.(?<end>cn|us)$/u.exec(apiHost)?.groups?.['end'] ?? ''] ?? PUBLIC
  const token = createAzureToken({
    ...tools,
    env: {
      AZURE_AUTHORITY_HOST: cloud.authority,
      ...env,
      ...(identity === undefined ? {} : { AZURE_CLIENT_ID: identity }),
    },
    application: application === undefined ? null : { ...application, secret: secretOf(application.secret) },
  })
  const tenant = application?.tenant ?? env['AZURE_TENANT_ID']
  return keep<Credential>(async () => {
    const answer = await ask(http, {
      who: apiHost,
      url: new URL(`${plainHttp ? 'http' : 'https'}://${apiHost}/oauth2/exchange`),
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'access_token',
        service: apiHost,
        ...(tenant === undefined ? {} : { tenant }),
        access_token: await token(cloud.resource),
      }).toString(),
      shape: Exchanged,
    })
    const expires = endOf(answer.refresh_token) ?? now() + LIFETIME_DEFAULT_MS
    const value = { kind: 'identity-token', token: answer.refresh_token } as const
    const half = now() + (expires - now()) / 2
    return { value, until: Math.max(expires - MARGIN_MS, half), expires }
  }, now)
}

/** What it says of itself is believed: it only decides when we ask for the next one. */
function endOf(token: string): number | null {
  try {
    const { exp } = decodeJwt(token)
    return exp === undefined ? null : exp * 1000
  } catch {
    return null
  }
}
