/**
 * START HERE: the way of a push. An accepted event is matched, filtered, resolved and offered (`handleEvent`); documents
 * decide and say what they want done (`advance`); what they want is claimed, performed and answered (`work`).
 */

import { chainEntries } from './domain/chain.ts'
import { candidateOf, type Candidate } from './domain/candidate.ts'
import type { LoadedConfig } from './domain/config.ts'
import { wakeAt, type Document, type DocumentId } from './domain/document.ts'
import type { Answer } from './domain/answer.ts'
import type { Effect, EffectKind } from './domain/effect.ts'
import type { AcceptedEvent } from './domain/event.ts'
import type { Note } from './domain/history.ts'
import { formatImage, type PinnedImage } from './domain/image.ts'
import { lineId } from './domain/line.ts'
import type { Log } from './domain/log.ts'
import type { Measure } from './domain/measure.ts'
import type { Registries, RegistryProblem } from './domain/registry.ts'
import type { Trace } from './domain/span.ts'
import { RetryLater } from './domain/retry.ts'
import type { Subscription } from './domain/subscription.ts'
import type { WalkStep } from './domain/walk.ts'
import { decide, type Input } from './decide/index.ts'
import { isDue } from './decide/effects.ts'
import { later, perform, type Outbound } from './effects.ts'
import { match } from './match.ts'
import { filterOf, newDocument, rulesOf, subscriptionNameOf, subscriptionOf } from './rules.ts'
import type { DocumentPage, Documents } from './state/documents.ts'
import type { Inbox } from './state/inbox.ts'
import type { Journal } from './state/journal.ts'
import type { Wake } from './state/wake.ts'
import { spanOfEffect, spansOfEnds } from './trace.ts'

/** All that the pipeline needs of the world. */
export type Ports = Outbound & {
  readonly documents: Documents
  readonly inbox: Inbox
  readonly journal: Journal
  readonly wake: Wake
  readonly registries: Registries
  /** The configuration in force: asked for anew at every step. */
  readonly config: () => LoadedConfig
  readonly now: () => number
  readonly log: Log
  readonly measure: Measure
  /** Absent: nobody collects traces. */
  readonly trace?: Trace
}

/** Longer than any effect's own timeouts together. */
export const EFFECT_LEASE_MS = 5 * 60_000
/** An effect stops writing this long before its lease ends. */
const LEASE_MARGIN_MS = 10_000
const EFFECTS_AT_ONCE_MAX = 8
const CONFLICTS_MAX = 50
const ROUNDS_MAX = 50
const PAGE_SIZE = 100

export type Handled = { readonly state: 'done' | 'dead'; readonly walk: readonly WalkStep[] }

/**
 * One accepted event to its end. Throws where later may help, and has written into `walk` how far it came; asks the
 * registry only for a tag that somebody wants.
 */
export async function handleEvent(accepted: AcceptedEvent, ports: Ports, walk: WalkStep[] = []): Promise<Handled> {
  const { config } = ports.config()
  const step: Step = (entry) => void walk.push({ at: ports.now(), ...entry })
  const matched = match(accepted, config.registries[accepted.source], config.subscriptions)
  if (!matched.matched) {
    step({ step: 'match', outcome: 'settled', reason: matched.reason, detail: matched.detail })
    return { state: 'done', walk }
  }
  step({
    step: 'match',
    outcome: 'pass',
    reason: 'matched',
    detail: matched.subscriptions.map(({ name }) => name).join(', '),
  })
  if (accepted.event.kind !== 'push') {
    const detail = `a ${accepted.event.kind} of ${accepted.event.subject ?? accepted.event.digest ?? 'unknown content'}: nothing waits for it`
    step({ step: 'filter', outcome: 'settled', reason: 'signal', detail })
    return { state: 'done', walk }
  }
  const wanting = matched.subscriptions.filter((subscription) => isWanted(subscription, accepted, step))
  const [first] = wanting
  if (first === undefined || accepted.event.tag === null) return { state: 'done', walk }
  // Before the answer: whoever asked later knows better, however long this answer takes.
  const observedAt = ports.now()
  const looked = await look({ ...matched.name, tag: accepted.event.tag }, accepted, ports, step)
  if (looked.state !== 'found') return { state: looked.state, walk }
  const candidate = candidateOf(looked.image, { observedAt, cause: accepted.id, since: accepted.receivedAt })
  await offerToAll(wanting, candidate, ports, step)
  return { state: 'done', walk }
}

type Step = (entry: Omit<WalkStep, 'at'>) => void

function isWanted(subscription: Subscription, accepted: AcceptedEvent, step: Step): boolean {
  const { tag } = accepted.event
  const settled = (reason: string, detail: string): false => {
    step({ step: 'filter', subscription: subscription.name, outcome: 'settled', reason, detail })
    return false
  }
  if (tag === null)
    return settled('no-tag', 'pushed by digest, or a part of a multi-platform image: no tag points there')
  const judgement = filterOf(subscription).judge(tag)
  if (!judgement.counts) return settled(judgement.reason, judgement.detail)
  step({ step: 'filter', subscription: subscription.name, outcome: 'pass', reason: 'counts', detail: `${tag} counts` })
  return true
}

