/** What Slack posts when somebody clicks: proven by its signature, read into a vote. https://docs.slack.dev/authentication/verifying-requests-from-slack */

import * as z from 'zod'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { isSameSecret, type Secret } from '../domain/secret.ts'
import { ACTION_APPROVE, ACTION_REJECT, CALLBACK_REJECT, REASON_BLOCK, REASON_INPUT } from './slack-blocks.ts'
import { ACTION_APPROVE_ALL, ACTION_ROW, APPROVE, REJECT } from './slack-list.ts'

const TOLERANCE_SECONDS = 300
const VERSION = 'v0'
/** Two names, a release's id and an attempt. */
const ASK_LENGTH_MAX = 256
const REASON_LENGTH_MAX = 500

export type SlackRequest = {
  /** Lower-case names; a header that came twice has both values. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: Uint8Array<ArrayBuffer>
}

export type SlackPerson = { readonly id: string; readonly name: string; readonly team: string }

export type SlackInteraction =
  | { readonly kind: 'approve'; readonly ask: string; readonly person: SlackPerson; readonly click: string }
  /** The form for the reason is to be opened, within three seconds. */
  | {
      readonly kind: 'wants-to-reject'
      readonly ask: string
      readonly person: SlackPerson
      readonly trigger: string
      /** What the menu called it, for the form's words alone. */
      readonly called?: string | undefined
    }
  | {
      readonly kind: 'reject'
      readonly ask: string
      readonly person: SlackPerson
      readonly reason: string
      readonly click: string
    }
  | { readonly kind: 'ignored'; readonly detail: string }

export type SlackRefusal = {
  readonly reason: 'missing-credential' | 'wrong-credential' | 'stale-timestamp' | 'malformed'
  readonly detail: string
}

const Id = z.string().regex(/^[A-Z0-9]{2,32}$/u)
const Person = z.object({ id: Id, username: z.string().max(256).optional(), name: z.string().max(256).optional() })
const Team = z.object({ id: Id })
const Ask = z.string().min(1).max(ASK_LENGTH_MAX)
const Clicked = z.object({
  type: z.literal('block_actions'),
  user: Person,
  team: Team,
  trigger_id: z.string().max(256),
  actions: z.tuple(
    [
      z.object({
        action_id: z.string().max(256),
        value: Ask.optional(),
        selected_option: z.object({ value: Ask, text: z.object({ text: z.string().max(128) }).optional() }).optional(),
      }),
    ],
    z.unknown(),
  ),
})
const Submitted = z.object({
  type: z.literal('view_submission'),
  user: Person,
  team: Team,
  view: z.object({
    id: z.string().max(64),
    callback_id: z.string().max(256),
    private_metadata: z.string().max(3_000),
    state: z.object({
      values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().max(4_000).nullish() }))),
    }),
  }),
})
const Payload = Json.pipe(z.union([Clicked, Submitted, z.object({ type: z.string().max(64) })]))

/** Signature first, over the bytes as they came; only then anything is read. */
export async function readSlackRequest(
  request: SlackRequest,
  signingSecret: Secret,
  now: number,
): Promise<Result<SlackInteraction, SlackRefusal>> {
  const refusal = await refuse(request, signingSecret, now)
  if (refusal !== null) return err(refusal)
  const form = new URLSearchParams(new TextDecoder().decode(request.body))
  if (form.get('ssl_check') === '1') return ok({ kind: 'ignored', detail: "Slack's check of our certificate" })
  const payloads = form.getAll('payload')
  const payload = Payload.safeParse(payloads.length === 1 ? payloads[0] : '')
  if (!payload.success)
    return err({ reason: 'malformed', detail: 'expected one payload, as Slack posts for interactions' })
  return interactionOf(payload.data)
}

