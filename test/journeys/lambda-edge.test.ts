/** What reaches Lambda functions from outside: requests by a function URL, events of AWS by a queue. Against the built functions. */

import { createHmac, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AWS_ENV } from '../helpers/dynalite.ts'
import { functionUrlEvent, startLambdas, type Lambdas } from '../helpers/lambda.ts'
import { sqsEvent } from '../helpers/lambda-poller.ts'

Object.assign(process.env, AWS_ENV)

const KEY = Buffer.from('CANARY-of-the-hook-and-long-enough')
const TOKEN = 'CANARY-of-the-operator'
const START_TIMEOUT_MS = 60_000
const MEBIBYTE = 1024 * 1024

let lambdas: Lambdas
beforeAll(async () => {
  lambdas = await startLambdas({
    config: {
      version: 1,
      registries: {
        ci: { events: { type: 'webhook', secret: 'env:CI_HOOK' } },
        ecr: { host: '123456789012.dkr.ecr.eu-west-1.amazonaws.com', events: { type: 'ecr', iam: true } },
      },
      git: { gitops: { github: 'acme/gitops', token: 'env:CI_HOOK' } },
      // Nobody follows what is told here: the registry is never asked.
      subscriptions: {
        payments: {
          image: 'docker.io/acme/payments',
          tags: { semver: '*' },
          verify: 'none',
          stages: { prod: { git: 'gitops', file: 'a.yaml' } },
        },
      },
      server: { api: { tokens: [{ person: 'ann', role: 'operator', token: 'env:TOKEN' }] } },
    },
    secrets: { CI_HOOK: `whsec_${KEY.toString('base64')}`, TOKEN },
  })
}, START_TIMEOUT_MS)
afterAll(() => lambdas.stop())

type Answer = { readonly statusCode: number; readonly headers: Record<string, string>; readonly body: string }

/** Signed as Standard Webhooks want it. */
function signed(body: string | Buffer, id: string = randomUUID()): Record<string, string> {
  const seconds = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', KEY).update(`${id}.${seconds}.`).update(body).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature}`,
  }
}

const pushOf = (image: string) => JSON.stringify({ type: 'image.pushed', data: { image } })

async function call(event: object): Promise<Answer> {
  return (await lambdas.functions.webhook.invoke(event)) as Answer
}

const hook = (body: string | Buffer, headers: Record<string, string> = signed(body), url = '/hooks/ci') =>
  functionUrlEvent({ url, method: 'POST', headers }, Buffer.from(body))

async function stored(id: string): Promise<{ readonly accepted: { readonly assurance: string } } | null> {
  const url = new URL('/api/v1/explain', lambdas.api)
  url.searchParams.set('subject', id)
  const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })
  const { events } = (await response.json()) as { events: { accepted: { id: string; assurance: string } }[] }
  return events.find(({ accepted }) => accepted.id === id) ?? null
}

