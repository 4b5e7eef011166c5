/** Traces and logs of the built Worker in workerd. */

import { startWorker } from '../helpers/worker.ts'
import { describeTraces } from './platform/traces.ts'

describeTraces('a Worker', async (options) => {
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