async function refuse({ headers, body }: SlackRequest, secret: Secret, now: number): Promise<SlackRefusal | null> {
  const timestamp = only(headers, 'x-slack-request-timestamp')
  const signature = only(headers, 'x-slack-signature')
  if (timestamp === null || signature === null) {
    return {
      reason: 'missing-credential',
      detail: 'expected x-slack-request-timestamp and x-slack-signature, each once',
    }
  }
  if (!/^[0-9]{1,11}$/u.test(timestamp) || Math.abs(Number(timestamp) - now / 1_000) > TOLERANCE_SECONDS) {
    return {
      reason: 'stale-timestamp',
      detail: 'x-slack-request-timestamp: expected it within five minutes of our clock',
    }
  }
  const encoder = new TextEncoder()
  const given = encoder.encode(signature)
  for (const value of await secret()) {
    const signed = await sign(encoder.encode(value), encoder.encode(`${VERSION}:${timestamp}:`), body)
    if (await isSameSecret(given, encoder.encode(`${VERSION}=${signed}`))) return null
  }
  return { reason: 'wrong-credential', detail: 'x-slack-signature is not that of our signing secret' }
}

function only(headers: SlackRequest['headers'], name: string): string | null {
  const values = headers.get(name) ?? []
  return values.length === 1 ? (values[0] ?? null) : null
}

async function sign(secret: Uint8Array<ArrayBuffer>, before: Uint8Array, body: Uint8Array): Promise<string> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const message = new Uint8Array(before.length + body.length)
  message.set(before)
  message.set(body, before.length)
  const signature = await crypto.subtle.sign('HMAC', key, message)
  return [...new Uint8Array(signature)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function interactionOf(payload: z.infer<typeof Payload>): Result<SlackInteraction, SlackRefusal> {
  if ('actions' in payload) return ok(clickOf(payload))
  if ('view' in payload) return ok(submissionOf(payload))
  return ok({ kind: 'ignored', detail: `${payload.type} is nothing that we asked for` })
}

function clickOf({ actions, user, team, trigger_id: trigger }: z.infer<typeof Clicked>): SlackInteraction {
  const [{ action_id: action, value: ask, selected_option: option }] = actions
  const person = personOf(user, team)
  if (action === ACTION_ROW) return choiceOf(option, person, trigger)
  if (ask === undefined) return { kind: 'ignored', detail: 'a button without a value' }
  if (action === ACTION_APPROVE || action === ACTION_APPROVE_ALL)
    return { kind: 'approve', ask, person, click: trigger }
  if (action === ACTION_REJECT) return { kind: 'wants-to-reject', ask, person, trigger }
  return { kind: 'ignored', detail: 'a button that is not ours' }
}

type Option = z.infer<typeof Clicked>['actions'][0]['selected_option']

/** From the menu of one row. */
function choiceOf(option: Option, person: SlackPerson, trigger: string): SlackInteraction {
  const { value = '', text } = option ?? {}
  if (value.startsWith(APPROVE)) return { kind: 'approve', ask: value.slice(APPROVE.length), person, click: trigger }
  if (value.startsWith(REJECT)) {
    const called = text?.text.replace(/^Reject | …$/gu, '')
    return { kind: 'wants-to-reject', ask: value.slice(REJECT.length), person, trigger, called }
  }
  return { kind: 'ignored', detail: 'a menu that is not ours' }
}

function submissionOf({ view, user, team }: z.infer<typeof Submitted>): SlackInteraction {
  const ask = Ask.safeParse(view.private_metadata)
  if (view.callback_id !== CALLBACK_REJECT || !ask.success)
    return { kind: 'ignored', detail: 'a form that is not ours' }
  const written = view.state.values[REASON_BLOCK]?.[REASON_INPUT]?.value ?? ''
  const text = written.trim().slice(0, REASON_LENGTH_MAX)
  const reason = text === '' ? 'no reason given' : text
  return { kind: 'reject', ask: ask.data, person: personOf(user, team), reason, click: view.id }
}

/** Who acts is the id; the name is only shown. */
function personOf(user: z.infer<typeof Person>, team: z.infer<typeof Team>): SlackPerson {
  return { id: user.id, name: user.username ?? user.name ?? user.id, team: team.id }
}
