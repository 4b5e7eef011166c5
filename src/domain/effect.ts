/** What a document wants done in the world: saved before it is performed, repeated until answered. */

import * as z from 'zod'
import { Card } from './card.ts'
import { Instant } from './event.ts'
import { PinnedImage } from './image.ts'
import { Message } from './message.ts'
import { Notice } from './notice.ts'
import { Commit } from './source.ts'
import { SourceNews } from './source-news.ts'

const shared = {
  /** Deterministic: the same wish has the same id. */
  id: z.string(),
  /** Given at each claim; an answer with another one is late and changes nothing. */
  fence: z.number().int().min(0),
  attempt: z.number().int().min(0),
  due: Instant,
  /** Somebody works on it until then. */
  lease: Instant.optional(),
  /** Given up: shown, and performed again when a person says `retry` or the configuration changes. */
  dead: z.object({ reason: z.string(), detail: z.string(), at: Instant }).optional(),
}
/** A candidate that was healthy there; or exactly what the first look found, as written. */
export const Restoration = z.discriminatedUnion('kind', [
  /** `others`: those of the same release, for the further targets of the write. */
  z.object({ kind: z.literal('pinned'), image: PinnedImage, others: z.array(PinnedImage).optional() }),
  z.object({ kind: z.literal('restore'), image: z.string() }),
])
export type Restoration = z.infer<typeof Restoration>

const atTarget = { ...shared, stage: z.string(), target: z.string() }
const ofPromotion = { ...atTarget, promotion: z.string() }
/** What the target may hold, as written; anything else is somebody's hand, or newer. */
const writing = {
  ...ofPromotion,
  expected: z.array(z.string()),
  /** Further targets in the same repository, written by the same commit. */
  also: z.array(z.string()).optional(),
}

export const Effect = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('observe'), ...atTarget }),
  z.object({
    kind: z.literal('verify'),
    ...shared,
    stage: z.string(),
    promotion: z.string(),
    /** Asks for no scan. */
    breakGlass: z.literal(true).optional(),
  }),
  /** Who wrote the commit that a promotion was built from. */
  z.object({ kind: z.literal('ask-authors'), ...shared, stage: z.string(), promotion: z.string(), commit: Commit }),
  /** Asks a gate's check, by its name. */
  z.object({ kind: z.literal('check'), ...shared, stage: z.string(), promotion: z.string(), check: z.string() }),
  /** What scanners say by now of what runs there; `looks`: how many there were for one piece of news, with this one. */
  z.object({
    kind: z.literal('listen'),
    ...shared,
    stage: z.string(),
    candidate: z.string(),
    looks: z.number().int().min(1),
  }),
  z.object({ kind: z.literal('deliver'), ...writing }),
  /** Everything but the write, in observe mode. */
  z.object({ kind: z.literal('preview'), ...writing }),
  z.object({ kind: z.literal('check-health'), ...ofPromotion, until: Instant }),
  z.object({ kind: z.literal('roll-back'), ...writing, to: Restoration }),
  z.object({ kind: z.literal('send'), ...shared, to: z.string(), message: Message }),
  /** The message of a promotion, as it is to stand now. */
  z.object({
    kind: z.literal('show'),
    ...shared,
    stage: z.string(),
    promotion: z.string(),
    channel: z.string(),
    known: z.object({ channel: z.string(), message: z.string() }).nullable(),
    card: Card,
    /** As a row of the channel's list. */
    isListed: z.boolean().optional(),
    /** The promotion has ended: nothing is said of it after this. */
    isLast: z.boolean().optional(),
    /** The images' labels are to be asked for the commits between. */
    asksCommits: z.boolean().optional(),
    /** It goes together with others of its stage. */
    isBatch: z.boolean().optional(),
  }),
  /** More about a promotion, in the thread of its message. */
  z.object({
    kind: z.literal('reply'),
    ...shared,
    stage: z.string(),
    to: z.object({ channel: z.string(), message: z.string() }),
    lines: z.array(z.object({ at: Instant, text: z.string() })),
  }),
  /** A list of promotions, as its page stands when this is taken. */
  z.object({ kind: z.literal('post'), ...shared, page: z.number().int(), edition: z.number().int() }),
  /** Which of the groups a member of the chat is in: their click is worth that much. */
  z.object({
    kind: z.literal('vouch'),
    ...shared,
    stage: z.string(),
    promotion: z.string(),
    member: z.string(),
    groups: z.array(z.string()),
    decision: z.enum(['approve', 'reject']),
    reason: z.string(),
    at: Instant,
    shown: z.string().optional(),
  }),
  /** How a promotion stands, for the developers of its image. */
  z.object({
    kind: z.literal('tell-source'),
    ...shared,
    stage: z.string(),
    promotion: z.string(),
    image: PinnedImage,
    commit: Commit.nullable(),
    news: SourceNews,
  }),
  /** One-way news to a channel, by its name. */
  z.object({ kind: z.literal('notify'), ...shared, channel: z.string(), notice: Notice }),
  z.object({ kind: z.literal('propose'), ...shared }),
  /** All that travels, as one commit to the base branch: where there are no pull requests. */
  z.object({ kind: z.literal('commit'), ...shared }),
  z.object({ kind: z.literal('look'), ...shared }),
  z.object({ kind: z.literal('merge'), ...shared }),
  z.object({ kind: z.literal('withdraw'), ...shared, number: z.number().int(), head: z.string(), why: z.string() }),
])
export type Effect = z.infer<typeof Effect>
export type EffectKind = Effect['kind']
export type EffectOf<K extends EffectKind> = Extract<Effect, { kind: K }>
