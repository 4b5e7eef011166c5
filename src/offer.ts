/** A candidate on its way to the lines that want it, and what is said where only our own look found it. */

import type { Candidate } from './domain/candidate.ts'
import type { AcceptedEvent } from './domain/event.ts'
import { formatImage } from './domain/image.ts'
import { lineId, type Line } from './domain/line.ts'
import type { Subscription } from './domain/subscription.ts'
import { advance } from './advance.ts'
import type { Ports } from './ports.ts'
import type { Step } from './step.ts'

/** One whose document cannot be read or saved does not keep it from the others. */
export async function offerToAll(
  subscriptions: readonly Subscription[],
  offered: Offered,
  ports: Ports,
  step: Step,
): Promise<void> {
  const failures: unknown[] = []
  for (const subscription of subscriptions) {
    try {
      await offerTo(subscription, offered, ports, step)
    } catch (error) {
      failures.push(error)
      const detail = error instanceof Error ? error.message : 'unknown failure'
      step({ step: 'offer', subscription: subscription.name, outcome: 'failed', reason: 'later', detail })
    }
  }
  if (failures.length > 0) throw failures[0]
}

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
  const wasTold = before?.document.kind === 'line' && hasCandidate(before.document)
  await tellFound(id, { accepted, candidate }, wasTold, ports)
}

/** No webhook told of it in time. Where none ever did, the push may be older than we are. */
async function tellFound(id: string, { accepted, candidate }: Offered, wasTold: boolean, ports: Ports): Promise<void> {
  const image = formatImage(candidate.images[0])
  const lost = `this webhook was lost: our own look at ${accepted.source} found the push, and no event told of it`
  const found = `our own look at ${accepted.source} found it, before any event of this image came`
  const [reason, detail] = wasTold ? (['webhook-lost', lost] as const) : (['found-by-sweep', found] as const)
  await advance(id, { kind: 'notice', reason, detail, image, cause: accepted.id }, ports)
  if (wasTold) ports.measure({ kind: 'webhook-lost', source: accepted.source })
}

function hasCandidate({ stages }: Line): boolean {
  return Object.values(stages).some(
    ({ current, promotion, next }) => current.state === 'candidate' || promotion !== undefined || next !== undefined,
  )
}
