/** The built Worker in workerd follows a repository. */

import { startWorker } from '../helpers/worker.ts'
import { describeFollowing } from './platform/following.ts'

describeFollowing('a Worker', async (options) => {
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
})
