/** The journal in PostgreSQL: one row for each entry, found by document, promotion, image or cause, newest first. */

import type { Entry } from '../../domain/history.ts'
import type { Journal, JournalQuery } from '../journal.ts'
import { idOfKey, key } from '../key.ts'
import { boundedRows, formatPlace, parsePlace, type Place } from '../page.ts'
import type { Damage } from '../state.ts'
import { entryText, readEntryText } from '../stored.ts'
import type { Database, Row, Value } from './database.ts'

export type JournalOptions = { readonly database: Database; readonly onDamage: (damage: Damage) => void }

export function createPostgresJournal({ database, onDamage }: JournalOptions): Journal {
  function read(row: Row): Entry | null {
    const result = readEntryText(String(row['body']))
    if (result.ok) return result.value
    const { document, seq } = placeOf(row)
    onDamage({ place: 'entry', id: `${document}#${seq}`, detail: result.error })
    return null
  }

  return {
    async append(entries) {
      const rows = entries.map((entry) => [...columnsOf(entry), entryText(entry)] as const)
      if (rows.length === 0) return
      const columns = [0, 1, 2, 3, 4, 5, 6].map((column) => rows.map((row) => row[column] ?? null))
      await database.run(APPEND, columns)
    },
    async query(query) {
      const place = query.before === undefined ? undefined : parsePlace(query.before)
      if (place === null) return { entries: [], next: null }
      const limit = boundedRows(query.limit)
      const { text, values } = queryOf(query, place, limit + 1)
      const rows = await database.run(text, values)
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      const next = rows.length > limit && last !== undefined ? formatPlace(placeOf(last)) : null
      return { entries: page.map(read).filter((entry) => entry !== null), next }
    },
  }
}

function columnsOf({ document, seq, at, promotion, image, cause }: Entry): readonly (string | number | null)[] {
  const keyed = (text: string | undefined) => (text === undefined ? null : key(text))
  return [key(document), seq, at, keyed(promotion), keyed(image), keyed(cause)]
}

/**
 * An image is stored once, since a search for a part of its name reads them all. A name that another writer brings at
 * this moment is not seen yet, and the update that changes nothing gives it back. In order, so that two writers of the
 * same never wait for each other.
 */
const APPEND = `WITH entry AS MATERIALIZED (
    SELECT DISTINCT ON (document, seq) * FROM unnest(
      $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]
    ) WITH ORDINALITY AS entry (document, seq, at, promotion, image, cause, body, number)
    ORDER BY document, seq, number
  ),
  known AS MATERIALIZED (SELECT id, name FROM drayage.image WHERE name IN (SELECT image FROM entry)),
  new AS (
    INSERT INTO drayage.image (name)
    SELECT DISTINCT image FROM entry WHERE image IS NOT NULL AND image NOT IN (SELECT name FROM known) ORDER BY image
    ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id, name
  )
  INSERT INTO drayage.journal (document, seq, at, promotion, image, cause, body)
  SELECT document, seq, at, promotion, named.id, cause, body
  FROM entry LEFT JOIN (SELECT * FROM known UNION ALL SELECT * FROM new) AS named ON named.name = entry.image
  ORDER BY document, seq
  ON CONFLICT (document, seq) DO NOTHING`

function queryOf(
  { document, promotion, image, cause }: JournalQuery,
  place: Place | undefined,
  limit: number,
): { readonly text: string; readonly values: readonly Value[] } {
  const values: Value[] = []
  const value = (of: Value): string => `$${values.push(of)}`
  const byHash = (column: string, text: string): string =>
    `hashtextextended(${column}, 0) = hashtextextended(${value(key(text))}, 0) AND ${column} = $${values.length}`
  const conditions: string[] = []
  if (document !== undefined) conditions.push(`document = ${value(key(document))}`)
  if (promotion !== undefined) conditions.push(byHash('promotion', promotion))
  if (image !== undefined) {
    conditions.push(`image IN (SELECT id FROM drayage.image WHERE strpos(name, ${value(key(image))}) > 0)`)
  }
  if (cause !== undefined) conditions.push(byHash('cause', cause))
  if (place !== undefined && document !== undefined) conditions.push(`seq < ${value(place.seq)}`)
  if (place !== undefined && document === undefined) {
    conditions.push(`(at, document, seq) < (${value(place.at)}, ${value(key(place.document))}, ${value(place.seq)})`)
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const order = document === undefined ? 'at DESC, document DESC, seq DESC' : 'seq DESC'
  const text = `SELECT document, seq, at, body FROM drayage.journal ${where} ORDER BY ${order} LIMIT ${value(limit)}`
  return { text, values }
}

function placeOf(row: Row): Place {
  return { at: Number(row['at']), seq: Number(row['seq']), document: idOfKey(String(row['document'])) }
}
