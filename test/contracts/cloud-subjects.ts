/** The four clouds' registries as subjects of the contract. */

import { RetryLater } from '../../src/domain/retry.ts'
import { acr } from '../../src/receivers/acr.ts'
import { ecr } from '../../src/receivers/ecr.ts'
import { gcr } from '../../src/receivers/gcr.ts'
import { aServer, aSigningKey, aToken, keySetOf, type SigningKey } from '../helpers/issuer.ts'
import { anSnsSigner, signSns, type SnsSigner } from '../helpers/sns.ts'
import type { Key, ReceiverSubject } from './receiver.contract.ts'
import { headers, keys } from './sender-keys.ts'

const GARBAGE_TOKENS = [
  'Bearer',
  'Bearer ',
  'Bearer nothing',
  'Bearer a.b.c',
  'Bearer ..',
  'Bearer eyJhbGciOiJub25lIn0.e30.',
  'Basic Og==',
  'null',
  '[]',
  'x'.repeat(65_536),
]

const [first, second, third] = [aSigningKey('k1'), aSigningKey('k2'), aSigningKey('k1')] as const
const otherKey = aSigningKey('k9')

/** Tokens of an issuer: by its key in force, by the one before, and by a stranger's under the id of the first. */
function tokenKeys(
  claims: (seconds: number) => object,
): Pick<ReceiverSubject, 'current' | 'previous' | 'stranger' | 'issuer' | 'garbage'> {
  const key = (signer: SigningKey): Key => ({
    configured: signer.id,
    canaries: [],
    prove: async (_body, now) => ({
      headers: { authorization: `Bearer ${aToken(signer, claims(Math.floor(now / 1000)))}` },
    }),
  })
  return {
    current: key(first),
    previous: key(second),
    stranger: key(third),
    issuer: (inForce) =>
      aServer(() => {
        if (inForce instanceof Error) throw new RetryLater(inForce.message)
        return { body: keySetOf([otherKey, ...[first, second].filter(({ id }) => inForce.includes(id))]) }
      }),
    garbage: headers('authorization', GARBAGE_TOKENS),
  }
}

const TOPIC = 'arn:aws:sns:eu-west-1:012345678901:pushes'
const CERTIFICATES = 'https://sns.eu-west-1.amazonaws.com/'
const [current, previous, stranger] = [anSnsSigner('first'), anSnsSigner('second'), anSnsSigner('first')] as const

function envelopeOf(body: Uint8Array, now: number, { file }: SnsSigner): Record<string, string> {
  return {
    Type: 'Notification',
    MessageId: '6b1f3c1e-8a56-5d6e-9c0f-1d2e3f405162',
    TopicArn: TOPIC,
    Message: Buffer.from(body).toString(),
    Timestamp: new Date(now).toISOString(),
    SigningCertURL: `${CERTIFICATES}${file}`,
  }
}

function snsKey(signer: SnsSigner): Key {
  return {
    configured: signer.file,
    canaries: [],
    prove: async (body, now) => snsOf(signSns(signer, envelopeOf(body, now, signer))),
  }
}

function snsOf(envelope: unknown, more: Readonly<Record<string, string>> = {}) {
  return { body: JSON.stringify(envelope), headers: { 'content-type': 'text/plain; charset=UTF-8', ...more } }
}

const signed = (changes: Readonly<Record<string, string>>): Record<string, string> => {
  const body = Buffer.from('{}')
  return signSns(current, { ...envelopeOf(body, 1_773_063_866_402, current), ...changes })
}

const snsGarbage = [
  snsOf([]),
  snsOf({}),
  snsOf({ ...signed({}), Signature: '' }),
  snsOf({ ...signed({}), Signature: 'AAAA' }),
  snsOf({ ...signed({}), Message: '{"other":1}' }),
  snsOf({ ...signed({}), Subject: 'added' }),
  snsOf({ ...signed({}), Type: 'SubscriptionConfirmation', Token: '00' }),
  snsOf(signed({ TopicArn: 'arn:aws:sns:eu-west-1:999999999999:pushes' })),
  snsOf(signed({ SignatureVersion: '1' })),
  snsOf(signed({ SignatureVersion: '3' })),
  snsOf(signed({ Timestamp: 'yesterday' })),
  snsOf(signed({}), { 'x-amz-sns-rawdelivery': 'true' }),
  ...[
    `https://sns.eu-west-1.amazonaws.com@evil.example/${current.file}`,
    `https://sns.s3.amazonaws.com/${current.file}`,
    `https://sns.us-east-1.amazonaws.com/${current.file}`,
    `http://sns.eu-west-1.amazonaws.com/${current.file}`,
    `https://sns.eu-west-1.amazonaws.com:8443/${current.file}`,
    `https://sns.eu-west-1.amazonaws.com/x/../${current.file}`,
    `https://sns.eu-west-1.amazonaws.com/${current.file}?x`,
    `https://SNS.eu-west-1.amazonaws.com/${current.file}`,
  ].map((url) => snsOf(signed({ SigningCertURL: url }))),
]

