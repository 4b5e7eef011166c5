/** The commands that ask and act, as a person runs them: against a running service, against another one by URL, and offline. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { drayage, type Run } from '../helpers/drayage.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService, type Service } from '../helpers/service.ts'

const SECRET = 'Bearer CANARY-of-the-hook'
const cleanup: (() => Promise<void> | void)[] = []
let service: Service
let image: string
let digest: string

beforeAll(async () => {
  const port = await freePort()
  const registry = await startRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: SECRET } },
  })
  cleanup.push(() => registry.close())
  image = `${registry.host}/acme/app`
  const repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
  cleanup.push(() => repository.close())
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path} }
subscriptions:
  app: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
  stuck: { image: "${registry.host}/acme/stuck", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: missing.yaml } } }
`
  const tokens = [
    { person: 'vera', role: 'viewer', token: 'env:VERA' },
    { person: 'otto', role: 'operator', token: 'env:OTTO' },
  ]
  service = await startService({ yaml, port, tokens, env: { HOOK: SECRET, VERA: 'CANARY-vera', OTTO: 'CANARY-otto' } })
  cleanup.push(() => service.remove())
  digest = await registry.pushImage('acme/app', '1.1.0')
  await registry.pushImage('acme/app', 'latest')
  await registry.pushImage('acme/stuck', '1.1.0')
  await eventually('all is settled', async () => {
    const { subscriptions } = await service.client.status({})
    const stages = subscriptions.flatMap((one) => one.stages)
    return stages.some(({ how }) => how === 'not-observed') && stages.some(({ givenUp }) => givenUp > 0)
  })
})
afterAll(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

/** As on the service's own machine, in the folder of its configuration. */
const here = (...args: string[]): Promise<Run> => drayage(args, '', { cwd: service.folder })
const by = (token: string, ...args: string[]): Promise<Run> =>
  drayage(args, '', { cwd: '/', env: { DRAYAGE_URL: service.api, DRAYAGE_TOKEN: token } })

describe('drayage status', () => {
  it('shows what runs, what waits and what was given up, and is 1 for the latter', async () => {
    const run = await here('status')
    expect([run.code, run.stderr]).toEqual([1, ''])
    expect(run.stdout).toContain(`${image}:1.1.0@${digest} (not-observed since `)
    expect(run.stdout).toMatch(/^ {4}waits +observe was given up/mu)
  })

  it('is 0 for a subscription that is fine, and 1 for one that is not there', async () => {
    expect((await here('status', 'app')).code).toBe(0)
    const unknown = await here('status', 'apps')
    expect([unknown.code, unknown.stdout]).toEqual([
      1,
      'mode: act, events waiting: 0\nthere is no subscription apps, or nothing was ever offered to it\n',
    ])
  })

  it('is one line of JSON for machines', async () => {
    const run = await here('status', 'app', '--json')
    expect(run.stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(JSON.parse(run.stdout)).toMatchObject({
      mode: 'act',
      waiting: 0,
      problems: [],
      subscriptions: [{ subscription: 'app', stages: [{ stage: 'prod', current: `${image}:1.1.0@${digest}` }] }],
    })
  })
})

describe('drayage history', () => {
  it('shows the decisions newest first, and its chain holds', async () => {
    const run = await here('history', 'app')
    expect(run.code).toBe(0)
    expect(run.stdout.trimEnd().split('\n')[0]).toMatch(/^\d{4}-\d\d-\d\dT.*Z line\/app#\d+ prod healthy/u)
    expect(await here('history', 'app', '--verify')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ entries, the chain holds\n$/u),
    })
  })

  it('is limited, filtered, and 1 where there is nothing', async () => {
    const one = await here('history', '--limit', '1', '--json')
    expect((JSON.parse(one.stdout) as { entries: unknown[] }).entries).toHaveLength(1)
    const about = await here('history', '--image', ':1.1.0@', '--json')
    const { entries } = JSON.parse(about.stdout) as { entries: { image?: string }[] }
    expect(entries.length).toBeGreaterThan(0)
    expect(entries.every(({ image: found }) => found?.includes(':1.1.0@'))).toBe(true)
    expect(await here('history', 'nobody')).toMatchObject({ code: 1, stdout: '' })
    expect((await here('history', 'nobody', '--verify')).code).toBe(1)
  })
})

