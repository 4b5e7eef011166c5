/** A Worker may make 1,000 queries of D1 in one invocation, each statement of a batch counted: no event and no alarm of ours makes more. */

import { describe, expect, it } from 'vitest'
import { drainInbox } from '../../src/drain.ts'
import { eventsPerInvocation, FIRST_STAGES_PER_EVENT_MAX } from '../../src/domain/invocation-limits.ts'
import { work } from '../../src/pipeline.ts'
import { createDatabase } from '../../src/state/d1/database.ts'
import { createD1Inbox } from '../../src/state/d1/inbox.ts'
import { createD1Journal } from '../../src/state/d1/journal.ts'
import { createFakeD1 } from '../helpers/sqlite-d1.ts'
import { aDigest, anAcceptedEvent } from '../helpers/build.ts'
import { aWorkloadStage, createWorld } from '../helpers/world.ts'

const QUERIES_MAX = 1_000

/** Inbox and journal in D1, as a Worker has them; documents are objects of their own. */
function counted(stages: readonly object[]) {
  const world = createWorld({ stages })
  const { d1 } = createFakeD1()
  let queries = 0
  const batch: typeof d1.batch = async (statements) => {
    queries += statements.length
    return d1.batch(statements)
  }
  const database = createDatabase({ ...d1, batch })
  Object.assign(world.ports, { inbox: createD1Inbox(database, () => {}), journal: createD1Journal(database, () => {}) })
  const measured = async (run: () => Promise<unknown>): Promise<number> => {
    queries = 0
    await run()
    return queries
  }
  return {
    world,
    event: async (tag: string, content: number): Promise<number> => {
      world.tags.set(tag, aDigest(content))
      const id = `hub/${content}`
      await world.ports.inbox.put([anAcceptedEvent({ id, event: { id, tag } })])
      return measured(() => drainInbox(world.ports))
    },
    /** Each alarm of the document until nothing is due. */
    alarms: async (): Promise<readonly number[]> => {
      const counts: number[] = []
      while ((await world.ports.documents.due(world.ports.now(), 1)).length > 0)
        counts.push(await measured(() => work('line/payments', world.ports)))
      return counts
    },
  }
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`)

it('an event that the most stages take, first, later, and instead of one that waits', async () => {
  const { world, event, alarms } = counted(names(FIRST_STAGES_PER_EVENT_MAX).map((name) => aWorkloadStage(name)))
  const counts = [await event('1.1.0', 1), ...(await alarms()), await event('1.2.0', 2), await event('1.3.0', 3)]
  world.down.targets = true
  counts.push(...(await alarms()), await event('1.4.0', 4))
  expect(Math.max(...counts)).toBeGreaterThan(QUERIES_MAX / 4)
  expect(Math.max(...counts)).toBeLessThan(QUERIES_MAX)
})

it('an alarm of a stage with 300 targets', async () => {
  const targets = names(300).map((name) => ({
    kind: 'workload',
    cluster: 'dev',
    namespace: name,
    workload: 'deployment/app',
    container: 'app',
    takeover: false,
  }))
  const { event, alarms, world } = counted([{ name: 'dev', after: [], verify: 'none', targets }])
  await event('1.1.0', 1)
  const counts = await alarms()
  expect((await world.stage('dev')).current.state).toBe('candidate')
  expect(counts.length).toBeGreaterThan(4)
  expect(Math.max(...counts)).toBeLessThan(QUERIES_MAX)
})

describe('events of one invocation', () => {
  it.each([
    { stages: 0, events: 64 },
    { stages: 1, events: 64 },
    { stages: 2, events: 38 },
    { stages: 9, events: 10 },
    { stages: FIRST_STAGES_PER_EVENT_MAX, events: 1 },
    { stages: 1_000, events: 1 },
  ])('are $events where an image goes to $stages first stages', ({ stages, events }) => {
    const { config } = createWorld({
      stages: names(Math.max(1, stages)).map((name) => aWorkloadStage(name)),
    }).ports.config()
    expect(eventsPerInvocation(stages === 0 ? [] : config.subscriptions)).toBe(events)
  })

  it('does not count stages that wait for others', () => {
    const waiting = names(20).map((name) => aWorkloadStage(name, ['dev']))
    const { config } = createWorld({ stages: [aWorkloadStage('dev'), ...waiting] }).ports.config()
    expect(eventsPerInvocation(config.subscriptions)).toBe(64)
  })
})
