/**
 * EKS: a request to STS, signed but not sent, is the token; the cluster sends it and so learns who we are.
 * https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
 */

import * as z from 'zod'
import type { EksCluster } from '../../domain/config.ts'
import { ask } from '../ask.ts'
import { endpointOf } from '../aws/call.ts'
import type { AwsCredentials, AwsCredentialsOf } from '../aws/credentials.ts'
import { presign, signHeaders } from '../aws/sign.ts'
import type { Http } from '../http.ts'
import { keep } from '../kept.ts'
import { PLACE_KEPT_MS, type AccessOf } from './access.ts'

/** The signature's own word; the cluster takes the token for 15 minutes whatever it is. */
const SIGNED_SECONDS = 60
const TOKEN_KEPT_MS = 14 * 60_000
const PREFIX = 'k8s-aws-v1.'

export type EksOptions = {
  readonly http: Http
  readonly credentials: AwsCredentialsOf
  readonly now: () => number
  readonly endpoints?: { readonly eks?: URL }
}

const Described = z.object({
  cluster: z.object({
    endpoint: z.string().startsWith('https://'),
    certificateAuthority: z.object({ data: z.base64() }),
  }),
})

export function createEksAccess({ eks: { name, region } }: EksCluster, options: EksOptions): AccessOf {
  const { http, credentials, now } = options
  const place = keep(async () => {
    const url = new URL(`/clusters/${encodeURIComponent(name)}`, options.endpoints?.eks ?? endpointOf('eks', region))
    const request = { url, method: 'GET', service: 'eks', region, now: now() } as const
    const headers = await signHeaders(request, await credentials())
    const { cluster } = await ask(http, { who: `EKS, asked for the cluster ${name},`, url, headers, shape: Described })
    const { endpoint: server, certificateAuthority } = cluster
    return { value: { server, ca: certificateAuthority.data }, until: now() + PLACE_KEPT_MS }
  }, now)
  const token = keep(async () => {
    const value = await eksToken({ name, region, now: now() }, await credentials())
    return { value, until: now() + TOKEN_KEPT_MS }
  }, now)
  return async () => ({ ...(await place()), token: await token() })
}

export async function eksToken(
  { name, region, now }: { readonly name: string; readonly region: string; readonly now: number },
  credentials: AwsCredentials,
): Promise<string> {
  const url = endpointOf('sts', region)
  url.search = 'Action=GetCallerIdentity&Version=2011-06-15'
  const headers = { 'x-k8s-aws-id': name }
  const request = { url, method: 'GET', service: 'sts', region, headers, now, expiresSeconds: SIGNED_SECONDS } as const
  const { href } = await presign(request, credentials)
  return PREFIX + btoa(href).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