describe('drayage explain', () => {
  it('walks from an image to its end', async () => {
    const run = await here('explain', `${image}:1.1.0`)
    expect(run.code).toBe(0)
    for (const step of ['match', 'filter', 'resolve', 'inspect', 'offer']) {
      expect(run.stdout).toMatch(new RegExp(`^ {2}${step} `, 'mu'))
    }
    expect(run.stdout).toContain('decided, newest first:')
  })

  it('says why nothing became of a tag', async () => {
    const run = await here('explain', `${image}:latest`)
    expect(run.code).toBe(0)
    expect(run.stdout).toMatch(/^ {2}filter +app: .*latest.*\[settled: /mu)
  })

  it('knows events, digests, subscriptions, and says what it does not know', async () => {
    const { events } = await service.client.events({ limit: '1' })
    expect((await here('explain', events[0]?.accepted.id ?? '')).code).toBe(0)
    expect((await here('explain', digest)).code).toBe(0)
    expect((await here('explain', 'app/prod')).code).toBe(0)
    expect(await here('explain', 'ghcr.io/acme/other:1')).toMatchObject({
      code: 1,
      stdout: 'nothing is known of it: no event and no entry of the history names it\n',
    })
    expect(JSON.parse((await here('explain', 'nobody', '--json')).stdout)).toMatchObject({ about: 'nothing' })
  })
})

describe('acting', () => {
  it('is for operators, and says who it was not', async () => {
    const act = ['retry', 'stuck', '--reason', 'try it'] as const
    expect(await by('CANARY-vera', ...act)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'drayage retry: vera is viewer, which does not allow retry\n',
    })
    expect((await by('CANARY-nobody', ...act)).stderr).toContain('server.api.tokens')
    const run = await by('CANARY-otto', ...act)
    expect([run.code, run.stderr]).toEqual([0, ''])
    await eventually('it is in the history', async () => {
      const { entries } = await service.client.history({ subscription: 'stuck' })
      return entries.some(({ by: person, reason }) => person === 'otto' && reason === 'retry')
    })
  })

  it('finds nothing to do, and says so', async () => {
    expect(await here('retry', 'app', '--reason', 'x')).toMatchObject({
      code: 1,
      stderr: 'drayage retry: nothing was given up at app\n',
    })
    expect((await here('lift', 'app/prod', digest, '--reason', 'x')).code).toBe(1)
    expect((await here('replay', 'local/none', '--reason', 'x')).code).toBe(1)
  })

  it('gives an event another walk, with the name of who asked', async () => {
    const { events } = await service.client.events({ limit: '10' })
    const event = events.find(({ accepted }) => accepted.event.tag === 'latest')?.accepted.id ?? ''
    const run = await here('replay', event, '--reason', 'once more', '--json')
    expect([run.code, JSON.parse(run.stdout)]).toEqual([0, { replayed: event }])
    await eventually('it is settled again', async () => {
      const explained = await service.client.explain(event)
      const [row] = explained.events
      return row?.state === 'done' && row.walk.some(({ detail }) => /^by .+: once more$/u.test(detail))
    })
  })
})

describe('reaching', () => {
  it('a service elsewhere takes a URL and a token, and shows neither', async () => {
    const run = await by('CANARY-vera', 'status', 'app')
    expect([run.code, run.stderr]).toEqual([0, ''])
    const wrong = await by('CANARY-wrong', 'status')
    expect(wrong.code).toBe(1)
    expect(wrong.stdout + wrong.stderr).not.toContain('CANARY')
  })

  it('by --state goes before what the environment says', async () => {
    const env = { DRAYAGE_URL: 'http://127.0.0.1:1', DRAYAGE_TOKEN: 'x' }
    const run = await drayage(['status', 'app', '--state', service.state], '', { env })
    expect([run.code, run.stderr]).toEqual([0, ''])
  })

  it('by --config finds the state that it names', async () => {
    expect((await drayage(['status', 'app', '--config', service.config])).code).toBe(0)
    expect((await drayage(['status', '--config', '/nowhere/drayage.yaml'])).code).toBe(1)
  })
})

describe('offline, last of all', () => {
  beforeAll(async () => {
    expect(await service.stop()).toBe(0)
  })

  it.each([
    ['status', 'app'],
    ['history', 'app'],
    ['history', 'app', '--verify'],
    ['explain', 'app/prod'],
  ])('drayage %s %s reads the file, and says so', async (...args) => {
    const run = await here(...args)
    expect([run.code, run.stderr]).toEqual([0, `no service runs on ${service.state}; reading the file\n`])
    expect(run.stdout).not.toBe('')
  })

  it('nothing acts', async () => {
    const run = await here('retry', 'stuck', '--reason', 'x')
    expect([run.code, run.stdout]).toEqual([1, ''])
    expect(run.stderr).toContain('Start it (drayage serve)')
  })
})

describe('drayage wait', () => {
  it('is 0 for an image that is there', async () => {
    const run = await here('wait', `${image}:1.1.0`, '--stage', 'prod', '--json')
    expect([run.code, JSON.parse(run.stdout)]).toMatchObject([0, { outcome: 'healthy', stage: 'prod' }])
  })

  it('is 1 for one that does not come in time, and says what it waited for', async () => {
    const run = await here('wait', `${image}:9.9.9`, '--stage', 'prod', '--timeout', '1s')
    expect([run.code, run.stdout]).toEqual([1, 'timeout: not in time; no event of it came yet\n'])
  })

  it.each([[], ['not an image!', '--stage', 'prod'], ['a/b:1'], ['a/b:1', '--stage', 'x', '--timeout', 'soon']])(
    'is misuse with %j',
    async (...args) => {
      expect(await here('wait', ...args)).toMatchObject({ code: 2, stdout: '' })
    },
  )
})
