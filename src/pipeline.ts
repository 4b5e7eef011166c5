/**
 * START HERE: the way of a push. An accepted event is matched, filtered, resolved and offered (`handleEvent`); documents
 * decide and say what they want done (`advance`); what they want is claimed, performed and answered (`work`).
 */

import { candidateOf } from './domain/candidate.ts'
import type { AcceptedEvent } from './domain/event.ts'
import { formatImage, type PinnedImage } from './domain/image.ts'
import type { RegistryProblem } from './domain/registry.ts'
import type { WalkStep } from './domain/walk.ts'
import { castBallot } from './ballots.ts'
import { believersAmong, isCovered, waitsUntil } from './hear.ts'
import { match } from './match.ts'
import { offerToAll } from './offer.ts'
import type { Ports } from './ports.ts'
import { lookAtPull } from './pulls.ts'
import { signalAll } from './signal.ts'
import type { Step } from './step.ts'

export { advance, reconsider } from './advance.ts'
export type { Ports } from './ports.ts'
export { work } from './work.ts'

export type Handled =
  | { readonly state: 'done' | 'dead'; readonly walk: readonly WalkStep[] }
  /** Not yet: others that say the same may be under way. */
  | { readonly state: 'waits'; readonly until: number; readonly walk: readonly WalkStep[] }

/**
 * One accepted event to its end. Throws where later may help, and has written into `walk` how far it came; asks the
 * registry only for a tag that somebody wants. `askedAt`: when somebody wanted it handled last.
 */
export async function handleEvent(
  accepted: AcceptedEvent,
  ports: Ports,
  walk: WalkStep[] = [],
  askedAt = accepted.receivedAt,
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
  const wanting = await believersAmong(matched, accepted, ports, step)
  const [first] = wanting
  if (first === undefined || accepted.event.tag === null) return { state: 'done', walk }
  const until = waitsUntil(accepted, ports, askedAt, step)
  if (until !== null) return { state: 'waits', until, walk }
  if (await isCovered({ accepted, by: wanting }, ports, askedAt, step)) return { state: 'done', walk }
  // Before the answer: whoever asked later knows better, however long this answer takes.
  const observedAt = ports.now()
  const looked = await look({ ...matched.name, tag: accepted.event.tag }, accepted, ports, step)
  if (looked.state !== 'found') return { state: looked.state, walk }
  const { pusher } = accepted.event
  const seen = { observedAt, cause: accepted.id, since: accepted.receivedAt, ...(pusher === null ? {} : { pusher }) }
  await offerToAll(wanting, { accepted, candidate: candidateOf(looked.image, seen) }, ports, step)
  return { state: 'done', walk }
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
