/** GKE: a Google access token is the cluster's token. By its DNS endpoint, publicly trusted, where it has one. */

import * as z from 'zod'
import type { GkeCluster } from '../../domain/config.ts'
import { ask } from '../ask.ts'
import type { GoogleToken } from '../google/token.ts'
import type { Http } from '../http.ts'
import { keep } from '../kept.ts'
import { PLACE_KEPT_MS, type AccessOf } from './access.ts'

export type GkeOptions = {
  readonly http: Http
  readonly token: GoogleToken
  readonly now: () => number
  readonly endpoints?: { readonly container?: URL }
}

/** https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters */
const Described = z.object({
  endpoint: z.string().default(''),
  masterAuth: z.object({ clusterCaCertificate: z.base64() }),
  controlPlaneEndpointsConfig: z
    .object({
      dnsEndpointConfig: z.object({
        endpoint: z.string().default(''),
        allowExternalTraffic: z.boolean().default(false),
      }),
    })
    .optional(),
})

export function createGkeAccess({ gke }: GkeCluster, { http, token, now, endpoints }: GkeOptions): AccessOf {
  const { project, location, name } = gke
  const place = keep(async () => {
    const base = endpoints?.container ?? 'https://container.googleapis.com'
    const url = new URL(`/v1/projects/${project}/locations/${location}/clusters/${name}`, base)
    const headers = { authorization: `Bearer ${await token()}` }
    const cluster = await ask(http, { who: `GKE, asked for the cluster ${name},`, url, headers, shape: Described })
    return { value: placeOf(cluster), until: now() + PLACE_KEPT_MS }
  }, now)
  return async () => ({ ...(await place()), token: await token() })
}

function placeOf({ endpoint, masterAuth, controlPlaneEndpointsConfig }: z.infer<typeof Described>) {
  const dns = controlPlaneEndpointsConfig?.dnsEndpointConfig
  if (dns !== undefined && dns.endpoint !== '' && dns.allowExternalTraffic)
    return { server: `https://${dns.endpoint}`, ca: null }
  return { server: `https://${endpoint}`, ca: masterAuth.clusterCaCertificate }
}
