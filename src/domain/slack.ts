/** Slack's place in the configuration, and who is who there. */

import * as z from 'zod'
import { Quiet } from './quiet.ts'
import { SecretReference, SecretReferences } from './secret.ts'

export const SlackConfig = z.strictObject({
  token: SecretReference.describe("A reference to the app's bot token (`xoxb-…`)."),
  signingSecret: SecretReferences.describe("A reference to the app's signing secret; two while it is rotated."),
  api: z
    .string()
    .max(1_024)
    .regex(/^https?:\/\/[^\s@?#]+\/$/u, 'expected https://host/api/')
    .optional()
    .describe("Another place of Slack's Web API, such as `https://slack-gov.com/api/`."),
  quiet: Quiet.optional().describe(
    'When nobody is asked anew: new messages wait until it is over; what failed or was rolled back is told at once.',
  ),
})
export type SlackConfig = Readonly<z.infer<typeof SlackConfig>>

/** The same person in several places, so that nobody counts twice, or approves what they pushed. */
export const PersonConfig = z.strictObject({
  slack: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,30}$/u, 'expected a member id of Slack, such as U024BE7LH')
    .optional()
    .describe('Their member id in Slack.'),
  github: z.string().min(1).max(64).optional().describe('Their login at GitHub.'),
  pusher: z
    .union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).min(1).max(16)])
    .optional()
    .describe('What registries call them: who pushed an image cannot approve it.'),
})
export type PersonConfig = Readonly<z.infer<typeof PersonConfig>>
