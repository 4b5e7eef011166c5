/** A push ends in a commit where the registry is read by its cloud: the service as a process, the clouds' services on loopback. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { afterEach, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { startPeer, type Answers } from '../helpers/cloud-peer.ts'
import { eventually, freePort, startService } from '../helpers/service.ts'

const HOOK = 'Bearer CANARY-of-the-hook'
const GUID = '11111111-1111-4111-8111-111111111111'
const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

type Cloud = {
  readonly pull: object
  readonly answers: Answers
  readonly env: (peer: URL) => Readonly<Record<string, string>>
  /** What the registry says to whom it does not know, and whom it knows. */
  readonly challenge: (host: string) => string
  readonly knows: string
  /** At the registry itself. */
  readonly own?: Readonly<Record<string, (body: URLSearchParams) => Promise<object> | object>>
}
const basic = (name: string, word: string): string => `Basic ${btoa(`${name}:${word}`)}`

const clouds: Readonly<Record<string, Cloud>> = {
  aws: {
    pull: { aws: { region: 'eu-west-1' } },
    answers: {
      'POST /': () => ({
        authorizationData: [{ authorizationToken: btoa('AWS:CANARY-ecr'), expiresAt: Date.now() / 1000 + 43_200 }],
      }),
    },
    env: (peer) => ({
      AWS_ENDPOINT_URL_ECR: peer.href,
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'CANARY-key',
    }),
    challenge: (host) => `Basic realm="http://${host}/",service="ecr.amazonaws.com"`,
    knows: basic('AWS', 'CANARY-ecr'),
  },
  google: {
    pull: { google: {} },
    answers: {
      'GET /computeMetadata/v1/instance/service-accounts/default/token': () => ({
        access_token: 'CANARY-google',
        expires_in: 3600,
      }),
    },
    env: (peer) => ({ GCE_METADATA_HOST: peer.host }),
    challenge: () => 'Basic realm="google"',
    knows: basic('oauth2accesstoken', 'CANARY-google'),
  },
  azure: {
    pull: { azure: { application: { tenant: GUID, client: GUID, secret: 'env:AZURE' } } },
    answers: { [`POST /${GUID}/oauth2/v2.0/token`]: () => ({ access_token: 'CANARY-entra', expires_in: 3600 }) },
    env: (peer) => ({ AZURE_AUTHORITY_HOST: peer.href, AZURE: 'CANARY-secret' }),
    challenge: (host) => `Bearer realm="http://${host}/oauth2/token",service="${host}"`,
    knows: 'Bearer CANARY-read',
    own: {
      '/oauth2/exchange': async (body) =>
        body.get('access_token') === 'CANARY-entra'
          ? {
              refresh_token: await new SignJWT({ jti: 'CANARY-refresh' })
                .setProtectedHeader({ alg: 'HS256' })
                .setExpirationTime('3h')
                .sign(new Uint8Array(32)),
            }
          : {},
      '/oauth2/token': (body) =>
        body.get('refresh_token') === null ? {} : { access_token: 'CANARY-read', expires_in: 300 },
    },
  },
}

/** Before a registry that lets everybody in: one that lets in whom the cloud knows. */
async function guard(inner: string, { challenge, knows, own = {} }: Cloud): Promise<string> {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = own[request.url ?? '']
    if (asked !== undefined) {
      response.end(JSON.stringify(await asked(new URLSearchParams(await textOf(request)))))
      return
    }
    if (request.headers.authorization !== knows) {
      response.writeHead(401, { 'www-authenticate': challenge(request.headers.host ?? '') }).end('{}')
      return
    }
    const { accept = '*/*' } = request.headers
    const answer = await fetch(`http://${inner}${request.url}`, { method: request.method ?? '', headers: { accept } })
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

it.each(Object.keys(clouds))('a push is delivered through pull: %s, and no secret is told', async (name) => {
  const cloud = clouds[name]
  if (cloud === undefined) throw new Error(name)
  const port = await freePort()
  const registry = await startRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { Authorization: HOOK } },
  })
  cleanup.push(() => registry.close())
  const peer = await startPeer(cloud.answers)
  cleanup.push(() => peer.close())
  const host = await guard(registry.host, cloud)
  const image = `${host}/acme/app`
  const repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
  cleanup.push(() => repository.close())
  const entry = { host, insecure: true, pull: cloud.pull, events: { type: 'distribution', secret: 'env:HOOK' } }
  const yaml = `registries: ${JSON.stringify({ local: entry })}
git: { gitops: { url: ${repository.path}, base: main } }
subscriptions:
  app: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
  const service = await startService({ yaml, env: { HOOK, ...cloud.env(peer.url) }, port })
  cleanup.push(() => service.remove())
  const digest = await registry.pushImage('acme/app', '1.1.0')
  await eventually('it is delivered', async () => repository.file('app.yaml').includes(digest))
  expect(peer.asked).toHaveLength(1)
  const { entries } = await service.client.history({ subscription: 'app', limit: '500' })
  expect(`${service.log()} ${JSON.stringify(entries)}`).not.toContain('CANARY')
})
