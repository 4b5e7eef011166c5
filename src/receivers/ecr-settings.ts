/** How Amazon ECR's events may come, and what proves each: the `events:` block of type `ecr`. */

import * as z from 'zod'
import { SecretReferences } from '../domain/secret.ts'
import { HeaderName } from './credential.ts'
import { KeysUrl } from '../domain/keys-url.ts'
import { TopicArn } from './sns.ts'

const TEXT_LENGTH_MAX = 512
const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
const type = z.literal('ecr')

const ApiKey = z.strictObject({
  type,
  apiKey: SecretReferences.describe("A reference to the API key of the API destination's connection."),
  header: HeaderName.default('x-api-key').describe('The header in which the connection sends it.'),
})

const Basic = z.strictObject({
  type,
  username: Text.describe("The user name of the API destination's connection, of authorisation type Basic."),
  password: SecretReferences.describe('A reference to its password.'),
})

const OAuth = z.strictObject({
  type,
  oauth: z
    .strictObject({
      issuer: Text.describe("Whose tokens count: the token's `iss`, letter by letter."),
      keys: KeysUrl.describe("Where the issuer's public keys (JWKS) are."),
      audience: Text.describe("The token's `aud`, letter by letter."),
      client: Text.describe("The connection's client id: the token's `client_id`, `azp` or `appid`."),
    })
    .describe("The API destination's connection, of authorisation type OAuth client credentials."),
})

const Sns = z.strictObject({
  type,
  sns: z
    .strictObject({
      topicArn: TopicArn.describe('The one topic whose messages count.'),
      signatureVersion: z
        .enum(['1', '2'])
        .default('2')
        .describe("As the topic's attribute `SignatureVersion` says; `1` signs with SHA-1."),
    })
    .describe('A subscription over HTTPS to a topic that an EventBridge rule writes to.'),
})

/** Who may write to the queue, or invoke the function, is the proof: nothing is taken over HTTP. */
const Iam = z.strictObject({
  type,
  iam: z.literal(true).describe('From EventBridge by a queue on AWS: nothing is taken over HTTP.'),
})

export const EcrSettings = z.union([ApiKey, Basic, OAuth, Sns, Iam], {
  error: 'expected { type: ecr, apiKey: env:NAME }, or one of username and password, oauth, sns, iam',
})
export type EcrSettings = z.infer<typeof EcrSettings>
