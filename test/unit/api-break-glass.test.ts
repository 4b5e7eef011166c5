import { describe, expect, it } from 'vitest'
import { createApi, type ApiToken } from '../../src/api.ts'
import type { Role } from '../../src/domain/config.ts'
import { pause, resume } from '../../src/pause.ts'
import { aWorkloadStage, createWorld } from '../helpers/world.ts'

const CLOSED = { kind: 'window', allow: [], deny: [{ days: [], text: 'always' }], timezone: 'UTC' }
const prod = {
  ...aWorkloadStage('prod', ['dev']),
  gates: [CLOSED],
  breakGlass: { from: ['ann', 'bob'], expires: 1_800_000 },
}
const silent = (): void => {}
const token = (person: string, role: Role): ApiToken => ({ person, role, secret: async () => [person] })

function aScene() {
  const world = createWorld({ stages: [aWorkloadStage('dev'), prod] })
  const api = createApi({
    ports: () => world.ports,
    tokens: () => [
      token('ann', 'operator'),
      token('bob', 'approver'),
      token('eve', 'operator'),
      token('vic', 'viewer'),
    ],
    poke: silent,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    problems: async () => [],
    log: { debug: silent, info: silent, warn: silent, error: silent },
  })
  const say = async (who: string, candidate = '1.2.0') => {
    const body = JSON.stringify({ subscription: 'payments', stage: 'prod', candidate, reason: 'it burns' })
    const headers = { authorization: `Bearer ${who}` }
    const response = await api.request('/api/v1/break-glass', { method: 'POST', headers, body })
    const said = (await response.json()) as Record<string, unknown>
    await world.settle()
    return { status: response.status, said }
  }
  return { world, say }
}

describe('break-glass over the API', () => {
  it('is asked for by one person, confirmed by another, and delivered', async () => {
    const { world, say } = aScene()
    await world.push('1.2.0', 2)
    expect((await world.stage('prod')).promotion?.phase).toBe('gated')
    expect(await say('ann')).toMatchObject({ status: 200, said: { asked: expect.stringContaining('1.2.0') } })
    expect((await world.stage('prod')).promotion?.phase).toBe('gated')
    expect(await say('bob')).toMatchObject({ status: 200, said: { promoted: expect.stringContaining('1.2.0') } })
    expect(world.at('prod').image).toContain('1.2.0')
  })

  it.each<[string, readonly string[], number, string]>([
    ['one person twice', ['ann', 'ann'], 400, 'another person confirms'],
    ['somebody who is not listed, whatever their role', ['ann', 'eve'], 400, 'is not among those who may'],
    ['a role that does not allow it', ['ann', 'vic'], 403, 'does not allow break-glass'],
  ])('is refused to %s', async (_title, people, status, why) => {
    const { world, say } = aScene()
    await world.push('1.2.0', 2)
    const said = []
    for (const who of people) said.push(await say(who))
    expect(said.at(-1)).toMatchObject({ status, said: { error: expect.stringContaining(why) } })
    expect(world.at('prod').image).not.toContain('1.2.0')
  })

  it('is stopped by the kill switch', async () => {
    const { world, say } = aScene()
    const place = { subscription: null, stage: null }
    await world.push('1.2.0', 2)
    await pause(world.ports, { ...place, by: 'dora', reason: 'stop' })
    await say('ann')
    await say('bob')
    expect(world.at('prod').image).not.toContain('1.2.0')
    await resume(world.ports, place)
    await world.pass(60_000)
    expect(world.at('prod').image).toContain('1.2.0')
  })

  it('does not outlive its end behind the kill switch', async () => {
    const { world, say } = aScene()
    const place = { subscription: null, stage: null }
    await world.push('1.2.0', 2)
    await pause(world.ports, { ...place, by: 'dora', reason: 'stop' })
    await say('ann')
    await say('bob')
    await world.pass(1_800_000)
    await resume(world.ports, place)
    await world.pass(60_000)
    expect(world.at('prod').image).not.toContain('1.2.0')
  })
})
