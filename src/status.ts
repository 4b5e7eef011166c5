/** How things stand, from the documents: what runs where, what is on its way and what it waits for, what was refused. Reads only. */

import type { Document, DocumentId } from './domain/document.ts'
import type { Effect } from './domain/effect.ts'
import { foundThere, lineId, type Current, type Line, type StageState } from './domain/line.ts'
import { formatImages } from './domain/release.ts'
import type { Stage, Subscription } from './domain/subscription.ts'
import type { DamagedDocument, DocumentPage, Documents } from './state/documents.ts'

const PAGE_SIZE = 100
const DOCUMENTS_MAX = 10_000

export type StageStatus = {
  readonly stage: string
  /** As written there; null where it is not known yet. */
  readonly current: string | null
  readonly how: 'unknown' | 'found' | 'healthy' | 'not-observed'
  readonly since: number | null
  readonly promotion: {
    readonly id: string
    readonly image: string
    readonly phase: string
    readonly openedAt: number
  } | null
  readonly next: string | null
  /** What is wanted and not done: an attempt that failed, a pull request that waits, something that was given up. */
  readonly waits: readonly string[]
  /** How much of that nobody tries any more until a person says so. */
  readonly givenUp: number
  readonly refused: readonly {
    readonly image: string
    readonly candidate: string
    readonly reason: string
    readonly detail: string
    readonly by: string | null
  }[]
}
export type SubscriptionStatus = {
  readonly subscription: string
  /** What of it is stored and cannot be read: it stands still until a person helps. */
  readonly damage: string | null
  readonly stages: readonly StageStatus[]
}

/** `configured`, where the configuration is at hand: a subscription that nothing was ever offered to is shown too. */
export async function statusOf(
  documents: Documents,
  subscription: string | readonly string[] | null,
  configured: readonly Pick<Subscription, 'name' | 'stages'>[] = [],
): Promise<readonly SubscriptionStatus[]> {
  const asked = subscription === null ? null : new Set([subscription].flat())
  const isSome = asked !== null && typeof subscription !== 'string'
  const { documents: all, damaged } = await (isSome ? readSome(documents, asked) : readAll(documents))
  const trains = all.filter((document) => document.kind === 'train')
  const lines = all.filter((document) => document.kind === 'line')
  const damages = new Map(damaged.map(({ id, reason, detail }) => [subscriptionOf(id), `${id}, ${reason}: ${detail}`]))
  const damageOf = (name: string): string | null => damages.get(name) ?? null
  const known = lines.map((line) => ({
    subscription: line.subscription,
    damage: damageOf(line.subscription),
    stages: Object.entries(line.stages).map(([stage, state]) => stageStatus(line, stage, state, trains)),
  }))
  const isKnown = (name: string): boolean => lines.some((line) => line.subscription === name)
  const unreadable = [...damages.keys()].filter((name) => !isKnown(name))
  const broken = unreadable.map((name) => ({ subscription: name, damage: damageOf(name), stages: [] }))
  const silent = configured.filter(({ name }) => !isKnown(name) && !damages.has(name))
  const unheard = silent.map(({ name, stages }) => {
    return { subscription: name, damage: null, stages: stages.map(silentStage) }
  })
  return [...known, ...broken, ...unheard].filter((one) => asked === null || asked.has(one.subscription))
}

/** `line/<subscription>`, or `train/…/<subscription>/<stage>`, a star for a batch. */
function subscriptionOf(id: DocumentId): string {
  const parts = id.split('/')
  // A list of messages belongs to no one.
  if (parts[0] === 'bulletin') return id
  return (parts[0] === 'train' ? parts.at(-2) : parts[1]) ?? id
}

function silentStage({ name }: Pick<Stage, 'name'>): StageStatus {
  const nothing = { current: null, how: 'unknown', since: null, promotion: null, next: null, refused: [] } as const
  return { stage: name, ...nothing, waits: ['the first event of its image'], givenUp: 0 }
}

export async function listAll(documents: Documents): Promise<readonly Document[]> {
  return (await readAll(documents)).documents
}

/** The lines of some subscriptions and what carries something for them: asked often by whoever waits, of a store that may hold thousands. */
async function readSome(
  documents: Pick<Documents, 'load'>,
  names: ReadonlySet<string>,
): Promise<Omit<DocumentPage, 'next'>> {
  const damaged: DamagedDocument[] = []
  const read = async (id: DocumentId): Promise<readonly Document[]> => {
    try {
      return [(await documents.load(id))?.document ?? []].flat()
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'it cannot be read'
      damaged.push({ id, reason: 'malformed-document', detail })
      return []
    }
  }
  const lines = await Promise.all([...names].map((name) => read(lineId(name))))
  const trains = lines.flat().flatMap((one) => (one.kind === 'line' ? Object.values(one.stages) : []))
  const ids = new Set(trains.flatMap(({ promotion }) => promotion?.trains ?? []))
  const carrying = await Promise.all([...ids].map(read))
  return { documents: [...lines, ...carrying].flat(), damaged }
}

