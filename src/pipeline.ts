/**
 * START HERE: the way of a push. An accepted event is matched, filtered, resolved and offered (`handleEvent`); documents
 * decide and say what they want done (`advance`); what they want is claimed, performed and answered (`work`).
 */

import { candidateOf, type Candidate } from './domain/candidate.ts'
import type { AcceptedEvent } from './domain/event.ts'
import { formatImage, type PinnedImage } from './domain/image.ts'
import { lineId } from './domain/line.ts'
import type { RegistryProblem } from './domain/registry.ts'
import type { Subscription } from './domain/subscription.ts'
import type { WalkStep } from './domain/walk.ts'
import { advance } from './advance.ts'
import { match } from './match.ts'
import type { Ports } from './ports.ts'
import { filterOf } from './rules.ts'

export { advance, reconsider } from './advance.ts'
export type { Ports } from './ports.ts'
export { work } from './work.ts'

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
