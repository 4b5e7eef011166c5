/** The journal in SQL: one row for each entry, found by document, promotion, image or cause, newest first. */

import type { Entry } from '../../domain/history.ts'
import type { Journal, JournalQuery } from '../journal.ts'
import { idOfKey, key } from '../key.ts'
import { boundedRows, formatPlace, parsePlace, type Place } from '../page.ts'
import type { Sql, SqlRow, SqlStore, SqlValue } from '../sql.ts'
import { entryText, readEntryText } from '../stored.ts'

export function createSqlJournal({ sql, commit, onDamage }: SqlStore): Journal {
  function read(row: SqlRow): Entry | null {
    const result = readEntryText(String(row['body']))
    if (result.ok) return result.value
    const { document, seq } = placeOf(row)
    onDamage({ place: 'entry', id: `${document}#${seq}`, detail: result.error })
    return null
  }

  return {
    async append(entries) {
      const rows = entries.map((entry) => ({ entry, text: entryText(entry) }))
      return commit(() => rows.forEach(({ entry, text }) => insert(sql, entry, text)))
    },
    async query(query) {
      const place = query.before === undefined ? undefined : parsePlace(query.before)
      if (place === null) return { entries: [], next: null }
      const limit = boundedRows(query.limit)
      const { text, values } = queryOf(query, place)
      const rows = sql.run(text, ...values, limit + 1)
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      const next = rows.length > limit && last !== undefined ? formatPlace(placeOf(last)) : null
      return { entries: page.map(read).filter((entry) => entry !== null), next }
    },
  }
}

function insert(sql: Sql, entry: Entry, text: string): void {
  const image = entry.image === undefined ? null : key(entry.image)
  if (image !== null) sql.run('INSERT INTO image (name) VALUES (?) ON CONFLICT DO NOTHING', image)
  sql.run(
    `INSERT INTO journal (document, seq, at, promotion, image, cause, body)
     VALUES (?, ?, ?, ?, (SELECT id FROM image WHERE name = ?), ?, ?) ON CONFLICT (document, seq) DO NOTHING`,
    key(entry.document),
    entry.seq,
    entry.at,
    entry.promotion === undefined ? null : key(entry.promotion),
    image,
    entry.cause === undefined ? null : key(entry.cause),
    text,
  )
}

type Condition = readonly [condition: string, ...values: SqlValue[]]

function queryOf(query: JournalQuery, place: Place | undefined): { text: string; values: readonly SqlValue[] } {
  const { document, promotion, image, cause } = query
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
  return {
    text: `SELECT document, seq, at, body FROM journal ${where} ORDER BY ${order} LIMIT ?`,
    values: conditions.flatMap(([, ...values]) => values),
  }
}

function placeOf(row: SqlRow): Place {
  return { at: Number(row['at']), seq: Number(row['seq']), document: idOfKey(String(row['document'])) }
}
