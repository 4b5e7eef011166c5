/** GitLab's own registry (self-managed): Distribution's notifications, configured under `registry['notifications']`. */

import * as z from 'zod'
import { ClaimedRepository } from '../domain/image.ts'
import { ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { HeaderName, verifyHeaderSecret } from './credential.ts'
import { createNotificationParser } from './notification.ts'
import type { Receiver, ReceiverType, SecretOf } from './receiver.ts'

const Settings = z.strictObject({
  type: z.literal('gitlab'),
  /** The header that the endpoint sends; its whole value is the secret. `X-Gitlab-Token` is the projects' webhooks', not the registry's. */
  header: HeaderName.default('authorization'),
  secret: SecretReferences,
})
type Settings = z.infer<typeof Settings>

/** GitLab's groups and projects may be in upper case, its images are not: such a name is kept as it came, and nobody follows it. */
const parse = createNotificationParser(ClaimedRepository)

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'blocking-queue',
    parse,
    async authenticate(request) {
      const proven = await verifyHeaderSecret(request, settings.header, secret)
      return proven.ok ? ok({ assurance: 'shared-secret', secret: proven.value }) : proven
    },
  }
}

/** GitLab.com has no registry webhook for its customers: there, a job in the pipeline sends the `webhook` event. */
export const gitlab: ReceiverType<Settings> = { type: 'gitlab', Settings, create, parse }
