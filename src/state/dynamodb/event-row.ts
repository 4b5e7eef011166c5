/** An item of the inbox as a row. */

import type { Result } from '../../domain/result.ts'
import type { InboxRow } from '../../domain/walk.ts'
import { readInboxRow } from '../stored.ts'
import { readBody } from './body.ts'
import { numberOf, textOf, type Item } from './dynamo.ts'

export async function readEvent(item: Item): Promise<Result<InboxRow, string>> {
  const [accepted, walk] = await Promise.all([readBody(item, 'accepted'), readBody(item, 'walk')])
  return readInboxRow({ accepted, walk, state: textOf(item, 'state'), attempts: numberOf(item, 'attempts') })
}
