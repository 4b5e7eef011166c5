/** The journal in SQL: one row for each entry, found by document, promotion, image or cause, newest first. */

import type { Entry } from '../../domain/history.ts'
import type { Journal, JournalPage, JournalQuery } from '../journal.ts'
import { idOfKey, key } from '../key.ts'
import { boundedRows, formatPlace, parsePlace, type Place } from '../page.ts'
import type { SqlRow, SqlStore, SqlValue, Statement } from '../sql.ts'
import { entryText, readEntryText } from '../stored.ts'

export function createSqlJournal({ sql, commit, onDamage }: SqlStore): Journal {
  return {
    async append(entries) {
      const statements = entries.flatMap(insertEntry)
      return commit(() => statements.forEach((statement) => sql.run(...statement)))
    },
    async query(query) {
      const statement = selectEntries(query)
      return statement === null ? NOTHING : readPage(sql.run(...statement), query.limit, onDamage)
    },
  }
}

/** Before a place that we did not write there is nothing. */
export const NOTHING: JournalPage = { entries: [], next: null }

export function insertEntry(entry: Entry): readonly Statement[] {
  const text = entryText(entry)
  const image = entry.image === undefined ? null : key(entry.image)
  const named: readonly Statement[] =
    image === null ? [] : [['INSERT INTO image (name) VALUES (?) ON CONFLICT DO NOTHING', image]]
  return [
    ...named,
    [
      `INSERT INTO journal (document, seq, at, promotion, image, cause, body)
       VALUES (?, ?, ?, ?, (SELECT id FROM image WHERE name = ?), ?, ?) ON CONFLICT (document, seq) DO NOTHING`,
      key(entry.document),
      entry.seq,
      entry.at,
      entry.promotion === undefined ? null : key(entry.promotion),
      image,
      entry.cause === undefined ? null : key(entry.cause),
      text,
    ],
  ]
}

type Condition = readonly [condition: string, ...values: SqlValue[]]

/** One row more than asked for, which says whether there is a next page. Null: nothing can be there. */
export function selectEntries({ document, promotion, image, cause, before, limit }: JournalQuery): Statement | null {
  const place = before === undefined ? undefined : parsePlace(before)
  if (place === null) return null
  const conditions: Condition[] = []
  if (document !== undefined) conditions.push(['document = ?', key(document)])
  if (promotion !== undefined) conditions.push(['promotion = ?', key(promotion)])
  if (image !== undefined) conditions.push(['image IN (SELECT id FROM image WHERE instr(name, ?) > 0)', key(image)])
  if (cause !== undefined) conditions.push(['cause = ?', key(cause)])
  if (place !== undefined && document !== undefined) conditions.push(['seq < ?', place.seq])
  if (place !== undefined && document === undefined) {
    conditions.push(['(at, document, seq) < (?, ?, ?)', place.at, key(place.document), place.seq])
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([condition]) => condition).join(' AND ')}`
  const order = document === undefined ? 'at DESC, document DESC, seq DESC' : 'seq DESC'
  return [
    `SELECT document, seq, at, body FROM journal ${where} ORDER BY ${order} LIMIT ?`,
    ...conditions.flatMap(([, ...values]) => values),
    boundedRows(limit) + 1,
  ]
}

export function readPage(rows: readonly SqlRow[], limit: number, onDamage: OnDamage): JournalPage {
  const page = rows.slice(0, boundedRows(limit))
  const last = page.at(-1)
  const next = rows.length > page.length && last !== undefined ? formatPlace(placeOf(last)) : null
  return { entries: page.map((row) => read(row, onDamage)).filter((entry) => entry !== null), next }
}

type OnDamage = SqlStore['onDamage']

function read(row: SqlRow, onDamage: OnDamage): Entry | null {
  const result = readEntryText(String(row['body']))
  if (result.ok) return result.value
  const { document, seq } = placeOf(row)
  onDamage({ place: 'entry', id: `${document}#${seq}`, detail: result.error })
  return null
}

function placeOf(row: SqlRow): Place {
  return { at: Number(row['at']), seq: Number(row['seq']), document: idOfKey(String(row['document'])) }
}