type Looked = { readonly state: 'done' | 'dead' } | { readonly state: 'found'; readonly image: PinnedImage }

/** The event only said "look": the digest comes from the registry, and its bytes are hashed. */
async function look(
  image: Omit<PinnedImage, 'digest'>,
  accepted: AcceptedEvent,
  ports: Ports,
  step: Step,
): Promise<Looked> {
  const resolved = await ports.registries.resolve(image)
  if (!resolved.ok) return problem('resolve', resolved.error, step)
  const { digest } = resolved.value
  const claimed = accepted.event.digest
  const differs = claimed !== null && claimed !== digest
  step({
    step: 'resolve',
    outcome: 'pass',
    reason: differs ? 'moved-since' : 'resolved',
    detail: differs ? `the event said ${claimed}, the tag points to ${digest} by now` : `${image.tag} is ${digest}`,
  })
  const manifest = await ports.registries.inspect({ ...image, digest })
  if (!manifest.ok) return problem('inspect', manifest.error, step)
  if (manifest.value.kind === 'artifact') {
    step({ step: 'inspect', outcome: 'settled', reason: 'not-an-image', detail: `${digest} is ${manifest.value.type}` })
    return { state: 'done' }
  }
  step({ step: 'inspect', outcome: 'pass', reason: manifest.value.kind, detail: formatImage({ ...image, digest }) })
  return { state: 'found', image: { ...image, digest } }
}

/** What the registry said for good. Only an absent tag is an ordinary end; the rest somebody has to see. */
function problem(step: 'resolve' | 'inspect', found: RegistryProblem, report: Step): Looked {
  const isOrdinary = found.reason === 'tag-not-found' || found.reason === 'unsupported-manifest'
  report({ step, outcome: isOrdinary ? 'settled' : 'failed', reason: found.reason, detail: found.detail })
  return { state: isOrdinary ? 'done' : 'dead' }
}

/** One whose document cannot be read or saved does not keep it from the others. */
async function offerToAll(
  subscriptions: readonly Subscription[],
  candidate: Candidate,
  ports: Ports,
  step: Step,
): Promise<void> {
  const failures: unknown[] = []
  for (const subscription of subscriptions) {
    try {
      await offerTo(subscription, candidate, ports, step)
    } catch (error) {
      failures.push(error)
      const detail = error instanceof Error ? error.message : 'unknown failure'
      step({ step: 'offer', subscription: subscription.name, outcome: 'failed', reason: 'later', detail })
    }
  }
  if (failures.length > 0) throw failures[0]
}

async function offerTo(subscription: Subscription, candidate: Candidate, ports: Ports, step: Step): Promise<void> {
  const notes = await advance(lineId(subscription.name), { kind: 'offer', candidate }, ports)
  for (const { kind, reason, detail, stage } of notes) {
    const outcome = kind === 'ignored' || kind === 'refused' ? 'settled' : 'pass'
    const where = stage === undefined ? '' : `${stage}: `
    step({ step: 'offer', subscription: subscription.name, outcome, reason, detail: `${where}${kind}, ${detail}` })
  }
}

/** Works one input into one document. Safe to repeat; two at once meet at the compare-and-swap. */
export async function advance(id: DocumentId, input: Input, ports: Ports): Promise<readonly Note[]> {
  return (await transition(id, input, ports)).notes
}

type Transition = { readonly was: Document; readonly document: Document; readonly notes: readonly Note[] }

async function transition(id: DocumentId, input: Input, ports: Ports): Promise<Transition> {
  for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
    const loaded = await ports.documents.load(id)
    const was = loaded?.document ?? newDocument(id)
    const now = ports.now()
    const loadedConfig = ports.config()
    const decision = decide(was, rulesOf(loadedConfig), input, now)
    const { notes } = decision
    if (isUnchanged(was, decision.document, notes)) return { was, document: was, notes }
    // What the document carried goes to the journal before it may be forgotten; a repeat there changes nothing.
    if (was.tail.length > 0) await ports.journal.append(was.tail)
    const entries = await chainEntries(was, notes, now, loadedConfig.hash)
    const newest = entries.at(-1)
    const document = {
      ...decision.document,
      seq: newest?.seq ?? was.seq,
      hash: newest?.hash ?? was.hash,
      tail: entries,
    }
    if ((await ports.documents.save(document, loaded?.version ?? 0, now)) === 'conflict') continue
    report(document, notes, ports)
    for (const span of spansOfEnds(was, notes, now)) ports.trace?.(span)
    await ports.journal.append(entries)
    const at = wakeAt(document)
    if (at !== null) await ports.wake(id, at)
    return { was, document, notes }
  }
  throw new RetryLater(`${id} was changed by others ${CONFLICTS_MAX} times in a row`)
}

