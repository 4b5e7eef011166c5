/** One input worked into one document: loaded, decided, chained into the history, saved by compare and swap. */

import { chainEntries } from './domain/chain.ts'
import { wakeAt, type Document, type DocumentId } from './domain/document.ts'
import type { LoadedConfig } from './domain/config.ts'
import type { Entry, Note } from './domain/history.ts'
import { RetryLater } from './domain/retry.ts'
import { decide, type Input } from './decide/index.ts'
import type { Ports } from './ports.ts'
import { newDocument, rulesOf, subscriptionNameOf } from './rules.ts'
import type { DocumentPage } from './state/documents.ts'
import { causeOfNote, spansOfEnds } from './trace.ts'

const CONFLICTS_MAX = 50
const PAGE_SIZE = 100

/** Works one input into one document. Safe to repeat; two at once meet at the compare-and-swap. */
export async function advance(id: DocumentId, input: Input, ports: Ports): Promise<readonly Note[]> {
  return (await transition(id, [input], ports)).notes
}

type Transition = { readonly was: Document; readonly document: Document; readonly notes: readonly Note[] }

/** The same for several inputs, one after the other and saved as one; for those who need the document before and after. */
export async function transition(id: DocumentId, inputs: readonly Input[], ports: Ports): Promise<Transition> {
  for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
    const loaded = await ports.documents.load(id)
    const was = loaded?.document ?? newDocument(id)
    const now = ports.now()
    const steps = await decideEach(was, inputs, ports.config(), now)
    const notes = steps.flatMap((step) => step.notes)
    const last = steps.findLast(({ document }) => document !== was)?.document
    if (last === undefined) return { was, document: was, notes }
    // What the document carried goes to the journal before it may be forgotten; a repeat there changes nothing.
    if (was.tail.length > 0) await ports.journal.append(was.tail)
    const entries = steps.flatMap((step) => step.entries)
    const document = { ...last, tail: entries }
    if ((await ports.documents.save(document, loaded?.version ?? 0, now)) === 'conflict') continue
    for (const step of steps) {
      if (step.was === step.document) continue
      report(step.was, step.document, step.notes, ports)
      for (const span of spansOfEnds(step.was, step.notes, now)) ports.trace?.(span)
    }
    await ports.journal.append(entries)
    const at = wakeAt(document)
    if (at !== null) await ports.wake(id, at)
    return { was, document, notes }
  }
  throw new RetryLater(`${id} was changed by others ${CONFLICTS_MAX} times in a row`)
}

type Step = Transition & { readonly entries: readonly Entry[] }

/** Each as if the one before it were saved: what is told by its place in the history has its place. */
async function decideEach(
  was: Document,
  inputs: readonly Input[],
  loaded: LoadedConfig,
  now: number,
): Promise<readonly Step[]> {
  const steps: Step[] = []
  let before = was
  for (const input of inputs) {
    const { document: decided, notes } = decide(before, rulesOf(loaded), input, now)
    if (isUnchanged(before, decided, notes)) {
      steps.push({ was: before, document: before, notes, entries: [] })
      continue
    }
    const entries = await chainEntries(before, notes, now, loaded.hash)
    const newest = entries.at(-1)
    const document = { ...decided, seq: newest?.seq ?? before.seq, hash: newest?.hash ?? before.hash, tail: entries }
    steps.push({ was: before, document, notes, entries })
    before = document
  }
  return steps
}

/** An offer that is only ignored is told in the event's own walk and is no news for the line. */
function isUnchanged(was: Document, document: Document, notes: readonly Note[]): boolean {
  if (notes.some(({ kind }) => kind !== 'ignored')) return false
  // What nearly every claim and answer shows without a look at the whole of it, which may be long.
  if (was.fence !== document.fence || was.effects.length !== document.effects.length) return false
  return JSON.stringify(was) === JSON.stringify(document)
}

/**
 * At a start, and for another configuration: what was decided under an older one is decided anew. Gives back those with
 * which that failed: `work` does it too.
 */
export async function reconsider(ports: Ports): Promise<readonly DocumentId[]> {
  const { hash } = ports.config()
  const failed: DocumentId[] = []
  let after: string | null = null
  do {
    const page: DocumentPage = await ports.documents.list({ limit: PAGE_SIZE, ...(after === null ? {} : { after }) })
    for (const { id } of page.documents.filter(({ config }) => config !== hash)) {
      try {
        await advance(id, { kind: 'tick' }, ports)
      } catch (error) {
        const detail = error instanceof Error ? error.message : 'unknown failure'
        ports.log.error('document not reconsidered', { document: id, detail })
        failed.push(id)
      }
    }
    after = page.next
  } while (after !== null)
  return failed
}

function report(was: Document, document: Document, notes: readonly Note[], ports: Ports): void {
  for (const note of notes) {
    const { kind, reason, detail, stage, promotion, image, by } = note
    const cause = causeOfNote(note, was, document)
    ports.log.info(kind, { document: document.id, cause, reason, detail, stage, promotion, image, by })
    const subscription = subscriptionNameOf(document)
    ports.measure({ kind: 'decision', subscription, entry: kind, reason: isOurWord(reason) ? reason : 'other' })
    if (kind === 'delivered' && document.kind === 'line' && stage !== undefined) {
      const since = document.stages[stage]?.promotion?.candidate.since
      if (since !== undefined)
        ports.measure({ kind: 'delivered', subscription, stage, seconds: (ports.now() - since) / 1_000 })
    }
  }
}

/** A platform's own words (`ImagePullBackOff`) are no labels: their number is not ours to bound. */
function isOurWord(reason: string): boolean {
  return /^[a-z][a-z0-9-]{0,40}$/u.test(reason)
}
