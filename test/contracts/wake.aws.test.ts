/** Messages that a queue holds back, and the schedule, wake as the port says: the engine of the functions over DynamoDB and SQS. */

import { startFauxqs } from 'fauxqs'
import { createAwsCall } from '../../src/clients/aws/call.ts'
import { createQueue } from '../../src/clients/aws/queue.ts'
import { createHttp } from '../../src/clients/http.ts'
import { lineId } from '../../src/domain/line.ts'
import { Json } from '../../src/domain/json.ts'
import { WakeUp, type Later } from '../../src/domain/wake-up.ts'
import { invoke, notePorts, sweep, type World } from '../../src/invocation.ts'
import { createDynamoState } from '../../src/state/dynamodb.ts'
import { createDynamo } from '../../src/state/dynamodb/sdk.ts'
import type { Wake } from '../../src/state/wake.ts'
import { AWS_ENV, startDynalite } from '../helpers/dynalite.ts'
import type { LambdaFunction } from '../helpers/lambda-function.ts'
import { startPoller } from '../helpers/lambda-poller.ts'
import { quietVersion } from '../helpers/wake-line.ts'
import { plan, wakePorts } from '../helpers/wake.ts'
import { noting } from '../helpers/wake-processes.ts'
import { describeWake, type WakeSubject } from './wake.contract.ts'

Object.assign(process.env, AWS_ENV)
/** In life each minute. */
const SCHEDULE_MS = 500
const REMAINING_MS = 120_000

async function open(): Promise<WakeSubject> {
  const dynalite = await startDynalite()
  const tables = await dynalite.createTables()
  const sqs = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1', defaultRegion: AWS_ENV.AWS_REGION })
  const queueUrl = `http://127.0.0.1:${sqs.port}/000000000000/wake-ups`
  sqs.createQueue('wake-ups', { region: AWS_ENV.AWS_REGION })
  const state = createDynamoState({ dynamo: createDynamo({ endpoint: dynalite.url }), tables })
  const done = noting()
  let skipped = 0
  const now = (): number => Date.now() + skipped
  const ports = await wakePorts(state, now, done.note)
  const leave = leaveTo(queueUrl)
  const world: World = { ports, inbox: state.inbox, leave }
  const functions = { queue: functionOf((event) => onMessages(event, world)), timer: functionOf(() => sweep(world)) }
  const start = () => startPoller({ ...functions, queueUrl, scheduleMs: SCHEDULE_MS })
  let poller = start()

  /** As an invocation leaves it behind. */
  const wake: Wake = async (id, at) => {
    const noted = notePorts(world)
    await noted.ports.wake(id, at)
    await noted.leaveNoted()
  }
  return {
    plan: (name, at) => plan(state, wake, name, at, now()),
    wake: (name, at) => wake(lineId(name), at),
    quietVersion: (name) => quietVersion(state.documents, name),
    done: done.of,
    now,
    skip: async (ms) => void (skipped += ms),
    /** The functions hold nothing between their invocations: what is left is in the queue and in the tables. */
    async restart() {
      await poller.stop()
      poller = start()
    },
    async close() {
      await poller.stop()
      await sqs.stop()
      await dynalite.close()
    },
  }
}

/** As `handlers/aws/queue.ts`, whose configuration is built into it. */
async function onMessages(event: unknown, world: World): Promise<object> {
  const { Records } = event as { readonly Records: readonly { readonly messageId: string; readonly body: string }[] }
  const wakeUps = Records.map(({ body }) => Json.pipe(WakeUp).parse(body))
  const succeeded = await invoke(wakeUps, { ...world, remainingMs: () => REMAINING_MS })
  const failed = Records.filter((_, index) => succeeded[index] === false)
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}

function functionOf(run: (event: unknown) => Promise<unknown>): LambdaFunction {
  return { invoke: run, kill: async () => 0 }
}

function leaveTo(queueUrl: string): (later: readonly Later[]) => Promise<void> {
  const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random })
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = AWS_ENV
  const call = createAwsCall(
    { service: 'sqs', target: 'AmazonSQS', json: '1.0', endpoint: new URL(new URL(queueUrl).origin) },
    { http, region, credentials: async () => ({ accessKeyId, secretAccessKey }), now: Date.now, random: Math.random },
  )
  const queue = createQueue(call, queueUrl)
  return (later) =>
    queue.send(later.map(({ wakeUp, delayMs }) => ({ body: JSON.stringify(wakeUp), delaySeconds: delayMs / 1_000 })))
}

describeWake('SQS and the schedule', open)
