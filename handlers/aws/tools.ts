/** What every function begins with: the configuration that was deployed with it, the log, secrets, signed calls. Light: a webhook loads it too. */

import bundle from 'drayage-config'
import { createAwsCall, endpointOf, type AwsCall } from '../../src/clients/aws/call.ts'
import { environmentCredentials } from '../../src/clients/aws/credentials.ts'
import { createMetrics } from '../../src/clients/aws/metrics.ts'
import { createParameters } from '../../src/clients/aws/parameters.ts'
import { createQueue } from '../../src/clients/aws/queue.ts'
import { createHttp } from '../../src/clients/http.ts'
import { deployedConfig } from '../../src/config/deployed.ts'
import { createSecrets } from '../../src/config/secrets.ts'
import type { Later } from '../../src/domain/wake-up.ts'
import { createLog, isLevel } from '../../src/log.ts'
import { readEnvironment, type Variables } from './environment.ts'

/** Parameter Store is asked once a minute for each secret. */
const SECRET_CACHE_MS = 60_000

export type Tools = ReturnType<typeof createTools>

/** Throws where the bundle is not for this program, or the environment is not complete: the deployment is wrong, and says so. */
export function createTools(variables: Variables) {
  const env = readEnvironment(variables)
  const now = Date.now
  const write = (line: string): void => void process.stdout.write(line)
  const level = variables['DRAYAGE_LOG_LEVEL'] ?? ''
  const log = createLog({ write, now, level: isLevel(level) ? level : 'info', style: 'json' })
  // For AWS's own endpoints; what the configuration names goes through the guarded one.
  const http = createHttp({ fetch: (url, init) => fetch(url, init), now, random: Math.random })
  const callOf = (service: string, target: string, json: '1.0' | '1.1', endpoint: string | undefined): AwsCall => {
    const at = endpoint === undefined ? endpointOf(service, env.AWS_REGION) : new URL(endpoint)
    const credentials = async () => environmentCredentials(variables) ?? missingCredentials()
    return createAwsCall(
      { service, target, json, endpoint: at },
      { http, region: env.AWS_REGION, credentials, now, random: Math.random },
    )
  }
  const parameters = createParameters(
    callOf('ssm', 'AmazonSSM', '1.1', variables['AWS_ENDPOINT_URL_SSM']),
    variables['DRAYAGE_SECRETS'],
  )
  const queue = createQueue(callOf('sqs', 'AmazonSQS', '1.0', variables['AWS_ENDPOINT_URL_SQS']), env.DRAYAGE_QUEUE_URL)
  return {
    env,
    loaded: deployedConfig(bundle, 'aws'),
    now,
    log,
    dynamoCall: callOf('dynamodb', 'DynamoDB_20120810', '1.0', variables['AWS_ENDPOINT_URL_DYNAMODB']),
    secretOf: createSecrets({ env: variables, stored: parameters, readFile: noFiles, now, cacheMs: SECRET_CACHE_MS }),
    measure: createMetrics(write, now),
    leave: (later: readonly Later[]): Promise<void> =>
      queue.send(later.map(({ wakeUp, delayMs }) => ({ body: JSON.stringify(wakeUp), delaySeconds: delayMs / 1000 }))),
  }
}

function missingCredentials(): never {
  throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: a Lambda function has them by its role')
}

export async function noFiles(): Promise<never> {
  throw new Error('a Lambda function has no files of yours')
}
