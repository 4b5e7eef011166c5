/** AKS: an Entra token for the service that all its clusters are. Address and CA stand in the kubeconfig that Azure gives out. */

import * as z from 'zod'
import type { AksCluster } from '../../domain/config.ts'
import { RetryLater } from '../../domain/retry.ts'
import { ask } from '../ask.ts'
import type { AzureToken } from '../azure/token.ts'
import type { Http } from '../http.ts'
import { keep } from '../kept.ts'
import { PLACE_KEPT_MS, type AccessOf } from './access.ts'

/** https://learn.microsoft.com/azure/aks/kubelogin-authentication: the same application in every tenant. */
const AKS_SERVER = '6dae42f8-4368-4678-94ff-3960e28e3630'
const RESOURCE_MANAGER = 'https://management.azure.com'
const API_VERSION = '2025-05-01'

export type AksOptions = {
  readonly http: Http
  readonly token: AzureToken
  readonly now: () => number
  readonly endpoints?: { readonly resourceManager?: URL }
}

const Listed = z.object({ kubeconfigs: z.tuple([z.object({ value: z.base64() })], z.unknown()) })
/** Lines that a machine wrote, so that no reader of YAML is needed. */
const SERVER = /^ *server: (?<server>https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?)\/?$/mu
const CA = /^ *certificate-authority-data: (?<ca>[A-Za-z0-9+/=]+)$/mu

export function createAksAccess({ aks }: AksCluster, { http, token, now, endpoints }: AksOptions): AccessOf {
  const { subscription, resourceGroup, name } = aks
  const place = keep(async () => {
    const group = `/subscriptions/${subscription}/resourceGroups/${encodeURIComponent(resourceGroup)}`
    const path = `${group}/providers/Microsoft.ContainerService/managedClusters/${name}/listClusterUserCredential`
    const url = new URL(path, endpoints?.resourceManager ?? RESOURCE_MANAGER)
    url.searchParams.set('api-version', API_VERSION)
    const headers = { authorization: `Bearer ${await token(RESOURCE_MANAGER)}`, 'content-type': 'application/json' }
    const who = `Azure, asked for the cluster ${name},`
    const listed = await ask(http, { who, url, method: 'POST', headers, body: '', shape: Listed })
    return { value: placeIn(atob(listed.kubeconfigs[0].value), who), until: now() + PLACE_KEPT_MS }
  }, now)
  return async () => ({ ...(await place()), token: await token(AKS_SERVER) })
}

function placeIn(kubeconfig: string, who: string) {
  const server = SERVER.exec(kubeconfig)?.groups?.['server']
  const ca = CA.exec(kubeconfig)?.groups?.['ca']
  if (server === undefined || ca === undefined)
    throw new RetryLater(`${who} gave a kubeconfig in a form that we do not know`)
  return { server, ca }
}
