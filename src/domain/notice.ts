/** One piece of news for people who are not asked anything, made from an entry of the history. */

import * as z from 'zod'
import { Instant } from './event.ts'
import { EntryKind, type Entry } from './history.ts'

const TITLE_LENGTH_MAX = 300
const DETAIL_LENGTH_MAX = 1_000

/** Somebody has to look now · somebody should look · good to know. */
export const Urgency = z.enum(['page', 'warn', 'tell'])
export type Urgency = z.infer<typeof Urgency>

export const Notice = z.object({
  /** The same news has the same id, however often it is sent. */
  id: z.string(),
  kind: EntryKind,
  urgency: Urgency,
  /** What an alert is about, so that later news of it closes it: `payments/prod`. */
  subject: z.string(),
  /** In one line. From outside in parts: each channel escapes it. */
  title: z.string(),
  detail: z.string(),
  image: z.string().nullable(),
  promotion: z.string().nullable(),
  by: z.string().nullable(),
  at: Instant,
  /** Whether it says that the subject is well again. */
  isWell: z.boolean(),
})
export type Notice = Readonly<z.infer<typeof Notice>>

const NEWS: Readonly<Partial<Record<EntryKind, News>>> = {
  'rolled-back': { urgency: 'page', words: 'was rolled back' },
  failed: { urgency: 'page', words: 'failed' },
  'effect-dead': { urgency: 'page', words: 'is stuck and needs a person' },
  distrusted: { urgency: 'warn', words: 'was not trusted' },
  refused: { urgency: 'warn', words: 'was refused' },
  rejected: { urgency: 'warn', words: 'was rejected' },
  expired: { urgency: 'warn', words: 'was not approved in time' },
  'rolling-back': { urgency: 'warn', words: 'is being rolled back' },
  noticed: { urgency: 'warn', words: 'was noticed' },
  operator: { urgency: 'tell', words: 'was changed by a person' },
  superseded: { urgency: 'tell', words: 'was superseded' },
  approved: { urgency: 'tell', words: 'was approved' },
  delivered: { urgency: 'tell', words: 'was delivered' },
  healthy: { urgency: 'tell', words: 'is healthy' },
}

type News = { readonly urgency: Urgency; readonly words: string }

/** Whatever a channel asked for, it hears of these: somebody goes around what protects the stage. */
const ALARMS: Readonly<Record<string, News>> = {
  'break-glass': { urgency: 'page', words: 'goes around what it waits for' },
  'break-glass-asked': { urgency: 'warn', words: 'is asked to go around what it waits for' },
  'break-glass-expired': { urgency: 'warn', words: 'waits for its gates again' },
  'break-glass-revoked': { urgency: 'warn', words: 'waits for its gates again' },
}

export function isAlarm({ kind, reason }: Pick<Entry, 'kind' | 'reason'>): boolean {
  return kind === 'operator' && Object.hasOwn(ALARMS, reason)
}

/** The kinds that can be told, for the configuration. */
export const NOTICE_KINDS = Object.keys(NEWS) as [EntryKind, ...EntryKind[]]

/** What a channel tells where the configuration does not say. */
export const NOTICE_KINDS_DEFAULT: readonly EntryKind[] = NOTICE_KINDS.filter((kind) => NEWS[kind]?.urgency !== 'tell')

/** Null for what nobody wants to be told. */
export function noticeOf(entry: Omit<Entry, 'hash' | 'config'>): Notice | null {
  const news = isAlarm(entry) ? ALARMS[entry.reason] : NEWS[entry.kind]
  if (news === undefined) return null
  const subscription = entry.document.replace(/^line\//u, '')
  const subject = entry.stage === undefined ? subscription : `${subscription}/${entry.stage}`
  return {
    id: `${entry.document}#${entry.seq}`,
    kind: entry.kind,
    urgency: news.urgency,
    subject,
    title: `${subject} ${news.words}: ${entry.reason}`.slice(0, TITLE_LENGTH_MAX),
    detail: entry.detail.slice(0, DETAIL_LENGTH_MAX),
    image: entry.image ?? null,
    promotion: entry.promotion ?? null,
    by: entry.by ?? null,
    at: entry.at,
    isWell: entry.kind === 'healthy',
  }
}
