/** What must be true of every document that is saved, seen from the one before it. */

import { isLeased } from '../../src/decide/turn.ts'
import type { Document, DocumentId } from '../../src/domain/document.ts'
import type { Effect } from '../../src/domain/effect.ts'
import type { Line, StageState } from '../../src/domain/line.ts'
import { formatTaken } from '../../src/domain/release.ts'
import type { Train } from '../../src/domain/train.ts'
import type { InspectorOptions } from './inspector.ts'

/** Who may turn something down. */
const PEOPLE = new Set(['ann', 'bob', 'cid', 'github:ann'])
/** What the history says of an answer. */
const ANSWERED = new Set(['delivered', 'effect-retried', 'effect-dead'])
/** What only asks or tells. */
const TALK = new Set(['show', 'vouch', 'notify', 'reply', 'announce'])
const DOCUMENT_LENGTH_MAX = 256 * 1024
const EFFECTS_MAX = 40
/** What an effect may be given up for; anything else should have been tried again, or worked in. */
const DEAD_REASONS = new Set([
  'moved',
  'target-missing',
  'foreign-commits',
  'target-gone',
  'observe-mode',
  'gave-up',
  'never-answered',
  'head-moved',
])

export type DocumentChecks = {
  saved(before: Document | undefined, document: Document): void
  /** The fence at which an image was refused at a stage: what is claimed later must not bring it. Null: it is not. */
  refusedAt(line: DocumentId, stage: string, image: string): number | null
}

