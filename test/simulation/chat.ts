/**
 * Slack: the real conversation and the real reading of clicks over a workspace that loses answers, is down, and has people who
 * click twice, late, or on what is not theirs; and somebody who knows no signing secret.
 */

import { createHmac } from 'node:crypto'
import type { Http, HttpAnswer } from '../../src/clients/http.ts'
import { createSlack } from '../../src/clients/slack.ts'
import type { Conversation } from '../../src/conversations/conversation.ts'
import { createSlackConversation } from '../../src/conversations/slack.ts'
import { ACTION_APPROVE, CALLBACK_REJECT, REASON_BLOCK, REASON_INPUT } from '../../src/conversations/slack-blocks.ts'
import { AcceptedEvent } from '../../src/domain/event.ts'
import { ok } from '../../src/domain/result.ts'
import { INTERACTIONS, withInteractions } from '../../src/interactions.ts'
import type { Receiver, ReceiverRequest } from '../../src/receivers/receiver.ts'
import type { Life } from './life.ts'
import type { Scene } from './people.ts'
import { CHAT_GROUP, configOf } from './shape.ts'

const SIGNING_SECRET = 'the signing secret of this workspace'
const TEAM = 'T0ACME'
/** Clicks that came so late count no more. */
const TOLERANCE_MS = 5 * 60_000
/** Who left a group may speak for so long. */
const KEPT_MS = 60_000
const TALK_MS = 20 * 60_000
/** Upon each message, and at any time. */
const CLICKS_EACH_MAX = 5
const CLICKS_MAX = 4

export const MEMBERS = { ann: 'U0ANN', bob: 'U0BOB', cid: 'U0CID', mallory: 'U0MALLORY' } as const
export type Person = keyof typeof MEMBERS

type Message = { readonly ts: string; ask: string | null }

export type Chat = {
  readonly messages: Message[]
  /** Everything that ever stood on a button: people click on what they see late. */
  readonly asks: string[]
  readonly group: Set<Person>
  /** When somebody left it. */
  readonly left: Map<Person, number>
  clicks: number
  isDown: boolean
  /** People see a new message. */
  onAsk: () => void
}

export function createChat(): Chat {
  return {
    messages: [],
    asks: [],
    group: new Set(['ann', 'bob']),
    left: new Map(),
    clicks: 0,
    isDown: false,
    onAsk: () => {},
  }
}

export function conversationOf(chat: Chat, life: Life, now: () => number): Conversation {
  return createSlackConversation(createSlack({ http: httpOf(chat, life), token: async () => ['xoxb-simulated'] }), now)
}

function httpOf(chat: Chat, life: Life): Http {
  return async ({ url, body }) => {
    await life.send()
    if (chat.isDown) return ok(answerOf(503, {}))
    const said = answer(chat, url.pathname.replace('/api/', ''), String(body))
    await life.receive()
    return ok(answerOf(200, said))
  }
}

function answerOf(status: number, body: object): HttpAnswer {
  return { status, headers: new Headers(), body: new TextEncoder().encode(JSON.stringify(body)), fromStranger: false }
}

function answer(chat: Chat, method: string, body: string): object {
  switch (method) {
    case 'chat.postMessage': {
      const message = { ts: `1700000000.${String(chat.messages.length + 1).padStart(6, '0')}`, ask: askOf(chat, body) }
      const isReply = body.includes('"thread_ts"')
      if (!isReply) chat.messages.push(message)
      return { ok: true, channel: 'C0RELEASES', ts: message.ts }
    }
    case 'chat.update': {
      const { ts } = JSON.parse(body) as { ts: string }
      const message = chat.messages.find((one) => one.ts === ts)
      if (message === undefined) return { ok: false, error: 'message_not_found' }
      message.ask = askOf(chat, body)
      return { ok: true, channel: 'C0RELEASES', ts }
    }
    case 'usergroups.users.list':
      return { ok: true, users: [...chat.group].map((person) => MEMBERS[person]) }
    case 'views.open':
      return { ok: true, view: {} }
    default:
      return { ok: false, error: 'unknown_method' }
  }
}

type Button = { readonly action_id?: string; readonly value?: string }

