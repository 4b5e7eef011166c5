/** News that changes nothing by itself: of content that a stage holds, or something that whoever reads the history should know. */

import type { RegistryEvent } from '../domain/event.ts'
import type { Note } from '../domain/history.ts'
import { formatImage, type Digest, type PinnedImage, type Tag } from '../domain/image.ts'
import type { Known } from '../domain/known.ts'
import type { Line, StageState } from '../domain/line.ts'
import { knownOfImage } from '../domain/proven.ts'
import { note, type Turn } from './turn.ts'

/** Of a signature, a scan, an attestation or a delete. What waits for such a thing is decided anew by it. */
export type Signal = {
  readonly kind: 'signal'
  readonly signal: Exclude<RegistryEvent['kind'], 'push' | 'ballot' | 'pull-request'>
  /** What it is about, as far as the event says: any of these. */
  readonly digests: readonly Digest[]
  /** For a delete that names no digest. */
  readonly tag: Tag | null
  readonly cause: string
}

export type Notice = {
  readonly kind: 'notice'
  readonly reason: 'webhook-lost' | 'found-by-sweep' | 'pusher-not-allowed' | 'pusher-not-proven' | 'release-incomplete'
  readonly detail: string
  readonly image?: string
  readonly cause: string
}

/** How a stage holds an image. */
type Holding = {
  readonly image: PinnedImage
  readonly where: string
  readonly promotion?: string
  readonly platforms: readonly Digest[]
}

/** A delete stops nothing and takes nothing back: what runs goes on running, and whoever is told can push it again. */
export function signal(turn: Turn<Line>, { signal: news, digests, tag }: Signal): void {
  for (const [stage, state] of Object.entries(turn.document.stages)) {
    for (const { image, where, promotion, platforms } of holdingsOf(state)) {
      const isMeant =
        [image.digest, ...platforms].some((digest) => digests.includes(digest)) ||
        (digests.length === 0 && image.tag === tag)
      if (!isMeant) continue
      const common = { stage, image: formatImage(image), ...(promotion === undefined ? {} : { promotion }) }
      const deleted = `the registry says that it was deleted; it ${where} and is left as it is`
      if (news === 'delete') tell(turn, { ...common, kind: 'noticed', reason: 'image-deleted', detail: deleted })
      else tell(turn, { ...common, kind: 'signalled', reason: news, detail: `a ${news} of what ${where}` })
    }
  }
}

export function notice(turn: Turn<Line>, { reason, detail, image }: Notice): void {
  tell(turn, { kind: 'noticed', reason, detail, ...(image === undefined ? {} : { image }) })
}

/** Each content of a stage once, what runs first. */
function holdingsOf({ current, promotion, next }: StageState): readonly Holding[] {
  const holdings: Holding[] = []
  const hold = (images: readonly PinnedImage[], where: string, id?: string, known?: Known): void => {
    for (const image of images) {
      if (holdings.some((held) => held.image.digest === image.digest)) continue
      holdings.push({
        image,
        where,
        platforms: knownOfImage(known, image)?.platforms ?? [],
        ...(id === undefined ? {} : { promotion: id }),
      })
    }
  }
  if (current.state === 'candidate') hold(current.candidate.images, 'runs there', undefined, current.known)
  if (promotion !== undefined) hold(promotion.candidate.images, 'is on its way', promotion.id, promotion.proof?.known)
  if (next !== undefined) hold(next.images, 'waits')
  return holdings
}

/** An event that is handled again, because it failed elsewhere, is told once. */
function tell(turn: Turn<Line>, told: Note): void {
  const isTold = turn.document.tail.some(
    (entry) =>
      entry.kind === told.kind &&
      entry.reason === told.reason &&
      entry.cause === turn.cause &&
      entry.stage === told.stage &&
      entry.image === told.image,
  )
  if (!isTold) note(turn, told)
}
