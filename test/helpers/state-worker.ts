/** The Worker with one more route: the ports of its state, called by a test in another process. Each case has objects of its own. */

import handler, { DocumentObject as Working } from '../../handlers/cloudflare.ts'
import type { Env } from '../../handlers/cloudflare/platform.ts'
import { createDatabase } from '../../src/state/d1/database.ts'
import { createObjectState } from '../../src/state/durable-object.ts'
import { key } from '../../src/state/key.ts'

/** Alarms are set as always, and nobody works when they ring: a store alone is what the test is about. */
export class DocumentObject extends Working {
  override async alarm(): Promise<void> {}
}

type Call = { readonly space: string; readonly port: string; readonly method: string; readonly args: unknown[] }
type Method = (...args: unknown[]) => Promise<unknown>

export default {
  queue: (...args: Parameters<typeof handler.queue>) => handler.queue(...args),
  scheduled: (...args: Parameters<typeof handler.scheduled>) => handler.scheduled(...args),
  async fetch(request: Request, env: Env, context: Parameters<typeof handler.fetch>[2]): Promise<Response> {
    if (new URL(request.url).pathname !== '/state') return handler.fetch(request, env, context)
    const { space, port, method, args } = (await request.json()) as Call
    const state = createObjectState({
      objectOf: (id) => env.DOCUMENTS.getByName(`${space}/${key(id)}`),
      database: createDatabase(env.DB),
      onDamage: () => {},
    }) as unknown as Record<string, Record<string, Method>>
    try {
      return Response.json({ value: (await state[port]?.[method]?.(...args)) ?? null })
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error('unknown failure')
      return Response.json({ error: { name, message } })
    }
  },
}
