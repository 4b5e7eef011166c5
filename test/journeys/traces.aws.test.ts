/** Traces and logs of the built Lambda functions. */

import { AWS_ENV } from '../helpers/dynalite.ts'
import { startLambdas } from '../helpers/lambda.ts'
import { describeTraces } from './platform/traces.ts'

Object.assign(process.env, AWS_ENV)

describeTraces('Lambda', async (options) => {
  const { hooks, api, restart, log, stop } = await startLambdas(options)
  return { hooks, api, restart: async () => void (await restart()), log, stop }
})
