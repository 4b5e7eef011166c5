/** Amazon ECR: EventBridge's events over HTTPS, by an API destination or by SNS. By a queue they come to `queued.ts`. */

import type { Http } from '../clients/http.ts'
import { err, ok } from '../domain/result.ts'
import { createCertificates } from './certificates.ts'
import { verifyBasic, verifyHeaderSecret, type Proven } from './credential.ts'
import { createDirectParser, createNotificationParser, parseAny } from './ecr-body.ts'
import { placeOf } from './ecr-host.ts'
import { EcrSettings } from './ecr-settings.ts'
import type { Claims } from '../clients/jwt.ts'
import { verifyBearerToken } from './jwt.ts'
import { createKeySet } from '../clients/key-set.ts'
import type { Receiver, ReceiverRequest, ReceiverType, SecretOf } from './receiver.ts'
import { confirmSubscription, verifySns } from './sns.ts'

type Oauth = Extract<EcrSettings, { oauth: unknown }>['oauth']
type Sns = Extract<EcrSettings, { sns: unknown }>['sns']

const create: ReceiverType<EcrSettings>['create'] = (settings, secretOf, http, host) => {
  if ('sns' in settings) return { ...snsProof(settings.sns, http), parse: createNotificationParser(host) }
  const parse = createDirectParser(host)
  if ('oauth' in settings) return { ...oauthProof(settings.oauth, http), parse }
  if ('iam' in settings) return { sender: 'default', parse, authenticate: refuse }
  return { ...secretProof(settings, secretOf), parse }
}

type Proof = Pick<Receiver, 'sender' | 'authenticate' | 'confirm'>

function secretProof(
  settings: Extract<EcrSettings, { apiKey: unknown } | { password: unknown }>,
  secretOf: SecretOf,
): Proof {
  const secret = secretOf('apiKey' in settings ? settings.apiKey : settings.password)
  const verify = (request: ReceiverRequest): Promise<Proven> =>
    'apiKey' in settings
      ? verifyHeaderSecret(request, settings.header, secret)
      : verifyBasic(request, settings.username, secret)
  return {
    sender: 'default',
    async authenticate(request) {
      const proven = await verify(request)
      return proven.ok ? ok({ assurance: 'shared-secret', secret: proven.value }) : proven
    },
  }
}

function oauthProof({ issuer, keys, audience, client }: Oauth, http: Http): Proof {
  const rules = {
    keys: createKeySet(new URL(keys), http),
    issuers: [issuer],
    audiences: [audience],
    mayListAudience: true,
    identify: (claims: Claims) => (clientOf(claims) === client ? null : "the connection's own client"),
  }
  return {
    sender: 'default',
    async authenticate(request, { now }) {
      const verified = await verifyBearerToken(request, rules, now)
      return verified.ok ? ok({ assurance: 'authenticated-sender', secret: null }) : verified
    },
  }
}

/** By RFC 9068; before it, issuers had names of their own for the same. */
function clientOf(claims: Claims): unknown {
  const name = ['client_id', 'azp', 'appid'].find((claim) => Object.hasOwn(claims, claim))
  return name === undefined ? null : claims[name]
}

function snsProof({ topicArn, signatureVersion }: Sns, http: Http): Proof {
  const rules = { topicArn, signatureVersion, certificates: createCertificates(http) }
  return {
    sender: 'default',
    async authenticate(request, { now }) {
      const verified = await verifySns(request, rules, now)
      return verified.ok ? ok({ assurance: 'signed-body', secret: null }) : verified
    },
    async confirm(received) {
      if (received.outcome === 'validation') await confirmSubscription(received.reply, topicArn, http)
      return received
    },
  }
}

const refuse: Receiver['authenticate'] = async () =>
  err({ reason: 'missing-credential', detail: 'iam: true, so that events come by a queue alone' })

/** Its events name account and region, which must be those of the configured host. */
export const ecr: ReceiverType<EcrSettings> = {
  type: 'ecr',
  Settings: EcrSettings,
  hosts: {
    expected: 'a private registry of ECR, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    test: (host) => placeOf(host) !== null,
  },
  create,
  parse: parseAny,
}
