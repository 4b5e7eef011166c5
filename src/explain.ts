/** The whole walk of an image, an event or a subscription, from what is recorded. Reads only. */

import type { Entry } from './domain/history.ts'
import { Digest, formatImage, parseImageReference } from './domain/image.ts'
import type { Subscription } from './domain/subscription.ts'
import type { InboxRow } from './domain/walk.ts'
import type { State } from './state/state.ts'
import { statusOf, type SubscriptionStatus } from './status.ts'

const EVENTS_PAGE = 200
/** How far back an image's events are looked for. */
const EVENTS_MAX = 20_000
const EVENTS_SHOWN_MAX = 20
const ENTRIES_MAX = 100

/** What is looked through. */
type Readable = Omit<State, 'keep'>

export type Explanation = {
  readonly about: 'event' | 'subscription' | 'image' | 'nothing'
  /** Newest first, each with its walk: matched, filtered, resolved, offered, and why it ended there. */
  readonly events: readonly InboxRow[]
  /** Newest first: what was decided, on which grounds. */
  readonly entries: readonly Entry[]
  readonly status: readonly SubscriptionStatus[]
}

/** `subject`: an event's id, `subscription[/stage]`, a digest, or an image (`repository[:tag][@digest]`). */
export async function explain(
  subject: string,
  state: Readable,
  configured: readonly Pick<Subscription, 'name' | 'stages'>[] = [],
): Promise<Explanation> {
  const row = await state.inbox.get(subject)
  if (row !== null) return explainEvent(row, state)
  const [name = '', stage, ...more] = subject.split('/')
  const status = more.length === 0 ? await statusOf(state.documents, name, configured) : []
  const isStage = stage === undefined || status.some(({ stages }) => stages.some((one) => one.stage === stage))
  if (status.length > 0 && isStage) return explainSubscription(name, stage, status, state)
  return explainImage(subject, state)
}

async function explainEvent(row: InboxRow, state: Readable): Promise<Explanation> {
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
  state: Readable,
): Promise<Explanation> {
  const page = await state.journal.query({ document: `line/${name}`, limit: ENTRIES_MAX })
  const isMeant = (other: string | undefined): boolean => stage === undefined || other === undefined || other === stage
  const status = all.map(({ stages, ...rest }) => ({
    ...rest,
    stages: stages.filter((one) => isMeant(one.stage)),
  }))
  return { about: 'subscription', events: [], entries: page.entries.filter((entry) => isMeant(entry.stage)), status }
}

async function explainImage(subject: string, state: Readable): Promise<Explanation> {
  const wanted = wantedOf(subject)
  const page = await state.journal.query({ image: wanted.text, limit: ENTRIES_MAX })
  const events = await eventsAbout(wanted, state)
  const isKnown = page.entries.length > 0 || events.length > 0
  return { about: isKnown ? 'image' : 'nothing', events, entries: page.entries, status: [] }
}

/** `text`: what an entry's image must contain. The events name the repository without its host, so this does too. */
type Wanted = {
  readonly text: string
  readonly repository: string | null
  readonly tag: string | null
  readonly digest: string | null
}

function wantedOf(subject: string): Wanted {
  // Before all else: a digest reads like an image named sha256 with a tag.
  if (Digest.safeParse(subject).success) return { text: subject, repository: null, tag: null, digest: subject }
  const image = parseImageReference(subject)
  if (!image.ok) return { text: subject, repository: subject, tag: null, digest: null }
  const { repository, tag, digest } = image.value
  // Decided is about pinned images, `…:tag@digest`: with its mark behind it, 1.4 is not found in 1.4.2.
  if (digest !== null) return { text: tag === null ? digest : formatImage(image.value), repository, tag, digest }
  return { text: `${formatImage(image.value)}${tag === null ? ':' : '@'}`, repository, tag, digest }
}

/** Newest first. Most images' events are few and far between, so pages are read until enough are found. */
async function eventsAbout(wanted: Wanted, state: Readable): Promise<readonly InboxRow[]> {
  const found: InboxRow[] = []
  let before: string | undefined
  for (let read = 0; read < EVENTS_MAX && found.length < EVENTS_SHOWN_MAX; read += EVENTS_PAGE) {
    const rows = await state.inbox.list({ limit: EVENTS_PAGE, ...(before === undefined ? {} : { before }) })
    found.push(...rows.filter((row) => isAbout(row, wanted)))
    before = rows.at(-1)?.accepted.id
    if (rows.length < EVENTS_PAGE) break
    // An embedded store answers at once: between pages others have their turn.
    await new Promise((resolve) => setTimeout(resolve))
  }
  return found.slice(0, EVENTS_SHOWN_MAX)
}

/** Few senders say all three, so the digest is enough, and so is the repository with its tag. */
function isAbout({ accepted: { event } }: InboxRow, { repository, tag, digest }: Wanted): boolean {
  if (digest !== null && event.digest === digest) return true
  if (repository !== event.repository) return false
  return tag === null ? digest === null : event.tag === tag
}

function unique(entries: readonly Entry[]): readonly Entry[] {
  const seen = new Map(entries.map((entry) => [`${entry.document}#${entry.seq}`, entry]))
  return [...seen.values()].toSorted((a, b) => b.at - a.at || b.seq - a.seq)
}
