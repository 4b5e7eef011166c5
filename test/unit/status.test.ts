import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { tellSubscription } from '../../src/cli/telling.ts'
import { Line } from '../../src/domain/line.ts'
import { statusOf } from '../../src/status.ts'
import type { Documents } from '../../src/state/documents.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { aLine, anEffect, aStageState, NOW } from '../helpers/build.ts'
import { aGitStage, aLoadedConfig, createWorld } from '../helpers/world.ts'

describe('a stage', () => {
  it('says what is given up and what is tried again, each with its reason or its time', async () => {
    const { documents } = createMemoryState()
    const dead = { reason: 'forbidden', detail: 'no rights', at: NOW }
    const line = aLine({
      stages: { dev: aStageState(), prod: aStageState() },
      effects: [
        anEffect({ id: 'a', dead }),
        anEffect({ id: 'b', attempt: 3, due: NOW }),
        anEffect({ id: 'c', attempt: 1 }),
      ],
    })
    await documents.save(line, 0, NOW)
    const [payments] = await statusOf(documents, 'payments')
    expect(payments?.stages).toMatchObject([
      {
        stage: 'dev',
        givenUp: 1,
        waits: [
          'observe was given up, forbidden: no rights',
          'observe: attempt 3 failed, again at 2026-01-01T00:00:00.000Z',
          'observe is under way',
        ],
      },
      { stage: 'prod', givenUp: 0, waits: [] },
    ])
  })

  it('says what people asked of it: a pin though nothing waits, and a break-glass that nobody confirmed', async () => {
    const { documents } = createMemoryState()
    const pin = { candidate: 'x', image: 'acme/payments:1.0.0', by: 'ann', reason: 'Black Friday', at: NOW }
    const word = { by: 'bob', reason: 'it burns', at: NOW }
    const breakGlass = { candidate: 'x', image: 'acme/payments:1.1.0', word, until: NOW }
    await documents.save(aLine({ stages: { prod: aStageState({ pin, breakGlass }) } }), 0, NOW)
    expect((await statusOf(documents, 'payments'))[0]?.stages[0]?.waits).toEqual([
      expect.stringMatching(/^break-glass for acme\/payments:1\.1\.0, asked for by bob \(it burns\)/u),
      'pinned to acme/payments:1.0.0 by ann: Black Friday',
    ])
  })

  it('says when the chat is told of it, and nothing of threads', async () => {
    const { documents } = createMemoryState()
    const { effects } = Line.parse(JSON.parse(readFileSync('test/fixtures/documents/v2/line-listed.json', 'utf8')))
    const told = effects.filter(({ kind }) => kind !== 'vouch').map((effect) => ({ ...effect, due: NOW, stage: 'dev' }))
    await documents.save(aLine({ stages: { dev: aStageState() }, effects: told }), 0, NOW)
    const [payments] = await statusOf(documents, 'payments')
    expect(payments?.stages[0]?.waits).toEqual(['the chat is told at 2026-01-01T00:00:00.000Z'])
  })

  it('says which pull request it waits for', async () => {
    const world = createWorld({ github: true, stages: [aGitStage('prod')] })
    await world.push('1.5.0', 1)
    await world.pass(60_000)
    const [payments] = await statusOf(world.state.documents, null)
    expect(payments?.stages[0]?.waits).toContain('https://git.example/pull/1 waits for its merge')
    expect(payments?.stages[0]?.promotion).toMatchObject({ phase: 'delivering' })
  })
})

describe('a subscription', () => {
  const { subscriptions } = aLoadedConfig().config

  it('that was never heard of is shown where it is configured', async () => {
    const { documents } = createMemoryState()
    expect(await statusOf(documents, null)).toEqual([])
    expect(await statusOf(documents, null, subscriptions)).toMatchObject([
      { subscription: 'payments', damage: null, stages: [{ stage: 'dev', how: 'unknown', givenUp: 0 }] },
    ])
    expect(await statusOf(documents, 'other', subscriptions)).toEqual([])
  })

  it('that cannot be read is shown as such, and not as one that waits', async () => {
    const damaged = [
      { id: 'line/payments', reason: 'malformed-document', detail: 'stages: expected a map' },
      { id: 'train/gitops/release/1.x/web/prod', reason: 'newer-schema', detail: 'schema 9' },
    ] as const
    const documents: Documents = {
      ...createMemoryState().documents,
      list: async () => ({ documents: [aLine({ id: 'line/web', subscription: 'web' })], damaged, next: null }),
    }
    const status = await statusOf(documents, null, subscriptions)
    expect(status).toEqual([
      {
        subscription: 'web',
        damage: 'train/gitops/release/1.x/web/prod, newer-schema: schema 9',
        stages: [],
      },
      {
        subscription: 'payments',
        damage: 'line/payments, malformed-document: stages: expected a map',
        stages: [],
      },
    ])
    expect(status.map(tellSubscription)[1]).toMatch(/^payments\n {2}cannot be read +line\/payments, malformed/u)
  })

  it('of thousands are all shown', async () => {
    const { documents } = createMemoryState()
    for (let number = 0; number < 250; number += 1) {
      await documents.save(aLine({ id: `line/s${number}`, subscription: `s${number}` }), 0, NOW)
    }
    expect(await statusOf(documents, null)).toHaveLength(250)
  })
})
