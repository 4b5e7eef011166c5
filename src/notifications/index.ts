/** The catalogue of channels: from what the configuration says to what tells. */

import type { Http } from '../clients/http.ts'
import type { Channel } from '../domain/channel.ts'
import { err } from '../domain/result.ts'
import type { Secret, SecretReferences } from '../domain/secret.ts'
import { createDiscordNotifier } from './discord.ts'
import { createMattermostNotifier } from './mattermost.ts'
import type { Notifier } from './notifier.ts'
import { createOpsgenieNotifier } from './opsgenie.ts'
import { createPagerDutyNotifier } from './pagerduty.ts'
import { createTeamsNotifier } from './teams.ts'
import { createWebhookNotifier } from './webhook.ts'

const OPSGENIE = { us: 'https://api.opsgenie.com', eu: 'https://api.eu.opsgenie.com' } as const

export type NotifierParts = {
  readonly http: Http
  readonly secretOf: (references: SecretReferences) => Secret
  readonly now: () => number
  /** Null: this platform opens no connection to a mail server. */
  readonly mail: CreateMail | null
}

export type CreateMail = (mail: { server: Secret; from: string; to: readonly string[] }) => Notifier

const NO_MAIL: Notifier = {
  async notify() {
    return err({ reason: 'refused', detail: 'e-mail is sent only where Drayage runs on Node' })
  },
}

export function createNotifier(channel: Channel, { http, secretOf, now, mail }: NotifierParts): Notifier {
  switch (channel.type) {
    case 'webhook':
      return createWebhookNotifier({ http, url: secretOf(channel.url), secret: secretOf(channel.secret), now })
    case 'teams':
      return createTeamsNotifier(http, secretOf(channel.url))
    case 'discord':
      return createDiscordNotifier(http, secretOf(channel.url))
    case 'mattermost':
      return createMattermostNotifier(http, secretOf(channel.url))
    case 'pagerduty':
      return createPagerDutyNotifier({ http, key: secretOf(channel.key) })
    case 'opsgenie':
      return createOpsgenieNotifier({ http, key: secretOf(channel.key), api: OPSGENIE[channel.region] })
    case 'email':
      return mail === null ? NO_MAIL : mail({ server: secretOf(channel.server), from: channel.from, to: channel.to })
  }
}
