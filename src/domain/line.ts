/** One subscription's document: what runs on each stage, what is on its way, what was refused. */

import * as z from 'zod'
import { BreakGlassRequest } from './break-glass.ts'
import { Candidate } from './candidate.ts'
import { Board } from './card.ts'
import { Effect } from './effect.ts'
import { Instant } from './event.ts'
import { Entry } from './history.ts'
import { Digest, ImageName, PinnedImage, Tag } from './image.ts'
import { Known } from './known.ts'
import { Promotion } from './promotion.ts'
import { Commit } from './source.ts'
import { SourceNews } from './source-news.ts'

export const LINE_SCHEMA = 2

/** What the first look at a target found. */
export const Look = z.object({
  /** As written: what a first rollback restores. */
  image: z.string(),
  running: z.enum(['well', 'not-well', 'not-observed']),
})
export type Look = z.infer<typeof Look>

export const Current = z.discriminatedUnion('state', [
  z.object({ state: z.literal('unknown') }),
  /** Not delivered by us. A bound for ordered filters where its tag counts. */
  z.object({
    state: z.literal('found'),
    tag: Tag.nullable(),
    digest: Digest.nullable(),
    counts: z.boolean(),
    /** Where several images are one release: what was found of each. Those above are then of the newest that counts. */
    parts: z
      .array(ImageName.extend({ tag: Tag.nullable(), digest: Digest.nullable(), counts: z.boolean() }))
      .optional(),
  }),
  z.object({
    state: z.literal('candidate'),
    candidate: Candidate,
    observed: z.boolean(),
    healthySince: Instant,
    /** As its own evidence proved it; null: nothing did. */
    builtAt: Instant.nullable(),
    /** What its verification found, and what scanners said since; absent: nothing was verified. */
    known: Known.optional(),
  }),
])
export type Current = z.infer<typeof Current>

/** A candidate that does not come again until a person lifts it. */
export const Refused = z.object({
  candidate: z.string(),
  image: z.string(),
  reason: z.string(),
  detail: z.string(),
  at: Instant,
  by: z.string().nullable(),
  /** Where the policy says `reconsider`: what is offered again when something new is said of it. */
  again: Candidate.optional(),
  /** Of what is offered again: news of these is news of it. */
  platforms: z.array(Digest).optional(),
})
export type Refused = z.infer<typeof Refused>

export const StageState = z.object({
  current: Current,
  /** By target id: what the first look found there. */
  looks: z.record(z.string(), Look),
  /** By target id: what it may hold. The last is what we know; those before it were begun and never answered, newest first. */
  holds: z.record(z.string(), z.array(z.string())),
  previous: Candidate.optional(),
  /** What was known before the targets had to be looked at again. */
  knew: z
    .object({
      holds: z.record(z.string(), z.array(z.string())),
      healthy: Candidate.optional(),
      /** The candidate that goes on after the look, unless that finds somebody's hand. */
      resumes: z.string().optional(),
    })
    .optional(),
  /** The newest that waits for the promotion under way, or for the first look. */
  next: Candidate.optional(),
  promotion: Promotion.optional(),
  refused: z.array(Refused),
  /** A person's: nothing else goes there until they take it away. */
  pin: z
    .object({ candidate: z.string(), image: z.string(), by: z.string(), reason: z.string(), at: Instant })
    .optional(),
  /** What one person asked for, and a second one has to confirm. */
  breakGlass: BreakGlassRequest.optional(),
  /** The messages of its promotions, oldest first. */
  boards: z.array(Board),
  /** What the developers of its promotions are told, oldest first: `wished` is what was said last. */
  told: z
    .array(
      z.object({
        promotion: z.string(),
        image: PinnedImage,
        commit: Commit.nullable(),
        news: SourceNews,
        wished: SourceNews.optional(),
        isOver: z.boolean(),
        times: z.number().int().min(0),
      }),
    )
    .optional(),
  /** When it was changed lately, oldest first. */
  changes: z.array(Instant),
  /** How often each candidate was tried here, newest last. */
  tried: z.array(z.object({ candidate: z.string(), attempts: z.number().int() })),
  /** Under which it was decided last. */
  mode: z.enum(['act', 'observe']),
  /** What observe mode would have delivered. */
  shadow: Candidate.optional(),
  /** By train: the newest messages that it sent, by their order. */
  heard: z.record(z.string(), z.array(z.number().int())),
})
export type StageState = z.infer<typeof StageState>

/** What every document has, whatever it is about. */
export const documentBase = {
  id: z.string(),
  /** The version of this shape; a newer one is refused by an older program. */
  schema: z.number().int(),
  /** Of the newest entry. */
  seq: z.number().int().min(0),
  hash: z.string(),
  /** Grows with each claim. */
  fence: z.number().int().min(0),
  /** Of the configuration that decided last. */
  config: z.string(),
  /** Entries that may not have reached the journal yet. */
  tail: z.array(Entry),
  effects: z.array(Effect),
}

export const Line = z.object({
  kind: z.literal('line'),
  ...documentBase,
  schema: z.literal(LINE_SCHEMA),
  subscription: z.string(),
  stages: z.record(z.string(), StageState),
  /** When time alone may move something: a window opens, a proof grows old. Null: nothing waits for time. */
  alarm: Instant.nullable(),
})
export type Line = z.infer<typeof Line>

/** What the first look found, as it is written there; of a release, all of it. */
export function foundThere({ current, looks }: Pick<StageState, 'current' | 'looks'>): string | null {
  const written = Object.values(looks).map(({ image }) => image)
  const isSeveral = current.state === 'found' && current.parts !== undefined
  return isSeveral ? [...new Set(written)].join(', ') : (written[0] ?? null)
}

export function lineId(subscription: string): string {
  return `line/${subscription}`
}

export function newLine(subscription: string): Line {
  return {
    kind: 'line',
    id: lineId(subscription),
    schema: LINE_SCHEMA,
    seq: 0,
    hash: '',
    fence: 0,
    config: '',
    tail: [],
    effects: [],
    subscription,
    stages: {},
    alarm: null,
  }
}

export function newStageState(): StageState {
  return {
    current: { state: 'unknown' },
    looks: {},
    holds: {},
    refused: [],
    boards: [],
    changes: [],
    tried: [],
    mode: 'act',
    heard: {},
  }
}
