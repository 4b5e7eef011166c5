/** Where one-way news goes, and which: `notifications:` of the configuration. */

import * as z from 'zod'
import { NOTICE_KINDS } from './notice.ts'
import { Quiet } from './quiet.ts'
import { SecretReference, SecretReferences } from './secret.ts'

const LIST_MAX = 64
const Address = z
  .string()
  .min(3)
  .max(320)
  .regex(/^[^\s@<>"]+@[^\s@<>"]+$/u, 'expected an e-mail address')
const Url = SecretReference.describe('A reference to the address that the channel gave: whoever has it may post.')

const shared = {
  on: z.array(z.enum(NOTICE_KINDS)).min(1).optional().describe('Which news. Left out: what somebody should look at.'),
  stages: z.array(z.string()).min(1).max(LIST_MAX).optional().describe('Of these stages only. Left out: of all.'),
  subscriptions: z.array(z.string()).min(1).max(LIST_MAX).optional().describe('Of these only. Left out: of all.'),
  quiet: Quiet.optional().describe(
    'When nothing is sent but what somebody has to look at now: the rest waits until it is over.',
  ),
}

export const Channel = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('webhook').describe('Signed as Standard Webhooks says.'),
    url: Url,
    secret: SecretReferences.describe(
      'A reference to the signing secret, `whsec_` and base64; two while it is rotated.',
    ),
    ...shared,
  }),
  z.strictObject({ type: z.literal('teams').describe('Microsoft Teams, by a Workflow.'), url: Url, ...shared }),
  z.strictObject({ type: z.literal('discord').describe('Discord, by a webhook.'), url: Url, ...shared }),
  z.strictObject({
    type: z.literal('mattermost').describe('Mattermost, by an incoming webhook.'),
    url: Url,
    ...shared,
  }),
  z.strictObject({
    type: z
      .literal('pagerduty')
      .describe('PagerDuty: an alert for each subscription and stage, resolved when it is well.'),
    key: SecretReference.describe('A reference to the integration key (Events API v2).'),
    ...shared,
  }),
  z.strictObject({
    type: z.literal('opsgenie').describe('Opsgenie: an alert for each subscription and stage, closed when it is well.'),
    key: SecretReference.describe('A reference to the API key.'),
    region: z.enum(['us', 'eu']).default('us').describe('Where the account is. Default `us`.'),
    ...shared,
  }),
  z.strictObject({
    type: z.literal('email').describe('E-mail over SMTP; only where Drayage runs on Node.'),
    server: SecretReference.describe('A reference to the server: `smtps://user:password@host`.'),
    from: Address.describe('Who it is from.'),
    to: z.array(Address).min(1).max(LIST_MAX).describe('Who gets it.'),
    ...shared,
  }),
])
export type Channel = Readonly<z.infer<typeof Channel>>
