/** How Azure Container Registry's events may come, and what proves each: the `events:` block of type `acr`. */

import * as z from 'zod'
import { SecretReferences } from '../domain/secret.ts'
import { HeaderName } from './credential.ts'
import { ResourceId } from './event-grid.ts'
import { KeysUrl } from '../domain/keys-url.ts'

const TEXT_LENGTH_MAX = 512
const AUDIENCES_MAX = 4
const type = z.literal('acr')
const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
const Guid = z.guid().transform((guid) => guid.toLowerCase())
const eventGrid = ResourceId.describe(
  "The registry's resource id: events come by Event Grid, and of this registry alone.",
)

const Webhook = z.strictObject({
  type,
  header: HeaderName.default('authorization').describe("The webhook's custom header."),
  secret: SecretReferences.describe("A reference to the header's whole value."),
})

/** Anybody may send: such events are kept with assurance `none` and can only cause a look. */
const Open = z.strictObject({ type, auth: z.literal('none') })

const Entra = z.strictObject({
  type,
  eventGrid,
  tenant: Guid.describe('The Entra tenant that the event subscription names.'),
  audience: z
    .union([Text, z.array(Text).min(1).max(AUDIENCES_MAX)])
    .describe("The application that the event subscription names: the token's `aud`, letter by letter."),
  /** The one of Microsoft's own; without it, any application of the tenant could be the sender. */
  application: Guid.default('4962773b-9cdb-44cf-a8bf-237846a00ab7').describe("Event Grid's own application id."),
  role: Text.optional().describe('The role that the token must name, such as `AzureEventGridSecureWebhookSubscriber`.'),
  cloud: z.enum(['public', 'china', 'us-government']).default('public').describe("Which of Azure's clouds."),
  keys: KeysUrl.optional().describe("Where the tenant's public keys (JWKS) are, where that is not Entra."),
})

const Shared = z.strictObject({
  type,
  eventGrid,
  header: HeaderName.optional().describe(
    'A delivery header of the event subscription. Left out: the secret ends the URL.',
  ),
  secret: SecretReferences.describe("A reference to that header's value, or to the URL's last part."),
})

export const AcrSettings = z.union([Webhook, Open, Entra, Shared], {
  error:
    'expected { type: acr, secret: env:NAME }, or { type: acr, eventGrid: /subscriptions/…, tenant: …, audience: … }',
})
export type AcrSettings = z.infer<typeof AcrSettings>
export type EntraSettings = z.infer<typeof Entra>
