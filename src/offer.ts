/** A candidate on its way to the lines that want it, and what is said where only our own look found it. */

import type { Candidate } from './domain/candidate.ts'
import type { AcceptedEvent } from './domain/event.ts'
import { lineId, type Line } from './domain/line.ts'
import { formatImages } from './domain/release.ts'
import type { Subscription } from './domain/subscription.ts'
import { advance } from './advance.ts'
import type { Ports } from './ports.ts'
import { filterOf } from './rules.ts'
import type { Step } from './step.ts'

/** The newest: of one that is older than these, it may be said that it was lost. */
const EVENTS_MAX = 500

/** One whose document cannot be read or saved does not keep it from the others. */
export async function offerToAll(
  offers: readonly Offer[],
  accepted: AcceptedEvent,
  ports: Ports,
  step: Step,
): Promise<void> {
  const failures: unknown[] = []
  for (const { subscription, candidate } of offers) {
    try {
      await offerTo(subscription, { accepted, candidate }, ports, step)
    } catch (error) {
      failures.push(error)
      const detail = error instanceof Error ? error.message : 'unknown failure'
      step({ step: 'offer', subscription: subscription.name, outcome: 'failed', reason: 'later', detail })
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** What is offered to whom: the same push may be one image of several releases. */
export type Offer = { readonly subscription: Subscription; readonly candidate: Candidate }
type Offered = { readonly accepted: AcceptedEvent; readonly candidate: Candidate }

async function offerTo(
  subscription: Subscription,
  { accepted, candidate }: Offered,
  ports: Ports,
  step: Step,
): Promise<void> {
  const id = lineId(subscription.name)
  const before = accepted.via === 'sweep' ? await ports.documents.load(id) : null
  const notes = await advance(id, { kind: 'offer', candidate }, ports)
  for (const { kind, reason, detail, stage } of notes) {
    const outcome = kind === 'ignored' || kind === 'refused' ? 'settled' : 'pass'
    const where = stage === undefined ? '' : `${stage}: `
    step({ step: 'offer', subscription: subscription.name, outcome, reason, detail: `${where}${kind}, ${detail}` })
  }
  const isTaken = notes.some(({ kind }) => kind === 'promotion-opened' || kind === 'offered')
  if (accepted.via !== 'sweep' || !isTaken) return
  const line = before?.document.kind === 'line' ? before.document : null
  const isLost = line !== null && hasCandidate(line) && !(await wasTold({ accepted, line, subscription }, ports))
  await tellFound(id, { accepted, candidate }, isLost, ports)
}

type Found = { readonly accepted: AcceptedEvent; readonly line: Line; readonly subscription: Subscription }

/**
 * A webhook of it came: it waits still, or was handled and is forgotten since, by another configuration or a person's act. A tag
 * that may move is told of anew with each push, so only what came since the last look counts.
 */
async function wasTold({ accepted, line, subscription }: Found, ports: Ports): Promise<boolean> {
  const { event } = accepted
  const since = filterOf(subscription).ordered ? 0 : newestLook(line)
  const rows = await ports.inbox.list({ limit: EVENTS_MAX })
  return rows.some(({ accepted: other, state }) => {
    if (other.via !== undefined || other.event.kind !== 'push') return false
    if (other.event.repository !== event.repository || other.event.tag !== event.tag) return false
    return state === 'waiting' || other.receivedAt > since
  })
}

/** No webhook told of it in time. Where none ever did, the push may be older than we are; where one came, it was late. */
async function tellFound(id: string, { accepted, candidate }: Offered, isLost: boolean, ports: Ports): Promise<void> {
  const image = formatImages(candidate)
  const lost = `this webhook was lost: our own look at ${accepted.source} found the push, and no event told of it`
  const found = `our own look at ${accepted.source} found it before an event of it was handled`
  const [reason, detail] = isLost ? (['webhook-lost', lost] as const) : (['found-by-sweep', found] as const)
  await advance(id, { kind: 'notice', reason, detail, image, cause: accepted.id }, ports)
  if (isLost) ports.measure({ kind: 'webhook-lost', source: accepted.source })
}

function hasCandidate(line: Line): boolean {
  return candidatesOf(line).length > 0
}

function newestLook(line: Line): number {
  return Math.max(0, ...candidatesOf(line).map(({ observedAt }) => observedAt))
}

function candidatesOf({ stages }: Line): readonly Candidate[] {
  return Object.values(stages).flatMap(({ current, promotion, next }) => {
    const all = [current.state === 'candidate' ? current.candidate : undefined, promotion?.candidate, next]
    return all.filter((candidate) => candidate !== undefined)
  })
}
