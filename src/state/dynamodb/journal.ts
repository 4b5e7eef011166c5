/** The journal in DynamoDB: one item for each entry, by document and number. Indexes hold keys, and the image where it is searched. */

import type { Entry } from '../../domain/history.ts'
import type { Journal, JournalQuery } from '../journal.ts'
import { key } from '../key.ts'
import { boundedRows, formatPlace, parsePlace, type Place } from '../page.ts'
import { entryText, readEntryText } from '../stored.ts'
import { bodyOf, readBody } from './body.ts'
import { number, text, textOf, type Item } from './dynamo.ts'
import { BREAK, idOfItemKey, idOfName, itemKey, nameOf, padded, laneOf } from './item-key.ts'
import { placeKey, sourceOf, type Source } from './journal-source.ts'
import { createRepositories, repositoryOf } from './repositories.ts'
import { expiry, type DynamoStore } from './store.ts'
import { eachOf, isStop, takeFrom } from './stream.ts'

/** Index pages of up to 1 MB that one question may read; after them it says "so far", and where to go on. */
const QUERY_PAGES_MAX = 64
const LOADED_AT_ONCE = 100
/** No image has a longer name. */
const IMAGE_LENGTH_MAX = 2048

export function createDynamoJournal(store: DynamoStore): Journal {
  const { dynamo, tables, onDamage } = store
  const TableName = tables.journal
  const repositories = createRepositories(store)

  async function read(item: Item): Promise<Entry | null> {
    const result = readEntryText(await readBody(item, 'body'))
    if (result.ok) return result.value
    const { document, seq } = placeOf(item)
    onDamage({ place: 'entry', id: `${document}#${seq}`, detail: result.error })
    return null
  }

  async function load(keys: readonly Item[]): Promise<readonly Item[]> {
    const wanted = keys.map(({ document = text(''), seq = text('') }) => ({ document, seq }))
    const name = (item: Item): string => `${textOf(item, 'document')}${BREAK}${textOf(item, 'seq')}`
    const items = new Map((await dynamo.getAll(TableName, wanted)).map((item) => [name(item), item]))
    return keys.map((one) => items.get(name(one))).filter((item) => item !== undefined)
  }

  /** One more than asked for, where there is one: so that its reader knows. */
  async function collect({ items, whole }: Source, query: JournalQuery): Promise<Collected> {
    const found: Found[] = []
    while (found.length <= query.limit) {
      const some = await takeFrom(items, Math.min(query.limit + 1 - found.length, LOADED_AT_ONCE))
      if (some.length === 0) return { found, stop: null }
      const at = some.findIndex(isStop)
      const keys = at === -1 ? some : some.slice(0, at)
      for (const item of whole ? keys : await load(keys)) {
        const entry = await read(item)
        if (entry !== null && isMeant(entry, query)) found.push({ entry, place: placeOf(item) })
      }
      const stop = some[at]
      if (stop !== undefined) return { found, stop: placeOf(stop) }
    }
    return { found, stop: null }
  }

  return {
    async append(entries) {
      const first = new Map(entries.toReversed().map((entry) => [`${entry.seq} ${entry.document}`, entry]))
      // All are made before the first is written: what does not fit refuses the whole.
      const items = await Promise.all([...first.values()].map((entry) => itemOf(entry, store)))
      const images = new Set(entries.flatMap(({ image }) => (image === undefined ? [] : repositoryOf(image))))
      // Before the entries, so that an entry that is there can be found.
      await eachOf([...images], repositories.add)
      await eachOf(items, (Item) =>
        dynamo.put({ TableName, Item, ConditionExpression: 'attribute_not_exists(document)' }),
      )
    },
    async query(asked) {
      const query = { ...asked, limit: boundedRows(asked.limit) }
      const place = query.before === undefined ? undefined : parsePlace(query.before)
      const isNothing = place === null || query.limit === 0 || (query.image ?? '').length > IMAGE_LENGTH_MAX
      if (isNothing) return { entries: [], next: null }
      const budget = { pages: QUERY_PAGES_MAX }
      const { found, stop } = await collect(await sourceOf(store, { query, place, budget, repositories }), query)
      const page = found.slice(0, query.limit)
      const next = found.length > page.length ? (page.at(-1)?.place ?? null) : stop
      return { entries: page.map(({ entry }) => entry), next: next === null ? null : formatPlace(next) }
    },
  }
}

type Found = { readonly entry: Entry; readonly place: Place }
type Collected = { readonly found: readonly Found[]; readonly stop: Place | null }

async function itemOf(entry: Entry, { journalDays }: DynamoStore): Promise<Item> {
  const { promotion, cause, image } = entry
  const document = await itemKey(entry.document)
  const what = `Entry ${entry.seq} of ${JSON.stringify(entry.document.slice(0, 200))}`
  return {
    document: text(document),
    seq: text(padded(entry.seq)),
    name: text(nameOf(entry.document)),
    lane: text(laneOf(document)),
    place: text(await placeKey(entry)),
    body: await bodyOf(what, entryText(entry)),
    ...(promotion === undefined ? {} : { promotion: text(await itemKey(promotion)) }),
    ...(cause === undefined ? {} : { cause: text(await itemKey(cause)) }),
    ...(image === undefined ? {} : { repository: text(await itemKey(repositoryOf(image))), image: text(key(image)) }),
    ...(journalDays === null ? {} : { expires: number(expiry(entry.at, journalDays)) }),
  }
}

function isMeant(entry: Entry, { document, promotion, cause, image }: JournalQuery): boolean {
  if (document !== undefined && entry.document !== document) return false
  if (promotion !== undefined && entry.promotion !== promotion) return false
  if (cause !== undefined && entry.cause !== cause) return false
  return image === undefined || entry.image?.includes(image) === true
}

/** Of an item, or of the key where a search stopped. */
function placeOf(item: Item): Place {
  const name = textOf(item, 'name')
  const document = name === '' ? idOfItemKey(textOf(item, 'document')) : idOfName(name)
  const at = Number(textOf(item, 'place').split(BREAK)[0])
  return { at, seq: Number(textOf(item, 'seq')), document }
}
