/** The Durable Object class: one document, its alarm, its work. All of it is in `src`; this gives it the platform's parts. */

import { DurableObject } from 'cloudflare:workers'
import { createBuckets, perMinuteBy } from '../../src/allowance.ts'
import type { Otlp } from '../../src/clients/otlp.ts'
import type { Document, DocumentId } from '../../src/domain/document.ts'
import type { Ports } from '../../src/pipeline.ts'
import type { Loaded } from '../../src/state/documents.ts'
import { createDatabase } from '../../src/state/d1/database.ts'
import {
  createDocumentObject,
  type DocumentObject as Core,
  type ObjectStorage,
} from '../../src/state/durable-object/document-object.ts'
import type { Env } from './platform.ts'
import { createTools, createWorkerLog, loaded, remoteObjects } from './tools.ts'

export class DocumentObject extends DurableObject<Env> {
  readonly #core: Core
  #ports: Ports | undefined
  #traces: Otlp | null = null
  readonly #bucket = createBuckets({ perMinuteOf: perMinuteBy(loaded.config.registries), now: Date.now })

  constructor(ctx: { readonly storage: ObjectStorage }, env: Env) {
    super(ctx, env)
    this.#core = createDocumentObject({
      storage: ctx.storage,
      database: createDatabase(env.DB),
      work: async (id) => {
        const { work } = await import('../../src/pipeline.ts')
        await work(id, await this.#open())
        await this.#traces?.flush()
      },
      now: Date.now,
      log: createWorkerLog(env),
    })
  }

  load(id: DocumentId): Promise<Loaded | null> {
    return this.#core.load(id)
  }

  save(document: Document, wasVersion: number, now: number): Promise<'saved' | 'conflict'> {
    return this.#core.save(document, wasVersion, now)
  }

  /** Of the object that is a registry's bucket and no document's. */
  take(source: string, events: number): Promise<number> {
    return this.#bucket(source, events)
  }

  wake(id: DocumentId): Promise<void> {
    return this.#core.wake(id)
  }

  alarm(): Promise<void> {
    return this.#core.alarm()
  }

  /** Its own document is at hand; others are called. */
  async #open(): Promise<Ports> {
    if (this.#ports !== undefined) return this.#ports
    const elsewhere = remoteObjects(this.env)
    const { createPorts } = await import('./ports.ts')
    const tools = createTools(this.env, (id) => (this.#core.holds(id) ? this.#core : elsewhere(id)))
    this.#traces = tools.traces
    this.#ports = createPorts(tools)
    return this.#ports
  }
}
