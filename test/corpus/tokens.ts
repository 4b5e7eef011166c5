/**
 * What senders sign beside bodies: claim sets (`jwt_cases.json`), signed here with keys of the moment as each case says, and
 * messages of SNS (`sns_vectors.json`) with the certificate that stands beside them.
 */

import { join } from 'node:path'
import { existsSync, readFileSync } from 'node:fs'
import * as z from 'zod'
import type { Http } from '../../src/clients/http.ts'
import { Json } from '../../src/domain/json.ts'
import { acr } from '../../src/receivers/acr.ts'
import { ecr } from '../../src/receivers/ecr.ts'
import { gcr } from '../../src/receivers/gcr.ts'
import type { ReceiverType } from '../../src/receivers/receiver.ts'
import { aServer, aSigningKey, aToken, keySetOf, type SigningKey } from '../helpers/issuer.ts'
import { aRequest, type Sent } from '../helpers/receiver-request.ts'

/** One proof: what was expected of it, and what came of it. */
export type Tried = { readonly name: string; readonly expected: boolean; readonly found: boolean }

const Cases = z.object({
  config: z.object({
    'google-pubsub': z.object({ audience: z.string(), email: z.string() }),
    'azure-event-grid': z.object({
      audiences: z.array(z.string()),
      tenant: z.string(),
      applicationId: z.string().optional(),
      role: z.string(),
    }),
  }),
  cases: z.array(
    z.object({
      source: z.enum(['google-pubsub', 'azure-event-grid']),
      name: z.string(),
      header: z.looseObject({ kid: z.string().optional() }),
      claims: z.looseObject({}),
      signWith: z.string(),
      /** Seconds. */
      now: z.number(),
      /** All but `accept` is a refusal, or a later. */
      expect: z.string(),
    }),
  ),
})
type Case = z.infer<typeof Cases>['cases'][number]

const RESOURCE =
  '/subscriptions/20000000-0000-4000-8000-000000000000/resourceGroups/apps/providers/Microsoft.ContainerRegistry/registries/acme'

export async function tryTokens(directory: string): Promise<readonly Tried[]> {
  const file = join(directory, 'jwt_cases.json')
  if (!existsSync(file)) return []
  const { config, cases } = Json.pipe(Cases).parse(readFileSync(file, 'utf8'))
  const { 'google-pubsub': google, 'azure-event-grid': azure } = config
  const settings = {
    'google-pubsub': { type: 'gcr', audience: google.audience, serviceAccount: google.email },
    'azure-event-grid': {
      type: 'acr',
      eventGrid: RESOURCE,
      tenant: azure.tenant,
      audience: azure.audiences,
      role: azure.role,
      application: azure.applicationId,
    },
  }
  const keys = new Map(['k1', 'k2', 'e1'].map((id) => [id, aSigningKey(id)]))
  const stranger = aSigningKey('k1')
  const tried: Tried[] = []
  for (const one of cases) {
    const type: ReceiverType = one.source === 'google-pubsub' ? gcr : acr
    const sent = { headers: { authorization: `Bearer ${tokenOf(one, keys, stranger)}` } }
    const found = await isLetIn(type, settings[one.source], issuerOf(keys), sent, one.now * 1000)
    tried.push({ name: `${one.source}: ${one.name}`, expected: one.expect === 'accept', found })
  }
  return tried
}

/** Whose key it is; `nothing` and an HMAC go by the header's algorithm. All other words are somebody else's key. */
const OURS = /^(?:the key of header\.kid|k\d|e\d|nothing|HMAC with)/u

function tokenOf({ header, claims, signWith }: Case, keys: ReadonlyMap<string, SigningKey>, stranger: SigningKey) {
  const own = keys.get(header.kid ?? 'k1') ?? stranger
  return aToken(OURS.test(signWith) ? own : stranger, claims, header)
}

/** The second key appears when it is asked again. */
function issuerOf(keys: ReadonlyMap<string, SigningKey>): Http {
  let asked = 0
  return aServer(() => {
    asked += 1
    return { body: keySetOf([...keys.values()].filter(({ id }) => id !== 'k2' || asked > 1)) }
  })
}

const Vectors = z.object({
  expectedTopicArn: z.string(),
  certPem: z.string(),
  vectors: z.array(
    z.object({
      name: z.string(),
      valid: z.boolean(),
      message: z.looseObject({ Timestamp: z.string().default(''), SignatureVersion: z.string().default('') }),
    }),
  ),
})

export async function tryMessages(directory: string): Promise<readonly Tried[]> {
  const file = join(directory, 'sns_vectors.json')
  if (!existsSync(file)) return []
  const { expectedTopicArn: topicArn, certPem, vectors } = Json.pipe(Vectors).parse(readFileSync(file, 'utf8'))
  const tried: Tried[] = []
  for (const { name, valid, message } of vectors) {
    // The older version counts where the configuration says so, and only there.
    const signatureVersion = valid ? message.SignatureVersion : '2'
    const settings = { type: 'ecr', sns: { topicArn, signatureVersion } }
    // Served everywhere: where it may come from is ours to say.
    const found = await isLetIn(
      ecr,
      settings,
      aServer(() => ({ body: certPem })),
      { body: JSON.stringify(message) },
      Date.parse(message.Timestamp),
    )
    tried.push({ name: `sns: ${name}`, expected: valid, found })
  }
  return tried
}

async function isLetIn(type: ReceiverType, settings: unknown, http: Http, sent: Sent, now: number): Promise<boolean> {
  const receiver = type.create(type.Settings.parse(settings), () => async () => ['unused'], http, null)
  // Who cannot be judged now is told to come again: not let in.
  return receiver.authenticate(aRequest(sent), { now }).then(
    ({ ok }) => ok,
    () => false,
  )
}
