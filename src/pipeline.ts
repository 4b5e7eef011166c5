/**
 * START HERE: the way of a push. An accepted event is matched, filtered, resolved and offered (`handleEvent`); documents
 * decide and say what they want done (`advance`); what they want is claimed, performed and answered (`work`).
 */

import type { AcceptedEvent } from './domain/event.ts'
import { formatImage, type PinnedImage } from './domain/image.ts'
import type { WalkStep } from './domain/walk.ts'
import { castBallot } from './ballots.ts'
import { createLook, isOrdinary, type Look, type LookProblem } from './gather.ts'
import { believersAmong, isCovered, waitsUntil } from './hear.ts'
import { match } from './match.ts'
import { offerToAll } from './offer.ts'
import type { Ports } from './ports.ts'
import { releasesOf } from './release.ts'
import { lookAtPull } from './pulls.ts'
import { signalAll } from './signal.ts'
import type { Step } from './step.ts'

export { advance, reconsider } from './advance.ts'
export type { Ports } from './ports.ts'
export { INCOMPLETE } from './release.ts'
export { work } from './work.ts'

export type Handled =
  | { readonly state: 'done' | 'dead'; readonly walk: readonly WalkStep[] }
  /** Not yet: others that say the same may be under way. */
  | { readonly state: 'waits'; readonly until: number; readonly walk: readonly WalkStep[] }

/** What is known of an event from before, when it is handled again. */
export type Before = {
  /** When somebody wanted it handled last. */
  readonly askedAt?: number
  /** Those for whom it waits: to all others it was offered already. Empty: nothing waits yet. */
  readonly waiting?: ReadonlySet<string>
}

/**
 * One accepted event to its end. Throws where later may help, and has written into `walk` how far it came; asks the
 * registry only for a tag that somebody wants.
 */
export async function handleEvent(
  accepted: AcceptedEvent,
  ports: Ports,
  walk: WalkStep[] = [],
  { askedAt = accepted.receivedAt, waiting = new Set() }: Before = {},
): Promise<Handled> {
  const { config } = ports.config()
  const step: Step = (entry) => void walk.push({ at: ports.now(), ...entry })
  if (accepted.event.ballot !== undefined) {
    await castBallot(accepted.event.ballot, accepted.receivedAt, ports, step)
    return { state: 'done', walk }
  }
  if (accepted.event.pull !== undefined) {
    await lookAtPull(accepted.event.pull, accepted.id, ports, step)
    return { state: 'done', walk }
  }
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
    await signalAll(matched.subscriptions, accepted, ports, step)
    return { state: 'done', walk }
  }
  const subscriptions = matched.subscriptions.filter(({ name }) => waiting.size === 0 || waiting.has(name))
  const wanting = await believersAmong({ name: matched.name, subscriptions }, accepted, ports, step)
  const { tag, pusher } = accepted.event
  if (wanting.length === 0 || tag === null) return { state: 'done', walk }
  const until = waitsUntil(accepted, ports, askedAt, step)
  if (until !== null) return { state: 'waits', until, walk }
  if (await isCovered({ accepted, by: wanting }, ports, askedAt, step)) return { state: 'done', walk }
  // Before the answer: whoever asked later knows better, however long this answer takes.
  const observedAt = ports.now()
  const look = createLook(tag, ports.registries)
  const looked = reportLook(await look(matched.name), accepted, step)
  if (looked.state !== 'found') return { state: looked.state, walk }
  const seen = { observedAt, cause: accepted.id, since: accepted.receivedAt, ...(pusher === null ? {} : { pusher }) }
  const released = await releasesOf(wanting, { image: looked.image, seen, askedAt }, look, ports, step)
  await offerToAll(released.offers, accepted, ports, step)
  if (released.until !== null) return { state: 'waits', until: released.until, walk }
  return { state: released.isDead ? 'dead' : 'done', walk }
}

type Looked = { readonly state: 'done' | 'dead' } | { readonly state: 'found'; readonly image: PinnedImage }

/** The event only said "look": the digest comes from the registry, and its bytes are hashed. */
function reportLook(looked: Awaited<ReturnType<Look>>, { event }: AcceptedEvent, step: Step): Looked {
  const digest = looked.ok ? looked.value.image.digest : looked.error.digest
  const differs = event.digest !== null && event.digest !== digest
  if (digest !== null) {
    step({
      step: 'resolve',
      outcome: 'pass',
      reason: differs ? 'moved-since' : 'resolved',
      detail: differs
        ? `the event said ${event.digest}, the tag points to ${digest} by now`
        : `${event.tag} is ${digest}`,
    })
  }
  if (!looked.ok) return reportProblem(looked.error, step)
  const { image, manifest } = looked.value
  step({ step: 'inspect', outcome: 'pass', reason: manifest.kind, detail: formatImage(image) })
  return { state: 'found', image }
}

function reportProblem(problem: LookProblem, report: Step): Looked {
  const { step, reason, detail } = problem
  report({ step, outcome: isOrdinary(problem) ? 'settled' : 'failed', reason, detail })
  return { state: isOrdinary(problem) ? 'done' : 'dead' }
}
