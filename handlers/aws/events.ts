/** Lambda: events of AWS itself, from EventBridge by a queue. Each is written before its message is taken away. */

import type { Config } from '../../src/domain/config.ts'
import { readQueued } from '../../src/receivers/queued.ts'
import { createIntake } from './inbox.ts'
import type { SqsBatch, SqsFailures } from './platform.ts'
import { follow } from './following.ts'
import { createTools } from './tools.ts'

const tools = createTools(process.env)
const { log, measure, now } = tools
const following = follow(tools)
const inbox = createIntake(tools)

export async function handler({ Records }: SqsBatch): Promise<SqsFailures> {
  const { config } = await following.current()
  const taken = await Promise.all(Records.map(({ body }) => take(body, config)))
  const failed = Records.filter((_, index) => taken[index] === false)
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}

/** False where it should come again: it could not be written, or nobody can read it, and the dead letters tell somebody. */
async function take(body: string, { registries }: Config): Promise<boolean> {
  const read = readQueued(body, registries, now())
  if (!read.ok) {
    const { reason, detail } = read.error
    log[reason === 'ignored' ? 'info' : 'warn']('message not taken', { reason, detail })
    return reason === 'ignored'
  }
  try {
    const results = await inbox.put(read.value)
    read.value.forEach(({ id, source }, index) => {
      const outcome = results[index] ?? 'stored'
      measure({ kind: 'event', source, outcome })
      log.info('message accepted', { id, source, outcome })
    })
    return true
  } catch (error) {
    log.error('message not written', { detail: error instanceof Error ? error.message : 'unknown failure' })
    return false
  }
}
