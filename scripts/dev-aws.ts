/**
 * Runs the Lambda functions on this machine, offline, as they are deployed: built, each in processes of its own, with a DynamoDB
 * and an SQS on loopback behind them. What they keep is forgotten at the end. `npm run dev:aws [-- --config drayage.yaml]`.
 */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { AWS_ENV } from '../test/helpers/dynalite.ts'
import { startLambdas } from '../test/helpers/lambda.ts'

const ROOT = new URL('..', import.meta.url).pathname
/** Of this machine, and made up, where the environment has no other. */
const SECRET = 'a-secret-of-this-machine'

const { values } = parseArgs({ options: { config: { type: 'string', default: join(ROOT, 'infra/aws/drayage.yaml') } } })
const text = readFileSync(values.config, 'utf8')
const named = [...text.matchAll(/\benv:(?<name>[A-Za-z_]\w*)/gu)].map(({ groups }) => groups?.['name'] ?? '')
const secrets = Object.fromEntries(named.map((name) => [name, process.env[name] ?? SECRET]))

Object.assign(process.env, AWS_ENV)
const lambdas = await startLambdas({
  config: parse(text) as Record<string, unknown>,
  secrets,
  onOutput: (lines) => void process.stdout.write(lines),
})
console.log(`webhooks: ${lambdas.hooks}/hooks/<registry>`)
console.log(`questions: DRAYAGE_URL=${lambdas.api} DRAYAGE_TOKEN=${secrets['DRAYAGE_TOKEN'] ?? '…'}`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await lambdas.stop()
process.exit(0)
