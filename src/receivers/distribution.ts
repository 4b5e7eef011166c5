/** CNCF Distribution: notifications in envelopes of one or more events, with whatever static header its configuration holds. */

import * as z from 'zod'
import { Repository } from '../domain/image.ts'
import { ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { HeaderName, verifyHeaderSecret } from './credential.ts'
import { createNotificationParser } from './notification.ts'
import type { Receiver, ReceiverType, SecretOf } from './receiver.ts'

const Settings = z.union(
  [
    z.strictObject({
      type: z.literal('distribution'),
      /** The header that the registry's `notifications.endpoints[].headers` sends; its whole value is the secret. */
      header: HeaderName.default('authorization'),
      secret: SecretReferences,
    }),
    /** Anybody may send: such events are kept with assurance `none` and can only cause a look. */
    z.strictObject({ type: z.literal('distribution'), auth: z.literal('none') }),
  ],
  {
    error:
      'expected { type: distribution, secret: env:NAME } with a header name if not authorization, or { …, auth: none }',
  },
)
type Settings = z.infer<typeof Settings>

const parse = createNotificationParser(Repository)

/** Retries for ever and holds back its queue until it gets 2xx. */
function create(settings: Settings, secretOf: SecretOf): Receiver {
  if ('auth' in settings) {
    return { sender: 'blocking-queue', authenticate: async () => ok({ assurance: 'none', secret: null }), parse }
  }
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

/** The registry that most others are made of; its payloads name the host under which it was reached. */
export const distribution: ReceiverType<Settings> = { type: 'distribution', Settings, create, parse }
