/** What truly stands at the targets and who put it there: the judge of every write, whoever believes what. */

import type { Wish } from '../../src/delivery/delivery.ts'
import { formatImage, parseImageReference } from '../../src/domain/image.ts'
import { candidateOfPromotion } from '../../src/domain/promotion.ts'
import { imageAt } from '../../src/domain/release.ts'
import type { Target } from '../../src/domain/target.ts'
import type { Chronicle } from './chronicle.ts'

export type Write = {
  readonly target: string
  readonly before: string
  readonly after: string
  readonly promotion: string
  /** `candidate` and `back` are ours; a person merges what we proposed. */
  readonly kind: 'candidate' | 'back' | 'merge'
  /** When the order was given: what is known later could not be considered. */
  readonly orderedAt: number
}

type Observation = { readonly target: string; readonly image: string; readonly running: string; readonly at: number }

export type Ledger = {
  write(write: Write): void
  observed(observation: Observation): void
  /** A person put this image there by hand. */
  hand(target: string, image: string): void
  isHand(image: string): boolean
  /** We moved a branch, or merged it: never with a person's commit on it. */
  rebuilt(branch: string, hadForeignCommit: boolean): void
  /** We opened a pull request of this branch: so many are open now. */
  opened(branch: string, open: number): void
  resolved(image: string): void
  wasResolved(image: string): boolean
  /** Our delivery of this candidate met a person's hand there. */
  collided(target: string, candidate: string): void
  /** Whether the target held this image at any time. */
  everHeld(target: string, image: string): boolean
  /** The health check's word about an image at a target. */
  health(target: string, image: string, state: string): void
  readonly writes: readonly Write[]
  readonly hands: ReadonlySet<string>
}

export type LedgerOptions = {
  readonly chronicle: Chronicle
  readonly isOrdered: boolean
  /** A tag that the filter passes over sets no bound. */
  readonly isBound: (image: string) => boolean
  readonly now: () => number
  /** A person lifted a refusal: what met a hand may come again. */
  readonly wasLifted: () => boolean
}

export function createLedger({ chronicle, isOrdered, isBound, now, wasLifted }: LedgerOptions): Ledger {
  const writes: Write[] = []
  const observations: Observation[] = []
  const hands = new Set<string>()
  const resolved = new Set<string>()
  const health = new Map<string, string>()
  const collisions = new Set<string>()

  const isKnown = (image: string): boolean => resolved.has(image)

  /** By the time of its order, somebody looked and saw the hand; so it is no surprise any more. */
  const wasSeen = ({ target, before, orderedAt }: Write): boolean =>
    observations.some((seen) => seen.target === target && seen.image === before && seen.at <= orderedAt)

  const mayPutBack = ({ target, after }: Write): boolean => {
    const wasWell = ['healthy', 'not-observed'].includes(health.get(`${target} ${after}`) ?? '')
    const wasFoundWell = observations.some(
      (seen) => seen.target === target && seen.image === after && seen.running === 'well',
    )
    return (wasWell && isKnown(after)) || wasFoundWell
  }

  const judge = (write: Write): void => {
    const { target, before, after, promotion, kind, orderedAt } = write
    const what = `${kind} of ${promotion} at ${target}: ${before} → ${after}`
    const same = writes.filter((one) => one.target === target && one.promotion === promotion && one.kind === kind)
    chronicle.check(same.length === 0, () => `written twice: ${what}`)
    if (kind === 'back') {
      chronicle.check(mayPutBack(write), () => `put back to what was never seen well there: ${what}`)
    } else {
      chronicle.check(isKnown(after), () => `written, but the registry never said so: ${what}`)
      chronicle.check(isPinned(after), () => `written without tag and digest: ${what}`)
    }
    if (kind === 'candidate' && isOrdered && isBound(before)) {
      const [older, newer] = [numberOf(before), numberOf(after)]
      chronicle.check(older === null || newer === null || older <= newer, () => `went back: ${what}`)
    }
    if (kind === 'candidate') {
      const met = collisions.has(`${target} ${candidateOfPromotion(promotion)}`)
      chronicle.check(!met || wasLifted(), () => `brought again what met a person's hand: ${what}`)
    }
    if (kind !== 'merge' && hands.has(before)) {
      chronicle.check(wasSeen(write), () => `overwrote a person's hand that nobody had seen (${orderedAt}): ${what}`)
    }
  }
  return {
    writes,
    hands,
    write(write) {
      chronicle.say(() => `WRITE ${write.kind} ${write.target}: ${short(write.before)} → ${short(write.after)}`)
      judge(write)
      writes.push(write)
    },
    observed: (observation) => void observations.push(observation),
    hand(target, image) {
      hands.add(image)
      chronicle.say(() => `HAND ${target}: ${image} at ${now()}`)
    },
    rebuilt(branch, hadForeignCommit) {
      chronicle.check(!hadForeignCommit, () => `${branch} had a person's commit, and we took it for ours`)
    },
    opened(branch, open) {
      chronicle.check(open === 1, () => `${open} pull requests of ${branch} are open`)
    },
    isHand: (image) => hands.has(image),
    collided: (target, candidate) => void collisions.add(`${target} ${candidate}`),
    everHeld: (target, image) => writes.some((write) => write.target === target && write.after === image),
    resolved: (image) => void resolved.add(image),
    wasResolved: isKnown,
    health: (target, image, state) => void health.set(`${target} ${image}`, state),
  }
}

/** What a target takes of a wish for several. */
export function takenAs(wish: Wish, target: Target): string {
  if (wish.kind === 'restore') return wish.image
  return formatImage(imageAt({ images: [wish.image, ...(wish.others ?? [])] }, target) ?? wish.image)
}

export function writtenAs(wish: Wish): string {
  return wish.kind === 'pinned' ? formatImage(wish.image) : wish.image
}

/** Tags are whole numbers where they are ordered. */
export function numberOf(image: string): number | null {
  const parsed = parseImageReference(image)
  const tag = parsed.ok ? parsed.value.tag : null
  return tag !== null && /^[0-9]+$/u.test(tag) ? Number(tag) : null
}

function isPinned(image: string): boolean {
  const parsed = parseImageReference(image)
  return parsed.ok && parsed.value.tag !== null && parsed.value.digest !== null
}

/** Digests are long, and their end tells them apart. */
export function short(image: string): string {
  return image.replace(/sha256:0*(?=[0-9a-f])/u, '#').replace('docker.io/', '')
}
