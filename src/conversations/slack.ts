/** Slack as a conversation: one message for each promotion, changed in place; groups asked for and kept for a minute. */

import * as z from 'zod'
import type { Http } from '../clients/http.ts'
import { createSlack, type Slack, type SlackProblem } from '../clients/slack.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Secret, SecretReferences } from '../domain/secret.ts'
import type { SlackConfig } from '../domain/slack.ts'
import type { Conversation, ConversationFailure, MessageReference } from './conversation.ts'
import { messageOf, rejectForm, replyOf } from './slack-blocks.ts'
import { messageOfList } from './slack-list.ts'

/** A person who left a group may vote for so long. */
const GROUP_KEPT_MS = 60_000
const GROUPS_KEPT_MAX = 200
const GONE: ReadonlySet<string> = new Set([
  'message_not_found',
  'thread_not_found',
  'cant_update_message',
  'edit_window_closed',
])
const NO_CHANNEL: ReadonlySet<string> = new Set(['channel_not_found', 'is_archived', 'not_in_channel'])
const NOT_ALLOWED: ReadonlySet<string> = new Set([
  'not_authed',
  'invalid_auth',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'missing_scope',
  'no_permission',
  'restricted_action',
])

const Posted = z.object({ channel: z.string().min(1).max(32), ts: z.string().min(1).max(32) })
const Myself = z.object({ user: z.string().max(256), team: z.string().max(256) })
const GroupMembers = z.object({ users: z.array(z.string().max(32)).max(10_000) })

export type SlackConversation = Conversation & {
  /** The form for the reason: `trigger` is good for three seconds. */
  askWhy(ask: string, title: string, trigger: string): Promise<Result<null, ConversationFailure>>
}

/** What every platform has. */
export type SlackParts = {
  readonly http: Http
  readonly secretOf: (references: SecretReferences) => Secret
  readonly now: () => number
}

/** As the configuration names it; secrets are read when they are used. */
export function createConfiguredSlack(
  { token, api }: SlackConfig,
  { http, secretOf, now }: SlackParts,
): SlackConversation {
  return createSlackConversation(createSlack({ http, token: secretOf(token), ...(api && { api }) }), now)
}

export function createSlackConversation(slack: Slack, now: () => number): SlackConversation {
  type Members = Promise<Result<ReadonlySet<string>, ConversationFailure>>
  const groups = new Map<string, { readonly asked: Members; readonly until: number }>()

  async function post(channel: string, message: object): Promise<Result<MessageReference, ConversationFailure>> {
    const posted = await slack(
      'chat.postMessage',
      { channel, unfurl_links: false, unfurl_media: false, ...message },
      Posted,
    )
    return posted.ok ? ok({ channel: posted.value.channel, message: posted.value.ts }) : failed(posted.error)
  }

  async function put(
    message: object,
    channel: string,
    known: MessageReference | null,
  ): Promise<Result<MessageReference, ConversationFailure>> {
    if (known === null) return post(channel, message)
    const updated = await slack('chat.update', { channel: known.channel, ts: known.message, ...message }, Posted)
    if (updated.ok) return ok(known)
    return GONE.has(updated.error.error) ? post(channel, message) : failed(updated.error)
  }

  async function askForMembers(group: string): Members {
    const answer = await slack('usergroups.users.list', { usergroup: group }, GroupMembers)
    return answer.ok ? ok(new Set(answer.value.users)) : failed(answer.error)
  }

  return {
    show: (card, channel, known) => put(messageOf(card), channel, known),
    async reply({ channel, message: thread_ts }, lines) {
      const replied = await post(channel, { thread_ts, ...replyOf(lines) })
      return replied.ok ? ok(null) : replied
    },

    list: (list, channel, known) => put(messageOfList(list), channel, known),

    async whoAmI() {
      const answer = await slack('auth.test', {}, Myself)
      return answer.ok ? ok(`${answer.value.user} in ${answer.value.team}`) : failed(answer.error)
    },

    async membersOf(group) {
      const kept = groups.get(group)
      if (kept !== undefined && kept.until > now()) return kept.asked
      if (groups.size >= GROUPS_KEPT_MAX) groups.clear()
      const asked = askForMembers(group)
      groups.set(group, { asked, until: now() + GROUP_KEPT_MS })
      // Only an answer is kept; whoever asks while it is under way gets the same one.
      const isKept = await asked.then(
        (answer) => answer.ok,
        () => false,
      )
      if (!isKept && groups.get(group)?.asked === asked) groups.delete(group)
      return asked
    },

    async askWhy(ask, title, trigger) {
      const opened = await slack('views.open', { trigger_id: trigger, view: rejectForm(ask, title) }, z.object({}))
      return opened.ok ? ok(null) : failed(opened.error)
    },
  }
}

function failed({ error, needed }: SlackProblem): Result<never, ConversationFailure> {
  if (NO_CHANNEL.has(error)) {
    return err({
      reason: 'channel-not-found',
      detail: `Slack says ${error}: invite the app to the channel, and name it by its id`,
    })
  }
  if (NOT_ALLOWED.has(error)) {
    const scope = needed === null ? '' : `; it needs the scope ${needed}`
    return err({
      reason: 'not-allowed',
      detail: `Slack says ${error}${scope}: install the app anew with infra/slack/app-manifest.json`,
    })
  }
  if (GONE.has(error)) return err({ reason: 'message-gone', detail: `Slack says ${error}` })
  return err({ reason: 'refused', detail: `Slack says ${error}` })
}
