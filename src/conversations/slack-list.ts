/** Many promotions in one message: a line and a menu for each, and one button for all that are asked about. */

import { escapeForSlack } from '../escape.ts'
import type { CardList, CardRow } from '../domain/card.ts'
import { clip, linkOf, MARK, mrkdwn, section, shortDigest, type Block } from './slack-blocks.ts'

export const ACTION_ROW = 'drayage_row'
export const ACTION_APPROVE_ALL = 'drayage_approve_all'
/** Before the opaque id in a menu's option. */
export const APPROVE = 'approve '
export const REJECT = 'reject '

const HEADER_LENGTH_MAX = 150
/** Slack refuses a message of about 12,000 characters as a whole; menus and containers count too. */
const ROWS_LENGTH_MAX = 7_600
const WORD_LENGTH_MAX = 60
const STATUS_LENGTH_MAX = 40
const DANGLING = /&[a-z]{0,3}$/u

export function messageOfList(list: CardList): { readonly text: string; readonly blocks: readonly Block[] } {
  const { title, rows, askAll } = list
  const waiting = rows.filter(({ ask }) => ask !== null).length
  const summary = waiting === 0 ? 'nothing waits for an answer' : `${waiting} of ${rows.length} wait for your answer`
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: clip(title, HEADER_LENGTH_MAX), emoji: false } },
    section(escapeForSlack(`${summary}. Each is answered by itself, by its menu.`)),
    ...rowBlocks(rows),
    ...(askAll === null ? [] : [approveAll(askAll, waiting)]),
  ]
  return { text: escapeForSlack(`${title}: ${summary}`), blocks }
}

/** Links go first where all of it is too long, then the ends of lines. */
function rowBlocks(rows: readonly CardRow[]): readonly Block[] {
  const full = rows.map((row) => textOf(row, true))
  const isLong = full.reduce((sum, text) => sum + text.length, 0) > ROWS_LENGTH_MAX
  const lengthMax = Math.floor(ROWS_LENGTH_MAX / Math.max(1, rows.length))
  return rows.map((row, index) => {
    const text = isLong ? clip(textOf(row, false), lengthMax).replace(DANGLING, '') : (full[index] ?? '')
    const { ask } = row
    return { ...section(text), ...(ask === null ? {} : { accessory: menuOf(row, ask) }) }
  })
}

function textOf({ title, tone, status, from, to, digest, more, compare }: CardRow, isLinked: boolean): string {
  const say = (text: string): string => escapeForSlack(clip(text, WORD_LENGTH_MAX))
  const was = from === null ? '' : `${say(from)} → `
  const others = more === 0 ? '' : ` and ${more} more`
  const link = isLinked && compare !== null ? linkOf('compare', shortCommits(compare)) : null
  const parts = [
    `${MARK[tone]} *${say(title)}*  ${was}*${say(to)}*${others}`,
    escapeForSlack(shortDigest(digest)),
    escapeForSlack(clip(status, STATUS_LENGTH_MAX)),
    ...(link === null ? [] : [link]),
  ]
  return parts.join('  ·  ')
}

/** Git hosts take the beginnings of commits' names too. */
function shortCommits(url: string): string {
  return url.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{28}\b/gu, '$1')
}

function menuOf({ title, to }: CardRow, ask: string): Block {
  /** At most 75 characters, and all of them together count. */
  const option = (words: string, value: string): Block => {
    return { text: { type: 'plain_text', text: words, emoji: false }, value }
  }
  return {
    type: 'overflow',
    action_id: ACTION_ROW,
    options: [
      option(`Approve ${clip(title, 22)} ${clip(to, 14)}`, `${APPROVE}${ask}`),
      option(`Reject ${clip(title, 22)} ${clip(to, 14)} …`, `${REJECT}${ask}`),
    ],
  }
}

/** Asked twice: it stands for many. */
function approveAll(ask: string, waiting: number): Block {
  const plain = (text: string): Block => ({ type: 'plain_text', text, emoji: false })
  return {
    type: 'actions',
    elements: [
      {
        type: 'button',
        action_id: ACTION_APPROVE_ALL,
        value: ask,
        style: 'primary',
        text: plain(`Approve all ${waiting} shown`),
        confirm: {
          title: plain('Approve all shown?'),
          text: mrkdwn(`One vote of yours for each of the ${waiting} images of this message that wait for an answer.`),
          confirm: plain('Approve'),
          deny: plain('Cancel'),
        },
      },
    ],
  }
}
