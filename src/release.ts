/** The release that a push is part of: offered once the tag of each of its images is there, waited for until then, and told of where it never was. */

import { releaseOf, type Candidate } from './domain/candidate.ts'
import { formatDuration } from './domain/duration.ts'
import { formatImage, type ImageName, type PinnedImage } from './domain/image.ts'
import { lineId } from './domain/line.ts'
import { formatImages } from './domain/release.ts'
import type { Subscription } from './domain/subscription.ts'
import { advance } from './advance.ts'
import { gather, isOrdinary, type Look } from './gather.ts'
import type { Offer } from './offer.ts'
import type { Ports } from './ports.ts'
import type { Step } from './step.ts'

/** For the others of a release to come: by their own push, which makes the release at once, or found by looking. */
const RELEASE_WAIT_MS = 60 * 60_000
const AGAIN_FIRST_MS = 10_000
const AGAIN_MAX_MS = 10 * 60_000
/** The reason by which a row is known that waits for the others. */
export const INCOMPLETE = 'release-incomplete'

type Pushed = {
  readonly image: PinnedImage
  readonly seen: Pick<Candidate, 'observedAt' | 'cause' | 'since' | 'pusher'>
  /** When somebody wanted the event handled last: the wait begins there. */
  readonly askedAt: number
}

export type Released = {
  readonly offers: readonly Offer[]
  /** When to look again for what some wait for; null: nobody waits. */
  readonly until: number | null
  /** Somebody has to see why one could not be made. */
  readonly isDead: boolean
}

/** For each that wants the push: what it is released with. A subscription of one image has it all. */
export async function releasesOf(
  subscriptions: readonly Subscription[],
  pushed: Pushed,
  look: Look,
  ports: Ports,
  step: Step,
): Promise<Released> {
  const offers: Offer[] = []
  let until: number | null = null
  let isDead = false
  for (const subscription of subscriptions) {
    const gathered = await gather(subscription, pushed.image, look)
    if (gathered.state === 'complete') {
      offers.push({ subscription, candidate: await releaseOf(gathered.images, pushed.seen) })
      tellTogether(subscription, gathered.images, step)
    } else if (gathered.state === 'incomplete') {
      until = (await waitForOthers(subscription, pushed, gathered.missing, ports, step)) ?? until
    } else {
      const { reason, detail } = gathered.problem
      const isEnd = isOrdinary(gathered.problem)
      isDead ||= !isEnd
      const told = { step: gathered.problem.step, subscription: subscription.name, reason } as const
      step({ ...told, outcome: isEnd ? 'settled' : 'failed', detail: `${formatImage(gathered.name)}: ${detail}` })
    }
  }
  return { offers, until, isDead }
}

function tellTogether({ name }: Subscription, images: readonly [PinnedImage, ...PinnedImage[]], step: Step): void {
  if (images.length === 1) return
  step({
    step: 'resolve',
    subscription: name,
    outcome: 'pass',
    reason: 'released-together',
    detail: formatImages({ images }),
  })
}

/** When to look again; null: given up. */
async function waitForOthers(
  { name }: Subscription,
  { image, seen, askedAt }: Pushed,
  missing: readonly ImageName[],
  ports: Ports,
  step: Step,
): Promise<number | null> {
  const end = askedAt + RELEASE_WAIT_MS
  const now = ports.now()
  const others = missing.map((other) => formatImage({ ...other, tag: image.tag })).join(', ')
  const common = { step: 'wait', subscription: name, reason: INCOMPLETE } as const
  if (now < end) {
    const detail = `waits for ${others}, released together with it, until ${new Date(end).toISOString()}`
    step({ ...common, outcome: 'pass', detail })
    const again = Math.min(Math.max((now - askedAt) / 2, AGAIN_FIRST_MS), AGAIN_MAX_MS)
    return Math.min(Math.ceil(now + again), end)
  }
  const waited = `${others}, released together with it, did not come within ${formatDuration(RELEASE_WAIT_MS)}`
  const detail = `${waited}: nothing was offered. Its push makes the release, whenever it comes`
  step({ ...common, outcome: 'settled', detail })
  const written = formatImage(image)
  const notice = { kind: 'notice', reason: INCOMPLETE, detail, image: written, cause: seen.cause } as const
  await advance(lineId(name), notice, ports)
  return null
}
