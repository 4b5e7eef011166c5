/**
 * Clicks in a chat as events: proven, kept in the inbox before they are acknowledged, and worked in from there. So a click is
 * answered within the chat's three seconds on every platform, and none is lost.
 */

import type { Http } from './clients/http.ts'
import { createConfiguredSlack, type SlackConversation } from './conversations/slack.ts'
import { readSlackRequest, type SlackInteraction } from './conversations/slack-request.ts'
import type { Config } from './domain/config.ts'
import type { RegistryEvent } from './domain/event.ts'
import { ok } from './domain/result.ts'
import type { Secret } from './domain/secret.ts'
import type { Received, Receiver, ReceiverRequest, SecretOf } from './receivers/receiver.ts'

/** No registry has this name. */
export const INTERACTIONS = '-slack'

export type InteractionParts = { readonly http: Http; readonly secretOf: SecretOf; readonly now: () => number }

/** The receivers of registries, and the one of the chat where the configuration has one. */
export function withInteractions(
  { slack }: Config,
  receivers: ReadonlyMap<string, Receiver>,
  parts: InteractionParts,
): ReadonlyMap<string, Receiver> {
  if (slack === undefined) return receivers
  const conversation = createConfiguredSlack(slack, parts)
  return new Map([...receivers, [INTERACTIONS, createInteractions(parts.secretOf(slack.signingSecret), conversation)]])
}

/** One request is proven and read once; what it says waits here for `parse`, which every receiver has. */
function createInteractions(signingSecret: Secret, conversation: Pick<SlackConversation, 'askWhy'>): Receiver {
  const read = new WeakMap<ReceiverRequest, SlackInteraction>()
  /** Who rejects is asked why: the form is opened after the body is read, before the answer. */
  const asking = new WeakMap<Received, Extract<SlackInteraction, { kind: 'wants-to-reject' }>>()
  return {
    sender: 'slack',
    async authenticate(request, { now }) {
      const { headers, body } = request
      const interaction = await readSlackRequest({ headers, body: new Uint8Array(body) }, signingSecret, now)
      if (interaction.ok) {
        read.set(request, interaction.value)
        return ok({ assurance: 'signed-body', secret: null })
      }
      const { reason, detail } = interaction.error
      // Proven, and nothing that can be read: `parse` says so.
      if (reason === 'malformed') return ok({ assurance: 'signed-body', secret: null })
      return { ok: false, error: { reason, detail } }
    },
    parse(request) {
      const interaction = read.get(request)
      if (interaction === undefined)
        return { ok: false, error: { reason: 'unknown-schema', detail: 'no interaction of Slack' } }
      const received = receivedOf(interaction)
      if (interaction.kind === 'wants-to-reject') asking.set(received, interaction)
      return ok(received)
    },
    async confirm(received) {
      const wish = asking.get(received)
      if (wish !== undefined) await conversation.askWhy(wish.ask, wish.called ?? titleOf(wish.ask), wish.trigger)
      return received
    },
  }
}

function receivedOf(interaction: SlackInteraction): Received {
  switch (interaction.kind) {
    case 'ignored':
    case 'wants-to-reject':
      return { outcome: 'ignored', reason: 'other-action' }
    case 'approve':
    case 'reject':
      return { outcome: 'events', events: [eventOf(interaction)] }
  }
}

/** One request that is sent again is the same event; another click is another, since its person may be in the group by now. */
function eventOf(interaction: Extract<SlackInteraction, { kind: 'approve' | 'reject' }>): RegistryEvent {
  const { ask, person, kind, click } = interaction
  const reason = interaction.kind === 'reject' ? interaction.reason : ''
  return {
    kind: 'ballot',
    id: `${ask}/${person.team}/${person.id}/${kind}/${click}`,
    ballot: { ask, member: person.id, decision: kind, reason },
    registry: null,
    repository: null,
    tag: null,
    digest: null,
    mediaType: null,
    subject: null,
    pusher: null,
    occurredAt: null,
  }
}

/** `payments/prod/sha256:…#1`: what the form says that it rejects. */
function titleOf(ask: string): string {
  const [subscription = '', stage = ''] = ask.split('/')
  return `${subscription} → ${stage}`
}
