/** The built Lambda functions follow a repository. */

import { AWS_ENV } from '../helpers/dynalite.ts'
import { startLambdas } from '../helpers/lambda.ts'
import { describeFollowing } from './platform/following.ts'

Object.assign(process.env, AWS_ENV)

describeFollowing('Lambda', async (options) => {
  const { hooks, api, restart, log, stop } = await startLambdas(options)
  return { hooks, api, restart: async () => void (await restart()), log, stop }
})
