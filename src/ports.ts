/** What the pipeline needs of the world: one type, given by each platform. */

import type { LoadedConfig } from './domain/config.ts'
import type { Log } from './domain/log.ts'
import type { Measure } from './domain/measure.ts'
import type { Registries } from './domain/registry.ts'
import type { Trace } from './domain/span.ts'
import type { Outbound } from './effects.ts'
import type { Documents } from './state/documents.ts'
import type { Inbox } from './state/inbox.ts'
import type { Keep } from './state/keep.ts'
import type { Journal } from './state/journal.ts'
import type { Wake } from './state/wake.ts'

/** All that the pipeline needs of the world. */
export type Ports = Outbound & {
  readonly documents: Documents
  readonly inbox: Inbox
  readonly journal: Journal
  readonly keep: Keep
  readonly wake: Wake
  readonly registries: Registries
  /** The configuration in force: asked for anew at every step. */
  readonly config: () => LoadedConfig
  readonly now: () => number
  readonly log: Log
  readonly measure: Measure
  /** Absent: nobody collects traces. */
  readonly trace?: Trace
}