/** What its button asks about. */
function askOf(chat: Chat, body: string): string | null {
  const { blocks = [] } = JSON.parse(body) as { blocks?: { elements?: Button[] }[] }
  const buttons = blocks.flatMap(({ elements = [] }) => elements)
  const ask = buttons.find(({ action_id: action }) => action === ACTION_APPROVE)?.value ?? null
  if (ask !== null && !chat.asks.includes(ask)) {
    chat.asks.push(ask)
    chat.onAsk()
  }
  return ask
}

/** People look at the channel, and click; the group changes; Slack is down for a while; somebody forges. */
export function scheduleClicks(scene: Scene): void {
  const { clock, dice, chaos, world, chronicle } = scene
  const start = clock.now()
  const end = chaos.spanMs + TALK_MS
  for (let index = dice.between(0, CLICKS_MAX); index > 0; index -= 1) {
    clock.at(start + dice.between(0, end), () => clickSomewhere(scene))
  }
  world.chat.onAsk = () => {
    for (let index = dice.between(0, CLICKS_EACH_MAX); index > 0; index -= 1) {
      clock.at(clock.now() + dice.between(1_000, 300_000), () => clickSomewhere(scene))
    }
  }
  for (let index = dice.between(0, 4); index > 0; index -= 1) {
    clock.at(start + dice.between(0, end), () => changeGroup(scene))
  }
  if (!dice.chance(0.3)) return
  const down = start + dice.between(0, chaos.spanMs)
  clock.at(down, () => {
    chronicle.fault('Slack is down')
    world.chat.isDown = true
  })
  clock.at(down + dice.between(1_000, 600_000), () => (world.chat.isDown = false))
}

function changeGroup({ dice, world, clock, chronicle, grounds }: Scene): void {
  const { chat } = world
  chronicle.fault('group changed')
  const isIn = chat.group.has('cid')
  if (isIn) {
    chat.group.delete('cid')
    chat.left.set('cid', clock.now())
  } else {
    chat.group.add('cid')
    // A click waits for its person's groups: who comes into one by then is in it.
    grounds.joined('cid')
  }
  chronicle.say(() => `GROUP ${isIn ? 'without' : 'with'} cid ${dice.next().toFixed(2)}`)
}

function clickSomewhere(scene: Scene): void {
  const { dice, chronicle, world } = scene
  const { chat } = world
  const shown = chat.messages.flatMap(({ ask }) => ask ?? [])
  const isLate = chat.asks.length > 0 && dice.chance(0.2)
  const choices = isLate ? chat.asks : shown
  const [first, ...others] = choices
  if (first === undefined) return
  const ask = dice.pick([first, ...others])
  if (isLate && !shown.includes(ask)) chronicle.fault('late click')
  const person = dice.pick<Person>(['ann', 'ann', 'bob', 'bob', 'cid', 'mallory'])
  const isForged = dice.chance(0.1)
  const decision = dice.chance(0.85) ? 'approve' : 'reject'
  chronicle.fault(isForged ? 'forged click' : `click: ${decision}`)
  chat.clicks += 1
  const trigger = `${chat.clicks}.2.3`
  const click = { ask, person, decision, trigger, isForged, at: scene.clock.now() } as const
  void arrive(scene, click)
  if (dice.chance(0.3)) {
    chronicle.fault('doubled click')
    // Slack sends the same request again, or the person clicks once more.
    void arrive(scene, dice.chance(0.5) ? click : { ...click, trigger: `${trigger}.again` })
  }
  if (dice.chance(0.1)) {
    chronicle.fault('replayed click')
    const later = TOLERANCE_MS + dice.between(1_000, 600_000)
    scene.clock.at(scene.clock.now() + later, () => void arrive(scene, click, true))
  }
}

type Click = {
  readonly ask: string
  readonly person: Person
  readonly decision: 'approve' | 'reject'
  readonly trigger: string
  readonly isForged: boolean
  readonly at: number
}

