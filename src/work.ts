/** What a document wants done: claimed by a lease, performed, answered. */

import type { Answer } from './domain/answer.ts'
import { alarmOf, wakeAt, type Document, type DocumentId } from './domain/document.ts'
import { withCompare } from './domain/card.ts'
import type { Effect, EffectKind, EffectOf } from './domain/effect.ts'
import { lineId } from './domain/line.ts'
import type { Message } from './domain/message.ts'
import type { Subscription } from './domain/subscription.ts'
import { isDue } from './decide/effects.ts'
import { advance, transition } from './advance.ts'
import { announce } from './announce.ts'
import { compareByClaims } from './commits-between.ts'
import { createAnswers } from './answers.ts'
import { later, perform } from './effects.ts'
import type { Ports } from './ports.ts'
import { isPaused, pausesInForce, type Pause, type Place } from './pause.ts'
import { subscriptionNameOf, subscriptionOf } from './rules.ts'
import { causeOf, spanOfEffect } from './trace.ts'

/** Longer than any effect's own timeouts together. */
export const EFFECT_LEASE_MS = 5 * 60_000
/** An effect stops writing this long before its lease ends. */
const LEASE_MARGIN_MS = 10_000
const EFFECTS_AT_ONCE_MAX = 8
/** What a person paused is looked at again so often: whoever resumes wakes nobody. */
const PAUSED_MS = 10_000
/** In one invocation of a Worker, which may make 1,000 queries of D1 and 10,000 subrequests; what is left is due at once again. */
const ROUNDS_MAX = 8

/** Performs what is due on one document, until nothing is. Waking it once too often changes nothing. */
export async function work(id: DocumentId, ports: Ports): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const loaded = await ports.documents.load(id)
    if (loaded === null) return
    if (loaded.document.config !== ports.config().hash) {
      await advance(id, { kind: 'tick' }, ports)
      continue
    }
    const now = ports.now()
    if (hasAlarm(loaded.document, now)) {
      await advance(id, { kind: 'tick' }, ports)
      continue
    }
    const due = inOrder(loaded.document.effects.filter((effect) => isDue(effect, now))).slice(0, EFFECTS_AT_ONCE_MAX)
    if (due.length === 0) return flushTail(loaded.document, loaded.version, ports)
    const paused = await pausedAmong(due, loaded.document, ports)
    if (paused.length > 0) {
      await advance(id, { kind: 'hold', effects: paused, until: now + PAUSED_MS }, ports)
      continue
    }
    await claimAndPerform(
      id,
      due.map((effect) => effect.id),
      ports,
    )
  }
}

const TELLING: ReadonlySet<EffectKind> = new Set(['show', 'post', 'notify', 'tell-source', 'reply'])

/** A chat that hangs must not hold up a delivery: what people are told comes in rounds of its own, after all else. */
function inOrder(due: readonly Effect[]): readonly Effect[] {
  const acts = due.filter(({ kind }) => !TELLING.has(kind))
  return acts.length > 0 ? acts : due
}

/** A person said stop: what touches nothing goes on, what would is looked at again later. */
async function pausedAmong(due: readonly Effect[], document: Document, ports: Ports): Promise<readonly string[]> {
  const touching = due.filter(({ kind }) => TOUCHING.has(kind))
  if (touching.length === 0) return []
  const pauses = await pausesInForce(ports)
  return touching.filter((effect) => pauseOf(effect, document, pauses) !== null).map(({ id }) => id)
}

/** A batch stands still with any that travels in it: what one of them must not do, their one commit would. */
function pauseOf(effect: Effect, document: Document, pauses: readonly Pause[]): Pause | null {
  for (const place of placesOf(effect, document)) {
    const pause = isPaused(pauses, place)
    if (pause !== null) return pause
  }
  return null
}

function placesOf(effect: Effect, document: Document): readonly Place[] {
  const subscription = subscriptionNameOf(document)
  if (document.kind === 'line') return [{ subscription, stage: 'stage' in effect ? effect.stage : null }]
  const stage = document.id.split('/').at(-1) ?? null
  if (document.kind === 'bulletin') return [{ subscription, stage }]
  const travelling = document.cargos.map(({ line }) => line.slice(lineId('').length))
  return [...new Set([subscription, ...travelling])].map((one) => ({ subscription: one, stage }))
}

/** Time alone may move it now. */
function hasAlarm(document: Document, now: number): boolean {
  const alarm = alarmOf(document)
  return alarm !== null && alarm <= now
}

