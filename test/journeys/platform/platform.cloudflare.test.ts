/** The built Worker in workerd, with Durable Objects, D1 and queues as `wrangler.jsonc` binds them. */

import { startWorker } from '../../helpers/worker.ts'
import type { StartPlatform } from './platform.ts'
import { describePlatform } from './suite.ts'

const startCloudflare: StartPlatform = async (options) => {
  const worker = await startWorker(options)
  return {
    get hooks() {
      return worker.url
    },
    get api() {
      return worker.url
    },
    restart: worker.restart,
    log: () => worker.logs().join('\n'),
    stop: worker.stop,
  }
}

describePlatform('a Worker', startCloudflare)
