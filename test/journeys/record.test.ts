/** `drayage record` as a process, and a registry that delivers to it. */

import { spawn, type ChildProcess } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { outcomeOf } from '../../src/receivers/outcome.ts'
import { ghcr } from '../../src/receivers/ghcr.ts'
import { drayage } from '../helpers/drayage.ts'
import { aRequest } from '../helpers/receiver-request.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const TIMEOUT_MS = 60_000
const SECRET = 'CANARY-of-the-hook'
const PUSH = readFileSync(new URL('../fixtures/receivers/ghcr/push/body.json', import.meta.url), 'utf8')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-record-'))
  writeFileSync(
    join(folder, 'drayage.yaml'),
    'version: 1\nregistries: { hub: { events: { type: ghcr, secret: env:HOOK } } }\n',
  )
  return () => rmSync(folder, { recursive: true, force: true })
})

type Recorder = {
  readonly url: string
  readonly ended: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>
  readonly child: ChildProcess
}

async function record(...args: readonly string[]): Promise<Recorder> {
  const child = spawn(process.execPath, [MAIN, 'record', '--listen', '127.0.0.1:0', ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOOK: SECRET },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  const told = new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      const url = /waiting for a delivery at (?<url>\S+)\n/u.exec(stderr)?.groups?.['url']
      if (url !== undefined) resolve(url)
    })
    child.once('exit', () => reject(new Error(stderr)))
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stdout, stderr }))
  return { url: await told, ended, child }
}

function deliver(url: string, body: string, secret = SECRET, event = 'registry_package'): Promise<Response> {
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  return fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': 'b9bd0a80',
      'x-github-encoded-secret': SECRET,
      'x-hub-signature-256': `sha256=${signature}`,
    },
  })
}

it(
  'writes the next authentic delivery that is no ping, redacted, and keeps nothing for the service',
  async () => {
    const { url, ended } = await record('--source', 'https://docs.github.com/webhooks', '--out', 'mine')
    const body = JSON.stringify({ ...(JSON.parse(PUSH) as object), note: `${SECRET} of ada@acme.example` })
    expect((await deliver(url, body, 'wrong')).status).toBe(401)
    expect((await deliver(url, '{"zen":"x","hook_id":1}', SECRET, 'ping')).status).toBe(200)
    const answer = await deliver(url, body)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await ended).toMatchObject({ code: 0, stdout: 'mine\n' })
    const read = (file: string): string => readFileSync(join(folder, 'mine', file), 'utf8')
    const request = JSON.parse(read('request.json')) as { source: string; headers: Record<string, string> }
    expect(request).toEqual({
      source: 'https://docs.github.com/webhooks',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'registry_package',
        'x-github-delivery': 'b9bd0a80',
        'user-agent': expect.any(String),
      },
    })
    const expected: unknown = JSON.parse(read('expected.json'))
    expect(expected).toMatchObject({ outcome: 'events', events: [{ repository: 'acme/payments', tag: '1.4.2' }] })
    expect(outcomeOf(ghcr.parse(aRequest({ body: read('body.json'), headers: request.headers }), { now: 0 }))).toEqual(
      expected,
    )
    const all = read('body.json') + read('request.json') + read('expected.json')
    expect(all).not.toContain(SECRET)
    expect(all).not.toContain('ada@acme.example')
    expect(existsSync(join(folder, '.drayage'))).toBe(false)
  },
  TIMEOUT_MS,
)

it(
  'records what it cannot read: that is when one needs it',
  async () => {
    const { url, ended } = await record('--json')
    expect((await deliver(url, '{"action":"published","package":{"package_type":"container"}}')).status).toBe(422)
    const { code, stdout } = await ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      folder: 'ghcr-recorded',
      outcome: { outcome: 'refused', reason: 'unknown-schema', events: [] },
    })
  },
  TIMEOUT_MS,
)

it(
  'gives up when its time is over, or when somebody ends it',
  async () => {
    const { ended } = await record('--seconds', '1')
    expect(await ended).toMatchObject({ code: 1, stdout: '' })
    const other = await record()
    other.child.kill('SIGINT')
    expect(await other.ended).toMatchObject({ code: 1, stdout: '' })
  },
  TIMEOUT_MS,
)

it.each([['nosuch'], ['hub', 'other'], ['--seconds', '0'], ['--seconds', 'x'], ['--source', 'http://x.example.com']])(
  'refuses %j %j',
  async (...args) => {
    expect(await drayage(['record', ...args], '', { cwd: folder, env: { HOOK: SECRET } })).toMatchObject({ code: 2 })
  },
  TIMEOUT_MS,
)
