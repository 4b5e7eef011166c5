/** The built Lambda functions, with DynamoDB and SQS behind the real client of AWS. */

import { AWS_ENV } from '../../helpers/dynalite.ts'
import { startLambdas } from '../../helpers/lambda.ts'
import type { StartPlatform } from './platform.ts'
import { describePlatform } from './suite.ts'

Object.assign(process.env, AWS_ENV)

const startAws: StartPlatform = async (options) => {
  const lambdas = await startLambdas(options)
  return {
    hooks: lambdas.hooks,
    api: lambdas.api,
    async restart() {
      await lambdas.restart()
    },
    log: lambdas.log,
    stop: lambdas.stop,
  }
}

describePlatform('Lambda functions', startAws)
