/**
 * A way back by a pull request of its own, for a base branch that takes no commits. Each attempt begins anew: the branch is rebuilt
 * upon the base as it is now, so what is newer there, or a person's hand, ends it, and nothing need be remembered.
 */

import { formatImage, type PinnedImage } from '../domain/image.ts'
import { imageNamed } from '../domain/release.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { GitTarget } from '../domain/target.ts'
import type { Delivered, DeliveryFailure, Order, ProposalFailure, Proposals, Through, Wish } from './delivery.ts'

const AGAIN_MS = 60_000

type Answered = Promise<Result<Delivered, DeliveryFailure>>

export async function deliverThrough(
  order: Order,
  { branch, merge }: Through,
  targets: readonly [GitTarget, ...GitTarget[]],
  proposals: Proposals,
): Answered {
  const { target: _target, also: _also, through: _through, ...rest } = order
  const [first, ...others] = targets
  const { git } = first
  const proposed = await proposals.propose([{ ...rest, targets }], { branch, lastHead: null, open: null })
  if (!proposed.ok) return err(asDelivery(proposed.error))
  const now = writtenAt(order.wish, first)
  const written = {
    previous: order.expected?.at(-1) ?? now,
    now,
    ...(others.length > 0 && { also: others.map((one) => writtenAt(order.wish, one)) }),
  }
  if ('unchanged' in proposed.value) return ok({ status: 'unchanged', reference: proposed.value.commit, ...written })
  const { number, head, url } = proposed.value
  const looked = await proposals.look(git, number)
  if (!looked.ok) return err(asDelivery(looked.error))
  if (looked.value.state === 'closed') {
    const who = looked.value.by === null ? 'somebody' : looked.value.by
    return err({
      reason: 'refused-by-target',
      detail: `${who} closed ${url}, which takes it back: that is for people now`,
    })
  }
  if (looked.value.state === 'open' && merge === 'by-person')
    throw waiting(`${url} takes it back, and waits for a person`)
  if (!order.stillHeld()) throw waiting(`${url} is not merged yet`)
  const merged = await proposals.merge(git, number, head)
  if (merged.ok) return ok({ status: 'changed', reference: merged.value.commit, ...written })
  const { reason, detail } = merged.error
  if (reason === 'not-mergeable' || reason === 'head-moved') throw waiting(`${url} takes it back: ${detail}`)
  return err(asDelivery(merged.error))
}

/** Reviews and checks that the branch demands may still come: it is tried again, until somebody is told that it is stuck. */
function waiting(detail: string): RetryLater {
  return new RetryLater(detail, { retryAfterMs: AGAIN_MS })
}

function asDelivery({ reason, detail, found }: ProposalFailure): DeliveryFailure {
  switch (reason) {
    case 'foreign-commits':
    case 'head-moved':
    case 'not-mergeable':
    case 'closed':
      return { reason: 'refused-by-target', detail }
    default:
      return { reason, detail, ...(found === undefined ? {} : { found }) }
  }
}

/** What the merge brings there, as our own commit would have written it. */
function writtenAt(wish: Wish, { image: name }: GitTarget): string {
  if (wish.kind === 'restore') return wish.image
  const images: readonly [PinnedImage, ...PinnedImage[]] = [wish.image, ...(wish.others ?? [])]
  return formatImage((name === undefined ? null : imageNamed({ images }, name)) ?? wish.image)
}
