/**
 * The functions as they are deployed: built, each event given to processes of their own, the real client of AWS in them,
 * and behind it DynamoDB and SQS on loopback. What Lambda does around them (function URLs, the poller of a queue, the
 * schedule) is here, with the shapes of real events.
 */

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startFauxqs } from 'fauxqs'
import { AWS_ENV, startDynalite } from './dynalite.ts'
import { createFunction, type LambdaFunction } from './lambda-function.ts'
import { endLeases } from './lambda-leases.ts'
import { startPoller, type PollerOptions } from './lambda-poller.ts'
import { throttle, type Throttled } from './throttle.ts'

const ROOT = new URL('../..', import.meta.url).pathname
/** In life each minute. */
const SCHEDULE_MS = 1_000
const AT_ONCE_MAX = 3
export const FUNCTIONS = ['webhook', 'api', 'queue', 'timer', 'events'] as const
export type FunctionName = (typeof FUNCTIONS)[number]

export type LambdaOptions = {
  readonly config: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, string>>
  /** Beside `drayage.yaml`, by name. */
  readonly files?: Readonly<Record<string, string>>
  readonly deliver?: PollerOptions['deliver']
  /** What the functions log, as it comes. */
  readonly onOutput?: (text: string) => void
}
export type Lambdas = Awaited<ReturnType<typeof startLambdas>>

export async function startLambdas({ config, secrets, files = {}, deliver, onOutput }: LambdaOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-lambda-'))
  const dist = join(folder, 'dist')
  writeFileSync(join(folder, 'drayage.yaml'), JSON.stringify(config))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const build = [join(ROOT, 'scripts/build-aws.ts'), '--config', join(folder, 'drayage.yaml'), '--out', dist]
  await promisify(execFile)(process.execPath, build)
  const dynalite = await startDynalite()
  const tables = await dynalite.createTables()
  const sqs = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1', defaultRegion: AWS_ENV.AWS_REGION })
  const queueUrl = `http://127.0.0.1:${sqs.port}/000000000000/wake-ups`
  sqs.createQueue('wake-ups', { region: AWS_ENV.AWS_REGION })
  let output = ''
  const env = {
    ...AWS_ENV,
    ...secrets,
    DRAYAGE_TABLE_DOCUMENTS: tables.documents,
    DRAYAGE_TABLE_INBOX: tables.inbox,
    DRAYAGE_TABLE_JOURNAL: tables.journal,
    DRAYAGE_QUEUE_URL: queueUrl,
    AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${sqs.port}`,
  }
  const proxies = {} as Record<FunctionName, Throttled>
  const functions = {} as Record<FunctionName, LambdaFunction>
  for (const name of FUNCTIONS) {
    proxies[name] = await throttle(dynalite.url)
    functions[name] = createFunction({
      module: join(dist, `${name}.mjs`),
      env: { ...env, AWS_ENDPOINT_URL_DYNAMODB: proxies[name].url },
      atOnceMax: AT_ONCE_MAX,
      onOutput: (text) => {
        output += text
        onOutput?.(text)
      },
    })
  }
  const hooks = await startFunctionUrl(functions.webhook)
  const api = await startFunctionUrl(functions.api)
  const start = () =>
    startPoller({ ...functions, queueUrl, scheduleMs: SCHEDULE_MS, ...(deliver === undefined ? {} : { deliver }) })
  let poller = start()
  return {
    hooks: hooks.url,
    api: api.url,
    functions,
    proxies,
    tables,
    log: () => output,
    async restart(): Promise<number> {
      const stopped = poller.stop()
      const killed = (await Promise.all(Object.values(functions).map((one) => one.kill()))).reduce((a, b) => a + b, 0)
      await stopped
      await endLeases(dynalite.url, tables)
      poller = start()
      return killed
    },
    async stop(): Promise<void> {
      await poller.stop()
      await Promise.all(Object.values(functions).map((one) => one.kill()))
      await Promise.all([hooks.close(), api.close()])
      await sqs.stop()
      await Promise.all(Object.values(proxies).map((proxy) => proxy.close()))
      await dynalite.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
async function startFunctionUrl(target: LambdaFunction) {
  const server = createServer((incoming, response) => void serve(incoming, response, target))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function serve(incoming: IncomingMessage, response: ServerResponse, target: LambdaFunction): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  try {
    const answered = (await target.invoke(functionUrlEvent(incoming, Buffer.concat(chunks)))) as {
      statusCode: number
      headers: Record<string, string>
      body: string
    }
    response.writeHead(answered.statusCode, answered.headers).end(answered.body)
  } catch {
    response.writeHead(502).end('Internal Server Error')
  }
}

/** Repeated headers come joined by commas; the body as base64 where it is no text. */
export function functionUrlEvent(
  { url = '/', method = 'GET', headers }: Pick<IncomingMessage, 'url' | 'method' | 'headers'>,
  body: Buffer,
): object {
  const [rawPath = '', rawQueryString = ''] = url.split('?', 2)
  const joined = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(',')])
  const time = new Date()
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: Object.fromEntries(joined),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'abcdefghij',
      domainName: 'abcdefghij.lambda-url.eu-west-1.on.aws',
      domainPrefix: 'abcdefghij',
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '203.0.113.7',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: '8e1a4a4f-0000-4000-8000-000000000001',
      routeKey: '$default',
      stage: '$default',
      time: time.toUTCString(),
      timeEpoch: time.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
  }
}
