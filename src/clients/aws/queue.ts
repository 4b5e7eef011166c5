/** A queue of SQS to send to: many messages in few calls, each within its bounds. */

import * as z from 'zod'
import { RetryLater } from '../../domain/retry.ts'
import type { AwsCall } from './call.ts'

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const ENTRIES_MAX = 10
const BATCH_BYTES_MAX = 256 * 1024
export const DELAY_SECONDS_MAX = 900
/** So that ten always fit into one call. */
const MESSAGE_BYTES_MAX = 16 * 1024
const CALLS_AT_ONCE_MAX = 8
const ROUNDS_MAX = 3

export type QueueMessage = { readonly body: string; readonly delaySeconds?: number }

export type Queue = {
  /** Durable when it resolves. Throws `RetryLater` where one of them was not taken; the others may have been. */
  send(messages: readonly QueueMessage[]): Promise<void>
}

const Sent = z.object({ Failed: z.array(z.object({ Id: z.string() })).default([]) })

export function createQueue(call: AwsCall, url: string): Queue {
  /** Those that were not taken. */
  async function sendSome(messages: readonly QueueMessage[]): Promise<readonly QueueMessage[]> {
    const Entries = messages.map(({ body, delaySeconds = 0 }, index) => ({
      Id: String(index),
      MessageBody: body,
      DelaySeconds: Math.min(Math.max(0, Math.ceil(delaySeconds)), DELAY_SECONDS_MAX),
    }))
    const sent = await call('SendMessageBatch', { QueueUrl: url, Entries })
    if (!sent.ok) throw new RetryLater(`the queue refuses: ${sent.error.code}`)
    const failed = new Set(Sent.parse(sent.value).Failed.map(({ Id }) => Id))
    return messages.filter((_, index) => failed.has(String(index)))
  }

  return {
    async send(messages) {
      for (const { body } of messages) checkSize(body)
      let left = messages
      for (let round = 0; left.length > 0; round += 1) {
        if (round >= ROUNDS_MAX) throw new RetryLater(`the queue did not take ${left.length} messages`)
        left = await inTurns(batchesOf(left), sendSome)
      }
    },
  }
}

function checkSize(body: string): void {
  const bytes = new TextEncoder().encode(body).length
  if (bytes <= MESSAGE_BYTES_MAX) return
  throw new Error(`a message of ${bytes} bytes was refused: at most ${MESSAGE_BYTES_MAX} are sent`)
}

function batchesOf(messages: readonly QueueMessage[]): readonly (readonly QueueMessage[])[] {
  const size = Math.min(ENTRIES_MAX, Math.floor(BATCH_BYTES_MAX / MESSAGE_BYTES_MAX))
  return Array.from({ length: Math.ceil(messages.length / size) }, (_, at) =>
    messages.slice(at * size, (at + 1) * size),
  )
}

async function inTurns<T>(values: readonly T[], work: (value: T) => Promise<readonly QueueMessage[]>) {
  const left: QueueMessage[] = []
  for (let at = 0; at < values.length; at += CALLS_AT_ONCE_MAX) {
    left.push(...(await Promise.all(values.slice(at, at + CALLS_AT_ONCE_MAX).map(work))).flat())
  }
  return left
}