/** An offer that is only ignored is told in the event's own walk and is no news for the line. */
function isUnchanged(was: Document, document: Document, notes: readonly Note[]): boolean {
  if (notes.some(({ kind }) => kind !== 'ignored')) return false
  return JSON.stringify(was) === JSON.stringify(document)
}

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
    const due = loaded.document.effects.filter((effect) => isDue(effect, now)).slice(0, EFFECTS_AT_ONCE_MAX)
    if (due.length === 0) return flushTail(loaded.document, loaded.version, ports)
    await claimAndPerform(
      id,
      due.map((effect) => effect.id),
      ports,
    )
  }
}

async function claimAndPerform(id: DocumentId, effects: readonly string[], ports: Ports): Promise<void> {
  const until = ports.now() + EFFECT_LEASE_MS
  const { was, document } = await transition(id, { kind: 'claim', effects, until }, ports)
  const before = new Map(was.effects.map((effect) => [effect.id, effect.fence]))
  const mine = document.effects.filter(
    (effect) => effects.includes(effect.id) && before.get(effect.id) !== effect.fence,
  )
  // All of them to their end: what is under way stays under the eyes of whoever called us.
  const ends = await Promise.allSettled(mine.map((effect) => performOne(effect, document, until, ports)))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function performOne(effect: Effect, document: Document, until: number, ports: Ports): Promise<void> {
  const started = ports.now()
  const stillHeld = (): boolean => ports.now() < until - LEASE_MARGIN_MS
  // Saved so slowly that another may have it by now.
  if (!stillHeld()) return
  const answer =
    effect.kind === 'send'
      ? await send(effect.to, effect.message, ports)
      : await performAt(effect, document, stillHeld, ports)
  const endedAt = ports.now()
  const span = spanOfEffect(effect, document, { startedAt: started, endedAt }, answer.kind)
  if (span !== null) ports.trace?.(span)
  const seconds = (endedAt - started) / 1_000
  ports.measure({ kind: 'effect', effect: effect.kind, answer: answer.kind, seconds })
  if (answer.kind === 'later')
    ports.log.warn('effect waits', { effect: effect.id, attempt: effect.attempt, detail: answer.detail })
  await advance(document.id, { kind: 'answer', effect: effect.id, fence: effect.fence, answer }, ports)
}

/** What changes something outside. */
const TOUCHING: ReadonlySet<EffectKind> = new Set(['deliver', 'roll-back', 'propose', 'merge', 'withdraw'])

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
  const subscription = subscriptionOf(document, loaded) ?? null
  return perform(effect, { document, subscription, outbound: ports, stillHeld })
}

async function send(to: DocumentId, message: Extract<Input, { kind: 'message' }>['message'], ports: Ports) {
  try {
    await advance(to, { kind: 'message', message }, ports)
    return { kind: 'sent' } as const
  } catch (error) {
    return later(error)
  }
}

/**
 * At a start, and for another configuration: what was decided under an older one is decided anew. Gives back those with
 * which that failed: `work` does it too.
 */
export async function reconsider(ports: Ports): Promise<readonly DocumentId[]> {
  const { hash } = ports.config()
  const failed: DocumentId[] = []
  let after: string | null = null
  do {
    const page: DocumentPage = await ports.documents.list({ limit: PAGE_SIZE, ...(after === null ? {} : { after }) })
    for (const { id } of page.documents.filter(({ config }) => config !== hash)) {
      try {
        await advance(id, { kind: 'tick' }, ports)
      } catch (error) {
        const detail = error instanceof Error ? error.message : 'unknown failure'
        ports.log.error('document not reconsidered', { document: id, detail })
        failed.push(id)
      }
    }
    after = page.next
  } while (after !== null)
  return failed
}

/** A quiet document's last entries are in the journal for long: it need not carry them, nor be woken for them. */
async function flushTail(document: Document, version: number, ports: Ports): Promise<void> {
  const at = wakeAt(document)
  if (document.tail.length === 0 || at === null || at > ports.now()) return
  await ports.journal.append(document.tail)
  await ports.documents.save({ ...document, tail: [] }, version, ports.now())
}

function report(document: Document, notes: readonly Note[], ports: Ports): void {
  for (const note of notes) {
    const { kind, reason, detail, stage, promotion, image, by } = note
    ports.log.info(kind, { document: document.id, reason, detail, stage, promotion, image, by })
    const subscription = subscriptionNameOf(document)
    ports.measure({ kind: 'decision', subscription, entry: kind, reason: isOurWord(reason) ? reason : 'other' })
    if (kind === 'delivered' && document.kind === 'line' && stage !== undefined) {
      const since = document.stages[stage]?.promotion?.candidate.since
      if (since !== undefined)
        ports.measure({ kind: 'delivered', subscription, stage, seconds: (ports.now() - since) / 1_000 })
    }
  }
}

/** A platform's own words (`ImagePullBackOff`) are no labels: their number is not ours to bound. */
function isOurWord(reason: string): boolean {
  return /^[a-z][a-z0-9-]{0,40}$/u.test(reason)
}