async function claimAndPerform(id: DocumentId, effects: readonly string[], ports: Ports): Promise<void> {
  const until = ports.now() + EFFECT_LEASE_MS
  const { was, document } = await transition(id, [{ kind: 'claim', effects, until }], ports)
  const before = new Map(was.effects.map((effect) => [effect.id, effect.fence]))
  const mine = document.effects.filter(
    (effect) => effects.includes(effect.id) && before.get(effect.id) !== effect.fence,
  )
  const answer = createAnswers(id, ports)
  // All of them to their end: what is under way stays under the eyes of whoever called us.
  const ends = await Promise.allSettled(
    mine.map(async (effect) => {
      const given = await performOne(effect, document, until, ports)
      if (given !== null) await answer({ kind: 'answer', effect: effect.id, fence: effect.fence, answer: given })
    }),
  )
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Null: it was not begun. */
async function performOne(effect: Effect, document: Document, until: number, ports: Ports): Promise<Answer | null> {
  const started = ports.now()
  const stillHeld = (): boolean => ports.now() < until - LEASE_MARGIN_MS
  // Saved so slowly that another may have it by now.
  if (!stillHeld()) return null
  const answer =
    effect.kind === 'send'
      ? await send(effect.to, effect.message, ports)
      : effect.kind === 'show'
        ? await show(effect, document, stillHeld, ports)
        : await performAt(effect, document, stillHeld, ports)
  const endedAt = ports.now()
  const span = spanOfEffect(effect, document, { startedAt: started, endedAt }, answer.kind)
  if (span !== null) ports.trace?.(span)
  const seconds = (endedAt - started) / 1_000
  ports.measure({ kind: 'effect', effect: effect.kind, answer: answer.kind, seconds })
  if (answer.kind === 'later')
    ports.log.warn('effect waits', {
      document: document.id,
      cause: causeOf(effect, document) ?? undefined,
      effect: effect.id,
      attempt: effect.attempt,
      detail: answer.detail,
    })
  return answer
}

/** What changes something outside. */
const TOUCHING: ReadonlySet<EffectKind> = new Set(['deliver', 'roll-back', 'propose', 'commit', 'merge', 'withdraw'])

async function performAt(
  effect: Exclude<Effect, { kind: 'send' }>,
  document: Document,
  stillHeld: () => boolean,
  ports: Ports,
): Promise<Answer> {
  const loaded = ports.config()
  if (loaded.config.mode === 'observe' && TOUCHING.has(effect.kind)) {
    return { kind: 'failed', reason: 'observe-mode', detail: '`mode: observe` touches nothing' }
  }
  const subscription = document.kind === 'line' ? (subscriptionOf(document.id, loaded) ?? null) : null
  const subscriptionAt = (line: DocumentId): Subscription | null => subscriptionOf(line, loaded) ?? null
  const hindrance = TOUCHING.has(effect.kind) ? await whyNotNow(effect, document, ports) : null
  if (hindrance !== null) return hindrance
  if (!stillHeld()) return { kind: 'later', detail: 'the lease ran out before it began' }
  return perform(effect, { document, subscription, subscriptionAt, outbound: ports, stillHeld })
}

/** Claimed a while ago: the switch may have been thrown since, and what was decided under another configuration is decided anew. */
async function whyNotNow(effect: Effect, document: Document, ports: Ports): Promise<Answer | null> {
  try {
    const pause = pauseOf(effect, document, await pausesInForce(ports))
    if (pause !== null) {
      return { kind: 'later', detail: `paused by ${pause.by}: ${pause.reason}`, retryAfterMs: PAUSED_MS }
    }
  } catch (error) {
    return later(error)
  }
  const isSame = ports.config().hash === document.config
  return isSame ? null : { kind: 'later', detail: 'the configuration changed meanwhile' }
}

/** As a row of the channel's list, or in a message of its own. */
async function show(effect: EffectOf<'show'>, document: Document, stillHeld: () => boolean, ports: Ports) {
  const compare = effect.asksCommits === true ? await compareByClaims(effect, document, ports) : undefined
  const asked = { ...effect, card: withCompare(effect.card, compare) }
  const told = compare === undefined ? {} : { compare }
  try {
    if (await announce(asked, document, ports)) return { kind: 'listed', ...told } as const
  } catch (error) {
    return later(error)
  }
  const answer = await performAt(asked, document, stillHeld, ports)
  return answer.kind === 'shown' ? { ...answer, ...told } : answer
}

async function send(to: DocumentId, message: Message, ports: Ports) {
  try {
    await advance(to, { kind: 'message', message }, ports)
    return { kind: 'sent' } as const
  } catch (error) {
    return later(error)
  }
}

/** A quiet document's last entries are in the journal for long: it need not carry them, nor be woken for them. */
async function flushTail(document: Document, version: number, ports: Ports): Promise<void> {
  const at = wakeAt(document)
  if (document.tail.length === 0 || at === null || at > ports.now()) return
  await ports.journal.append(document.tail)
  await ports.documents.save({ ...document, tail: [] }, version, ports.now())
}
