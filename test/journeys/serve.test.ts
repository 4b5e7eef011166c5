/** The service as a process: how it starts, refuses to start, ends, and what it says of itself. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { drayage } from '../helpers/drayage.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService } from '../helpers/service.ts'
import { startGate } from '../helpers/slow-registry.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const SECRET = 'Bearer CANARY-of-the-hook'
const isRoot = process.getuid?.() === 0
const hasScript = spawnSync('script', ['--version']).status === 0

const cleanup: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-serve-'))
  cleanup.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const PARTS = `registries:
  local: { host: "127.0.0.1:5000", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: /srv/gitops.git }
subscriptions:
  app: { image: "127.0.0.1:5000/acme/app", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`

async function aConfig(folder: string, server: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const path = join(folder, 'drayage.yaml')
  const whole = {
    listen: `127.0.0.1:${await freePort()}`,
    api: { listen: `127.0.0.1:${await freePort()}` },
    state: join(folder, 'state.db'),
    ...server,
  }
  writeFileSync(path, `version: 1\nserver: ${JSON.stringify(whole)}\n${PARTS}`)
  return path
}

type Options = { readonly args?: readonly string[]; readonly env?: Record<string, string>; readonly uid?: number }

/** Runs until it ends or the test does. */
function serve(config: string, { args = [], env = { HOOK: SECRET }, uid }: Options = {}) {
  const child: ChildProcess = spawn(process.execPath, [MAIN, 'serve', '--config', config, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  cleanup.push(() => void child.kill('SIGKILL'))
  let [log, out] = ['', '']
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text))
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    child,
    ended,
    log: () => log,
    out: () => out,
    async serving(): Promise<Record<string, string>> {
      await eventually('it serves', async () => {
        if (child.exitCode !== null) throw new Error(`it ended: ${log}`)
        return log.includes('"serving"')
      })
      const line = log.split('\n').find((text) => text.includes('"serving"')) ?? '{}'
      return JSON.parse(line) as Record<string, string>
    },
  }
}

describe('a service that cannot start says why, and ends with 1', () => {
  it('lists everything that is wrong with its configuration', async () => {
    const folder = aFolder()
    const config = join(folder, 'drayage.yaml')
    writeFileSync(config, PARTS.replace('semver', 'semvr').replace('url: /srv', 'uri: /srv'))
    const { ended, log, out } = serve(config)
    expect([await ended, out()]).toEqual([1, ''])
    expect(log()).toMatch(/drayage\.yaml:\d+:\d+: .*semvr.*did you mean semver/iu)
    expect(log()).toMatch(/drayage\.yaml:\d+:\d+: .*uri/u)
    expect(log()).toMatch(/version/u)
    expect(existsSync(join(folder, '.drayage'))).toBe(false)
  })

  it('names the configuration that is not there', async () => {
    const { ended, log } = serve(join(aFolder(), 'nowhere.yaml'))
    expect(await ended).toBe(1)
    expect(log()).toContain('nowhere.yaml')
  })

  it.each(['listen', 'api'] as const)('names the address that is in use: %s', async (which) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    cleanup.push(async () => void other.close())
    const address = other.address()
    const taken = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    const config = await aConfig(aFolder(), { [which]: which === 'api' ? { listen: taken } : taken })
    const { ended, log } = serve(config)
    expect(await ended).toBe(1)
    expect(log()).toContain(`drayage serve: ${taken} is in use by another program`)
    // What it opened before is free again.
    const free = await aConfig(aFolder())
    const next = serve(free)
    await next.serving()
  })

  it('names the state that another process has', async () => {
    const folder = aFolder()
    const first = serve(await aConfig(folder))
    await first.serving()
    const second = serve(await aConfig(folder))
    expect(await second.ended).toBe(1)
    expect(second.log()).toMatch(/state\.db is in use by another Drayage process.*fuser/u)
    // The first one's way in is still there.
    const run = await drayage(['status', '--state', join(folder, 'state.db')])
    expect([run.code, run.stderr]).toEqual([0, ''])
  })

  it.each([['--log-level', 'loud'], ['--unknown'], ['positional']])('takes no %s', async (...args) => {
    const { ended, log } = serve(await aConfig(aFolder()), { args })
    expect(await ended).toBe(2)
    expect(log()).toContain('drayage serve')
  })
})

