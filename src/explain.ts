/** The whole walk of an image, an event or a subscription, from what is recorded. Reads only. */

import type { Entry } from './domain/history.ts'
import { formatImage, parseImageReference } from './domain/image.ts'
import type { InboxRow } from './domain/walk.ts'
import type { State } from './state/state.ts'
import { statusOf, type SubscriptionStatus } from './status.ts'

const EVENTS_MAX = 200
const EVENTS_SHOWN_MAX = 20
const ENTRIES_MAX = 100

export type Explanation = {
  readonly about: 'event' | 'subscription' | 'image' | 'nothing'
  /** Newest first, each with its walk: matched, filtered, resolved, offered, and why it ended there. */
  readonly events: readonly InboxRow[]
  /** Newest first: what was decided, on which grounds. */
  readonly entries: readonly Entry[]
  readonly status: readonly SubscriptionStatus[]
}

/** `subject`: an event's id, `subscription[/stage]`, or an image (`repository[:tag][@digest]`). */
export async function explain(subject: string, state: State): Promise<Explanation> {
  const row = await state.inbox.get(subject)
  if (row !== null) return explainEvent(row, state)
  const [name = '', stage] = subject.split('/')
  const status = await statusOf(state.documents, name)
  if (status.length > 0) return explainSubscription(name, stage, status, state)
  return explainImage(subject, state)
}

async function explainEvent(row: InboxRow, state: State): Promise<Explanation> {
  const page = await state.journal.query({ cause: row.accepted.id, limit: ENTRIES_MAX })
  const promotions = new Set(page.entries.flatMap(({ promotion }) => promotion ?? []))
  const more = await Promise.all(
    [...promotions].map((promotion) => state.journal.query({ promotion, limit: ENTRIES_MAX })),
  )
  return {
    about: 'event',
    events: [row],
    entries: unique([...page.entries, ...more.flatMap(({ entries }) => entries)]),
    status: [],
  }
}

async function explainSubscription(
  name: string,
  stage: string | undefined,
  all: readonly SubscriptionStatus[],
  state: State,
): Promise<Explanation> {
  const page = await state.journal.query({ document: `line/${name}`, limit: ENTRIES_MAX })
  const isMeant = (other: string | undefined): boolean => stage === undefined || other === undefined || other === stage
  const status = all.map(({ subscription, stages }) => ({
    subscription,
    stages: stages.filter((one) => isMeant(one.stage)),
  }))
  return { about: 'subscription', events: [], entries: page.entries.filter((entry) => isMeant(entry.stage)), status }
}

async function explainImage(subject: string, state: State): Promise<Explanation> {
  const image = parseImageReference(subject)
  const part = image.ok ? formatImage(image.value) : subject
  const page = await state.journal.query({ image: part, limit: ENTRIES_MAX })
  const rows = await state.inbox.list({ limit: EVENTS_MAX })
  const events = rows.filter((row) => isAbout(row, subject, part)).slice(0, EVENTS_SHOWN_MAX)
  const isKnown = page.entries.length > 0 || events.length > 0
  return { about: isKnown ? 'image' : 'nothing', events, entries: page.entries, status: [] }
}

function isAbout(row: InboxRow, subject: string, part: string): boolean {
  const { repository, tag, digest } = row.accepted.event
  if (digest !== null && (subject === digest || part.endsWith(digest))) return true
  if (part.endsWith(`/${repository}`)) return true
  return tag !== null && `${part.split('@')[0]}`.endsWith(`/${repository}:${tag}`)
}

function unique(entries: readonly Entry[]): readonly Entry[] {
  const seen = new Map(entries.map((entry) => [`${entry.document}#${entry.seq}`, entry]))
  return [...seen.values()].toSorted((a, b) => b.at - a.at || b.seq - a.seq)
}
