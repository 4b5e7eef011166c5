/** Amazon ECR's events by SNS over HTTPS and by a rule, a queue and the built function; SNS and SQS are fauxqs. */

import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { globSync, readFileSync } from 'node:fs'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { listen, nodeEdge } from '../../handlers/listen.ts'
import { ecr } from '../../src/receivers/ecr.ts'
import { AWS_ENV } from '../helpers/dynalite.ts'
import { aScene } from '../helpers/edge.ts'
import { aServer } from '../helpers/issuer.ts'
import { startLambdas, type Lambdas } from '../helpers/lambda.ts'
import { startPoller } from '../helpers/lambda-poller.ts'
import { eventually } from '../helpers/service.ts'
import { anSnsSigner, signSns } from '../helpers/sns.ts'

Object.assign(process.env, AWS_ENV)

const REGION = AWS_ENV.AWS_REGION
const HOST = '012345678901.dkr.ecr.eu-west-1.amazonaws.com'
const START_TIMEOUT_MS = 90_000
const CASE_TIMEOUT_MS = 60_000
const RECEIVES_MAX = 3

const bodyOf = (name: string): string =>
  readFileSync(new URL(`../fixtures/receivers/ecr/${name}/body.json`, import.meta.url), 'utf8')

let aws: FauxqsServer
beforeAll(async () => {
  aws = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1', defaultRegion: REGION })
})
afterAll(() => aws.stop())

describe('SNS over HTTPS', () => {
  const signer = anSnsSigner('journey')
  /** fauxqs sends to queues alone, and signs with a word: what stands in the queue goes on over HTTP, signed as SNS does. */
  async function deliver(hooks: string, envelope: Record<string, string>): Promise<Response> {
    const signed = signSns(signer, { ...envelope, SignatureVersion: '2', SigningCertURL: certificate })
    const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': envelope['Type'] ?? '' }
    return fetch(`${hooks}/hooks/hub`, { method: 'POST', headers, body: JSON.stringify(signed) })
  }
  const certificate = `https://sns.${REGION}.amazonaws.com/${signer.file}`

  it(
    'is confirmed by our own call, brings what the topic says once, and nothing of another topic',
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      const { topicArn } = aws.createTopic('pushes', { region: REGION })
      aws.createTopic('others', { region: REGION })
      const { queueUrl } = aws.createQueue('outbox', { region: REGION })
      for (const topic of ['pushes', 'others']) aws.subscribe({ topic, queue: 'outbox', region: REGION })
      const api = `http://127.0.0.1:${aws.port}/`
      const ask = async (action: Record<string, string>): Promise<string> => {
        const response = await fetch(api, {
          method: 'POST',
          body: new URLSearchParams({ Version: '2010-03-31', ...action }),
        })
        expect(response.status).toBe(200)
        return response.text()
      }
      const sqs = new SQSClient({
        endpoint: api,
        region: REGION,
        credentials: { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY },
      })
      const confirmed: string[] = []
      const http = aServer(({ url }) => {
        if (url.href === certificate) return { body: signer.pem }
        confirmed.push(url.searchParams.get('Token') ?? '')
        return { body: '<ConfirmSubscriptionResponse/>' }
      })
      const settings = ecr.Settings.parse({ type: 'ecr', sns: { topicArn } })
      const receiver = ecr.create(settings, () => async () => ['unused'], http, null)
      const { app, stored } = aScene({ receiver, edge: nodeEdge, now: Date.now })
      const listening = await listen(app, '127.0.0.1:0')

      try {
        const subscribed = await ask({
          Action: 'Subscribe',
          TopicArn: topicArn,
          Protocol: 'https',
          Endpoint: `${listening.url}/hooks/hub`,
        })
        const arn = /<SubscriptionArn>(?<arn>[^<]+)</u.exec(subscribed)?.groups?.['arn'] ?? ''
        const confirmation = {
          Type: 'SubscriptionConfirmation',
          MessageId: 'c-1',
          TopicArn: topicArn,
          Message: 'You have chosen to subscribe',
          SubscribeURL: 'http://169.254.169.254/latest/meta-data',
          Token: Buffer.from(arn).toString('hex'),
          Timestamp: new Date().toISOString(),
        }
        expect((await deliver(listening.url, confirmation)).status).toBe(200)
        // The token is fauxqs's name of the subscription, which it confirms.
        expect(confirmed).toEqual([confirmation.Token])
        await ask({ Action: 'ConfirmSubscription', TopicArn: topicArn, Token: arn })
        expect(http.calls.map(({ url }) => url.host)).toEqual([
          `sns.${REGION}.amazonaws.com`,
          `sns.${REGION}.amazonaws.com`,
        ])

        aws.publish('pushes', bodyOf('push'), { region: REGION })
        aws.publish('others', bodyOf('push'), { region: REGION })
        const outcomes = new Map<string, readonly number[]>()
        for (const envelope of await drain(sqs, queueUrl, 2)) {
          const answers = [await deliver(listening.url, envelope), await deliver(listening.url, envelope)]
          outcomes.set(
            envelope['TopicArn'] ?? '',
            answers.map(({ status }) => status),
          )
        }
        expect(outcomes.get(topicArn)).toEqual([202, 200])
        expect(outcomes.get(topicArn.replace('pushes', 'others'))).toEqual([401, 401])
        const event = { registry: HOST, repository: 'acme/payments', tag: '1.4.2' }
        expect(stored.map((accepted) => accepted.assurance)).toEqual(['signed-body', 'signed-body'])
        expect(stored[0]).toMatchObject({ event })
        // As it came from fauxqs, with its word for a signature.
        aws.publish('pushes', bodyOf('delete'), { region: REGION })
        const [unsigned] = await drain(sqs, queueUrl, 1)
        const forged = await fetch(`${listening.url}/hooks/hub`, { method: 'POST', body: JSON.stringify(unsigned) })
        expect(forged.status).toBe(401)
        expect(stored).toHaveLength(2)
      } finally {
        sqs.destroy()
        await listening.close()
      }
    },
  )

  async function drain(client: SQSClient, queueUrl: string, count: number): Promise<readonly Record<string, string>[]> {
    const found: Record<string, string>[] = []
    await eventually(`${count} messages of SNS`, async () => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
      )
      found.push(...Messages.map(({ Body = '{}' }) => JSON.parse(Body) as Record<string, string>))
      return found.length >= count
    })
    return found
  }
})

