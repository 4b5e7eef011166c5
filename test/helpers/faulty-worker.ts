/** The Worker on a platform that has a bad day: each message of the queue comes twice and in reverse, and D1 can be down. */

import handler, { DocumentObject as Working } from '../../handlers/cloudflare.ts'
import type { Env, MessageBatch } from '../../handlers/cloudflare/platform.ts'

type Storage = ConstructorParameters<typeof Working>[0]
type Fetch = Parameters<typeof handler.fetch>

/** Isolates share no memory, so whether D1 is down is asked of the test itself. */
function faulty(env: Env): Env {
  const url = String(env['FAULTS'])
  const isDown = async (): Promise<boolean> => (await (await fetch(url)).text()) === 'down'
  const { DB } = env
  return {
    ...env,
    DB: {
      prepare: (query) => DB.prepare(query),
      async batch(statements) {
        if (await isDown()) throw new Error('D1 is down')
        return DB.batch(statements)
      },
    },
  }
}

export class DocumentObject extends Working {
  constructor(ctx: Storage, env: Env) {
    super(ctx, faulty(env))
  }

  /** Its memory is gone, and whatever it was doing ends in the midst. */
  crash(): void {
    ;(this.ctx as Storage & { abort(reason: string): void }).abort('the platform needed its place')
  }
}

/** Ends all objects; gives their number. */
async function crashAll({ DB, DOCUMENTS }: Env): Promise<number> {
  const [{ results = [] } = {}] = await DB.batch([DB.prepare('SELECT id FROM document').bind()])
  const names = results.map((row) => String((row as { id: unknown }).id))
  const crashing = names.map((name) => (DOCUMENTS.getByName(name) as unknown as { crash(): Promise<void> }).crash())
  await Promise.allSettled(crashing)
  return names.length
}

/** What the platform does with messages that failed too often. */
async function giveUp(env: Env): Promise<null> {
  const message = { body: {}, ack: () => {} }
  await handler.queue({ queue: 'drayage-inbox-dead', messages: [message, message], ackAll: () => {} }, env)
  return null
}

export default {
  async fetch(request: Fetch[0], env: Env, context: Fetch[2]): Promise<Response> {
    if (new URL(request.url).pathname === '/crash') return Response.json(await crashAll(env))
    if (new URL(request.url).pathname === '/dead') return Response.json(await giveUp(env))
    return handler.fetch(request, faulty(env), context)
  },
  scheduled: (event: unknown, env: Env) => handler.scheduled(event, faulty(env)),
  async queue(batch: MessageBatch, env: Env): Promise<void> {
    const backwards = { ...batch, queue: batch.queue, messages: batch.messages.toReversed() }
    await Promise.all([handler.queue(backwards, faulty(env)), handler.queue(backwards, faulty(env))])
  },
}
