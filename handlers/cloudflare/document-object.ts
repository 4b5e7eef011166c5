/** The Durable Object class: one document, its alarm, its work. All of it is in `src`; this gives it the platform's parts. */

import { DurableObject } from 'cloudflare:workers'
import { createBuckets, perMinuteBy } from '../../src/allowance.ts'
import type { Otlp } from '../../src/clients/otlp.ts'
import type { Config } from '../../src/domain/config.ts'
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
import { inForce, openTools } from './following.ts'
import { createWorkerLog, remoteObjects } from './tools.ts'

export class DocumentObject extends DurableObject<Env> {
  readonly #core: Core
  #ports: Ports | undefined
  /** Whose the ports are. */
  #hash = ''
  #registries: Config['registries'] = {}
  #traces: Otlp | null = null
  readonly #bucket = createBuckets({ perMinuteOf: (source) => perMinuteBy(this.#registries)(source), now: Date.now })

  constructor(ctx: { readonly storage: ObjectStorage }, env: Env) {
    super(ctx, env)
    this.#core = createDocumentObject({
      storage: ctx.storage,
      database: createDatabase(env.DB),
      work: async (id) => {
        const { work } = await import('../../src/pipeline.ts')
        try {
          await work(id, await this.#open())
        } finally {
          await this.#traces?.flush()
        }
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
  async take(source: string, events: number): Promise<number> {
    this.#registries = (await inForce(this.env)).config.registries
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
    const { hash } = await inForce(this.env)
    if (this.#ports !== undefined && this.#hash === hash) return this.#ports
    const elsewhere = remoteObjects(this.env)
    const { createPorts } = await import('./ports.ts')
    const tools = await openTools(this.env, (id) => (this.#core.holds(id) ? this.#core : elsewhere(id)))
    this.#traces = tools.traces
    this.#hash = tools.loaded.hash
    this.#ports = createPorts(tools)
    return this.#ports
  }
}
