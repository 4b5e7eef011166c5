/** Says what the service recorded, step by step: events with their walk, and the history's entries, each once. */

import type { Entry } from '../../domain/history.ts'
import type { InboxRow } from '../../domain/walk.ts'
import { labelled, tellStep } from '../telling.ts'

export type Narrator = {
  /** Newest first, as the service gives them. */
  tell(events: readonly InboxRow[], entries: readonly Entry[]): void
  say(text: string): void
}

export function createNarrator(write: (line: string) => void): Narrator {
  const told = new Set<string>()
  const once = (key: string, line: () => string): void => {
    if (told.has(key)) return
    told.add(key)
    write(line())
  }
  return {
    say: write,
    tell(events, entries) {
      const steps = [
        ...events.flatMap((row) => describeEvent(row)),
        ...entries.map((entry) => ({
          at: entry.at,
          order: entry.seq,
          key: `${entry.document}#${entry.seq}`,
          line: describeEntry(entry),
        })),
      ]
      for (const { key, line } of steps.toSorted((a, b) => a.at - b.at || a.order - b.order)) once(key, () => line)
    },
  }
}

type Told = { readonly at: number; readonly order: number; readonly key: string; readonly line: string }

function describeEvent({ accepted, walk }: InboxRow): readonly Told[] {
  const { id, event, assurance, receivedAt } = accepted
  const what = `${event.kind} of ${event.repository}${event.tag === null ? '' : `:${event.tag}`}`
  const received = { at: receivedAt, order: 0, key: id, line: labelled('event received', `${what} (${assurance})`) }
  // What was offered stands in the history too, unless it was ignored there.
  const steps = walk.filter(({ step, outcome }) => step !== 'offer' || outcome === 'settled')
  return [
    received,
    ...steps.map((step, index) => ({ at: step.at, order: 0, key: `${id}/${index}`, line: tellStep(step) })),
  ]
}

function describeEntry({ kind, stage, detail, reason }: Entry): string {
  return labelled(`  ${stage ?? ''} ${kind}`.trimEnd(), kind === 'promotion-opened' ? `${detail} [${reason}]` : detail)
}