export function createDocumentChecks({
  chronicle,
  ledger,
  grounds,
  now,
  hadForeignCommit,
}: InspectorOptions): DocumentChecks {
  const { check } = chronicle
  const opened = new Set<string>()
  const refusedAt = new Map<string, number>()
  /** Trains that may have written a head and never heard so: our adapter takes it for somebody's. */
  const forgotHead = new Set<DocumentId>()

  const savedLine = (before: Line | undefined, line: Line): void => {
    for (const [name, state] of Object.entries(line.stages)) {
      const was = before?.stages[name]
      checkPromotion(line, name, was, state)
      rememberRefusals(line, name, state)
      checkWaiting(line, name, state)
      checkArrived(name, was, state)
      if (state.current.state === 'candidate') {
        const { candidate, healthySince } = state.current
        const { since: offered, images } = candidate
        for (const { digest } of images) grounds.well(line.subscription, name, { digest, offered, since: healthySince })
      }
      const rejected = state.refused.filter(({ reason }) => reason === 'rejected')
      check(
        rejected.every(({ by }) => PEOPLE.has(by ?? '')),
        () => `${name} took our own closing for a rejection: ${rejected.map(({ by }) => by).join()}`,
      )
    }
    const superseded = line.tail.filter(({ kind, promotion }) => kind === 'superseded' && promotion !== undefined)
    for (const { promotion } of superseded) {
      const atWork = before?.effects.filter(
        (effect) =>
          'promotion' in effect && effect.promotion === promotion && isLeased(effect, now()) && !TALK.has(effect.kind),
      )
      // These have just answered, several at once; or one, that it did not come through; of a release, one for each image.
      const answers = line.tail.filter((entry) => entry.promotion === promotion && ANSWERED.has(entry.kind))
      const answering = Math.max(1, answers.length, ...Object.values(before?.stages ?? {}).map(imagesUnderWay))
      check((atWork ?? []).length <= answering, () => `${promotion} was superseded while somebody was at work on it`)
    }
  }

  const checkPromotion = (line: Line, name: string, was: StageState | undefined, state: StageState): void => {
    const { promotion, refused } = state
    if (promotion === undefined || was?.promotion?.id === promotion.id) return
    check(!opened.has(promotion.id), () => `opened again: ${promotion.id}`)
    opened.add(promotion.id)
    const isRefused = refused.some(({ candidate }) => candidate === promotion.candidate.id)
    check(!isRefused, () => `opened although refused: ${promotion.id} of ${line.id}/${name}`)
  }

  const rememberRefusals = (line: Line, name: string, { refused }: StageState): void => {
    const place = `${line.id}/${name}`
    for (const key of refusedAt.keys()) {
      const [stage, image] = key.split(' ')
      if (stage === place && !refused.some((one) => one.image === image)) refusedAt.delete(key)
    }
    for (const { image } of refused) {
      const key = `${place} ${image}`
      if (!refusedAt.has(key)) refusedAt.set(key, line.fence)
    }
  }

  /** A candidate waits only for the first look, or for somebody at work. */
  const checkWaiting = (line: Line, name: string, { next, current, promotion }: StageState): void => {
    if (next === undefined || current.state === 'unknown') return
    const effects = line.effects.filter((effect) => 'promotion' in effect && effect.promotion === promotion?.id)
    const isBusy =
      promotion?.phase === 'delivering'
        ? effects.some((effect) => effect.lease !== undefined)
        : effects.some(({ dead }) => dead === undefined)
    check(promotion !== undefined && isBusy, () => `${name} lets ${next.id} wait for nothing`)
  }

  /** What counts as brought to a stage did stand at each of its targets. */
  const checkArrived = (name: string, was: StageState | undefined, { current }: StageState): void => {
    const promotion = was?.promotion
    if (current.state !== 'candidate' || promotion?.candidate.id !== current.candidate.id) return
    for (const target of Object.keys(promotion.deliveries)) {
      const image = formatTaken(current.candidate, target)
      check(ledger.everHeld(target, image), () => `${name} counts ${promotion.id} as brought to ${target}`)
    }
  }

  const savedTrain = (before: Train | undefined, train: Train): void => {
    const begun = before?.effects.filter(({ kind, attempt }) => kind === 'propose' && attempt > 1) ?? []
    // One of the same name that begins anew is another one.
    const goesOn = ({ id, attempt }: Effect): boolean =>
      train.effects.some((effect) => effect.id === id && effect.dead === undefined && effect.attempt >= attempt)
    if (begun.some((effect) => !goesOn(effect)) && train.lastHead === before?.lastHead) forgotHead.add(train.id)
    for (const { dead } of train.effects) {
      const isForeign = dead?.reason === 'foreign-commits'
      const isTrue = hadForeignCommit(train.branch) || forgotHead.has(train.id)
      check(!isForeign || isTrue, () => `${train.id} takes our own head for somebody's: ${dead?.detail}`)
    }
  }

  return {
    refusedAt: (line, stage, image) => refusedAt.get(`${line}/${stage} ${image}`) ?? null,
    saved(before, document) {
      const { id } = document
      check((before?.fence ?? 0) <= document.fence, () => `the fence of ${id} went back`)
      check((before?.seq ?? 0) <= document.seq, () => `the history of ${id} went back`)
      check(document.effects.length <= EFFECTS_MAX, () => `${id} has ${document.effects.length} effects`)
      const isNewConfig = before !== undefined && before.config !== document.config
      for (const effect of document.effects) {
        if (effect.dead === undefined) continue
        const { reason, at } = effect.dead
        check(DEAD_REASONS.has(reason), () => `${effect.id} was given up: ${reason} ${effect.dead?.detail}`)
        check(!isNewConfig || at === now(), () => `${effect.id} stays given up under another configuration`)
      }
      if (document.kind === 'line') savedLine(before?.kind === 'line' ? before : undefined, document)
      else if (document.kind === 'train') savedTrain(before?.kind === 'train' ? before : undefined, document)
    },
  }
}

/** Small enough to be saved for ever. */
export function isSmall(document: Document): boolean {
  return JSON.stringify(document).length <= DOCUMENT_LENGTH_MAX
}

function imagesUnderWay({ promotion }: StageState): number {
  return promotion?.candidate.images.length ?? 0
}