describe('a request by the function URL', () => {
  it('is stored before it is acknowledged, and once', async () => {
    const body = pushOf('ghcr.io/acme/a:1.0.0')
    const headers = signed(body, 'first')
    expect(await call(hook(body, headers))).toMatchObject({ statusCode: 202 })
    expect(await stored('ci/first')).not.toBeNull()
    expect(await call(hook(body, headers))).toMatchObject({ statusCode: 200 })
  })

  it('is taken as text too, where Lambda gives it so', async () => {
    const body = pushOf('ghcr.io/acme/b:1.0.0')
    expect(await call({ ...hook(body), body, isBase64Encoded: false })).toMatchObject({ statusCode: 202 })
  })

  it('is not stored where its signature is wrong by one byte', async () => {
    const body = pushOf('ghcr.io/acme/a:1.0.0')
    const headers = signed(`${body} `, 'forged')
    expect(await call(hook(body, headers))).toMatchObject({ statusCode: 401 })
    expect(await stored('ci/forged')).toBeNull()
  })

  it.each([
    ['as it is', {}],
    ['with a length that is a lie', { 'content-length': '10' }],
    ['in pieces, as the client says', { 'transfer-encoding': 'chunked' }],
  ])(
    'GHSA-rv63-4mwf-qqc2, CVE-2026-44456: is refused above one mebibyte, whatever it says of itself: %s',
    async (_, more) => {
      const body = pushOf(`ghcr.io/acme/a:1.0.0`).padEnd(MEBIBYTE + 1)
      const headers = signed(body, `huge-${Object.keys(more)[0]}`)
      expect(await call(hook(body, { ...headers, ...more }))).toMatchObject({ statusCode: 413 })
      expect(await stored(`ci/${headers['webhook-id']}`)).toBeNull()
      const fits = pushOf(`ghcr.io/acme/a:1.0.0`).padEnd(MEBIBYTE)
      expect(await call(hook(fits))).toMatchObject({ statusCode: 202 })
    },
  )

  it.each([
    [
      'x-apigateway-event',
      encodeURIComponent(JSON.stringify({ rawPath: '/healthz', requestContext: { http: { method: 'GET' } } })),
    ],
    ['x-apigateway-context', encodeURIComponent(JSON.stringify({ functionName: 'other' }))],
    ['x-amzn-lambda-event', '{"rawPath":"/healthz"}'],
    ['x-forwarded-method', 'GET'],
    ['x-original-url', '/healthz'],
  ])('CVE-2026-18248: is what Lambda says that it is, not what its header %s says', async (name, value) => {
    expect(await call(hook('{}', { 'content-type': 'application/json', [name]: value }))).toMatchObject({
      statusCode: 401,
    })
  })

  it.each(['127.0.0.1', '169.254.169.254', 'admin'])(
    'CVE-2026-27700: gets nothing more for who says to have forwarded it: %s',
    async (forwarded) => {
      const headers = { 'x-forwarded-for': forwarded, 'x-real-ip': forwarded, forwarded: `for=${forwarded}` }
      expect(await call(hook('{}', headers))).toMatchObject({ statusCode: 401 })
    },
  )

  it.each([
    ['/hooks/ci/../../api/v1/status', 404],
    ['/hooks/ci%2f..%2fapi', 404],
    ['//evil.example/hooks/ci', 404],
    ['/hooks/ci?x=/hooks/other', 401],
    ['/api/v1/status', 404],
    ['/healthz', 404],
  ])('goes to the route that stands in its path, as it came: POST %s', async (url, statusCode) => {
    expect(await call(hook('{}', { 'content-type': 'application/json' }, url))).toMatchObject({ statusCode })
  })

  it.each(['CONNECT', 'TRACE', 'TRACK', 'GET', 'PUT'])('is not taken by %s', async (method) => {
    const { statusCode } = await call(functionUrlEvent({ url: '/hooks/ci', method, headers: {} }, Buffer.alloc(0)))
    expect([400, 404, 405]).toContain(statusCode)
  })

  it('leaves no secret in the log, however it ends', async () => {
    await call(hook('{}', { authorization: `Bearer ${KEY}`, 'webhook-signature': KEY.toString() }))
    expect(lambdas.log()).toContain('"outcome":"missing-credential"')
    for (const secret of [KEY.toString(), KEY.toString('base64'), TOKEN]) expect(lambdas.log()).not.toContain(secret)
  })
})

describe('an event of AWS by the queue', () => {
  const pushed = (id: string) => ({
    version: '0',
    id,
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '123456789012',
    time: new Date().toISOString(),
    region: 'eu-west-1',
    resources: [],
    detail: {
      result: 'SUCCESS',
      'repository-name': 'team/app',
      'image-digest': `sha256:${'17'.repeat(32)}`,
      'action-type': 'PUSH',
      'image-tag': '1.4.2',
    },
  })
  const message = (MessageId: string, body: unknown) => ({
    MessageId,
    Body: typeof body === 'string' ? body : JSON.stringify(body),
  })

  it('is stored, with IAM as its proof, and explained like any other', async () => {
    const batch = sqsEvent([message('m1', pushed('e1'))])
    expect(await lambdas.functions.events.invoke(batch)).toEqual({ batchItemFailures: [] })
    expect(await stored('ecr/e1')).toMatchObject({ accepted: { assurance: 'authenticated-sender' } })
  })

  it('comes again alone where nobody can read it; its neighbours are taken', async () => {
    const batch = sqsEvent([
      message('good', pushed('e2')),
      message('bad', 'not json'),
      message('other', { ...pushed('e3'), account: '000000000000' }),
    ])
    expect(await lambdas.functions.events.invoke(batch)).toEqual({ batchItemFailures: [{ itemIdentifier: 'bad' }] })
    expect(await stored('ecr/e2')).not.toBeNull()
    expect(await stored('ecr/e3')).toBeNull()
  })

  it('comes again where it could not be written', async () => {
    lambdas.proxies.events.refuse(100)
    const batch = sqsEvent([message('m4', pushed('e4'))])
    expect(await lambdas.functions.events.invoke(batch)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm4' }] })
    lambdas.proxies.events.refuse(0)
    expect(await lambdas.functions.events.invoke(batch)).toEqual({ batchItemFailures: [] })
  })
})

it('a wake-up that nobody can read goes to the dead letters; what it names and is not there is no failure', async () => {
  const batch = sqsEvent([
    { MessageId: 'a', Body: 'not json' },
    { MessageId: 'b', Body: JSON.stringify({ event: 'ci/none' }) },
    { MessageId: 'c', Body: JSON.stringify({ document: 'line/none' }) },
    { MessageId: 'd', Body: JSON.stringify({ sweep: true }) },
  ])
  expect(await lambdas.functions.queue.invoke(batch)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'a' }, { itemIdentifier: 'd' }],
  })
})
