/** The Node process: `drayage serve` with its embedded store. */

import * as z from 'zod'
import { startService } from '../../helpers/service.ts'
import type { StartPlatform } from './platform.ts'
import { describePlatform } from './suite.ts'

const startNodePlatform: StartPlatform = async ({ config, secrets, files = {} }) => {
  const { version: _version, server, ...rest } = config
  const { api } = z.object({ api: z.object({ tokens: z.array(z.unknown()) }) }).parse(server)
  // JSON is YAML too.
  const yaml = Object.entries(rest).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
  const service = await startService({ yaml: yaml.join(''), env: secrets, files, tokens: api.tokens })
  return {
    hooks: service.hooks,
    api: service.api,
    async restart() {
      await service.kill()
      await service.start()
    },
    log: service.log,
    stop: () => service.remove(),
  }
}

describePlatform('a Node process', startNodePlatform)
