/** The repositories that history speaks of: few, so that a part of an image's name is looked up here and not in all entries. */

import { BETWEEN, imagesIn } from '../../domain/release.ts'
import { text, textOf } from './dynamo.ts'
import { BREAK, idOfName, itemKey, nameOf } from './item-key.ts'
import type { DynamoStore } from './store.ts'
import { itemsOf, takeFrom } from './stream.ts'

/** No document's key begins like that. */
const PARTITION = text(`${BREAK}repositories`)
const KNOWN_MAX = 10_000
const READ_MAX = 20_000

export type Repositories = {
  add(repository: string): Promise<void>
  /** Those with an image whose name may have the part in it; null for a part that does not tell. */
  having(part: string): Promise<readonly string[] | null>
}

/** All of an image's name before its tag and digest; of a release, those of its images. */
export function repositoryOf(image: string): string {
  return imagesIn(image).map(nameBefore).join(BETWEEN)
}

function nameBefore(image: string): string {
  const end = endOfRepository(image)
  return end === -1 ? image : image.slice(0, end)
}

export function createRepositories({ dynamo, tables }: DynamoStore): Repositories {
  const TableName = tables.journal
  const known = new Set<string>()
  return {
    async add(repository) {
      if (known.has(repository)) return
      const Item = { document: PARTITION, seq: text(await itemKey(repository)), name: text(nameOf(repository)) }
      await dynamo.put({ TableName, Item, ConditionExpression: 'attribute_not_exists(document)' })
      if (known.size >= KNOWN_MAX) known.clear()
      known.add(repository)
    },
    async having(part) {
      // Tags and digests have no slash, so that a part with one is of the repository, or begins there.
      if (!part.includes('/')) return null
      const all = itemsOf(dynamo, {
        TableName,
        KeyConditionExpression: 'document = :all',
        ExpressionAttributeValues: { ':all': PARTITION },
        first: READ_MAX,
      })
      const names = (await takeFrom(all, READ_MAX)).map((item) => idOfName(textOf(item, 'name')))
      const end = endOfRepository(part)
      const isMeant = (name: string): boolean => end !== -1 && name.endsWith(part.slice(0, end))
      return names.filter((name) => name.includes(part) || imagesIn(name).some(isMeant))
    },
  }
}

function endOfRepository(image: string): number {
  const from = image.lastIndexOf('/') + 1
  const end = image.slice(from).search(/[:@]/u)
  return end === -1 ? -1 : from + end
}