describe('readiness', () => {
  it('waits for every secret, names what is missing to us and not to strangers', async () => {
    const folder = aFolder()
    const config = await aConfig(folder)
    writeFileSync(config, readFileSync(config, 'utf8').replace('env:HOOK', `file:${folder}/hook`))
    const { serving, log } = serve(config)
    const { hooks = '' } = await serving()
    const unready = await fetch(`${hooks}/readyz`)
    expect([unready.status, await unready.json()]).toEqual([503, { status: 'not ready', missing: ['secret'] }])
    expect((await fetch(`${hooks}/healthz`)).status).toBe(200)
    expect(log()).toContain('registries.local.events.secret: the secret file:')
    const status = await drayage(['status', '--state', join(folder, 'state.db')])
    expect(status.code).toBe(1)
    expect(status.stdout).toContain('missing: registries.local.events.secret')
    writeFileSync(join(folder, 'hook'), `${SECRET}\n`)
    await eventually('it is ready', async () => (await fetch(`${hooks}/readyz`)).ok)
    const answer = await fetch(`${hooks}/hooks/local`, {
      method: 'POST',
      headers: { authorization: SECRET, 'content-type': 'application/json' },
      body: '{"events":[]}',
    })
    expect(answer.status).toBe(200)
  })
})

describe('the log', () => {
  it('is JSON lines on stderr, each with time, level and event; stdout is empty', async () => {
    const { serving, child, ended, log, out } = serve(await aConfig(aFolder()))
    await serving()
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    const lines = log()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ event }) => event)).toEqual(['serving', 'unverified', 'stopping', 'stopped'])
    for (const line of lines) {
      expect(line).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*Z$/u), level: expect.any(String) })
    }
    expect(lines[1]).toMatchObject({ level: 'warn', subscription: 'app', stage: 'prod', verify: 'none' })
    expect(out()).toBe('')
  })

  it('is as quiet as it is asked to be', async () => {
    const { child, ended, log } = serve(await aConfig(aFolder()), { args: ['--log-level', 'error'] })
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    child.kill('SIGTERM')
    expect([await ended, log()]).toEqual([0, ''])
  })

  it.skipIf(!hasScript)(
    'is for eyes on a terminal, and JSON there too if asked (script; skipped where it is not)',
    async () => {
      const folder = aFolder()
      const config = await aConfig(folder)
      const onTerminal = async (flags: string): Promise<string> => {
        const command = `exec timeout --signal=TERM 3 ${process.execPath} ${MAIN} serve --config ${config} ${flags}`
        const child = spawn('script', ['-qec', command, '/dev/null'], {
          env: { PATH: process.env['PATH'], HOOK: SECRET },
        })
        let text = ''
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        await once(child, 'close')
        return text
      }
      expect(await onTerminal('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info  serving +hooks=http/mu)
      expect(await onTerminal('--log-json')).toMatch(/^\{"time":.*"event":"serving"/mu)
    },
  )
})

describe('an end', () => {
  /** A push that waits at the registry's gate: the event is accepted, its work is under way. */
  async function underWay() {
    const registry = await startRegistry()
    cleanup.push(() => registry.close())
    const gate = await startGate(registry.host)
    cleanup.push(() => gate.close())
    const image = `${gate.host}/acme/app`
    const repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
    cleanup.push(() => repository.close())
    const yaml = `registries:
  local: { host: "${gate.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path} }
subscriptions:
  app: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
    const service = await startService({ yaml, env: { HOOK: SECRET } })
    cleanup.push(() => service.remove())
    const digest = await registry.pushImage('acme/app', '1.1.0')
    const before = repository.count()
    gate.shut()
    const target = { repository: 'acme/app', tag: '1.1.0', digest }
    const answer = await fetch(`${service.hooks}/hooks/local`, {
      method: 'POST',
      headers: { authorization: SECRET, 'content-type': 'application/json' },
      body: JSON.stringify({ events: [{ id: 'one', action: 'push', target, request: { host: gate.host } }] }),
    })
    expect(answer.status).toBe(202)
    await eventually('the registry is asked', async () => gate.asked() > 0)
    return {
      gate,
      service,
      async delivered(): Promise<void> {
        await eventually('it is delivered', async () => repository.file('app.yaml').includes(`1.1.0@${digest}`))
        await eventually('it is settled', async () => (await service.client.status({})).waiting === 0)
        expect(repository.count()).toBe(before + 1)
      },
    }
  }

  it('by SIGTERM in the middle of work finishes what is under way, loses nothing and is 0', async () => {
    const { gate, service, delivered } = await underWay()
    const code = service.stop()
    await new Promise((resolve) => setTimeout(resolve, 300))
    await expect(fetch(`${service.hooks}/healthz`)).rejects.toThrow()
    gate.open()
    expect(await code).toBe(0)
    expect(existsSync(`${service.state}.api`)).toBe(false)
    await service.start()
    await delivered()
  })

  it('by a second SIGTERM waits for nothing, and loses nothing either', async () => {
    const { gate, service, delivered } = await underWay()
    const first = service.stop()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const started = performance.now()
    const second = service.stop()
    expect([await first, await second]).not.toContain(0)
    expect(performance.now() - started).toBeLessThan(2_000)
    gate.open()
    await service.start()
    await delivered()
  })

  it('closes what is silent, and does not wait for it', async () => {
    const { serving, child, ended } = serve(await aConfig(aFolder()))
    const { hooks = '', api = '' } = await serving()
    for (const url of [hooks, api]) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
    }
    const started = performance.now()
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(performance.now() - started).toBeLessThan(8_000)
  })
})

describe('the way in from this machine', () => {
  it('is a file for its user alone, gone when the service is, replaced when it was killed', async () => {
    const folder = aFolder()
    const state = join(folder, 'state.db')
    const config = await aConfig(folder)
    const killed = serve(config)
    await killed.serving()
    const first = readFileSync(`${state}.api`, 'utf8')
    expect(statSync(`${state}.api`).mode & 0o777).toBe(0o600)
    expect(first).not.toContain(SECRET)
    killed.child.kill('SIGKILL')
    await killed.ended
    const offline = await drayage(['status', '--state', state])
    expect([offline.code, offline.stderr]).toEqual([0, `no service runs on ${state}; reading the file\n`])
    const next = serve(config)
    await next.serving()
    await eventually('its file is there', async () => readFileSync(`${state}.api`, 'utf8') !== first)
    const online = await drayage(['status', '--state', state])
    expect([online.code, online.stderr]).toEqual([0, ''])
    next.child.kill('SIGTERM')
    expect(await next.ended).toBe(0)
    expect(existsSync(`${state}.api`)).toBe(false)
  })

  it('is not what another program on the old port says', async () => {
    const folder = aFolder()
    const state = join(folder, 'state.db')
    const killed = serve(await aConfig(folder))
    const { api = '' } = await killed.serving()
    killed.child.kill('SIGKILL')
    await killed.ended
    const { createServer: createHttpServer } = await import('node:http')
    const other = createHttpServer((_request, response) => response.end('<html>ok</html>'))
    other.listen(Number(new URL(api).port), '127.0.0.1')
    await once(other, 'listening')
    cleanup.push(async () => void other.close())
    const run = await drayage(['status', '--state', state, '--json'])
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('is no Drayage of this version')
  })

  it.skipIf(!isRoot)('has a person where the user has no name (root; skipped without)', async () => {
    const folder = aFolder()
    const uid = 54_321
    spawnSync('chown', [String(uid), folder])
    const { serving, child, ended } = serve(await aConfig(folder), { uid })
    await serving()
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

describe('a token of the configuration', () => {
  it('comes from the environment or a file, and is exchanged without a restart', async () => {
    const folder = aFolder()
    writeFileSync(join(folder, 'token'), 'CANARY-of-anna\n')
    const tokens = [
      { person: 'anna', role: 'operator', token: `file:${folder}/token` },
      { person: 'bert', role: 'viewer', token: 'env:BERT' },
      { person: 'nobody', role: 'operator', token: 'env:NOT_SET' },
    ]
    const port = await freePort()
    const config = await aConfig(folder, { api: { listen: `127.0.0.1:${port}`, tokens } })
    const { serving, log } = serve(config, { env: { HOOK: SECRET, BERT: 'CANARY-of-bert' } })
    const { api = '' } = await serving()
    const ask = async (token: string, path = '/api/v1/status'): Promise<number> => {
      return (await fetch(`${api}${path}`, { headers: { authorization: `Bearer ${token}` } })).status
    }
    expect(await ask('CANARY-of-anna')).toBe(200)
    expect(await ask('CANARY-of-bert')).toBe(200)
    expect(await ask('CANARY-of-bert', '/metrics')).toBe(200)
    expect(await ask('')).toBe(401)
    const act = (token: string): Promise<Response> =>
      fetch(`${api}/api/v1/replay`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: '{"event":"local/none","reason":"x"}',
      })
    expect((await act('CANARY-of-bert')).status).toBe(403)
    expect((await act('CANARY-of-anna')).status).toBe(404)
    writeFileSync(join(folder, 'token'), 'CANARY-of-anna-2\n')
    await eventually('the new one counts', async () => (await ask('CANARY-of-anna-2')) === 200, 15_000)
    expect(await ask('CANARY-of-anna')).toBe(401)
    expect(log()).not.toContain('CANARY')
  })
})

/** Sends up to a gibibyte in chunks, and stops when it is answered. Gives the first line of the answer. */
async function sendWithoutEnd(url: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const closed = new Promise((resolve) => socket.on('close', resolve))
  const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`
  const heard = { answer: '' }
  let sent = 0
  socket.on('error', () => {})
  socket.setEncoding('latin1').on('data', (text: string) => (heard.answer += text))
  socket.write('POST /hooks/local HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  const pump = (): void => {
    while (sent < 0x40000000 && heard.answer === '' && !socket.destroyed && socket.write(chunk)) sent += 0x10000
  }
  socket.on('drain', pump)
  pump()
  await closed
  return heard.answer.slice(0, 'HTTP/1.1 413'.length)
}

it.skipIf(!existsSync('/proc/self/status'))(
  'does not grow with what 64 strangers at once send without end (CVE-2024-40634; skipped without /proc)',
  async () => {
    const { serving, child } = serve(await aConfig(aFolder()))
    const { hooks = '' } = await serving()
    const residentMiB = (): number => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+(?<kilobytes>\d+)/mu.exec(status)?.groups?.['kilobytes']) / 1024
    }
    const before = residentMiB()
    let highest = before
    const watch = setInterval(() => (highest = Math.max(highest, residentMiB())), 10)
    for (let wave = 0; wave < 5; wave += 1) {
      const answers = await Promise.all(Array.from({ length: 64 }, () => sendWithoutEnd(hooks)))
      expect(answers.filter((answer) => !/^HTTP\/1\.1 (?:413|429)/u.test(answer))).toEqual([])
    }
    clearInterval(watch)
    expect((await fetch(`${hooks}/healthz`)).status).toBe(200)
    console.log(`5 x 64 endless bodies: ${before.toFixed(0)} MiB before, ${highest.toFixed(0)} MiB at most`)
    // What is held is at most 32 MiB; the rest is what the collector has not come to yet.
    expect(highest - before).toBeLessThan(160)
  },
)