export async function readAll(documents: Documents): Promise<Omit<DocumentPage, 'next'>> {
  const all: Document[] = []
  const damaged: DamagedDocument[] = []
  let after: string | null = null
  do {
    const page = await documents.list({ limit: PAGE_SIZE, ...(after === null ? {} : { after }) })
    all.push(...page.documents)
    damaged.push(...page.damaged)
    after = page.next
  } while (after !== null && all.length + damaged.length < DOCUMENTS_MAX)
  return { documents: all, damaged }
}

function stageStatus(line: Line, stage: string, state: StageState, trains: readonly Document[]): StageStatus {
  const { promotion, current } = state
  const own = line.effects.filter((effect) => 'stage' in effect && effect.stage === stage)
  const carried = trains.filter(({ id }) => promotion?.trains.includes(id)).flatMap(({ effects }) => effects)
  const effects = [...own, ...carried]
  const proposed = Object.values(promotion?.deliveries ?? {}).flatMap((delivery) =>
    delivery.state === 'proposed' ? [`${delivery.url} waits for its merge`] : [],
  )
  return {
    stage,
    current: currentImage(state),
    how: howKnown(current),
    since: current.state === 'candidate' ? current.healthySince : null,
    promotion:
      promotion === undefined
        ? null
        : {
            id: promotion.id,
            image: formatImages(promotion.candidate),
            phase: promotion.phase,
            openedAt: promotion.openedAt,
          },
    next: state.next === undefined ? null : formatImages(state.next),
    waits: [
      ...describeRequest(state),
      ...describeGrounds(state),
      ...proposed,
      ...effects.flatMap((effect) => describeWaiting(effect)),
    ],
    givenUp: effects.filter(({ dead }) => dead !== undefined).length,
    refused: state.refused.map(({ image, candidate, reason, detail, by }) => ({
      image,
      candidate,
      reason,
      detail,
      by,
    })),
  }
}

/** What one person asked for, and a second one has not confirmed. */
function describeRequest({ breakGlass }: StageState): readonly string[] {
  if (breakGlass === undefined) return []
  const { image, word, until } = breakGlass
  const end = new Date(until).toISOString()
  return [`break-glass for ${image}, asked for by ${word.by} (${word.reason}), waits for a second person until ${end}`]
}

/** What a promotion waits for before it is let through, each in its own words. */
function describeGrounds({ promotion, pin }: StageState): readonly string[] {
  const pinned = pin === undefined ? [] : [`pinned to ${pin.image} by ${pin.by}: ${pin.reason}`]
  if (promotion === undefined) return pinned
  const { phase, proof, provenBy, gates } = promotion
  if (phase === 'verifying') {
    const until = provenBy === undefined ? '' : `, until ${new Date(provenBy).toISOString()}`
    const missing = (proof?.outcomes ?? []).filter(({ state }) => state !== 'held')
    return [...pinned, ...missing.map(({ rule, detail }) => `${rule}: ${detail}${until}`)]
  }
  if (phase !== 'gated') return pinned
  return gates.filter(({ state }) => state === 'waiting').map(({ gate, detail }) => `${gate}: ${detail}`)
}

function currentImage(state: StageState): string | null {
  if (state.current.state === 'candidate') return formatImages(state.current.candidate)
  if (state.current.state === 'unknown') return null
  return foundThere(state)
}

function howKnown(current: Current): StageStatus['how'] {
  if (current.state !== 'candidate') return current.state
  return current.observed ? 'healthy' : 'not-observed'
}

function describeWaiting(effect: Effect): readonly string[] {
  if (effect.dead !== undefined) return [`${effect.kind} was given up, ${effect.dead.reason}: ${effect.dead.detail}`]
  if (effect.kind === 'look' || effect.kind === 'reply') return []
  if (effect.kind === 'show' && effect.attempt === 0)
    return [`the chat is told at ${new Date(effect.due).toISOString()}`]
  if (effect.attempt > 1)
    return [`${effect.kind}: attempt ${effect.attempt} failed, again at ${new Date(effect.due).toISOString()}`]
  return [`${effect.kind} is under way`]
}
