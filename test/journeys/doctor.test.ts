/** `drayage doctor`, as a person runs it where the service runs. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { drayage } from '../helpers/drayage.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { freePort, startService, type Service } from '../helpers/service.ts'
import { startSlackPeer, type SlackPeer } from '../helpers/slack-peer.ts'

const cleanup: (() => Promise<void> | void)[] = []
const inDays = (days: number): string => {
  const payload = Buffer.from(JSON.stringify({ exp: Math.floor(Date.now() / 1_000) + days * 86_400 + 3_600 })).toString(
    'base64url',
  )
  return `eyJhbGciOiJub25lIn0.${payload}.`
}
const env = {
  HOOK: 'Bearer CANARY-of-the-hook',
  PULL: inDays(3),
  SLACK_TOKEN: 'xoxb-test-token',
  SLACK_SECRET: 'CANARY-of-slack',
  OTTO: 'short',
}
let service: Service
let slack: SlackPeer
let yaml = ''

beforeAll(async () => {
  slack = await startSlackPeer()
  cleanup.push(() => slack.close())
  slack.groups['S0RELMGRS'] = ['U1ANNA']
  const registry = await startRegistry({})
  cleanup.push(() => registry.close())
  await registry.pushImage('acme/app', '1.0.0')
  const image = `${registry.host}/acme/app`
  const repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
  cleanup.push(() => repository.close())
  yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK }, pull: { username: acme, password: env:PULL } }
git:
  gitops: { url: ${repository.path} }
slack: { token: env:SLACK_TOKEN, signingSecret: env:SLACK_SECRET, api: "${slack.api}" }
stages:
  prod: { gates: [{ approval: { slack: C0RELEASES, from: [S0RELMGRS] } }] }
subscriptions:
  app: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
  const tokens = [{ person: 'otto', role: 'operator', token: 'env:OTTO' }]
  service = await startService({ yaml, port: await freePort(), tokens, env })
  cleanup.push(() => service.remove())
})
afterAll(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

const doctor = (...args: string[]) => drayage(['doctor', ...args], '', { cwd: service.folder, env })
type Told = { problems: number; findings: { what: string; state: string; detail: string; remedy?: string }[] }

describe('drayage doctor', () => {
  it('finds all well, warns of what will not stay so, and asks the way in', async () => {
    const run = await doctor('--url', service.hooks, '--json')
    const { findings, problems } = JSON.parse(run.stdout) as Told
    expect([run.code, problems]).toEqual([0, 0])
    const states = Object.fromEntries(findings.map(({ what, state }) => [what.split(' ').slice(0, 2).join(' '), state]))
    expect(states).toMatchObject({
      clock: 'well',
      'target app/prod': 'well',
      'slack group': 'well',
      'the way': 'well',
      'hook local': 'well',
      'api token': 'warning',
      'secret registries.local.pull.password': 'warning',
    })
    expect(findings.find(({ what }) => what.startsWith('secret'))).toMatchObject({ detail: 'expires in 3 days' })
  })

  it('says what is wrong, and what to do about it', async () => {
    const wrong = join(service.folder, 'wrong.yaml')
    const changed = yaml
      .replace('file: app.yaml', 'file: missing.yaml')
      .replace('env:HOOK', 'env:NOWHERE')
      .replace('/acme/app"', '/acme/other"')
    writeFileSync(wrong, `version: 1\n${changed.replace('S0RELMGRS', 'S0NOBODY')}`)
    const run = await doctor('--config', wrong)
    expect(run.code).toBe(1)
    expect(run.stdout).toMatch(
      /PROBLEM secret registries\.local\.events\.secret: .*NOWHERE is not set\n +set the variable NOWHERE/u,
    )
    expect(run.stdout).toMatch(/PROBLEM target app\/prod .*target-missing/u)
    expect(run.stdout).toMatch(/PROBLEM slack group S0NOBODY/u)
  })

  it('says that nobody answers there', async () => {
    const run = await doctor('--url', `http://127.0.0.1:${await freePort()}`)
    expect(run.code).toBe(1)
    expect(run.stdout).toMatch(/PROBLEM the way in/u)
  })

  it.each([['--url', 'nonsense'], ['--nosuch']])('is misuse with %s %s', async (...args) => {
    expect(await doctor(...args)).toMatchObject({ code: 2, stdout: '' })
  })

  it('shows no secret', async () => {
    const run = await doctor('--url', service.hooks)
    for (const secret of Object.values(env).filter((value) => value !== 'short')) {
      expect(run.stdout + run.stderr).not.toContain(secret)
    }
  })
})
