/** `drayage receive` as a person runs it. */

import { receiverTypes } from '../../src/receivers/index.ts'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drayage, type Run } from '../helpers/drayage.ts'

const PUSH = '{"type":"image.pushed","data":{"image":"ghcr.io/acme/payments:1.4.2"}}'
const HUB = '{"push_data":{"tag":"1.4.2","pushed_at":1773063866},"repository":{"repo_name":"acme/payments"}}'
const ENVELOPE =
  '{"events":[{"id":"e-1","action":"push","target":{"repository":"acme/payments","tag":"1.4.2"},"request":{"host":"claimed.example.com"}},{"action":"pull"}]}'
const KEY = Buffer.alloc(32, 'CANARY')

const answerOf = ({ stdout }: Run): unknown => JSON.parse(stdout)

describe('without a configuration', () => {
  it('shows the event with what the payload claims, on one line', async () => {
    const run = await drayage(['receive', 'distribution'], ENVELOPE)
    expect(run.code).toBe(0)
    expect(run.stdout.trimEnd()).not.toContain('\n')
    const said = { registry: 'claimed.example.com', repository: 'acme/payments', tag: '1.4.2', id: 'e-1' }
    const unsaid = { digest: null, mediaType: null, subject: null, pusher: null, occurredAt: null }
    expect(answerOf(run)).toEqual({ outcome: 'events', events: [{ kind: 'push', ...said, ...unsaid }] })
  })

  it('says on stderr that nobody was authenticated, and what was passed over', async () => {
    const { stderr } = await drayage(['receive', 'distribution'], ENVELOPE)
    expect(stderr).toMatch(/^not authenticated/u)
    expect(stderr).toContain('event 1 passed over, malformed-event')
  })

  it('answers 1 for a body that is refused, with the reason', async () => {
    const run = await drayage(['receive', 'dockerhub', '--parse-only'], '{"push_data":')
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('not-json') })
    expect(answerOf(run)).toEqual({ outcome: 'refused', reason: 'not-json', events: [] })
  })

  it('answers 0 for what is ignored', async () => {
    const run = await drayage(['receive', 'webhook'], '{"type":"build.finished"}')
    expect(run.code).toBe(0)
    expect(answerOf(run)).toEqual({ outcome: 'ignored', reason: 'other-action', events: [] })
  })

  it('keeps control characters from the terminal', async () => {
    const run = await drayage(['receive', 'distribution'], ENVELOPE.replace('"e-1"', '"\\u001b[2J\\u202e"'))
    expect(run.stdout).toContain('\\u001b[2J\\u202e')
  })

  it.each([
    [[], 'expected one receiver type'],
    [['nosuch'], `one of ${[...receiverTypes.keys()].join(', ')}; found "nosuch"`],
    [['webhook', 'dockerhub'], 'expected one receiver type'],
    [['webhook', '--header', 'no colon'], "expected 'Name: value'"],
    [['webhook', '--registry', 'ci'], 'expected --config with --registry'],
    [['webhook', '--nosuch'], '--nosuch'],
  ])('calls %j misuse', async (args, message) => {
    expect(await drayage(['receive', ...args], PUSH)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    })
  })
})

describe('with a configuration', () => {
  let folder = ''
  const config = (): string => join(folder, 'drayage.yaml')
  const receive = (args: readonly string[], body: string): Promise<Run> =>
    drayage(['receive', ...args, '--config', config()], body)

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'drayage-receive-'))
    writeFileSync(join(folder, 'ci'), `whsec_${KEY.toString('base64')}\n`)
    writeFileSync(join(folder, 'hub'), 'CANARY-hub-new\n')
    writeFileSync(join(folder, 'hub-old'), 'CANARY-hub-old\n')
    const file = (name: string): string => `file:${join(folder, name)}`
    const registries = [
      `  ci: { events: { type: webhook, secret: '${file('ci')}' } }`,
      `  hub: { events: { type: dockerhub, secret: ['${file('hub')}', '${file('hub-old')}'] } }`,
      `  one: { host: one.example.com, events: { type: distribution, secret: '${file('missing')}' } }`,
      `  two: { host: two.example.com:5000, events: { type: distribution, auth: none } }`,
    ]
    writeFileSync(config(), ['version: 1', 'registries:', ...registries, ''].join('\n'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('authenticates a signed body', async () => {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const signature = createHmac('sha256', KEY).update(`msg_1.${timestamp}.${PUSH}`).digest('base64')
    const headers = ['webhook-id: msg_1', `Webhook-Timestamp:${timestamp}`, `webhook-signature: v1,${signature}`]
    const run = await receive(['webhook', ...headers.flatMap((header) => ['--header', header])], PUSH)
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('authenticated: signed-body') })
    expect(answerOf(run)).toMatchObject({ events: [{ id: 'msg_1', registry: 'ghcr.io' }] })
  })

  it('refuses a wrong and a repeated secret, and repeats none of them', async () => {
    const wrong = await receive(['dockerhub', '--path-secret', 'CANARY-wrong'], HUB)
    const twice = await receive(
      ['dockerhub', '--path-secret', 'CANARY-hub-new', '--query', 'secret=CANARY-hub-new'],
      HUB,
    )
    expect(answerOf(wrong)).toEqual({ outcome: 'refused', reason: 'wrong-credential', events: [] })
    expect(answerOf(twice)).toEqual({ outcome: 'refused', reason: 'duplicate-credential', events: [] })
    expect([wrong.code, twice.code]).toEqual([1, 1])
    expect(JSON.stringify([wrong, twice])).not.toContain('CANARY')
  })

  it('says that the previous secret is still in use', async () => {
    const run = await receive(['dockerhub', '--query', 'secret=CANARY-hub-old'], HUB)
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('url-secret, with the previous secret') })
    expect(run.stderr).not.toContain('CANARY')
  })

  it('takes the host from the configuration, whatever the payload claims', async () => {
    const run = await receive(['distribution', '--registry', 'two'], ENVELOPE)
    expect(run.stderr).toContain('authenticated: none')
    expect(answerOf(run)).toMatchObject({ events: [{ registry: 'two.example.com:5000' }] })
  })

  it('lets nobody in where the secret cannot be read', async () => {
    const run = await receive(['distribution', '--registry', 'one', '--header', 'authorization: x'], ENVELOPE)
    expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('cannot be read') })
  })

  it('reads without asking for the secret where that is asked for', async () => {
    const run = await receive(['distribution', '--registry', 'one', '--parse-only'], ENVELOPE)
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('as asked by --parse-only') })
    expect(answerOf(run)).toMatchObject({ events: [{ registry: 'one.example.com' }] })
  })

  it('asks which registry is meant where several have the type', async () => {
    expect(await receive(['distribution'], ENVELOPE)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('one, two'),
    })
    expect(await receive(['distribution', '--registry', 'hub'], ENVELOPE)).toMatchObject({ code: 2 })
  })

  it('says where a configuration is wrong', async () => {
    const run = await drayage(['receive', 'webhook', '--config', join(folder, 'nosuch.yaml')], PUSH)
    expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('there is no file') })
  })
})
