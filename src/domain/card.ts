/** What a promotion's one message says: plain data, text from outside still raw. Each chat makes its own form of it. */

import * as z from 'zod'
import { Instant } from './event.ts'

/** Waits for somebody or something · is being delivered or watched · is well · was refused or put back · no longer wanted. */
export const CardTone = z.enum(['waits', 'works', 'good', 'bad', 'over'])
export type CardTone = z.infer<typeof CardTone>

export const CardVote = z.object({
  person: z.string(),
  decision: z.enum(['approve', 'reject']),
  at: Instant,
  /** Why, where they said so. */
  reason: z.string().nullable(),
})
export type CardVote = Readonly<z.infer<typeof CardVote>>

export const Card = z.object({
  /** The promotion's id: the same promotion is the same message. */
  promotion: z.string(),
  /** `payments → prod`. */
  title: z.string(),
  tone: CardTone,
  /** In one line, how it stands: `waits for 2 approvals until 15:00`. */
  status: z.string(),
  /** One for each image of the release. */
  changes: z.array(
    z.object({
      repository: z.string(),
      /** Null: nothing that we know runs there. */
      from: z.string().nullable(),
      to: z.string(),
      digest: z.string(),
    }),
  ),
  /** Who signed, what the scan says, how old it is. */
  facts: z.array(z.object({ label: z.string(), text: z.string(), /** An instant after it. */ at: Instant.optional() })),
  waitsFor: z.array(z.string()),
  votes: z.array(CardVote),
  links: z.array(z.object({ label: z.string(), url: z.string() })),
  /** An opaque id for the buttons; null: nobody is asked. */
  ask: z.string().nullable(),
})
export type Card = Readonly<z.infer<typeof Card>>

/** Many promotions in one message: each answered by itself, or all that are asked about at once. */
export type CardRow = {
  readonly title: string
  readonly tone: CardTone
  readonly status: string
  readonly from: string | null
  readonly to: string
  readonly digest: string
  readonly more: number
  readonly compare: string | null
  readonly ask: string | null
}
export type CardList = {
  readonly title: string
  readonly rows: readonly CardRow[]
  /** For all that are asked about; null: there are not several. */
  readonly askAll: string | null
}

/** The message that stands for a promotion, and what it said last. */
export const Board = z.object({
  promotion: z.string(),
  channel: z.string(),
  /** The chat's own name for the message; null: not posted yet. */
  message: z.object({ channel: z.string(), message: z.string() }).nullable(),
  card: Card,
  /** The promotion has ended: what is shown next is the last. */
  isOver: z.boolean(),
  /** It is a row of the channel's list, and has no message of its own. */
  isListed: z.boolean().optional(),
  /** Where the commits between are seen, as the images' labels say; null: they do not. */
  compare: z.string().nullable().optional(),
})
export type Board = z.infer<typeof Board>

/** Claims are told apart from what was proven. */
const BY_CLAIMS = 'compare, by the labels'
export const COMPARE = 'compare'

/** With the link that the images' labels make, where there is one. */
export function withCompare(card: Card, url: string | null | undefined): Card {
  if (url === null || url === undefined || card.links.some(({ label }) => label === COMPARE)) return card
  return { ...card, links: [{ label: BY_CLAIMS, url }, ...card.links.filter(({ label }) => label !== BY_CLAIMS)] }
}
