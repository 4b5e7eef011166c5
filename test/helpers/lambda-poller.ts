/** What calls functions without a request: the poller of a queue, which takes away what succeeded, and the schedule. */

import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs'
import { AWS_ENV } from './dynalite.ts'
import type { LambdaFunction } from './lambda-function.ts'

const BATCH_MAX = 10
const POLLERS = 2
const REST_MS = 25

export type PollerOptions = {
  readonly queue: LambdaFunction
  readonly timer: LambdaFunction
  readonly queueUrl: string
  readonly scheduleMs: number
  /** In what order, and how often, a batch reaches the function. Default: once, as it came. */
  readonly deliver?: (messages: readonly Message[]) => readonly (readonly Message[])[]
}

export function startPoller({ queue, timer, queueUrl, scheduleMs, deliver = (all) => [all] }: PollerOptions) {
  const client = new SQSClient({
    endpoint: new URL(queueUrl).origin,
    region: AWS_ENV.AWS_REGION,
    credentials: { accessKeyId: AWS_ENV.AWS_ACCESS_KEY_ID, secretAccessKey: AWS_ENV.AWS_SECRET_ACCESS_KEY },
  })
  const stopping = new AbortController()

  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const received = await client.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: BATCH_MAX, VisibilityTimeout: 60 }),
      )
      const messages = received.Messages ?? []
      if (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, REST_MS))
      for (const batch of deliver(messages)) await give(batch)
    }
  }

  /** Failed ones are seen again at once; in life after the queue's visibility timeout. */
  const give = async (messages: readonly Message[]): Promise<void> => {
    if (messages.length === 0) return
    const failed = await queue.invoke(sqsEvent(messages)).then(
      (result) =>
        new Set(
          (result as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures.map(
            ({ itemIdentifier }) => itemIdentifier,
          ),
        ),
      () => new Set(messages.map(({ MessageId }) => MessageId ?? '')),
    )
    for (const { MessageId = '', ReceiptHandle = '' } of messages) {
      const named = { QueueUrl: queueUrl, ReceiptHandle }
      if (failed.has(MessageId)) {
        await client.send(new ChangeMessageVisibilityCommand({ ...named, VisibilityTimeout: 0 })).catch(() => {})
      } else await client.send(new DeleteMessageCommand(named)).catch(() => {})
    }
  }

  const schedule = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await timer.invoke(scheduleEvent()).catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, scheduleMs))
    }
  }

  const running = Promise.all([schedule(), ...Array.from({ length: POLLERS }, poll)])
  return {
    async stop(): Promise<void> {
      stopping.abort()
      await running
      client.destroy()
    },
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event */
export function sqsEvent(messages: readonly Message[]): object {
  return {
    Records: messages.map(({ MessageId, ReceiptHandle, Body, MD5OfBody }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(Date.now()),
        SenderId: 'AIDAEXAMPLE',
        ApproximateFirstReceiveTimestamp: String(Date.now()),
      },
      messageAttributes: {},
      md5OfBody: MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:wake-ups',
      awsRegion: 'eu-west-1',
    })),
  }
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/events/EventTypes.html#schedule_event_type */
export function scheduleEvent(): object {
  return {
    version: '0',
    id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: new Date().toISOString(),
    region: 'eu-west-1',
    resources: ['arn:aws:events:eu-west-1:000000000000:rule/drayage-sweep'],
    detail: {},
  }
}
