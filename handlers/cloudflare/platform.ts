/** The parts of Cloudflare's runtime that we use, as types, and what our Worker is bound to (infra/cloudflare/wrangler.jsonc). */

import type { Allowance } from '../../src/allowance.ts'
import type { DocumentId } from '../../src/domain/document.ts'
import type { D1 } from '../../src/state/d1/database.ts'
import type { Queue } from '../../src/state/d1/wake-ups.ts'
import type { RemoteObject } from '../../src/state/durable-object.ts'

export type MessageBatch = {
  readonly queue: string
  readonly messages: readonly { readonly body: unknown; ack(): void }[]
  ackAll(): void
}
export type Context = { waitUntil(promise: Promise<unknown>): void }
export type Fetcher = { fetch(input: URL | string, init?: RequestInit): Promise<Response> }

type DataPoint = { readonly indexes: string[]; readonly blobs: string[]; readonly doubles: number[] }
export type Dataset = { writeDataPoint(point: DataPoint): void }

export type Bindings = {
  /** One object for each document. */
  readonly DOCUMENTS: { getByName(name: string): RemoteObject & { take: Allowance } }
  readonly DB: D1
  readonly INBOX: Queue
  /** Workers Analytics Engine. */
  readonly METRICS?: Dataset
  /** The API's own hostname. Absent: it is a path beside the hooks. */
  readonly API_HOST?: string
  readonly LOG_LEVEL?: string
}
/** With the secrets and the Workers VPC services, by the names that the configuration gives them. */
export type Env = Bindings & Readonly<Record<string, unknown>>

export type ObjectOf = (id: DocumentId) => RemoteObject
