/** What the developers of an image are told, and when. */

import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../../src/domain/verdict.ts'
import { work } from '../../../src/pipeline.ts'
import { aWorkloadStage, createWorld, type WorldOptions } from '../../helpers/world.ts'

const source = { github: 'acme/payments', token: 'env:T', status: true, deployments: true, comments: true }
const asked = { kind: 'approval', from: ['anna'], votes: 1, atLeast: [], otherWays: 0, expires: 60_000 }
const verify = {
  require: [{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }],
  wait: 60_000,
  fresh: 60_000,
  reconsider: false,
}
const told = (options: WorldOptions = {}) => createWorld({ subscription: { source }, ...options })
const newsOf = ({ tellings }: ReturnType<typeof createWorld>) =>
  tellings.map(({ news }) => `${news.state}: ${news.text}`)

describe('the developers of an image', () => {
  it('are told how it stands, until it is healthy', async () => {
    const world = told()
    await world.push('1.1.0', 1)
    expect(newsOf(world).at(-1)).toBe('well: healthy')
    expect(world.tellings.at(-1)).toMatchObject({
      subscription: 'payments',
      stage: 'dev',
      commit: null,
      news: { hasBegun: true },
    })
    expect((await world.stage('dev')).told).toBeUndefined()
  })

  it('are told that it was delivered, while its health is watched', async () => {
    const world = told()
    world.health.set(`sha256:${'1'.padStart(64, '0')}`, { state: 'progressing', detail: '0 of 1' })
    await world.push('1.1.0', 1)
    expect(newsOf(world).at(-1)).toBe('delivering: delivered; its health is watched')
  })

  it('are told what it waits for', async () => {
    const world = told({ stages: [{ ...aWorkloadStage('dev'), gates: [asked] }] })
    await world.push('1.1.0', 1)
    expect(newsOf(world).at(-1)).toBe('waiting: waits: approval')
  })

  it('are told why it was refused, in the words of the rule that does not hold', async () => {
    const world = told({ stages: [{ ...aWorkloadStage('dev'), verify }] })
    world.verdicts.set(`sha256:${'1'.padStart(64, '0')}`, { state: 'distrusted' satisfies Verdict['state'] })
    await world.push('1.1.0', 1)
    expect(newsOf(world).at(-1)).toMatch(/^refused: refused: scan failed: 3 critical, at most 0/u)
    expect(world.tellings.at(-1)?.news.hasBegun).toBe(false)
  })

  it('are told that a newer one took its place, through no fault of theirs', async () => {
    const world = told({ stages: [{ ...aWorkloadStage('dev'), gates: [asked] }] })
    await world.push('1.1.0', 1)
    await world.push('1.2.0', 2)
    const of = (tag: string) => world.tellings.filter(({ image }) => image.tag === tag).at(-1)?.news
    expect(of('1.1.0')).toMatchObject({ state: 'over', text: expect.stringMatching(/^superseded/u) })
    expect(of('1.2.0')).toMatchObject({ state: 'waiting' })
  })

  it.each<[string, WorldOptions]>([
    ['nobody asked for it', { subscription: {} }],
    ['the source is only named', { subscription: { source: { github: 'acme/payments' } } }],
    ['nothing is touched', { mode: 'observe' }],
  ])('are told nothing where %s', async (_title, options) => {
    const world = told(options)
    await world.push('1.1.0', 1)
    expect(world.tellings).toEqual([])
  })

  it('are told the last word once their host is there again, and nothing waits for it', async () => {
    const world = told()
    world.down.developers = true
    await world.push('1.1.0', 1)
    expect((await world.stage('dev')).current.state).toBe('candidate')
    expect(world.tellings).toEqual([])
    world.down.developers = false
    await world.pass(60 * 60_000)
    await work('line/payments', world.ports)
    expect(newsOf(world)).toEqual(['well: healthy'])
  })

  it('are told no more once the configuration says so', async () => {
    const world = told({ stages: [{ ...aWorkloadStage('dev'), gates: [asked] }] })
    world.down.developers = true
    await world.push('1.1.0', 1)
    world.configure({ stages: [{ ...aWorkloadStage('dev'), gates: [asked] }] }, 'other')
    world.down.developers = false
    await world.pass(60 * 60_000)
    await work('line/payments', world.ports)
    expect(world.tellings).toEqual([])
    expect((await world.line()).effects.filter(({ kind }) => kind === 'tell-source')).toEqual([])
  })
})
