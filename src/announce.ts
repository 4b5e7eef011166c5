/** Where a promotion is shown: in a message of its own, or as a row of its channel's list. The list's document says which. */

import { bulletinId, canList } from './domain/bulletin.ts'
import type { Document } from './domain/document.ts'
import type { EffectOf } from './domain/effect.ts'
import { isListed } from './decide/index.ts'
import { transition } from './advance.ts'
import type { Ports } from './ports.ts'

/** True: it is listed, and shown with the list. What has a message of its own keeps it. */
export async function announce(
  { stage, promotion, channel, known, card, fence: order, ...effect }: EffectOf<'show'>,
  { id: line }: Document,
  ports: Ports,
): Promise<boolean> {
  if (known !== null || !canList(channel, stage)) return false
  const { isListed: wasListed = false, isLast: isOver = false, isBatch = false } = effect
  const said = { line, promotion, order, card, isListed: wasListed, isOver, isBatch }
  const { document } = await transition(bulletinId(channel, stage), [{ kind: 'announce', ...said }], ports)
  if (document.kind !== 'bulletin') throw new Error(`${document.id} is no list`)
  return isListed(document, promotion) || (wasListed && isOver)
}