const oauth = {
  issuer: 'https://login.example.com',
  keys: 'https://login.example.com/keys',
  audience: 'https://drayage.example.com/hooks/ecr',
  client: 'eventbridge',
}

const google = {
  audience: 'https://drayage.example.com/hooks/gar',
  serviceAccount: 'push@acme.iam.gserviceaccount.com',
}

const tenant = '22222222-2222-4222-8222-222222222222'
const entra = {
  eventGrid:
    '/subscriptions/20000000-0000-4000-8000-000000000000/resourceGroups/apps/providers/Microsoft.ContainerRegistry/registries/acme',
  tenant,
  audience: '11111111-1111-4111-8111-111111111111',
}

/** Of the configured registry, and not of one that is connected to it. */
const isGrids = (fixture: string): boolean =>
  fixture !== 'grid-connected-registry' && /^(?:grid|cloudevents)-|^not-json$/u.test(fixture)

export const cloudSubjects: readonly ReceiverSubject[] = [
  {
    name: 'ecr (API key)',
    type: ecr,
    accepts: (fixture) => !/^(?:sns|sqs)-/u.test(fixture),
    settings: (apiKey) => ({ type: 'ecr', apiKey }),
    assurance: 'shared-secret',
    ...keys((value) => (_body) => ({ headers: { 'x-api-key': value } })),
    garbage: headers('x-api-key', ['', ' ', 'undefined', 'null', '0', '\u0000', '*', 'x'.repeat(65_536)]),
    incomplete: [
      { type: 'ecr', apiKey: 'env:A', username: 'drayage' },
      { type: 'ecr', apiKey: 'env:A', sns: { topicArn: TOPIC } },
      { type: 'ecr', iam: false },
      { type: 'ecr', auth: 'none' },
    ],
  },
  {
    name: 'ecr (Basic)',
    type: ecr,
    accepts: (fixture) => !/^(?:sns|sqs)-/u.test(fixture),
    settings: (password) => ({ type: 'ecr', username: 'drayage', password }),
    assurance: 'shared-secret',
    ...keys((value) => (_body) => ({
      headers: { authorization: `Basic ${Buffer.from(`drayage:${value}`).toString('base64')}` },
    })),
    garbage: headers('authorization', ['Basic', 'Basic ', 'Basic Og==', 'Basic ZHJheWFnZTo=', 'Bearer nothing', '*']),
  },
  {
    name: 'ecr (OAuth)',
    type: ecr,
    accepts: (fixture) => !/^(?:sns|sqs)-/u.test(fixture),
    settings: () => ({ type: 'ecr', oauth }),
    assurance: 'authenticated-sender',
    ...tokenKeys((iat) => ({
      iss: oauth.issuer,
      aud: oauth.audience,
      client_id: oauth.client,
      iat,
      exp: iat + 3600,
    })),
    incomplete: [
      ...Object.keys(oauth).map((key) => ({ type: 'ecr', oauth: { ...oauth, [key]: undefined } })),
      ...Object.keys(oauth).map((key) => ({ type: 'ecr', oauth: { ...oauth, [key]: '' } })),
      { type: 'ecr', oauth: { ...oauth, keys: 'http://login.example.com/keys' } },
      { type: 'ecr', oauth: { ...oauth, keys: 'https://user@login.example.com/keys' } },
    ],
  },
  {
    name: 'ecr (SNS)',
    type: ecr,
    accepts: (fixture) => !/^(?:sns|sqs)-/u.test(fixture),
    settings: () => ({ type: 'ecr', sns: { topicArn: TOPIC } }),
    assurance: 'signed-body',
    current: snsKey(current),
    previous: snsKey(previous),
    stranger: snsKey(stranger),
    issuer: (inForce) =>
      aServer(({ url }) => {
        if (inForce instanceof Error) throw new RetryLater(inForce.message)
        const served = [current, previous].find(({ file }) => url.href === `${CERTIFICATES}${file}`)
        return served !== undefined && inForce.includes(served.file)
          ? { body: served.pem }
          : { status: 403, body: '<Error/>' }
      }),
    garbage: snsGarbage,
    replayWindowMs: 3_600_000,
    incomplete: [
      { type: 'ecr', sns: {} },
      { type: 'ecr', sns: { topicArn: '' } },
      { type: 'ecr', sns: { topicArn: '*' } },
      { type: 'ecr', sns: { topicArn: 'arn:aws:sns:s3:012345678901:pushes' } },
      { type: 'ecr', sns: { topicArn: 'arn:aws:sqs:eu-west-1:012345678901:pushes' } },
    ],
  },
  {
    name: 'gcr',
    type: gcr,
    // Analyses count for a configured subscription alone.
    accepts: (fixture) => !fixture.startsWith('analysis-'),
    settings: () => ({ type: 'gcr', ...google }),
    assurance: 'authenticated-sender',
    ...tokenKeys((iat) => ({
      iss: 'https://accounts.google.com',
      aud: google.audience,
      email: google.serviceAccount,
      email_verified: true,
      sub: '113774264463038321964',
      iat,
      exp: iat + 3600,
    })),
    incomplete: [
      { type: 'gcr', audience: google.audience },
      { type: 'gcr', serviceAccount: google.serviceAccount },
      { type: 'gcr', ...google, audience: '' },
      { type: 'gcr', ...google, serviceAccount: '' },
      { type: 'gcr', ...google, serviceAccount: '*' },
      { type: 'gcr', ...google, subscription: 'drayage' },
      { type: 'gcr', auth: 'none' },
    ],
  },
  {
    name: 'acr',
    type: acr,
    accepts: (fixture) => fixture === 'not-json' || !/^(?:grid|cloudevents)-/u.test(fixture),
    settings: (secret) => ({ type: 'acr', header: 'X-Drayage-Key', secret }),
    assurance: 'shared-secret',
    ...keys((value) => (_body) => ({ headers: { 'x-drayage-key': value } })),
    garbage: headers('x-drayage-key', ['', 'undefined', 'null', '0', '\u0000', '*', 'x'.repeat(65_536)]),
  },
  {
    name: 'acr (Event Grid, Entra)',
    type: acr,
    accepts: isGrids,
    settings: () => ({ type: 'acr', ...entra }),
    assurance: 'authenticated-sender',
    good: 'grid-push',
    ...tokenKeys((iat) => ({
      iss: `https://sts.windows.net/${tenant}/`,
      aud: entra.audience,
      tid: tenant,
      appid: '4962773b-9cdb-44cf-a8bf-237846a00ab7',
      iat,
      nbf: iat,
      exp: iat + 3900,
    })),
    incomplete: [
      { type: 'acr', tenant, audience: entra.audience },
      { type: 'acr', eventGrid: entra.eventGrid },
      { type: 'acr', eventGrid: entra.eventGrid, auth: 'none' },
      { type: 'acr', ...entra, tenant: 'common' },
      { type: 'acr', ...entra, tenant: '' },
      { type: 'acr', ...entra, audience: [] },
      { type: 'acr', ...entra, audience: '' },
      { type: 'acr', ...entra, application: '' },
      { type: 'acr', ...entra, role: '' },
      { type: 'acr', ...entra, eventGrid: '/subscriptions/1' },
    ],
  },
  {
    name: 'acr (Event Grid, delivery header)',
    type: acr,
    accepts: isGrids,
    settings: (secret) => ({ type: 'acr', eventGrid: entra.eventGrid, header: 'x-drayage-key', secret }),
    assurance: 'shared-secret',
    good: 'grid-push',
    ...keys((value) => (_body) => ({ headers: { 'x-drayage-key': value } })),
    garbage: headers('x-drayage-key', ['', 'undefined', 'null', '*']),
  },
  {
    name: 'acr (Event Grid, URL)',
    type: acr,
    accepts: isGrids,
    settings: (secret) => ({ type: 'acr', eventGrid: entra.eventGrid, secret }),
    assurance: 'url-secret',
    good: 'grid-push',
    ...keys((value) => (_body) => ({ query: new URLSearchParams({ secret: value }).toString() })),
    garbage: ['secret=', 'secret', 'secret=null', 'code=x'].map((query) => ({ query })),
  },
]
