/** The Worker with routes for the contract of wake-ups: documents into their objects, and a clock that a test moves on. */

import handler, { DocumentObject as Working } from '../../handlers/cloudflare.ts'
import type { Env } from '../../handlers/cloudflare/platform.ts'
import { lineId } from '../../src/domain/line.ts'
import { key } from '../../src/state/key.ts'
import { aLineToWake, quietVersion, TROUBLES } from './wake-line.ts'

type Storage = ConstructorParameters<typeof Working>[0]
type Context = Storage & {
  readonly id: { readonly name?: string }
  readonly storage: { getAlarm(): Promise<number | null> }
}

let skipped = 0
const platformNow = Date.now
Date.now = () => platformNow() + skipped

/** What the first pieces of work on it need is not there. */
function troubled(env: Env): Env {
  let troubles = 0
  return Object.defineProperty({ ...env }, 'METRICS', {
    get() {
      troubles += 1
      if (troubles <= TROUBLES) throw new Error('the dataset is away')
      return env.METRICS
    },
  })
}

export class DocumentObject extends Working {
  constructor(ctx: Storage, env: Env) {
    super(ctx, (ctx as Context).id.name === key(lineId('trouble')) ? troubled(env) : env)
  }

  /** Its clock goes on, and the platform calls whose alarm that passes. */
  async skip(ms: number): Promise<void> {
    skipped = Math.max(skipped, ms)
    const at = await (this.ctx as Context).storage.getAlarm()
    if (at !== null && at <= Date.now()) await this.alarm()
  }
}

type Asked = { readonly method: string; readonly name: string; readonly at: number }
type Fetch = Parameters<typeof handler.fetch>

async function answer({ method, name, at }: Asked, { DOCUMENTS }: Env): Promise<unknown> {
  const object = DOCUMENTS.getByName(key(lineId(name)))
  switch (method) {
    case 'plan':
      return object.save(aLineToWake(name, at), 0, Date.now())
    case 'wake':
      return object.wake(lineId(name))
    case 'skip':
      return (object as unknown as { skip(ms: number): Promise<void> }).skip(at)
    default:
      return quietVersion({ load: (id) => object.load(id) }, name)
  }
}

export default {
  queue: (...args: Parameters<typeof handler.queue>) => handler.queue(...args),
  scheduled: (...args: Parameters<typeof handler.scheduled>) => handler.scheduled(...args),
  async fetch(request: Fetch[0], env: Env, context: Fetch[2]): Promise<Response> {
    if (new URL(request.url).pathname !== '/wake') return handler.fetch(request, env, context)
    return Response.json((await answer((await request.json()) as Asked, env)) ?? null)
  },
}
