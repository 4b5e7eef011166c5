/** Azure Container Registry: its own webhook with a secret in a header, or Event Grid with a token of Entra ID. */

import * as z from 'zod'
import type { Http } from '../clients/http.ts'
import type { Registry } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { AcrPayload, readAcr } from './acr-payload.ts'
import { AcrSettings, type EntraSettings } from './acr-settings.ts'
import { readBody } from './body.ts'
import { verifyHeaderSecret, verifyUrlSecret } from './credential.ts'
import { createGridParser } from './event-grid.ts'
import type { Claims } from '../clients/jwt.ts'
import { verifyBearerToken } from './jwt.ts'
import { createKeySet } from '../clients/key-set.ts'
import { receivedOf } from './readings.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'

/** Where tokens come from; both of their versions are signed with the tenant's keys. */
const CLOUDS = {
  public: { authority: 'https://login.microsoftonline.com', issuer: 'https://sts.windows.net' },
  china: { authority: 'https://login.partner.microsoftonline.cn', issuer: 'https://sts.chinacloudapi.cn' },
  'us-government': { authority: 'https://login.microsoftonline.us', issuer: 'https://sts.windows.net' },
} as const

/** The registry's own webhook: one event. */
function createWebhookParser(host: Registry | null): Parse {
  return (request, { now }) => {
    const payload = readBody(request, AcrPayload)
    if (!payload.ok) return payload
    const { action } = payload.value
    if (!action) return err({ reason: 'unknown-schema', detail: 'action: expected push, delete, quarantine, …' })
    if (action === 'ping') return ok({ outcome: 'ping' })
    const reading = readAcr(payload.value, { action, host, isKnown: false, now })
    if (!reading.ok && reading.error.reason === 'malformed-event') {
      return err({ reason: 'unknown-schema', detail: reading.error.detail })
    }
    return ok(receivedOf([reading]))
  }
}

const Grid = z.union([z.array(z.unknown()), z.object({ specversion: z.string() }), z.object({ eventType: z.string() })])

/** For trying a body, whichever it is. A receiver takes one kind alone, and never by the body's own word. */
const parse: Parse = (request, context) => {
  const body = readBody(request, z.unknown())
  if (!body.ok) return body
  const isGrid = request.method === 'OPTIONS' || Grid.safeParse(body.value).success
  return (isGrid ? createGridParser({ host: null, topic: null }) : createWebhookParser(null))(request, context)
}

const create: ReceiverType<AcrSettings>['create'] = (settings, secretOf, http, host) => {
  if (!('eventGrid' in settings)) {
    return { sender: 'default', parse: createWebhookParser(host), authenticate: webhookProof(settings, secretOf) }
  }
  const grid = { sender: 'event-grid', methods: ['OPTIONS'] } as const
  const authenticate = 'tenant' in settings ? entraProof(settings, http) : gridProof(settings, secretOf)
  return { ...grid, parse: createGridParser({ host, topic: settings.eventGrid }), authenticate }
}

type Authenticate = Receiver['authenticate']

function webhookProof(settings: Exclude<AcrSettings, { eventGrid: string }>, secretOf: SecretOf): Authenticate {
  if ('auth' in settings) return async () => ok({ assurance: 'none', secret: null })
  const secret = secretOf(settings.secret)
  return async (request) => {
    const proven = await verifyHeaderSecret(request, settings.header, secret)
    return proven.ok ? ok({ assurance: 'shared-secret', secret: proven.value }) : proven
  }
}

function gridProof(
  { header, secret: reference }: Extract<AcrSettings, { eventGrid: string; secret: unknown }>,
  secretOf: SecretOf,
): Authenticate {
  const secret = secretOf(reference)
  const assurance = header === undefined ? 'url-secret' : 'shared-secret'
  return async (request) => {
    const proven = await (header === undefined
      ? verifyUrlSecret(request, secret)
      : verifyHeaderSecret(request, header, secret))
    return proven.ok ? ok({ assurance, secret: proven.value }) : proven
  }
}

function entraProof(settings: EntraSettings, http: Http): Authenticate {
  const { tenant, audience, application, role } = settings
  const { authority, issuer } = CLOUDS[settings.cloud]
  const [first, second] = [`${issuer}/${tenant}/`, `${authority}/${tenant}/v2.0`]
  const keys = settings.keys ?? `${authority}/${tenant}/discovery/v2.0/keys`
  const rules = {
    keys: createKeySet(new URL(keys), http),
    issuers: [first, second],
    audiences: [audience].flat(),
    identify(claims: Claims) {
      if (claims['tid'] !== tenant) return 'the configured tenant'
      // The two versions have other names for who asked for the token.
      if (claims[claims.iss === first ? 'appid' : 'azp'] !== application) return "Event Grid's own application"
      const roles: unknown = claims['roles']
      return role === undefined || (Array.isArray(roles) && roles.includes(role)) ? null : `the role ${role}`
    },
  }
  return async (request, { now }) => {
    const verified = await verifyBearerToken(request, rules, now)
    return verified.ok ? ok({ assurance: 'authenticated-sender', secret: null }) : verified
  }
}

/** Its payloads name the host, which must be the configured one. */
export const acr: ReceiverType<AcrSettings> = { type: 'acr', Settings: AcrSettings, create, parse }
