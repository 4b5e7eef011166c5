/** Node processes on one database wake as the port says, whichever of them was asked. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresBinaries, startPostgres, withoutPostgres, type Postgres } from '../helpers/postgres.ts'
import { eventually } from '../helpers/service.ts'
import { noting, startWakeProcess, wakeProcesses, type WakeProcess } from '../helpers/wake-processes.ts'
import { describeWake } from './wake.contract.ts'

describe.skipIf(postgresBinaries === null)(`a real server${withoutPostgres}`, () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.close())

  describeWake('two Node processes, PostgreSQL', async () => wakeProcesses(await postgres.create('wake'), 2))

  describe('of three processes', () => {
    const done = noting()
    const processes: WakeProcess[] = []
    let first: WakeProcess
    let writer: WakeProcess
    beforeAll(async () => {
      const url = await postgres.create('instances')
      const start = async (role = ''): Promise<WakeProcess> => {
        const started = await startWakeProcess(url, done.note, role)
        processes.push(started)
        return started
      }
      first = await start()
      await start()
      writer = await start('mute')
    })
    afterAll(() => Promise.all(processes.map((one) => one.kill())))

    it('one that wakes nobody is heard by the others', async () => {
      await writer.call('plan', 'told', Date.now())
      await eventually('another looks', async () => done.of('told').length > 0)
      expect(done.of('told')).toHaveLength(1)
    })

    it('another looks where the one that was asked is dead', async () => {
      const at = Date.now() + 500
      await first.call('plan', 'killed', at)
      await first.kill()
      await eventually('another looks', async () => done.of('killed').length > 0)
      expect(done.of('killed').filter((instant) => instant < at)).toEqual([])
    })
  })
})
