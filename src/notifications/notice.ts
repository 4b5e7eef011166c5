/** One piece of news for people who are not asked anything: pure, made from an entry of the history. */

import type { Entry, EntryKind } from '../domain/history.ts'

export const URGENCIES = ['page', 'warn', 'tell'] as const
/** Somebody has to look now · somebody should look · good to know. */
export type Urgency = (typeof URGENCIES)[number]

export type Notice = {
  /** The same news has the same id, however often it is sent. */
  readonly id: string
  readonly kind: EntryKind
  readonly urgency: Urgency
  /** What an alert is about, so that later news of it closes it: `payments/prod`. */
  readonly subject: string
  /** In one line. From outside in parts: each channel escapes it. */
  readonly title: string
  readonly detail: string
  readonly image: string | null
  readonly promotion: string | null
  readonly by: string | null
  readonly at: number
  /** Whether it says that the subject is well again. */
  readonly isWell: boolean
}

const URGENCY: Readonly<Partial<Record<EntryKind, Urgency>>> = {
  'rolled-back': 'page',
  failed: 'page',
  'effect-dead': 'page',
  refused: 'warn',
  rejected: 'warn',
  'rolling-back': 'warn',
  operator: 'tell',
  superseded: 'tell',
  delivered: 'tell',
  healthy: 'tell',
}

const WORDS: Readonly<Partial<Record<EntryKind, string>>> = {
  'rolled-back': 'was rolled back',
  failed: 'failed',
  'effect-dead': 'is stuck and needs a person',
  refused: 'was refused',
  rejected: 'was rejected',
  'rolling-back': 'is being rolled back',
  operator: 'was changed by a person',
  superseded: 'was superseded',
  delivered: 'was delivered',
  healthy: 'is healthy',
}

/** The kinds that can be told, for the configuration. */
export const NOTICE_KINDS = Object.keys(URGENCY) as readonly EntryKind[]

/** Null for what nobody wants to be told. */
export function noticeOf(entry: Entry): Notice | null {
  const urgency = URGENCY[entry.kind]
  if (urgency === undefined) return null
  const subscription = entry.document.replace(/^line\//u, '')
  const subject = entry.stage === undefined ? subscription : `${subscription}/${entry.stage}`
  return {
    id: `${entry.document}#${entry.seq}`,
    kind: entry.kind,
    urgency,
    subject,
    title: `${subject} ${WORDS[entry.kind] ?? entry.kind}: ${entry.reason}`,
    detail: entry.detail,
    image: entry.image ?? null,
    promotion: entry.promotion ?? null,
    by: entry.by ?? null,
    at: entry.at,
    isWell: entry.kind === 'healthy',
  }
}
