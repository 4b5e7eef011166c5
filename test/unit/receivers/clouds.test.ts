/** What the four clouds' events are held against: the configured host, source and subscription; and Event Grid's handshakes. */

import { describe, expect, it } from 'vitest'
import { Registry } from '../../../src/domain/image.ts'
import { acr } from '../../../src/receivers/acr.ts'
import { ecr } from '../../../src/receivers/ecr.ts'
import { hostOf, placeOf } from '../../../src/receivers/ecr-host.ts'
import { parseEventBridge } from '../../../src/receivers/eventbridge.ts'
import { gcr } from '../../../src/receivers/gcr.ts'
import type { Receiver, ReceiverType } from '../../../src/receivers/receiver.ts'
import { fixturesOf } from '../../contracts/receiver.contract.ts'
import { noHttp } from '../../helpers/no-http.ts'
import { aRequest, type Sent } from '../../helpers/receiver-request.ts'

const NOW = 1_773_063_866_402

function aReceiver(type: ReceiverType, settings: object, host: string | null): Receiver {
  const given = type.Settings.parse({ type: type.type, ...settings })
  return type.create(given, () => async () => ['unused'], noHttp, host === null ? null : Registry.parse(host))
}

function fixture(type: string, name: string): Sent {
  const found = fixturesOf(type).find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no fixture ${type}/${name}`)
  return { ...found.sent, body: found.body }
}

function changed(sent: Sent, change: (body: never) => unknown): Sent {
  return { ...sent, body: JSON.stringify(change(JSON.parse(Buffer.from(sent.body ?? '').toString()) as never)) }
}

const parsed = (receiver: Receiver, sent: Sent, method = 'POST'): unknown =>
  receiver.parse({ ...aRequest(sent), method }, { now: NOW })
const events = (...some: object[]): object => ({ ok: true, value: { outcome: 'events', events: some } })
const ignored = (reason: string): object => ({ ok: true, value: { outcome: 'ignored', reason } })
const refused = { ok: false, error: { reason: 'unknown-schema' } }

describe('an ECR host', () => {
  it.each([
    ['eu-west-1', '012345678901.dkr.ecr.eu-west-1.amazonaws.com'],
    ['us-gov-west-1', '012345678901.dkr.ecr.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', '012345678901.dkr.ecr.cn-north-1.amazonaws.com.cn'],
    ['us-iso-east-1', '012345678901.dkr.ecr.us-iso-east-1.c2s.ic.gov'],
    ['us-isob-east-1', '012345678901.dkr.ecr.us-isob-east-1.sc2s.sgov.gov'],
    ['us-isof-south-1', '012345678901.dkr.ecr.us-isof-south-1.csp.hci.ic.gov'],
    ['eu-isoe-west-1', '012345678901.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk'],
    ['eusc-de-east-1', '012345678901.dkr.ecr.eusc-de-east-1.amazonaws.eu'],
  ])('of %s is %s, and back', (region, host) => {
    expect(hostOf({ account: '012345678901', region })).toBe(host)
    expect(placeOf(host)).toEqual({ account: '012345678901', region })
  })

  it.each([
    '012345678901.dkr.ecr-fips.us-east-1.amazonaws.com',
    '012345678901.dkr-ecr.us-east-1.on.aws',
    '012345678901.dkr-ecr-fips.us-east-1.on.aws',
  ])('may be %s as well', (host) => {
    expect(placeOf(host)).toEqual({ account: '012345678901', region: 'us-east-1' })
  })

  it.each([
    '12345678901.dkr.ecr.us-east-1.amazonaws.com',
    '012345678901.dkr.ecr.us-east-1.amazonaws.com.evil.example',
    '012345678901.dkr.ecr.us-east-1.amazonaws.com.cn',
    '012345678901.dkr.ecr.cn-north-1.amazonaws.com',
    '012345678901.dkr.ecr.us-east-1.on.aws',
    '012345678901.dkr.ecr.s3.amazonaws.com',
    'public.ecr.aws',
    'registry.example.com',
  ])('is not %s', (host) => {
    expect(placeOf(host)).toBeNull()
    expect(ecr.hosts?.test(Registry.parse(host))).toBe(false)
  })
})

describe('an event of ECR', () => {
  const push = fixture('ecr', 'push')
  const host = '012345678901.dkr.ecr.eu-west-1.amazonaws.com'
  const at = (where: string): Receiver => aReceiver(ecr, { apiKey: 'env:KEY' }, where)

  it('is about the configured host, by whichever of its names', () => {
    expect(parsed(at(host), push)).toMatchObject(events({ registry: host, tag: '1.4.2' }))
    const other = '012345678901.dkr-ecr.eu-west-1.on.aws'
    expect(parsed(at(other), push)).toMatchObject(events({ registry: other }))
  })

  it.each(['999999999999.dkr.ecr.eu-west-1.amazonaws.com', '012345678901.dkr.ecr.us-east-1.amazonaws.com'])(
    'of another account or region than %s is none of its',
    (where) => expect(parsed(at(where), push)).toMatchObject(ignored('other-registry')),
  )

  it('of Inspector is about the registry that its ARN names, whoever runs Inspector', () => {
    const scan = fixture('ecr', 'inspector-scan-of-another-account')
    const named = '999999999999.dkr.ecr.eu-west-1.amazonaws.com'
    expect(parsed(at(named), scan)).toMatchObject(events({ kind: 'scan', registry: named }))
    expect(parsed(at(host), scan)).toMatchObject(ignored('other-registry'))
  })

  it.each(['com.example.app', 'aws.ecr.evil', 'AWS.ECR', 'aws.ec2', '', null])(
    'from the source %j is refused',
    (source) => {
      expect(
        parsed(
          at(host),
          changed(push, (body: object) => ({ ...body, source })),
        ),
      ).toMatchObject(refused)
    },
  )

  it('passes over what a connection adds to its body', () => {
    const added = changed(push, (body: object) => ({
      ...body,
      key: 'CANARY',
      host: 'evil.example',
      registry: 'evil.example',
    }))
    expect(parsed(at(host), added)).toMatchObject(events({ registry: host }))
    expect(JSON.stringify(parsed(at(host), added))).not.toContain('CANARY')
  })

  it('is taken in one form by each receiver, whatever the body says that it is', () => {
    const wrapped = fixture('ecr', 'sns-notification')
    expect(parsed(at(host), wrapped)).toMatchObject({ ok: false })
    const sns = aReceiver(ecr, { sns: { topicArn: 'arn:aws:sns:eu-west-1:012345678901:pushes' } }, host)
    expect(parsed(sns, wrapped)).toMatchObject(events({ registry: host }))
    expect(parsed(sns, push)).toMatchObject({ ok: false })
    expect(parsed(at(host), fixture('ecr', 'sqs-batch'))).toMatchObject({ ok: false })
  })

  it('comes by a queue alone where the configuration says iam', async () => {
    const receiver = aReceiver(ecr, { iam: true }, host)
    expect(await receiver.authenticate(aRequest(push), { now: NOW })).toMatchObject({
      ok: false,
      error: { reason: 'missing-credential' },
    })
  })

  it('is read the same without HTTP', () => {
    const body: unknown = JSON.parse(Buffer.from(push.body ?? '').toString())
    expect(parseEventBridge(body, { now: NOW, host: null })).toMatchObject(events({ registry: host, tag: '1.4.2' }))
    for (const other of [undefined, null, 7, '', [], {}]) {
      expect(parseEventBridge(other, { now: NOW, host: null })).toMatchObject(refused)
    }
  })

  it('keeps EventBridge’s id through every way that it comes', () => {
    const ids = ['push', 'sns-notification', 'sqs-batch'].map((name) => {
      const result = ecr.parse(aRequest(fixture('ecr', name)), { now: NOW })
      return result.ok && result.value.outcome === 'events' ? result.value.events[0]?.id : undefined
    })
    expect(new Set(ids)).toEqual(new Set(['0f1e2d3c-4b5a-4697-8877-665544332211']))
  })
})

describe('a message of Google’s', () => {
  const account = { audience: 'https://drayage.example.com/hooks/gar', serviceAccount: 'push@acme.example' }
  const push = fixture('gcr', 'push')
  const at = (host: string | null, more: object = {}): Receiver => aReceiver(gcr, { ...account, ...more }, host)
  const subscription = 'projects/acme-prod/subscriptions/drayage'

  it('is about its own host where none is configured, or about that one', () => {
    expect(parsed(at(null), push)).toMatchObject(events({ registry: 'europe-docker.pkg.dev' }))
    expect(parsed(at('europe-docker.pkg.dev'), push)).toMatchObject(events({ registry: 'europe-docker.pkg.dev' }))
    expect(parsed(at('us-docker.pkg.dev'), push)).toMatchObject(ignored('other-registry'))
  })

  it('comes by the configured subscription, wrapped or not', () => {
    for (const name of ['push', 'push-unwrapped']) {
      expect(parsed(at(null, { subscription }), fixture('gcr', name))).toMatchObject({ ok: true })
      expect(parsed(at(null, { subscription: `${subscription}-2` }), fixture('gcr', name))).toMatchObject(refused)
    }
    const { headers = {} } = fixture('gcr', 'push-unwrapped')
    const { 'x-goog-pubsub-subscription-name': _, ...unnamed } = headers
    expect(parsed(at(null, { subscription }), { ...fixture('gcr', 'push-unwrapped'), headers: unnamed })).toMatchObject(
      refused,
    )
  })

  it('about an analysis counts for the subscription’s own project: its name says where we would ask', () => {
    const analysis = fixture('gcr', 'analysis-vulnerability')
    expect(parsed(at(null, { subscription }), analysis)).toMatchObject(events({ kind: 'scan', repository: null }))
    expect(parsed(at(null), analysis)).toMatchObject(ignored('other-registry'))
    const other = changed(analysis, (body: { message: object }) => {
      const name = 'projects/acme-prod-2/occurrences/1'
      const data = btoa(JSON.stringify({ name, kind: 'VULNERABILITY', notificationTime: '2026-03-09T13:44:25Z' }))
      return { ...body, message: { ...body.message, data } }
    })
    expect(parsed(at(null, { subscription }), other)).toMatchObject(ignored('other-registry'))
  })

  it.each(['gcr.io', 'eu.gcr.io', 'us-west1-docker.pkg.dev'])('may be about %s', (host) =>
    expect(gcr.hosts?.test(Registry.parse(host))).toBe(true),
  )

  it.each([
    'pkg.dev',
    'docker.pkg.dev',
    'gcr.io.evil.example',
    'evilgcr.io',
    'a.b.gcr.io',
    'x-docker.pkg.dev.evil.example',
    'gcr.io:5000',
  ])('is never about %s', (host) => expect(gcr.hosts?.test(Registry.parse(host))).toBe(false))

  it('is taken even where it cannot be read, or it would come for a week', () => {
    expect(at(null).sender).toBe('pubsub')
  })
})

describe('a webhook of ACR', () => {
  const push = fixture('acr', 'push')
  const at = (host: string): Receiver => aReceiver(acr, { secret: 'env:KEY' }, host)

  it('is about the configured host', () => {
    expect(parsed(at('acme.azurecr.io'), push)).toMatchObject(events({ registry: 'acme.azurecr.io' }))
    const shouted = changed(push, (body: { request: object }) => ({
      ...body,
      request: { ...body.request, host: 'ACME.azurecr.io:443' },
    }))
    expect(parsed(at('acme.azurecr.io'), shouted)).toMatchObject(events({ registry: 'acme.azurecr.io' }))
  })

  it.each([
    { host: 'evil.azurecr.io' },
    { host: 'acme.azurecr.io.evil.example' },
    { host: '[registry].azurecr.io' },
    { host: '' },
    {},
    null,
  ])('of the host %j is none of its', (request) => {
    const other = changed(push, (body: object) => ({ ...body, request }))
    expect(parsed(at('acme.azurecr.io'), other)).toMatchObject(ignored('other-registry'))
  })

  it('is answered when it is only a ping', () => {
    expect(parsed(at('acme.azurecr.io'), fixture('acr', 'ping'))).toEqual({ ok: true, value: { outcome: 'ping' } })
  })

  it('that is Event Grid’s is none', () => {
    expect(parsed(at('acme.azurecr.io'), fixture('acr', 'grid-push'))).toMatchObject({ ok: false })
    expect(parsed(at('acme.azurecr.io'), fixture('acr', 'grid-validation'))).toMatchObject({ ok: false })
  })
})

describe('a delivery of Event Grid', () => {
  const topic =
    '/subscriptions/20000000-0000-4000-8000-000000000000/resourceGroups/apps/providers/Microsoft.ContainerRegistry/registries/acme'
  const receiver = aReceiver(acr, { eventGrid: topic, secret: 'env:KEY' }, 'acme.azurecr.io')
  const push = fixture('acr', 'grid-push')
  type Body = readonly [{ data: object }]

  it('comes from the configured registry, whose id has no case', () => {
    expect(parsed(receiver, push)).toMatchObject(events({ registry: 'acme.azurecr.io' }))
    const shouted = changed(push, ([event]: Body) => [{ ...event, topic: topic.toUpperCase() }])
    expect(parsed(receiver, shouted)).toMatchObject(events({ registry: 'acme.azurecr.io' }))
    expect(parsed(receiver, fixture('acr', 'cloudevents-push'))).toMatchObject({
      ok: true,
      value: { outcome: 'events' },
    })
  })

  it.each(['grid-topic-of-another-registry', 'grid-connected-registry'])('%s is none of its', (name) => {
    expect(parsed(receiver, fixture('acr', name))).toMatchObject(ignored('other-registry'))
  })

  it('whose payload names another host is none of its', () => {
    for (const host of ['evil.azurecr.io', 'acme.azurecr.cn', 'acme2.azurecr.io']) {
      const other = changed(push, ([event]: Body) => [{ ...event, data: { ...event.data, request: { host } } }])
      expect(parsed(receiver, other), host).toMatchObject(ignored('other-registry'))
    }
  })

  it('that names no host is about the registry that it comes from', () => {
    const silent = changed(push, ([event]: Body) => [{ ...event, data: { ...event.data, request: undefined } }])
    expect(parsed(receiver, silent)).toMatchObject(events({ registry: 'acme.azurecr.io' }))
  })

  it('is a batch or one event; one bad neighbour costs nothing but itself', () => {
    expect(parsed(receiver, fixture('acr', 'grid-batch'))).toMatchObject({
      value: {
        events: [{ kind: 'push' }, { kind: 'delete' }],
        skipped: [
          { index: 2, reason: 'malformed-event' },
          { index: 3, reason: 'other-action' },
        ],
      },
    })
  })

  it('is validated by its code alone, with a body of its own', () => {
    expect(parsed(receiver, fixture('acr', 'grid-validation'))).toEqual({
      ok: true,
      value: {
        outcome: 'validation',
        reply: '40000000-0000-4000-8000-000000000000',
        answer: { body: '{"validationResponse":"40000000-0000-4000-8000-000000000000"}', headers: {} },
      },
    })
  })

  it('is validated for the configured registry, or what it stands in, and for nothing else', () => {
    const asked = (from: string): Sent =>
      changed(fixture('acr', 'grid-validation'), ([event]: Body) => [{ ...event, topic: from }])
    for (const from of [topic, topic.toUpperCase(), topic.split('/').slice(0, 3).join('/')]) {
      expect(parsed(receiver, asked(from)), from).toMatchObject({ ok: true, value: { outcome: 'validation' } })
    }
    for (const from of [`${topic}2`, topic.slice(0, -1), '', '/', topic.replace('acme', 'evil')]) {
      expect(parsed(receiver, asked(from)), from).toMatchObject(refused)
    }
  })

  it('asks by OPTIONS whether we want CloudEvents, and hears of nobody but itself', () => {
    const ask = (origin: string | readonly string[]): unknown =>
      parsed(
        receiver,
        { headers: { 'webhook-request-origin': origin, 'webhook-request-callback': 'https://evil.example/' } },
        'OPTIONS',
      )
    expect(receiver.methods).toEqual(['OPTIONS'])
    expect(ask('eventgrid.azure.net')).toEqual({
      ok: true,
      value: {
        outcome: 'validation',
        reply: 'eventgrid.azure.net',
        answer: {
          body: '',
          headers: { allow: 'POST', 'webhook-allowed-origin': 'eventgrid.azure.net', 'webhook-allowed-rate': '*' },
        },
      },
    })
    for (const origin of [
      '*',
      '',
      'evil.example',
      'eventgrid.azure.net.evil.example',
      ['eventgrid.azure.net', 'evil.example'],
    ]) {
      expect(ask(origin)).toMatchObject(refused)
    }
  })

  it('asks by OPTIONS with its credential, or is not heard', async () => {
    const options = { ...aRequest({ headers: { 'webhook-request-origin': 'eventgrid.azure.net' } }), method: 'OPTIONS' }
    expect(await receiver.authenticate(options, { now: NOW })).toMatchObject({ ok: false })
    expect(await receiver.authenticate({ ...options, pathSecret: 'unused' }, { now: NOW })).toMatchObject({ ok: true })
  })
})
