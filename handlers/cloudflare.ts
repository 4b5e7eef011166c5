/** The Cloudflare handler: one Worker for requests, its queue and its schedule. Each document has an object of its own. Decides nothing. */

import { answer, flushTraces } from './cloudflare/requests.ts'
import type { Context, Env, MessageBatch } from './cloudflare/platform.ts'
import { createTools } from './cloudflare/tools.ts'

export { DocumentObject } from './cloudflare/document-object.ts'

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    const response = answer(request, env)
    // Goes on although the sender hangs up: others may wait for what this request fetches.
    context.waitUntil(response.then(() => flushTraces(env)).catch(() => {}))
    return response
  },

  /** Throws where D1 does not answer: the platform sends the messages again, and at last to the dead letters. */
  async queue(batch: MessageBatch, env: Env): Promise<void> {
    const tools = createTools(env)
    if (batch.queue.endsWith('-dead')) {
      tools.log.error('wake-ups were given up', { messages: batch.messages.length })
      return
    }
    const { onMessages } = await import('./cloudflare/work.ts')
    await onMessages(env, batch)
  },

  async scheduled(_event: unknown, env: Env): Promise<void> {
    const { onSchedule } = await import('./cloudflare/work.ts')
    await onSchedule(env)
  },
}
