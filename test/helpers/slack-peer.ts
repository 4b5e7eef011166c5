/** Slack's Web API as far as Drayage calls it, written from its published reference, and the person who clicks: signed as Slack signs. */

import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, unknown>
export type SlackMessage = {
  readonly channel: string
  readonly ts: string
  text: string
  blocks: Json[]
  updates: number
}
export type SlackCall = { readonly method: string; readonly parameters: Json; readonly authorization: string }

export type SlackPeer = {
  readonly api: string
  readonly token: string
  readonly signingSecret: string
  readonly messages: SlackMessage[]
  /** What stands in the threads of messages. */
  readonly replies: { readonly thread: string; readonly blocks: Json[] }[]
  readonly calls: SlackCall[]
  readonly groups: Record<string, string[]>
  readonly channels: Set<string>
  /** The next calls are answered so, one each. */
  readonly answers: { status: number; body: Json; headers?: Record<string, string> }[]
  /** What Slack posts for a click: headers and form. */
  click(given: {
    user: string
    action: string
    value: string
    team?: string
    at?: number
    trigger?: string
  }): SignedForm
  /** From the menu of a row. */
  choose(given: { user: string; value: string; text?: string; at?: number }): SignedForm
  submit(given: { user: string; callback: string; metadata: string; reason: string; at?: number }): SignedForm
  sign(form: string, at?: number): SignedForm
  /** The value of the newest message's button. */
  buttonOf(action: string): string
  close(): Promise<void>
}
export type SignedForm = { readonly headers: Record<string, string>; readonly body: string }

const TEAM = 'T0ACME'