/** As the service takes it in: proven, read, and in the inbox before it is answered. */
async function arrive(scene: Scene, click: Click, isReplayed = false): Promise<void> {
  const { chronicle, clock, state, accepted, machines, random, grounds, world } = scene
  const { person, ask, decision } = click
  const mustRefuse = click.isForged || isReplayed
  if (!mustRefuse) {
    const isIn = world.chat.group.has(person) || clock.now() - (world.chat.left.get(person) ?? -Infinity) <= KEPT_MS
    const isKnown = person === 'ann' || person === 'bob'
    if (isKnown || isIn) grounds.voted(ask, person, decision)
    else if (person === 'cid') grounds.hoped(ask, person, decision)
  }
  const events = await read(scene, requestOf(click))
  chronicle.check(!mustRefuse || events === null, () => `a ${click.isForged ? 'forged' : 'replayed'} click was taken`)
  chronicle.check(mustRefuse || events !== null, () => `a click of ${person} was refused`)
  for (const event of events ?? []) {
    const id = `${INTERACTIONS}/${event.id}`
    const row = AcceptedEvent.parse({
      id,
      source: INTERACTIONS,
      assurance: 'signed-body',
      receivedAt: clock.now(),
      event: { ...event, id },
    })
    const [stored] = await state.inbox.put([row])
    if (stored === 'stored') accepted.push(id)
  }
  random.pick(machines).poke()
}

/** Null: refused. */
async function read(scene: Scene, request: ReceiverRequest) {
  const receiver = receiverOf(scene)
  const proven = await receiver.authenticate(request, { now: scene.clock.now() })
  if (!proven.ok) return null
  const received = receiver.parse(request, { now: scene.clock.now() })
  return received.ok && received.value.outcome === 'events' ? received.value.events : null
}

const receivers = new WeakMap<Scene, Receiver>()

function receiverOf(scene: Scene): Receiver {
  const known = receivers.get(scene)
  if (known !== undefined) return known
  const { config } = configOf(scene.shape)
  const parts = {
    http: async () => ok(answerOf(200, { ok: true })),
    secretOf: () => async () => [SIGNING_SECRET] as const,
    now: scene.clock.now,
  }
  const receiver = withInteractions(config, new Map(), parts).get(INTERACTIONS)
  if (receiver === undefined) throw new Error(`the configuration has no ${CHAT_GROUP}`)
  receivers.set(scene, receiver)
  return receiver
}

function requestOf({ ask, person, decision, trigger, isForged, at }: Click): ReceiverRequest {
  const common = { user: { id: MEMBERS[person], username: person }, team: { id: TEAM } }
  const approved = { type: 'block_actions', trigger_id: trigger, actions: [{ action_id: ACTION_APPROVE, value: ask }] }
  const values = { [REASON_BLOCK]: { [REASON_INPUT]: { value: 'not today' } } }
  const view = { id: `V${trigger}`, callback_id: CALLBACK_REJECT, private_metadata: ask, state: { values } }
  const payload = decision === 'approve' ? { ...approved, ...common } : { type: 'view_submission', view, ...common }
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  const timestamp = String(Math.floor(at / 1_000))
  const secret = isForged ? 'something that somebody guessed' : SIGNING_SECRET
  const hex = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  return {
    method: 'POST',
    headers: new Map([
      ['x-slack-request-timestamp', [timestamp]],
      ['x-slack-signature', [`v0=${hex}`]],
    ]),
    query: new URLSearchParams(),
    pathSecret: null,
    body: new TextEncoder().encode(body),
  }
}

/** What has ended asks nobody any more: of each promotion at least one message says so. Others may be twins that nobody heard of. */
export function checkMessages({ world, inspector, chronicle }: Scene): void {
  const open = new Set(
    [...inspector.documents.values()].flatMap((document) =>
      document.kind === 'line' ? Object.values(document.stages).map(({ promotion }) => promotion?.id) : [],
    ),
  )
  const { messages } = world.chat
  const asking = messages.filter(({ ask }) => ask !== null && !open.has(ask))
  const lost = ['lost answer', 'crash', 'stall'].reduce((sum, kind) => sum + (chronicle.faults.get(kind) ?? 0), 0)
  chronicle.check(asking.length <= lost, () => `${asking.length} messages ask about what has ended: ${asking[0]?.ask}`)
}
