/** After a backup was put back: every document is told so, before anything acts on what it says. */

import { chainEntries } from './domain/chain.ts'
import type { DocumentId } from './domain/document.ts'
import { restored } from './domain/restored.ts'
import type { WalkStep } from './domain/walk.ts'
import type { State } from './state/state.ts'

const PAGE_SIZE = 200

export type RestoreOptions = { readonly now: number; readonly by: string; readonly reason: string }
export type RestoreCount = {
  readonly documents: number
  /** Handled again, since what they brought was under way. */
  readonly events: number
  /** Documents that cannot be read, left as they are. */
  readonly damaged: readonly DocumentId[]
}

/** No service may run on that state. Safe to repeat: a second time finds nothing under way. */
export async function restoreState(state: State, options: RestoreOptions): Promise<RestoreCount> {
  let documents = 0
  let events = 0
  const damaged: DocumentId[] = []
  for (let after: string | null | undefined; after !== null;) {
    const page = await state.documents.list({ limit: PAGE_SIZE, ...(after === undefined ? {} : { after }) })
    for (const { id } of page.documents) {
      events += await restoreOne(id, state, options)
      documents += 1
    }
    damaged.push(...page.damaged.map(({ id }) => id))
    after = page.next
  }
  return { documents, events, damaged }
}

async function restoreOne(id: DocumentId, state: State, options: RestoreOptions): Promise<number> {
  const loaded = await state.documents.load(id)
  if (loaded === null) return 0
  const { document, notes, causes } = restored(loaded.document, options)
  await state.journal.append(loaded.document.tail)
  const tail = await chainEntries(loaded.document, notes, options.now, loaded.document.config)
  const newest = tail.at(-1)
  const next = { ...document, tail, seq: newest?.seq ?? document.seq, hash: newest?.hash ?? document.hash }
  if ((await state.documents.save(next, loaded.version, options.now)) === 'conflict') {
    throw new Error(`${id} was changed by another process: stop every service on this state first`)
  }
  await state.journal.append(tail)
  return reopen(causes, state, options)
}

async function reopen(
  causes: readonly string[],
  { inbox }: State,
  { now, by, reason }: RestoreOptions,
): Promise<number> {
  const detail = `by ${by}: ${reason}; what it brought was under way in the backup`
  const step: WalkStep = { step: 'replay', at: now, outcome: 'pass', reason: 'restored', detail }
  const opened = await Promise.all(causes.map((cause) => inbox.reopen(cause, step, now)))
  return opened.filter(Boolean).length
}