export async function startSlackPeer(): Promise<SlackPeer> {
  const token = 'xoxb-test-token'
  const signingSecret = 'slack-signing-secret-of-the-test'
  const messages: SlackMessage[] = []
  const calls: SlackCall[] = []
  const replies: SlackPeer['replies'] = []
  const answers: SlackPeer['answers'] = []
  const groups: Record<string, string[]> = {}
  const channels = new Set(['C0RELEASES'])
  let stamps = 0
  let triggers = 0
  /** Unique for each click, as Slack's are. */
  const nextTrigger = (): string => `${(triggers += 1)}.2.3`

  const server = createServer((request, response) => {
    void handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const method = (request.url ?? '').replace(/^\/api\//u, '')
    const type = request.headers['content-type'] ?? ''
    const parameters = type.startsWith('application/json') ? (JSON.parse(body) as Json) : formOf(body)
    const authorization = request.headers.authorization ?? ''
    calls.push({ method, parameters, authorization })
    const queued = answers.shift()
    if (queued !== undefined) return reply(response, queued.status, queued.body, queued.headers)
    if (authorization !== `Bearer ${token}`) return reply(response, 200, { ok: false, error: 'invalid_auth' })
    // Methods that read take no JSON.
    const isRead = method.startsWith('usergroups.') || method.startsWith('users.')
    return reply(response, 200, answer(method, isRead && type.startsWith('application/json') ? {} : parameters))
  }

  function answer(method: string, given: Json): Json {
    switch (method) {
      case 'auth.test':
        return { ok: true, team: 'Acme', team_id: TEAM, user: 'drayage', bot_id: 'B0DRAYAGE' }
      case 'chat.postMessage':
        return post(given)
      case 'chat.update':
        return update(given)
      case 'usergroups.users.list': {
        const users = groups[String(given['usergroup'])]
        return users === undefined ? { ok: false, error: 'no_such_subteam' } : { ok: true, users }
      }
      case 'views.open':
        return typeof given['trigger_id'] === 'string'
          ? { ok: true, view: {} }
          : { ok: false, error: 'invalid_trigger' }
      default:
        return { ok: false, error: 'unknown_method' }
    }
  }

  function post(given: Json): Json {
    const channel = String(given['channel'])
    if (!channels.has(channel)) return { ok: false, error: 'channel_not_found' }
    const wrong = wrongBlocks(given['blocks'])
    if (wrong !== null) return { ok: false, error: 'invalid_blocks', errors: [wrong] }
    stamps += 1
    const thread = given['thread_ts']
    const ts = `1700000000.${String(stamps).padStart(6, '0')}`
    if (typeof thread === 'string') {
      if (!messages.some((message) => message.ts === thread)) return { ok: false, error: 'thread_not_found' }
      replies.push({ thread, blocks: given['blocks'] as Json[] })
      return { ok: true, channel, ts }
    }
    messages.push({ channel, ts, text: String(given['text']), blocks: given['blocks'] as Json[], updates: 0 })
    return { ok: true, channel, ts }
  }

  function update(given: Json): Json {
    const message = messages.find(({ ts, channel }) => ts === given['ts'] && channel === given['channel'])
    if (message === undefined) return { ok: false, error: 'message_not_found' }
    const wrong = wrongBlocks(given['blocks'])
    if (wrong !== null) return { ok: false, error: 'invalid_blocks', errors: [wrong] }
    message.text = String(given['text'])
    message.blocks = given['blocks'] as Json[]
    message.updates += 1
    return { ok: true, channel: message.channel, ts: message.ts, text: message.text }
  }

  function sign(form: string, at = Date.now()): SignedForm {
    const timestamp = String(Math.floor(at / 1_000))
    const hex = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${form}`).digest('hex')
    return {
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': `v0=${hex}`,
      },
      body: form,
    }
  }

  const payload = (value: Json, at?: number): SignedForm =>
    sign(new URLSearchParams({ payload: JSON.stringify(value) }).toString(), at)
  const person = (user: string) => ({ id: user, username: user.toLowerCase(), name: user.toLowerCase(), team_id: TEAM })

  return {
    api: `http://127.0.0.1:${port}/api/`,
    token,
    signingSecret,
    messages,
    replies,
    calls,
    answers,
    groups,
    channels,
    sign,
    click: ({ user, action, value, team = TEAM, at, trigger = nextTrigger() }) =>
      payload(
        {
          type: 'block_actions',
          user: person(user),
          team: { id: team, domain: 'acme' },
          api_app_id: 'A0DRAYAGE',
          trigger_id: trigger,
          response_url: 'https://hooks.slack.com/actions/never-called',
          actions: [{ type: 'button', action_id: action, block_id: 'b', value, action_ts: '1.2' }],
        },
        at,
      ),
    choose: ({ user, value, text = 'Approve', at }) =>
      payload(
        {
          type: 'block_actions',
          user: person(user),
          team: { id: TEAM, domain: 'acme' },
          api_app_id: 'A0DRAYAGE',
          trigger_id: nextTrigger(),
          actions: [
            {
              type: 'overflow',
              action_id: 'drayage_row',
              block_id: 'b',
              selected_option: { text: { type: 'plain_text', text }, value },
              action_ts: '1.2',
            },
          ],
        },
        at,
      ),
    submit: ({ user, callback, metadata, reason, at }) =>
      payload(
        {
          type: 'view_submission',
          user: person(user),
          team: { id: TEAM, domain: 'acme' },
          view: {
            id: `V${nextTrigger()}`,
            callback_id: callback,
            private_metadata: metadata,
            state: { values: { reason: { text: { type: 'plain_text_input', value: reason } } } },
          },
        },
        at,
      ),
    buttonOf(action) {
      const blocks = messages.at(-1)?.blocks ?? []
      const elements = blocks.flatMap((block) => (block['elements'] as Json[] | undefined) ?? [])
      const value = elements.find((element) => element['action_id'] === action)?.['value']
      return typeof value === 'string' ? value : ''
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function reply(response: ServerResponse, status: number, body: Json, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function formOf(body: string): Json {
  return Object.fromEntries(new URLSearchParams(body))
}

/** The bounds of Block Kit's reference that a card could break. */
function wrongBlocks(blocks: unknown): string | null {
  if (!Array.isArray(blocks) || blocks.length === 0 || blocks.length > 50) return 'expected 1 to 50 blocks'
  if (textLengthOf(blocks) > TEXTS_LENGTH_MAX) return 'msg_blocks_too_long'
  for (const block of blocks as Json[]) {
    const text = (block['text'] as { text?: string } | undefined)?.text
    const max = block['type'] === 'header' ? 150 : 3_000
    if (text !== undefined && (text.length === 0 || text.length > max)) return `text of ${String(block['type'])}`
    const fields = (block['fields'] as { text: string }[] | undefined) ?? []
    if (fields.length > 10 || fields.some((field) => field.text.length > 2_000)) return 'fields'
    const elements = (block['elements'] as { value?: string; text?: unknown }[] | undefined) ?? []
    const { options } = (block['accessory'] ?? {}) as { options?: { text: { text: string }; value: string }[] }
    if (options !== undefined && wrongOptions(options)) return 'options'
    if (elements.length > 25 || elements.some(({ value }) => (value ?? '').length > 2_000)) return 'elements'
  }
  return null
}

/** Written down nowhere; what those who hit it report. */
const TEXTS_LENGTH_MAX = 12_000

function textLengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + textLengthOf(one), 0)
  if (typeof value !== 'object' || value === null) return 0
  return Object.entries(value).reduce((sum, [key, one]) => {
    return sum + (key === 'text' && typeof one === 'string' ? one.length : textLengthOf(one))
  }, 0)
}

function wrongOptions(options: readonly { text: { text: string }; value: string }[]): boolean {
  const isWrong = ({ text, value }: (typeof options)[number]): boolean => text.text.length > 75 || value.length > 150
  return options.length < 2 || options.length > 5 || options.some(isWrong)
}
