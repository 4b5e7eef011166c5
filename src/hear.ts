/** Whether an event is heard: by those who want its tag and believe its sender, after what else may be said, and once. */

import type { AcceptedEvent } from './domain/event.ts'
import { formatImage, type ImageName } from './domain/image.ts'
import { lineId } from './domain/line.ts'
import type { Subscription } from './domain/subscription.ts'
import type { InboxRow } from './domain/walk.ts'
import { advance } from './advance.ts'
import { whyNotBelieved } from './match.ts'
import type { Ports } from './ports.ts'
import { filterOf } from './rules.ts'
import type { Step } from './step.ts'

/** What our own look found may be on its way as a webhook: it has so long to come before it is called lost. */
const WEBHOOK_GRACE_MS = 60_000
/** Of the newest events: where many came since, another look costs a request and nothing else. */
const COVERING_MAX = 100

/** Who wants the tag, and takes this sender's word so far as to look. A history is told of pushers that it does not know. */
export async function believersAmong(
  { name, subscriptions }: { readonly name: ImageName; readonly subscriptions: readonly Subscription[] },
  accepted: AcceptedEvent,
  ports: Ports,
  step: Step,
): Promise<readonly Subscription[]> {
  const believers: Subscription[] = []
  for (const subscription of subscriptions) {
    if (!isWanted(subscription, accepted, step)) continue
    const disbelief = whyNotBelieved(accepted, subscription)
    if (disbelief === null) {
      believers.push(subscription)
      continue
    }
    const { reason, detail } = disbelief
    step({ step: 'match', subscription: subscription.name, outcome: 'settled', reason, detail })
    if (reason === 'assurance-too-low') continue
    const image = formatImage({ ...name, tag: accepted.event.tag })
    const notice = { kind: 'notice', reason, detail: `${image}: ${detail}`, cause: accepted.id } as const
    await advance(lineId(subscription.name), notice, ports)
  }
  return believers
}

const WAITS = {
  sweep: { reason: 'webhook-may-come', detail: 'found by our own look; a webhook may be under way' },
  settle: { reason: 'settles', detail: 'one push may be told several times: all that comes meanwhile is one' },
} as const

/** Null: it is handled now. */
export function waitsUntil(accepted: AcceptedEvent, ports: Ports, askedAt: number, step: Step): number | null {
  const until = askedAt + waitMs(accepted, ports)
  if (until <= ports.now()) return null
  step({ step: 'wait', outcome: 'pass', ...WAITS[accepted.via === 'sweep' ? 'sweep' : 'settle'] })
  return until
}

function waitMs({ via, source }: AcceptedEvent, ports: Ports): number {
  const registry = ports.config().config.registries[source]
  switch (via) {
    case 'poll':
      return 0
    case 'sweep':
      return Math.min(WEBHOOK_GRACE_MS, (registry?.sweepMs ?? Number.POSITIVE_INFINITY) / 2)
    case undefined:
      return registry?.settleMs ?? 0
  }
}

/**
 * A look covers every event that came before it, for those to whom it was offered: the registry says what is there now.
 * Asked only where pushes settle.
 */
export async function isCovered(heard: Heard, ports: Ports, askedAt: number, step: Step): Promise<boolean> {
  const { source, via } = heard.accepted
  const settles = (ports.config().config.registries[source]?.settleMs ?? 0) > 0
  if (via !== undefined || !settles) return false
  const rows = await ports.inbox.list({ limit: COVERING_MAX })
  const covering = rows.find((row) => covers(row, heard, askedAt))
  if (covering === undefined) return false
  const detail = `${covering.accepted.id} asked the registry since`
  step({ step: 'wait', outcome: 'settled', reason: 'coalesced', detail })
  return true
}

export type Heard = { readonly accepted: AcceptedEvent; readonly by: readonly Subscription[] }

function covers({ accepted: other, state, walk }: InboxRow, { accepted, by }: Heard, askedAt: number): boolean {
  if (other.id === accepted.id || other.source !== accepted.source || state !== 'done') return false
  if (other.event.repository !== accepted.event.repository || other.event.tag !== accepted.event.tag) return false
  // Its own instant is that of the answer; the look began after the step before.
  const look = walk.findIndex(
    ({ step, outcome }, index) => step === 'resolve' && outcome === 'pass' && (walk[index - 1]?.at ?? 0) > askedAt,
  )
  const offered = look < 0 ? [] : walk.slice(look).filter(({ step }) => step === 'offer')
  return look >= 0 && by.every(({ name }) => offered.some(({ subscription }) => subscription === name))
}

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
