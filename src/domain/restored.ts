/** A document out of a backup: what it says about the world is old. What people decided stays, what it was about to do does not. */

import type { Bulletin } from './bulletin.ts'
import type { Document } from './document.ts'
import type { Note } from './history.ts'
import type { Line, StageState } from './line.ts'
import type { Train } from './train.ts'

export type Restored = {
  readonly document: Document
  /** What somebody should know who reads the history. */
  readonly notes: readonly Note[]
  /** The events behind what was under way: handled again, they ask the registry what is true now. */
  readonly causes: readonly string[]
}

/**
 * What runs is unknown, so it is looked at before anything is delivered; nothing that was on its way goes on, since it may
 * have arrived and been replaced since. Targets saw fences that the backup never gave: a fence grows by one with each
 * claim, so one of the present second is above them all.
 */
export function restored(was: Document, { now, by, reason }: { now: number; by: string; reason: string }): Restored {
  const fence = Math.max(was.fence, Math.floor(now / 1_000))
  // Another configuration than any: everything is decided anew at the next start.
  const base = { fence, config: '', effects: [] }
  const causes = was.kind === 'line' ? Object.values(was.stages).flatMap(causesOf) : []
  const document = restoredDocument(was, base)
  const detail = `${reason}. Restored from a backup: what runs is looked at again, and nothing goes on that was under way`
  return { document, notes: [{ kind: 'operator', reason: 'restored', detail, by }], causes }
}

function restoredDocument(was: Document, base: Pick<Document, 'fence' | 'config' | 'effects'>): Document {
  switch (was.kind) {
    case 'line':
      return restoredLine({ ...was, ...base })
    case 'train':
      return restoredTrain({ ...was, ...base })
    case 'bulletin':
      return restoredBulletin({ ...was, ...base })
  }
}

/**
 * What its lines say next ends each row in its place. The backup may not know the newest numbers, which buttons in the chat
 * may hold: none is ever given again.
 */
function restoredBulletin(bulletin: Bulletin): Bulletin {
  const { fence, pages } = bulletin
  const later = pages.map((page) => ({ ...page, edition: Math.max(page.edition, fence) }))
  return { ...bulletin, lastRow: fence, lastPage: fence, alone: [], pages: later }
}

function restoredLine(line: Line): Line {
  const stages = Object.entries(line.stages).map(([name, state]) => [name, restoredStage(state)] as const)
  return { ...line, alarm: null, stages: Object.fromEntries(stages) }
}

/** Refusals stay, and so does the candidate that a rollback may go back to. */
function restoredStage({ promotion: _promotion, next: _next, shadow: _shadow, ...state }: StageState): StageState {
  return { ...state, current: { state: 'unknown' }, looks: {}, holds: {}, heard: {} }
}

function causesOf({ promotion, next, shadow }: StageState): string[] {
  return [promotion?.candidate, next, shadow].flatMap((candidate) => candidate?.cause ?? [])
}

/** A branch that is still there is known by its commit; a pull request, by its branch. */
function restoredTrain(train: Train): Train {
  return { ...train, cargos: [], next: [], departs: null, stopped: {}, lastHead: null, pullRequest: null }
}
