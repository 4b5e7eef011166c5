/** `drayage init`: what it writes holds, lets the right sender in, and is nobody else's. */

import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { command as check } from '../../../src/cli/check.ts'
import type { Command, Io } from '../../../src/cli/command.ts'
import { command as init } from '../../../src/cli/init.ts'
import { CI_JOBS } from '../../../src/cli/init/ci.ts'
import { recipes } from '../../../src/cli/init/recipes.ts'
import { command as receive } from '../../../src/cli/receive.ts'
import { receiverTypes } from '../../../src/receivers/index.ts'
import { proofOf } from '../../helpers/senders.ts'

const FIXTURES = new URL('../../fixtures/receivers', import.meta.url).pathname
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-init-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

async function run(command: Command, args: readonly string[], { stdin = Buffer.of(), env = {} } = {}): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const io: Io = {
    stdin: async () => stdin,
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env,
    isTTY: false,
    now: () => 1_773_063_866_402,
    signal: new AbortController().signal,
  }
  return { code: await command.run(args, io), stdout, stderr }
}

/** As the sender proves itself, in the words of `drayage receive`. */
function flagsOf(type: string, secret: string, body: Buffer): readonly string[] {
  const cloud = CLOUDS[type]
  const { headers = {}, pathSecret } =
    cloud === undefined ? proofOf(type, secret, body) : { headers: { [cloud]: secret } }
  const flags = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${String(value)}`])
  return typeof pathSecret === 'string' ? [...flags, '--path-secret', pathSecret] : flags
}

const CLOUDS: Readonly<Record<string, string>> = { acr: 'x-drayage-key', ecr: 'x-api-key' }
const types = [...recipes.keys()]
const out = (): string => join(folder, 'drayage.yaml')

describe('drayage init', () => {
  it.each(types.filter((type) => type !== 'webhook' && recipes.get(type)?.hasSecret !== false))(
    '%s gives a configuration that holds and lets its sender in',
    async (type) => {
      const written = await run(init, [type, '--url', 'https://drayage.acme.example', '--out', out(), '--json'])
      expect(written).toMatchObject({ code: 0 })
      const { config, environment } = JSON.parse(written.stdout) as { config: string; environment: string }
      expect(statSync(environment).mode & 0o777).toBe(0o600)
      expect(await run(check, [config])).toMatchObject({ code: 0 })
      const [, variable = '', secret = ''] =
        /^(?<name>[A-Z_]+_HOOK)=(?<value>\S{43,})$/mu.exec(readFileSync(environment, 'utf8')) ?? []
      const body = readFileSync(join(FIXTURES, type, 'push/body.json'))
      const proof = flagsOf(type, secret, body)
      const received = await run(receive, [type, '--config', config, ...proof], {
        stdin: body,
        env: { [variable]: secret },
      })
      expect(received).toMatchObject({ code: 0, stderr: expect.stringMatching(/^authenticated: /u) })
      expect(written.stdout + written.stderr).not.toContain(secret)
    },
  )

  it.each(types.filter((type) => recipes.get(type)?.hasSecret === false))(
    '%s gives a configuration that holds, without a secret: its sender signs',
    async (type) => {
      expect(await run(init, [type, '--out', out()])).toMatchObject({ code: 0 })
      expect(await run(check, [out()])).toMatchObject({ code: 0 })
      expect(readFileSync(join(folder, 'drayage.env'), 'utf8')).not.toContain('_HOOK=')
    },
  )

  it('has a fresh secret each time', async () => {
    for (const file of ['a.yaml', 'b.yaml']) await run(init, ['ghcr', '--out', join(folder, file)])
    const [a, b] = ['a.env', 'b.env'].map((file) => readFileSync(join(folder, file), 'utf8'))
    expect(a).not.toBe(b)
  })

  it('never writes over what is there', async () => {
    for (const file of ['drayage.yaml', 'drayage.env']) {
      writeFileSync(join(folder, file), 'mine')
      expect(await run(init, ['ghcr', '--out', out()])).toMatchObject({ code: 1, stdout: '' })
      expect(readFileSync(join(folder, file), 'utf8')).toBe('mine')
      expect(globSync('*', { cwd: folder })).toEqual([file])
      rmSync(join(folder, file))
    }
  })

  it('takes names and places of one’s own', async () => {
    const wish = ['--image', 'ghcr.io/Acme/x'.toLowerCase(), '--name', 'our-ghcr', '--file', 'a b/c.yaml']
    const git = ['--git', 'https://git.example.com/gitops.git', '--url', 'http://[::1]:8080/drayage/']
    const written = await run(init, ['ghcr', ...wish, ...git, '--out', out()])
    expect(written).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("'http://[::1]:8080/drayage/hooks/our-ghcr'"),
    })
    const checked = await run(check, [out(), '--json'])
    expect(JSON.parse(checked.stdout)).toMatchObject({
      ok: true,
      subscriptions: [{ name: 'x', images: [{ repository: 'acme/x' }] }],
    })
  })

  it.each([
    [],
    ['nosuch'],
    ['ghrc'],
    ['ghcr', 'quay'],
    ['ghcr', '--image', 'ghcr.io/acme/x:1'],
    ['ghcr', '--image', 'ghcr.io/Acme'],
    ['ghcr', '--image', 'quay.io/acme/x'],
    ['ghcr', '--url', "https://x.example.com/'; rm -rf /"],
    ['ghcr', '--url', 'ftp://x.example.com'],
    ['ghcr', '--name', 'a b'],
    ['ghcr', '--name', "x'; id"],
    ['ghcr', '--git', 'main'],
    ['ghcr', '--git', 'https://user:CANARY@git.example.com/x'],
    ['ghcr', '--file', '../../etc/passwd'],
    ['webhook', '--ci', 'travis'],
  ])('refuses %j, and writes nothing', async (...args) => {
    const ran = await run(init, args.length === 0 ? [] : [...args, '--out', out()])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).not.toContain('CANARY')
    expect(globSync('*', { cwd: folder })).toEqual([])
  })

  it.each(Object.keys(CI_JOBS))('prints the job for %s as it stands in infra/ci', async (system) => {
    const { stdout } = await run(init, ['webhook', '--ci', system])
    expect(stdout).toBe(readFileSync(`infra/ci/${CI_JOBS[system]?.file ?? ''}`, 'utf8'))
  })

  it('has a recipe for every receiver', () => {
    expect(types.toSorted()).toEqual([...receiverTypes.keys()].toSorted())
  })
})
