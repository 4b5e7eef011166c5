/** One repository is looked at: which of its tags point at something that the lines do not know, by as few requests as it takes. */

import { AcceptedEvent } from './domain/event.ts'
import { formatImage, Tag, type ImageName } from './domain/image.ts'
import { lineId } from './domain/line.ts'
import { imagesIn } from './domain/release.ts'
import type { Subscription } from './domain/subscription.ts'
import { newestAtFirstStages, type Newest } from './decide/foresee.ts'
import { newestTag } from './filter.ts'
import type { Ports } from './ports.ts'
import { filterOf, lineRulesOf } from './rules.ts'
import type { Rhythm, Turn } from './sweep-plan.ts'

/** Tags without an order, of one repository. */
const TAGS_REMEMBERED_MAX = 5_000
/** After a long outage: the rest comes with the next list. */
const NEW_TAGS_PER_TURN_MAX = 20

export type SweepPorts = Pick<
  Ports,
  'documents' | 'inbox' | 'keep' | 'registries' | 'config' | 'now' | 'log' | 'measure'
>

export type Source = {
  readonly name: string
  readonly rhythm: Rhythm
  /** By repository, its host before it. */
  readonly followed: ReadonlyMap<string, Followed>
}

/** An image, and who follows it. */
export type Followed = { readonly image: ImageName; readonly by: readonly [Subscription, ...Subscription[]] }

type Look = {
  readonly turn: Turn
  readonly followed: Followed
  readonly known: readonly Tag[] | undefined
}

/** Gives the tags to remember, where there are any. */
export async function lookAt(
  source: Source,
  look: Look,
  ports: SweepPorts,
): Promise<{ readonly stored: number; readonly tags: readonly Tag[] | undefined }> {
  const { turn, known } = look
  const { image, by: followers } = look.followed
  const lists = turn.lists && followers.some(({ tags }) => !('digestOf' in tags))
  const listed = lists ? await listOf(image, ports) : null
  const missed = new Map<string, AcceptedEvent>()
  const miss = (tag: Tag, mark: string): void => {
    if (!missed.has(tag)) missed.set(tag, eventOf(source, image, tag, mark, ports.now()))
  }
  for (const subscription of followers) {
    const about = await recall(subscription, image, ports)
    if (filterOf(subscription).ordered) missNewer(about, listed, miss)
    else await missMoved(about, miss, ports)
  }
  const fresh = known === undefined ? [] : freshTags(followers, listed ?? [], known)
  for (const tag of fresh.slice(0, NEW_TAGS_PER_TURN_MAX)) miss(tag, 'new')
  const stored = await feed(source, [...missed.values()], ports)
  const untold = new Set(fresh.slice(NEW_TAGS_PER_TURN_MAX))
  const remembers = followers.some(({ tags }) => 'newestPush' in tags)
  const isTooLong = listed === null || listed.length > TAGS_REMEMBERED_MAX
  return { stored, tags: remembers && !isTooLong ? listed.filter((tag) => !untold.has(tag)) : undefined }
}

/** What we know of a subscription already. */
type About = {
  readonly subscription: Subscription
  readonly image: ImageName
  /** Of each first stage. */
  readonly newest: readonly (Newest | null)[]
  /** Whether a stage refused this tag, or this content of it. */
  readonly isRefused: (tag: string, digest?: string) => boolean
}

async function recall(subscription: Subscription, image: ImageName, ports: SweepPorts): Promise<About> {
  const loaded = await ports.documents.load(lineId(subscription.name))
  const line = loaded?.document.kind === 'line' ? loaded.document : null
  const refused = Object.values(line?.stages ?? {}).flatMap((stage) => stage.refused)
  const written = formatImage(image)
  return {
    subscription,
    image,
    newest: newestAtFirstStages(line, lineRulesOf(subscription, ports.config())),
    isRefused: (tag, digest) =>
      refused.some((one) =>
        imagesIn(one.image).some((text) =>
          digest === undefined ? text.startsWith(`${written}:${tag}@`) : text === `${written}:${tag}@${digest}`,
        ),
      ),
  }
}

type Miss = (tag: Tag, mark: string) => void

/** Ordered: the newest of the list, where a first stage knows nothing as new. What was refused hides nothing older. */
function missNewer({ subscription, newest, isRefused }: About, listed: readonly Tag[] | null, miss: Miss): void {
  const filter = filterOf(subscription)
  const tag = Tag.safeParse(
    newestTag(
      filter,
      (listed ?? []).filter((one) => !isRefused(one)),
    ),
  )
  if (!tag.success) return
  const behind = newest.find((known) => known === null || (filter.compare(tag.data, known.tag) ?? 0) > 0)
  if (behind !== undefined) miss(tag.data, `after-${behind?.tag ?? 'nothing'}`)
}

/** Not ordered: the tag that is followed, or the one that was last, points at other content by now. */
async function missMoved(
  { subscription, image, newest, isRefused }: About,
  miss: Miss,
  ports: SweepPorts,
): Promise<void> {
  const followed = 'digestOf' in subscription.tags ? Tag.safeParse(subscription.tags.digestOf).data : undefined
  for (const known of newest) {
    const tag = followed ?? known?.tag
    if (tag === undefined) continue
    const digestBefore = known?.tag === tag ? known.digestOf(image) : null
    const found = await ports.registries.resolve({ ...image, tag }, digestBefore ?? undefined)
    if (!found.ok) {
      ports.log.warn('sweep cannot look', { reason: found.error.reason, detail: found.error.detail })
      continue
    }
    const { digest } = found.value
    if (digest !== digestBefore && !isRefused(tag, digest)) miss(tag, `${digest}/${known?.observedAt ?? 0}`)
  }
}

/** Not ordered: what counts, and the list did not hold the last time. */
function freshTags(followers: readonly Subscription[], listed: readonly Tag[], known: readonly Tag[]): readonly Tag[] {
  const old = new Set<string>(known)
  const filters = followers.filter(({ tags }) => 'newestPush' in tags).map(filterOf)
  return listed.filter((tag) => !old.has(tag) && filters.some((filter) => filter.judge(tag).counts))
}

async function listOf(image: ImageName, ports: SweepPorts): Promise<readonly Tag[] | null> {
  const listed = await ports.registries.listTags(image)
  if (listed.ok) return listed.value.flatMap((tag) => Tag.safeParse(tag).data ?? [])
  ports.log.warn('sweep cannot list tags', { reason: listed.error.reason, detail: listed.error.detail })
  return null
}

/** Named by what was known before it: seen again before anybody acted on it, it is the same event. */
function eventOf(source: Source, image: ImageName, tag: Tag, mark: string, receivedAt: number): AcceptedEvent {
  const { via } = source.rhythm
  const id = `${via}/${image.registry}/${image.repository}:${tag}/${mark}`
  const unsaid = { digest: null, mediaType: null, subject: null, pusher: null, occurredAt: null }
  const event = { kind: 'push', id, registry: image.registry, repository: image.repository, tag, ...unsaid }
  const accepted = {
    id: `${source.name}/${id}`,
    source: source.name,
    assurance: 'authenticated-sender',
    via,
    receivedAt,
  }
  return AcceptedEvent.parse({ ...accepted, event })
}

async function feed(source: Source, events: readonly AcceptedEvent[], ports: SweepPorts): Promise<number> {
  if (events.length === 0) return 0
  const results = await ports.inbox.put(events)
  const stored = events.filter((_, index) => results[index] === 'stored')
  for (const { id } of stored) {
    ports.measure({ kind: 'sweep', source: source.name, outcome: 'found' })
    ports.log.info('push found by our own look', { id })
  }
  return stored.length
}
