/** Signals on their way: news of a digest comes to the lines that hold it, and wakes them. */

import type { AcceptedEvent } from './domain/event.ts'
import { lineId } from './domain/line.ts'
import type { Subscription } from './domain/subscription.ts'
import { advance } from './advance.ts'
import { whyNotBelieved } from './match.ts'
import type { Ports } from './ports.ts'
import type { Step } from './step.ts'

/** News of a digest for the lines that hold it: what waits for such news there is decided anew. */
export async function signalAll(
  subscriptions: readonly Subscription[],
  accepted: AcceptedEvent,
  ports: Ports,
  step: Step,
): Promise<void> {
  const { event, id: cause } = accepted
  if (event.kind === 'push' || event.kind === 'ballot' || event.kind === 'pull-request') return
  const digests = [event.subject, event.digest].filter((digest) => digest !== null)
  const about = `a ${event.kind} of ${event.subject ?? event.digest ?? event.tag ?? 'unknown content'}`
  for (const subscription of subscriptions) {
    const settled = (reason: string, detail: string): void =>
      step({ step: 'signal', subscription: subscription.name, outcome: 'settled', reason, detail })
    const disbelief = whyNotBelieved(accepted, subscription)
    if (disbelief !== null) {
      settled(disbelief.reason, disbelief.detail)
      continue
    }
    // A line that nothing was ever offered to holds nothing, and is not made for this.
    const id = lineId(subscription.name)
    const isKnown = (await ports.documents.load(id)) !== null
    const input = { kind: 'signal', signal: event.kind, digests, tag: event.tag, cause } as const
    const notes = isKnown ? await advance(id, input, ports) : []
    if (!notes.some(({ kind }) => kind === 'signalled' || kind === 'noticed')) {
      settled('not-held', `${about}: no stage holds it`)
      continue
    }
    for (const { reason, detail, stage } of notes) {
      const where = stage === undefined ? '' : `${stage}: `
      step({ step: 'signal', subscription: subscription.name, outcome: 'pass', reason, detail: `${where}${detail}` })
    }
    await ports.wake(id, ports.now())
  }
}