describe('a rule, a queue and the function', () => {
  let lambdas: Lambdas
  beforeAll(async () => {
    lambdas = await startLambdas({
      config: {
        version: 1,
        registries: { ecr: { host: HOST, events: { type: 'ecr', iam: true } } },
        git: { gitops: { github: 'acme/gitops', token: 'env:TOKEN' } },
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
      secrets: { TOKEN: 'CANARY-of-ann' },
    })
  }, START_TIMEOUT_MS)
  afterAll(() => lambdas?.stop())

  it(
    'take each event of ours once; what nobody can read ends among the dead letters',
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      const dead = aws.createQueue('dead', { region: REGION })
      const redrive = { deadLetterTargetArn: dead.queueArn, maxReceiveCount: String(RECEIVES_MAX) }
      aws.createQueue('registry-events', { region: REGION, attributes: { RedrivePolicy: JSON.stringify(redrive) } })
      const passed: string[] = []
      for (const name of names()) if (matches(bodyOf(name))) passed.push(name)
      for (const name of [...passed, 'push']) aws.sendMessage('registry-events', named(name), { region: REGION })
      aws.sendMessage('registry-events', '{"not":"an event"}', { region: REGION })
      const idle = { invoke: async () => null, kill: async () => 0 }
      const queueUrl = `http://127.0.0.1:${aws.port}/000000000000/registry-events`
      const poller = startPoller({ queue: lambdas.functions.events, timer: idle, queueUrl, scheduleMs: 1_000 })
      const left = (queue: string): readonly unknown[] => {
        const { ready = [], inflight = [], delayed = [] } = aws.inspectQueue(queue)?.messages ?? {}
        return [...ready, ...inflight, ...delayed]
      }
      try {
        await eventually('the queue is empty', async () => left('registry-events').length === 0)
      } finally {
        await poller.stop()
      }
      // Failures of these two shapes are EventBridge's own and never come: who writes them by hand is told.
      expect(left('dead').map((message) => (message as { body: string }).body.trim().slice(0, 30))).toContainEqual(
        '{"not":"an event"}',
      )
      expect(await explained('push')).toMatchObject({
        assurance: 'authenticated-sender',
        event: { kind: 'push', registry: HOST },
      })
      expect(await explained('scan')).toMatchObject({ event: { kind: 'scan' } })
      expect(await explained('delete')).toMatchObject({ event: { kind: 'delete' } })
      expect(passed).toEqual(
        expect.arrayContaining([
          'push',
          'delete',
          'scan',
          'replication',
          'pull-through-cache',
          'inspector-scan',
          'inspector-finding',
          'referrer-bundle',
        ]),
      )
      expect(passed).not.toContain('forged-source')
      expect(lambdas.log()).not.toContain('CANARY')
    },
  )

  /** AWS's own samples share an id; what it sends does not. */
  const named = (name: string): string =>
    JSON.stringify({ ...(JSON.parse(bodyOf(name)) as object), id: `event-${name}` })
  const names = (): readonly string[] =>
    globSync(new URL('../fixtures/receivers/ecr/*/', import.meta.url).pathname).map(
      (folder) => folder.split('/').at(-1) ?? '',
    )

  async function explained(name: string): Promise<unknown> {
    const url = new URL('/api/v1/explain', lambdas.api)
    url.searchParams.set('subject', `ecr/event-${name}`)
    const response = await fetch(url, { headers: { authorization: 'Bearer CANARY-of-ann' } })
    const { events } = (await response.json()) as { events: { accepted: unknown }[] }
    return events[0]?.accepted
  }
})

/** The pattern of the rule as it is deployed. */
const pattern = (() => {
  const text = readFileSync(new URL('../../infra/aws/queues.yml', import.meta.url), 'utf8')
  const { Resources } = parse(text, { logLevel: 'silent' }) as {
    Resources: Record<string, { Properties?: Record<string, unknown> }>
  }
  const rule = Object.values(Resources).find(({ Properties }) => Properties?.['EventPattern'] !== undefined)
  return rule?.Properties?.['EventPattern'] as Readonly<Record<string, readonly string[]>>
})()

function matches(body: string): boolean {
  try {
    const event = JSON.parse(body) as Record<string, string>
    return Object.entries(pattern).every(([member, values]) => values.includes(event[member] ?? ''))
  } catch {
    return false
  }
}
