/** Documents in DynamoDB: one item each, swapped where its version is still the one that was read. */

import { type Document, wakeAt } from '../../domain/document.ts'
import { err, type Result } from '../../domain/result.ts'
import type { DamagedDocument, Documents } from '../documents.ts'
import { boundedRows } from '../page.ts'
import { documentText, readDocumentText } from '../stored.ts'
import { bodyOf, readBody } from './body.ts'
import { number, numberOf, text, textOf, type Item } from './dynamo.ts'
import {
  BREAK,
  END,
  idOfItemKey,
  idOfName,
  isShortened,
  itemKey,
  nameOf,
  padded,
  LANE_NAMES,
  laneOf,
} from './item-key.ts'
import type { DynamoStore } from './store.ts'
import { itemsOf, merged, takeFrom, type Range } from './stream.ts'

/** The one partition of the index for lists: it is written only when a document is new. */
const KIND = text('document')

export function createDynamoDocuments({ dynamo, tables, onDamage }: DynamoStore): Documents {
  const TableName = tables.documents
  /** Keys of what could not be read, so that it does not stand first in `due` for ever; tried again by each `load`. */
  const damaged = new Set<string>()

  async function read(item: Item): Promise<Result<Document, DamagedDocument>> {
    const stored = textOf(item, 'id')
    const id = idOfName(textOf(item, 'name'))
    const result = readDocumentText(id, await readBody(item, 'body'))
    if (result.ok) {
      damaged.delete(stored)
      return result
    }
    damaged.add(stored)
    onDamage({ place: 'document', id, detail: result.error.detail })
    return err({ id, ...result.error })
  }

  return {
    async load(id) {
      const item = await dynamo.get(TableName, { id: text(await itemKey(id)) })
      if (item === null) return null
      const result = await read(item)
      if (!result.ok) throw new Error(describeDamage(result.error))
      return { document: result.value, version: numberOf(item, 'version') }
    },
    async save(document, wasVersion, now) {
      const id = await itemKey(document.id)
      const body = await bodyOf(`Document ${JSON.stringify(document.id.slice(0, 200))}`, documentText(document))
      const wake = wakeAt(document)
      const due = wake === null ? {} : { lane: text(laneOf(id)), due: text(`${padded(wake)}${BREAK}${id}`) }
      const rest = { id: text(id), kind: KIND, name: text(nameOf(document.id)), saved: number(now) }
      const writer = crypto.randomUUID()
      const saved = await dynamo.put({
        TableName,
        Item: { ...rest, ...due, version: number(wasVersion + 1), writer: text(writer), body },
        ...(wasVersion === 0
          ? { ConditionExpression: 'attribute_not_exists(id)' }
          : { ConditionExpression: 'version = :was', ExpressionAttributeValues: { ':was': number(wasVersion) } }),
      })
      return saved || (await isBy(writer, id)) ? 'saved' : 'conflict'
    },
    async due(now, limit) {
      const first = boundedRows(limit) + damaged.size
      const lanes = LANE_NAMES.map((lane) => itemsOf(dynamo, dueIn(lane, now, first)))
      const items = await takeFrom(merged(lanes, 'due'), first)
      const readable = items.map((item) => textOf(item, 'id')).filter((id) => !damaged.has(id))
      return Promise.all(readable.slice(0, boundedRows(limit)).map(idOf))
    },
    async list({ prefix = '', after, limit }) {
      const size = boundedRows(limit)
      const keys = await takeFrom(itemsOf(dynamo, await listed(prefix, after, size + 1)), size + 1)
      const page = keys.slice(0, size).map((item) => textOf(item, 'id'))
      const wanted = page.map((id) => ({ id: text(id) }))
      const items = await dynamo.getAll(TableName, wanted)
      const found = new Map(items.map((item) => [textOf(item, 'id'), item]))
      const there = page.map((id) => found.get(id)).filter((item) => item !== undefined)
      const all = await Promise.all(there.map(read))
      return {
        documents: all.flatMap((result) => (result.ok ? [result.value] : [])),
        damaged: all.flatMap((result) => (result.ok ? [] : [result.error])),
        next: keys.length > size ? await idOf(page.at(-1) ?? '') : null,
      }
    },
  }

  /** The client asks again where an answer was lost, and what stands in its way then is what it wrote itself. */
  async function isBy(writer: string, id: string): Promise<boolean> {
    const item = await dynamo.get(TableName, { id: text(id) })
    return item !== null && textOf(item, 'writer') === writer
  }

  /** A very long id does not stand in its key. */
  async function idOf(stored: string): Promise<string> {
    if (!isShortened(stored)) return idOfItemKey(stored)
    const item = await dynamo.get(TableName, { id: text(stored) })
    return item === null ? idOfItemKey(stored) : idOfName(textOf(item, 'name'))
  }

  function dueIn(lane: string, now: number, first: number): Range {
    return {
      TableName,
      IndexName: 'due',
      KeyConditionExpression: 'lane = :lane AND due < :end',
      ExpressionAttributeValues: { ':lane': text(lane), ':end': text(padded(now + 1)) },
      first,
    }
  }

  async function listed(prefix: string, after: string | undefined, first: number): Promise<Range> {
    const low = await itemKey(prefix)
    const behind = after === undefined ? low : `${await itemKey(after)}${BREAK}`
    const high = `${low}${END}`
    const from = [low, behind].toSorted().at(-1) ?? low
    return {
      TableName,
      IndexName: 'list',
      KeyConditionExpression: 'kind = :kind AND id BETWEEN :from AND :to',
      // A range that ends before it begins is an error, not empty.
      ExpressionAttributeValues: { ':kind': KIND, ':from': text(from), ':to': text(from > high ? from : high) },
      first,
    }
  }
}

function describeDamage({ id, reason, detail }: DamagedDocument): string {
  const remedy = reason === 'newer-schema' ? 'Run the newer program.' : 'Restore it from a backup.'
  return `The stored document ${JSON.stringify(id)} cannot be read and is left as it is: ${detail}. ${remedy}`
}
