/** A card as Block Kit: pure, within Slack's bounds, every text from outside escaped. https://docs.slack.dev/reference/block-kit/blocks */

import { escapeForSlack } from '../escape.ts'
import type { Card, CardTone, CardVote } from '../domain/card.ts'
import type { ThreadLine } from './conversation.ts'

const HEADER_LENGTH_MAX = 150
const SECTION_LENGTH_MAX = 3_000
/** All of a message together may be about 12,000. */
const FIELD_LENGTH_MAX = 350
const STATUS_LENGTH_MAX = 500
const CHANGES_LENGTH_MAX = 2_000
const LIST_LENGTH_MAX = 1_500
const LABEL_LENGTH_MAX = 80
const LINE_LENGTH_MAX = 550
const FIELDS_MAX = 10
const CHANGES_MAX = 20
const VOTES_MAX = 10
const LINKS_MAX = 4
const REASON_LENGTH_MAX = 500
const DIGEST_SHOWN = 'sha256:'.length + 12

export const ACTION_APPROVE = 'drayage_approve'
export const ACTION_REJECT = 'drayage_reject'
export const CALLBACK_REJECT = 'drayage_reject_reason'
export const REASON_BLOCK = 'reason'
export const REASON_INPUT = 'text'

export type Block = Readonly<Record<string, unknown>>

export const MARK: Readonly<Record<CardTone, string>> = {
  waits: ':hourglass_flowing_sand:',
  works: ':arrows_counterclockwise:',
  good: ':white_check_mark:',
  bad: ':x:',
  over: ':heavy_minus_sign:',
}

/** `text` is what notifications and screen readers get. */
export function messageOf(card: Card): { readonly text: string; readonly blocks: readonly Block[] } {
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: clip(card.title, HEADER_LENGTH_MAX), emoji: false } },
    section(`${MARK[card.tone]} *${clip(escapeForSlack(card.status), STATUS_LENGTH_MAX)}*`),
    section(clip(changesOf(card), CHANGES_LENGTH_MAX)),
    ...fieldsOf(card),
    ...listOf('Waits for', card.waitsFor),
    ...listOf('Votes', card.votes.slice(-VOTES_MAX).map(voteOf), true),
    ...linksOf(card),
    ...buttonsOf(card),
  ]
  return { text: `${escapeForSlack(card.title)}: ${escapeForSlack(card.status)}`, blocks }
}

/** What stands in the thread: one line for each thing that happened. */
export function replyOf(lines: readonly ThreadLine[]): { readonly text: string; readonly blocks: readonly Block[] } {
  const texts = lines.map(({ at, text }) => `${instantOf(at)}  ${escapeForSlack(text)}`)
  return {
    text: escapeForSlack(clip(lines.at(-1)?.text ?? '', HEADER_LENGTH_MAX)),
    blocks: texts.map((text) => section(clip(text, LINE_LENGTH_MAX))),
  }
}

/** In the reader's own time zone. */
function instantOf(at: number): string {
  return `<!date^${Math.floor(at / 1_000)}^{date_short_pretty} {time}|${new Date(at).toISOString()}>`
}

/** The form that asks why, opened by the button that rejects. */
export function rejectForm(ask: string, title: string): Block {
  return {
    type: 'modal',
    callback_id: CALLBACK_REJECT,
    private_metadata: ask,
    title: { type: 'plain_text', text: 'Reject' },
    submit: { type: 'plain_text', text: 'Reject' },
    close: { type: 'plain_text', text: 'Cancel' },
    blocks: [
      section(`Reject ${escapeForSlack(title)}. It does not come again until somebody lifts it.`),
      {
        type: 'input',
        block_id: REASON_BLOCK,
        label: { type: 'plain_text', text: 'Why' },
        element: {
          type: 'plain_text_input',
          action_id: REASON_INPUT,
          multiline: true,
          min_length: 1,
          max_length: REASON_LENGTH_MAX,
        },
      },
    ],
  }
}

function changesOf({ changes }: Card): string {
  const lines = changes.slice(0, CHANGES_MAX).map(({ repository, from, to, digest }) => {
    const was = from === null ? '' : `${escapeForSlack(from)} → `
    return `*${escapeForSlack(repository)}*  ${was}*${escapeForSlack(to)}*  ${escapeForSlack(shortDigest(digest))}`
  })
  const more = changes.length - CHANGES_MAX
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

function fieldsOf({ facts }: Card): readonly Block[] {
  if (facts.length === 0) return []
  const fields = facts.slice(0, FIELDS_MAX).map(({ label, text, at }) => {
    const words = clip(`*${escapeForSlack(label)}*\n${escapeForSlack(text)}`, FIELD_LENGTH_MAX)
    return mrkdwn(at === undefined ? words : `${words} ${instantOf(at)}`)
  })
  return [{ type: 'section', fields }]
}

function listOf(label: string, lines: readonly string[], isEscaped = false): readonly Block[] {
  if (lines.length === 0) return []
  const items = lines.map((line) => `• ${isEscaped ? line : escapeForSlack(line)}`)
  return [section(clip(`*${label}*\n${items.join('\n')}`, LIST_LENGTH_MAX))]
}

function voteOf({ person, decision, at, reason }: CardVote): string {
  const why = reason === null ? '' : `: ${escapeForSlack(reason)}`
  return `${decision === 'approve' ? 'approved' : 'rejected'} by ${escapeForSlack(person)}, ${instantOf(at)}${why}`
}

/** Our own links: what is no plain web address is not shown. */
function linksOf({ links }: Card): readonly Block[] {
  const texts = links.flatMap(({ label, url }) => linkOf(label, url) ?? []).slice(0, LINKS_MAX)
  if (texts.length === 0) return []
  return [{ type: 'context', elements: [mrkdwn(texts.join('  ·  '))] }]
}

/** Null: no web address. */
export function linkOf(label: string, url: string): string | null {
  if (!/^https?:\/\/[^\s<>|]{1,300}$/u.test(url)) return null
  return `<${url.replaceAll('&', '&amp;')}|${escapeForSlack(clip(label, LABEL_LENGTH_MAX))}>`
}

/** Enough to tell two apart; the whole of it is in the thread and in the history. */
export function shortDigest(digest: string): string {
  return digest.slice(0, DIGEST_SHOWN)
}

/** A button holds nothing but the opaque id: what it stands for is in our own store. */
function buttonsOf({ ask }: Card): readonly Block[] {
  if (ask === null) return []
  const button = (action: string, text: string, style: string): Block => {
    return { type: 'button', action_id: action, value: ask, style, text: { type: 'plain_text', text } }
  }
  return [
    {
      type: 'actions',
      elements: [button(ACTION_APPROVE, 'Approve', 'primary'), button(ACTION_REJECT, 'Reject …', 'danger')],
    },
  ]
}

export function section(text: string): Block {
  return { type: 'section', text: mrkdwn(clip(text, SECTION_LENGTH_MAX)) }
}

export function mrkdwn(text: string): Block {
  return { type: 'mrkdwn', text, verbatim: true }
}

export function clip(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`
}
