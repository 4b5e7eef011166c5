/** Two Node processes on one PostgreSQL database, behind one address. */

import * as z from 'zod'
import { startBalancer } from '../../helpers/balancer.ts'
import { postgresBinaries, startPostgres, withoutPostgres } from '../../helpers/postgres.ts'
import { startService } from '../../helpers/service.ts'
import { describe } from 'vitest'
import type { StartPlatform } from './platform.ts'
import { describePlatform } from './suite.ts'

const startFleet: StartPlatform = async ({ config, secrets, files = {} }) => {
  const { version: _version, server, ...rest } = config
  const { api } = z.object({ api: z.object({ tokens: z.array(z.unknown()) }) }).parse(server)
  // JSON is YAML too.
  const yaml = Object.entries(rest).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
  const postgres = await startPostgres()
  const database = await postgres.create('fleet')
  const options = { yaml: yaml.join(''), env: secrets, files, tokens: api.tokens, database }
  const members = await Promise.all([startService(options), startService(options)])
  const hooks = await startBalancer(() => members.map((member) => member.hooks))
  const asked = await startBalancer(() => members.map((member) => member.api))
  return {
    hooks: hooks.url,
    api: asked.url,
    async restart() {
      await Promise.all(members.map((member) => member.kill()))
      await Promise.all(members.map((member) => member.start()))
    },
    log: () => members.map((member) => member.log()).join('\n'),
    async stop() {
      await Promise.all([hooks.close(), asked.close(), ...members.map((member) => member.remove())])
      await postgres.close()
    },
  }
}

describe.skipIf(postgresBinaries === null)(`PostgreSQL${withoutPostgres}`, () => {
  describePlatform('two Node processes on one database', startFleet)
})
