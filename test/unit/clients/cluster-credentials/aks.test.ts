/** AKS by Entra tokens, against Azure's services as their protocols are published. */

import { afterEach, describe, expect, it } from 'vitest'
import { createAzureToken, type AzureOptions } from '../../../../src/clients/azure/token.ts'
import { createAksAccess } from '../../../../src/clients/cluster-credentials/aks.ts'
import { guardedHttp, startPeer, type Answers } from '../../../helpers/cloud-peer.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const TENANT = '11111111-1111-4111-8111-111111111111'
const CLIENT = '22222222-2222-4222-8222-222222222222'
const SUBSCRIPTION = '33333333-3333-4333-8333-333333333333'
const AKS_SERVER = '6dae42f8-4368-4678-94ff-3960e28e3630'
const cluster = { aks: { subscription: SUBSCRIPTION, resourceGroup: 'rg', name: 'prod' } }
const TOKEN = `POST /${TENANT}/oauth2/v2.0/token`
const LIST = `POST /subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod/listClusterUserCredential`

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Given = { readonly env?: Record<string, string>; readonly application?: AzureOptions['application'] }

async function start(answers: Answers, { env = {}, application = null }: Given = {}) {
  const peer = await startPeer(answers)
  closing.push(peer.close)
  const clock = { now: NOW }
  const http = guardedHttp()
  const now = () => clock.now
  const readFile = async () => 'federated.pod.token\n'
  const endpoints = { authority: peer.url, metadata: peer.url }
  const token = createAzureToken({ http, env, readFile, application, now, endpoints })
  const access = createAksAccess(cluster, { http, token, now, endpoints: { resourceManager: peer.url } })
  return { peer, clock, token, access }
}

const POD = { AZURE_TENANT_ID: TENANT, AZURE_CLIENT_ID: CLIENT, AZURE_FEDERATED_TOKEN_FILE: '/token' }
const tokenOf = (body: string) => ({
  access_token: `for ${new URLSearchParams(body).get('scope')}`,
  expires_in: 3599,
  token_type: 'Bearer',
})

describe('an Entra token', () => {
  it('comes for the pod’s own token, without a secret', async () => {
    const { token, peer } = await start({ [TOKEN]: ({ body }) => tokenOf(body) }, { env: POD })
    expect(await token(AKS_SERVER)).toBe(`for ${AKS_SERVER}/.default`)
    expect(Object.fromEntries(new URLSearchParams(peer.asked[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: `${AKS_SERVER}/.default`,
      client_id: CLIENT,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'federated.pod.token',
    })
  })

  it('comes for an application’s secret', async () => {
    const application = { tenant: TENANT, client: CLIENT, secret: async () => ['CANARY'] as const }
    const { token, peer } = await start({ [TOKEN]: ({ body }) => tokenOf(body) }, { application })
    await token(AKS_SERVER)
    expect(new URLSearchParams(peer.asked[0]?.body).get('client_secret')).toBe('CANARY')
  })

  it('comes from the machine’s service, which wants its own header', async () => {
    const { token, peer } = await start({
      // The machine's service writes numbers as text.
      'GET /metadata/identity/oauth2/token': ({ headers }) =>
        headers['metadata'] === 'true' ? { access_token: 'mi', expires_in: '86399' } : 400,
    })
    expect(await token(AKS_SERVER)).toBe('mi')
    expect(Object.fromEntries(peer.asked[0]?.url.searchParams ?? [])).toEqual({
      'api-version': '2018-02-01',
      resource: AKS_SERVER,
    })
  })

  it('is kept for each service apart, until five minutes before it expires', async () => {
    const { token, peer, clock } = await start({ [TOKEN]: ({ body }) => tokenOf(body) }, { env: POD })
    await Promise.all([token('a'), token('a'), token('b')])
    expect(peer.asked).toHaveLength(2)
    clock.now += (3599 - 300) * 1000
    await token('a')
    expect(peer.asked).toHaveLength(3)
  })

  it('is told as missing with Entra’s code, and nothing of the secret', async () => {
    const application = { tenant: TENANT, client: CLIENT, secret: async () => ['CANARY'] as const }
    const { token } = await start({ [TOKEN]: () => 401 }, { application })
    const error: unknown = await token(AKS_SERVER).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'RetryLater', message: expect.stringMatching(/^Entra answered 401/u) })
    expect(String(error)).not.toContain('CANARY')
  })
})

describe('the place of a cluster of AKS', () => {
  const kubeconfig = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: TFMwdA==
    server: https://prod-dns-abc.hcp.westeurope.azmk8s.io:443
  name: prod
users: []
`
  const listed = (text: string) => ({
    kubeconfigs: [{ name: 'clusterUser', value: Buffer.from(text).toString('base64') }],
  })
  const answers = (answer: unknown): Answers => ({
    [TOKEN]: ({ body }) => tokenOf(body),
    [LIST]: ({ headers }) =>
      headers['authorization'] === 'Bearer for https://management.azure.com/.default' ? answer : 401,
  })

  it('stands in the kubeconfig that Azure gives out; the token is for AKS', async () => {
    const { access } = await start(answers(listed(kubeconfig)), { env: POD })
    expect(await access()).toEqual({
      server: 'https://prod-dns-abc.hcp.westeurope.azmk8s.io:443',
      ca: 'TFMwdA==',
      token: `for ${AKS_SERVER}/.default`,
    })
  })

  it.each([
    ['refuses', 403],
    ['gives none', { kubeconfigs: [] }],
    ['gives another form', listed('server: http://plain')],
  ])('is told as missing where Azure %s', async (_, answer) => {
    const { access } = await start(answers(answer), { env: POD })
    await expect(access()).rejects.toThrow(/Azure, asked for the cluster prod,/u)
  })
})
