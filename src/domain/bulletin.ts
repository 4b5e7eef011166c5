/** One channel's document for one stage: the messages that list many promotions, where a message for each would be a flood. */

import * as z from 'zod'
import { CardTone, type CardList } from './card.ts'
import { Instant } from './event.ts'
import { documentBase } from './line.ts'

export const BULLETIN_SCHEMA = 1
/** Slack takes 50 blocks and about 12,000 characters in one message; a row is one block of some 200. */
export const ROWS_MAX = 40
/** What a menu's option may hold is 150 characters in Slack. */
const ASK_LENGTH_MAX = 140

/** A promotion in a list, as its line said last. What people answer to is this, not what the chat gives back. */
export const Row = z.object({
  /** Within the bulletin, and never given twice. */
  number: z.number().int().min(1),
  line: z.string(),
  promotion: z.string(),
  /** Of the line's news: what is older and arrives late changes nothing. */
  order: z.number().int().min(0),
  title: z.string(),
  tone: CardTone,
  status: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  digest: z.string(),
  /** How many more images go together with it. */
  more: z.number().int().min(0),
  /** The commits between, where that is known. */
  compare: z.string().nullable(),
  /** The first edition of its page that asked for it; null: nobody is asked. */
  asked: z.number().int().nullable(),
  isOver: z.boolean(),
})
export type Row = z.infer<typeof Row>

/** One message. */
export const Page = z.object({
  number: z.number().int().min(1),
  /** Grows with each change: buttons name the edition that they were shown with. */
  edition: z.number().int().min(0),
  /** The chat's own name for the message; null: not posted yet. */
  message: z.object({ channel: z.string(), message: z.string() }).nullable(),
  rows: z.array(Row),
  since: Instant,
})
export type Page = z.infer<typeof Page>

export const Bulletin = z.object({
  kind: z.literal('bulletin'),
  ...documentBase,
  schema: z.literal(BULLETIN_SCHEMA),
  channel: z.string(),
  stage: z.string(),
  /** Promotions that lately got a message of their own: by their number a burst is known. */
  alone: z.array(z.object({ promotion: z.string(), at: Instant })),
  pages: z.array(Page),
  /** Of the newest row and page. */
  lastRow: z.number().int().min(0),
  lastPage: z.number().int().min(0),
})
export type Bulletin = z.infer<typeof Bulletin>

const PREFIX = 'bulletin/'

export function bulletinId(channel: string, stage: string): string {
  return `${PREFIX}${channel}/${stage}`
}

export function newBulletin(id: string): Bulletin {
  const stage = id.slice(id.lastIndexOf('/') + 1)
  const channel = id.slice(PREFIX.length, id.length - stage.length - 1)
  if (bulletinId(channel, stage) !== id) throw new Error(`${id} is no bulletin's id`)
  const empty = { seq: 0, hash: '', fence: 0, config: '', tail: [], effects: [] }
  const nothing = { alone: [], pages: [], lastRow: 0, lastPage: 0 }
  return { kind: 'bulletin', id, schema: BULLETIN_SCHEMA, ...empty, channel, stage, ...nothing }
}

/** Whether its buttons can hold what they would stand for, and its id can be a name wherever documents are kept. */
export function canList(channel: string, stage: string): boolean {
  if (!/^[!-~]+$/u.test(channel)) return false
  return (
    askOfPage(bulletinId(channel, stage), { number: 9_999_999_999, edition: 9_999_999_999 }).length <= ASK_LENGTH_MAX
  )
}

/** Opaque to the chat: which promotion it is stands in the document alone. */
export function askOfRow(bulletin: string, { number }: Pick<Row, 'number'>): string {
  return `${bulletin}#${number}`
}

export function askOfPage(bulletin: string, { number, edition }: Pick<Page, 'number' | 'edition'>): string {
  return `${bulletin}#all.${number}.${edition}`
}

/** The document that a click is about; null: about one promotion. */
export function bulletinOfAsk(ask: string): string | null {
  const end = ask.lastIndexOf('#')
  return ask.startsWith(PREFIX) && end > 0 ? ask.slice(0, end) : null
}

/** Those that the clicked button stood for, as they were shown: what was added to the list since is not among them. */
export function rowsOfAsk({ id, pages }: Pick<Bulletin, 'id' | 'pages'>, ask: string): readonly Row[] {
  const [word, page, edition] = ask.slice(id.length + 1).split('.')
  if (word !== 'all') return pages.flatMap(({ rows }) => rows).filter(({ number }) => String(number) === word)
  const { rows = [] } = pages.find(({ number }) => String(number) === page) ?? {}
  return rows.filter(({ asked }) => asked !== null && asked <= Number(edition))
}

/** Whether a promotion of this line stands in it. */
export function doesList({ pages }: Pick<Bulletin, 'pages'>, line: string): boolean {
  return pages.some(({ rows }) => rows.some((row) => row.line === line))
}

/** A page as people see it. */
export function listOf({ id, stage }: Pick<Bulletin, 'id' | 'stage'>, page: Page): CardList {
  const asked = page.rows.filter((row) => row.asked !== null)
  return {
    title: `${page.rows.length} images → ${stage}`,
    rows: page.rows.map((row) => ({ ...row, ask: row.asked === null ? null : askOfRow(id, row) })),
    askAll: asked.length < 2 ? null : askOfPage(id, page),
  }
}
