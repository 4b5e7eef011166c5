/** Who may tell us something, each loaded only where the configuration asks for it: for platforms that start for a request. */

import type { Config } from './domain/config.ts'
import type { InteractionParts } from './interactions.ts'
import { loadReceivers } from './receivers/lazy.ts'
import type { Receiver } from './receivers/receiver.ts'

/** Registries by their names, and the chat where there is one. */
export async function loadIntake(config: Config, parts: InteractionParts): Promise<ReadonlyMap<string, Receiver>> {
  const receivers = await loadReceivers(config, parts.secretOf, parts.http)
  if (config.slack === undefined) return receivers
  const { withInteractions } = await import('./interactions.ts')
  return withInteractions(config, receivers, parts)
}
