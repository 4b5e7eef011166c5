import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BODIES_BYTES_MAX, BODY_BYTES_FREE, BODY_BYTES_MAX, STATUS, type Outcome } from '../../src/app.ts'
import { err, ok } from '../../src/domain/result.ts'
import { distribution } from '../../src/receivers/distribution.ts'
import { dockerhub } from '../../src/receivers/dockerhub.ts'
import type { Received, Receiver, RefusalReason, SenderProfile } from '../../src/receivers/receiver.ts'
import type { Inbox } from '../../src/state/inbox.ts'
import { anAcceptedEvent, aDigest } from '../helpers/build.ts'
import { aScene, aStream } from '../helpers/edge.ts'
import { noHttp } from '../helpers/no-http.ts'

const PROFILES: readonly SenderProfile[] = ['default', 'blocking-queue', 'gives-up', 'pubsub', 'event-grid']

/** What each sender hears, in the order of `PROFILES`. Written out: a change of a status is a change of what senders do. */
const EXPECTED: Readonly<Record<Outcome, readonly [number, number, number, number, number]>> = {
  stored: [202, 202, 202, 202, 202],
  duplicate: [200, 200, 200, 200, 200],
  ignored: [200, 200, 200, 200, 200],
  ping: [200, 200, 200, 200, 200],
  validation: [200, 200, 200, 200, 200],
  'body-too-large': [413, 202, 202, 202, 413],
  'incomplete-body': [400, 400, 400, 400, 400],
  'unsupported-encoding': [415, 202, 202, 202, 400],
  overloaded: [429, 503, 429, 429, 503],
  unavailable: [503, 503, 503, 503, 503],
  'missing-credential': [401, 401, 401, 401, 401],
  'duplicate-credential': [400, 400, 400, 400, 400],
  'wrong-credential': [401, 401, 401, 401, 401],
  'stale-timestamp': [401, 401, 401, 401, 401],
  'unsupported-content-type': [415, 202, 202, 202, 400],
  'not-json': [400, 202, 202, 202, 400],
  'unknown-schema': [422, 202, 202, 202, 400],
}

const refuse = (reason: RefusalReason): Partial<Receiver> => {
  const refusal = err({ reason, detail: 'because' })
  const isProof = /credential|timestamp/u.test(reason)
  return isProof ? { authenticate: async () => refusal as never } : { parse: () => refusal as never }
}
const receive = (received: Received): Partial<Receiver> => ({ parse: () => ok(received) })

/** What makes each of them happen. */
const PROVOKED: Readonly<Record<Outcome, (sender: SenderProfile) => Promise<Response>>> = {
  stored: async (sender) => aScene({ receiver: { sender } }).post(),
  duplicate: async (sender) => {
    const { post } = aScene({ receiver: { sender } })
    await post()
    return post()
  },
  ignored: async (sender) =>
    aScene({ receiver: { sender, ...receive({ outcome: 'ignored', reason: 'blob' }) } }).post(),
  ping: async (sender) => aScene({ receiver: { sender, ...receive({ outcome: 'ping' }) } }).post(),
  validation: async (sender) =>
    aScene({ receiver: { sender, ...receive({ outcome: 'validation', reply: 'yes' }) } }).post(),
  'body-too-large': async (sender) =>
    aScene({ receiver: { sender } }).post('/hooks/hub', { body: new Uint8Array(BODY_BYTES_MAX + 1) }),
  'incomplete-body': async (sender) =>
    aScene({ receiver: { sender } }).post('/hooks/hub', {
      body: aStream(1, 10, new Error('aborted')),
      duplex: 'half',
    }),
  'unsupported-encoding': async (sender) =>
    aScene({ receiver: { sender } }).post('/hooks/hub', { headers: { 'content-encoding': 'gzip' } }),
  overloaded: async (sender) => aScene({ receiver: { sender }, allowance: async () => 1_200 }).post(),
  unavailable: async (sender) =>
    aScene({ receiver: { sender }, inbox: { put: () => Promise.reject(new Error('disk full')) } }).post(),
  'missing-credential': async (sender) => aScene({ receiver: { sender, ...refuse('missing-credential') } }).post(),
  'duplicate-credential': async (sender) => aScene({ receiver: { sender, ...refuse('duplicate-credential') } }).post(),
  'wrong-credential': async (sender) => aScene({ receiver: { sender, ...refuse('wrong-credential') } }).post(),
  'stale-timestamp': async (sender) => aScene({ receiver: { sender, ...refuse('stale-timestamp') } }).post(),
  'unsupported-content-type': async (sender) =>
    aScene({ receiver: { sender, ...refuse('unsupported-content-type') } }).post(),
  'not-json': async (sender) => aScene({ receiver: { sender, ...refuse('not-json') } }).post(),
  'unknown-schema': async (sender) => aScene({ receiver: { sender, ...refuse('unknown-schema') } }).post(),
}

/** Others hold all that may be held, and the store does not answer them. */
async function overload(sender: SenderProfile): Promise<Response> {
  const { post } = aScene({ receiver: { sender }, inbox: { put: () => new Promise(() => {}) } })
  const body = new Uint8Array(BODY_BYTES_MAX)
  const fit = Math.floor(BODIES_BYTES_MAX / (BODY_BYTES_MAX - BODY_BYTES_FREE))
  for (let count = 0; count < fit; count += 1) void post('/hooks/hub', { body })
  await new Promise((resolve) => setTimeout(resolve, 20))
  return post('/hooks/hub', { body })
}

it('says later where others hold all that may be held', async () => {
  expect((await overload('default')).status).toBe(429)
})

describe('the allowance of a registry', () => {
  const spent: [string, number][] = []
  const allowance = async (source: string, events: number): Promise<number> => {
    spent.push([source, events])
    return events === 0 ? 0 : 61_000
  }

  it('is asked with the number of events, and names the time to come again', async () => {
    spent.length = 0
    const { post, stored, measured } = aScene({ allowance })
    const response = await post()
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '61'])
    expect(await response.json()).toEqual({ outcome: 'overloaded' })
    expect(spent).toEqual([['hub', 1]])
    expect(stored).toEqual([])
    expect(measured).toEqual([{ kind: 'event', source: 'hub', outcome: 'overloaded' }])
  })

  it('is not touched by whoever has not proven itself', async () => {
    spent.length = 0
    for (const reason of ['missing-credential', 'wrong-credential', 'not-json'] as const) {
      await aScene({ allowance, receiver: refuse(reason) }).post()
    }
    expect(spent).toEqual([])
  })

  it('is not used up by what nobody acts on', async () => {
    const { post } = aScene({ allowance, receiver: receive({ outcome: 'ignored', reason: 'blob' }) })
    expect((await post()).status).toBe(200)
  })

  it('comes before anybody is asked back', async () => {
    let confirmed = 0
    const confirm = async (received: Received): Promise<Received> => {
      confirmed += 1
      return received
    }
    await aScene({ allowance, receiver: { confirm } }).post()
    expect(confirmed).toBe(0)
  })
})

describe.each(PROFILES.map((sender, index) => ({ sender, index })))('a sender of the profile $sender', (profile) => {
  const outcomes = (Object.keys(EXPECTED) as Outcome[]).map((outcome) => ({
    outcome,
    status: EXPECTED[outcome][profile.index],
  }))

  it.each(outcomes)('hears $status for $outcome', async ({ outcome, status }) => {
    const response = await PROVOKED[outcome](profile.sender)
    expect(response.status).toBe(status)
    const isLater = status === 429 || status === 503
    expect(response.headers.get('retry-after')).toBe(isLater ? '5' : null)
  })

  it('has a status for every outcome, and for no other', () => {
    expect(Object.keys(STATUS[profile.sender]).toSorted()).toEqual(Object.keys(EXPECTED).toSorted())
  })
})

describe('the order of work', () => {
  it('answers nothing before the event is durable', async () => {
    let isDurable = (_results: readonly 'stored'[]): void => {}
    const put: Inbox['put'] = () => new Promise((resolve) => (isDurable = resolve))
    const answered = aScene({ inbox: { put } }).post()
    const first = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))])
    expect(first).toBe('silence')
    isDurable(['stored'])
    expect((await answered).status).toBe(202)
  })

  it('says later, never yes, where the store refuses or throws at once', async () => {
    for (const put of [
      () => Promise.reject(new Error('SQLITE_FULL')),
      () => {
        throw new Error('closed')
      },
    ]) {
      const response = await aScene({ inbox: { put } }).post()
      expect([response.status, await response.json()]).toEqual([503, { outcome: 'unavailable' }])
    }
  })

  it('says later where the secret cannot be read, and lets nobody in', async () => {
    const receiver = { authenticate: () => Promise.reject(new Error('the secret env:HUB is not set')) }
    const { post, stored, log } = aScene({ receiver })
    expect((await post()).status).toBe(503)
    expect(stored).toEqual([])
    expect(log()).toMatchObject([{ level: 'error', detail: 'the secret env:HUB is not set' }])
  })

  it('parses nothing of a request that is not authentic, and writes nothing (CVE-2023-40034)', async () => {
    const calls: string[] = []
    const { post, stored, state } = aScene({
      receiver: {
        async authenticate() {
          calls.push('authenticate')
          return err({ reason: 'wrong-credential', detail: 'no' })
        },
        parse() {
          calls.push('parse')
          throw new Error('unreachable')
        },
      },
    })
    expect((await post()).status).toBe(401)
    expect(calls).toEqual(['authenticate'])
    expect([stored, await state.inbox.depth()]).toEqual([[], 0])
  })

  it('judges the encoding and the size of authentic requests only', async () => {
    const receiver: Partial<Receiver> = { sender: 'blocking-queue', ...refuse('wrong-credential') }
    const { post } = aScene({ receiver })
    expect((await post('/hooks/hub', { headers: { 'content-encoding': 'gzip' } })).status).toBe(401)
    expect((await post('/hooks/hub', { body: new Uint8Array(BODY_BYTES_MAX + 1) })).status).toBe(413)
  })

  it('tells the pipeline of what is new, and not of what is known', async () => {
    let pokes = 0
    const { post } = aScene({ onStored: () => void (pokes += 1) })
    await post()
    await post()
    expect(pokes).toBe(1)
  })

  it('takes each of 20 copies that come at once as one event', async () => {
    const { post, state } = aScene()
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await post()).status))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 19 }, () => 200), 202])
    expect(await state.inbox.depth()).toBe(1)
  })
})

describe('a body', () => {
  it.each([
    ['below the limit', BODY_BYTES_MAX - 1, 202],
    ['at the limit', BODY_BYTES_MAX, 202],
    ['above the limit', BODY_BYTES_MAX + 1, 413],
  ])('%s gets its answer', async (_where, bytes, status) => {
    expect((await aScene().post('/hooks/hub', { body: new Uint8Array(bytes) })).status).toBe(status)
  })

  it('that is announced too large is not read at all', async () => {
    let pulled = 0
    const body = new ReadableStream({ pull: () => void (pulled += 1) }, { highWaterMark: 0 })
    const headers = { 'content-length': String(BODY_BYTES_MAX + 1) }
    const response = await aScene().post('/hooks/hub', { body, headers, duplex: 'half' })
    expect([response.status, pulled]).toEqual([413, 0])
  })

  it('that never ends is read up to the limit and no further, proven or not (CVE-2026-42294, CVE-2022-31054)', async () => {
    let bytes = 0
    const chunk = new Uint8Array(64 * 1024)
    const body = new ReadableStream({
      pull(controller) {
        bytes += chunk.length
        controller.enqueue(chunk)
      },
    })
    const { post, stored } = aScene({ receiver: refuse('wrong-credential') })
    const response = await post('/hooks/hub', { body, duplex: 'half' })
    expect(response.status).toBe(413)
    expect(bytes).toBeLessThanOrEqual(BODY_BYTES_MAX + 2 * chunk.length)
    expect(stored).toEqual([])
  })

  it('that lies about its length is bounded all the same (CVE-2026-44456)', async () => {
    const headers = { 'content-length': '2' }
    const body = aStream(40, 64 * 1024)
    const response = await aScene().post('/hooks/hub', { body, headers, duplex: 'half' })
    expect(response.status).toBe(413)
  })

  it('of a usual size gets in while others hold all that may be held (CVE-2024-40634)', async () => {
    const hanging = new Set<() => void>()
    const { post } = aScene({ receiver: { parse: () => ok({ outcome: 'ping' }) } })
    const answers = Array.from({ length: 40 }, () => {
      // All but the last byte, and then nothing more.
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(new Uint8Array(BODY_BYTES_MAX - 1))
          await new Promise<void>((resolve) => hanging.add(resolve))
          controller.error(new Error('gone'))
        },
      })
      return post('/hooks/hub', { body, duplex: 'half' })
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    const [large, usual] = await Promise.all([
      post('/hooks/hub', { body: new Uint8Array(BODY_BYTES_MAX) }),
      post('/hooks/hub', { body: new Uint8Array(BODY_BYTES_FREE) }),
    ])
    expect([large.status, usual.status]).toEqual([429, 200])
    for (const end of hanging) end()
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([400, 429]))
    expect((await post('/hooks/hub', { body: new Uint8Array(BODY_BYTES_MAX) })).status).toBe(200)
  })

  it('is held until its event is stored, and not longer', async () => {
    const { post } = aScene()
    for (let count = 0; count < 40; count += 1) {
      expect((await post('/hooks/hub', { body: new Uint8Array(BODY_BYTES_MAX) })).status).toBeLessThan(203)
    }
  })
})

describe('a route', () => {
  it.each([
    '/hooks/nobody',
    '/hooks/nobody/secret',
    '/hooks/hub/secret/more',
    '/hooks/hub/',
    '/hooks/',
    '/hooks',
    '/hooks/HUB',
    '/hooks/hub%00',
    '/hooks/__proto__',
    '/hooks/constructor',
    '/hooks/h%75b',
    '/%68ooks/hub',
    '/hooks%2fhub',
    '/hooks/..%2f..%2fadmin',
    '/hooks/hub%2f..%2fci',
    '//hooks/hub',
    '/hooks//hub',
    '/hooks/hub;a=b',
    `/hooks/${'a'.repeat(64)}`,
    `/hooks/hub/${'s'.repeat(513)}`,
  ])('%s leads nowhere, and says no more than any other', async (target) => {
    const edge = { targetOf: () => target, headersOf: () => new Map(), bodyOf: () => null }
    const { post, stored } = aScene({ edge })
    const response = await post()
    expect([response.status, await response.text()]).toEqual([404, '{"error":"not found"}'])
    expect(stored).toEqual([])
  })

  it('counts and logs what was asked of nobody, without its name', async () => {
    const { post, lines, measured } = aScene()
    for (let number = 0; number < 100; number += 1) await post(`/hooks/guess-${number}`)
    expect(new Set(measured.map((measurement) => JSON.stringify(measurement))).size).toBe(1)
    expect(measured[0]).toEqual({ kind: 'event', source: '-', outcome: 'unknown-registry' })
    expect(lines.join('')).not.toContain('guess')
  })

  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])('takes no %s', async (method) => {
    const { app, stored } = aScene()
    const response = await app.request('/hooks/hub', { method })
    expect([response.status, response.headers.get('allow'), stored.length]).toEqual([405, 'POST', 0])
  })

  it('takes OPTIONS where the sender asks so', async () => {
    const { app } = aScene({ receiver: { methods: ['OPTIONS'], ...receive({ outcome: 'ping' }) } })
    expect((await app.request('/hooks/hub', { method: 'OPTIONS' })).status).toBe(200)
    const response = await app.request('/hooks/hub', { method: 'GET' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })

  it('believes no header about the method, the path or the sender (CVE-2026-27700)', async () => {
    const { app, stored } = aScene({ receiver: refuse('wrong-credential') })
    const headers = {
      'x-http-method-override': 'POST',
      'x-original-url': '/hooks/hub',
      'x-rewrite-url': '/hooks/hub',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'localhost',
      'x-real-ip': '127.0.0.1',
    }
    expect((await app.request('/elsewhere', { headers })).status).toBe(404)
    expect((await app.request('/hooks/hub', { headers })).status).toBe(405)
    expect((await app.request('/hooks/hub', { method: 'POST', headers })).status).toBe(401)
    expect(stored).toEqual([])
  })

  it('lets no header set the context of a platform (CVE-2026-18248, GHSA-rv63-4mwf-qqc2)', async () => {
    const { app } = aScene({ receiver: refuse('wrong-credential') })
    const event = JSON.stringify({ httpMethod: 'POST', path: '/hooks/hub', isBase64Encoded: true, body: 'e30=' })
    const headers = { 'x-apigateway-event': encodeURIComponent(event), 'x-apigateway-context': '{}' }
    expect((await app.request('/hooks/hub', { method: 'POST', headers, body: '{}' })).status).toBe(401)
    const large = new Uint8Array(BODY_BYTES_MAX + 1)
    expect((await app.request('/hooks/hub', { method: 'POST', headers, body: large })).status).toBe(413)
  })
})

it('takes only the router from hono, so that no flaw of its middleware is ours (CVE-2026-44456, CVE-2026-22817, CVE-2026-22818, CVE-2026-39409, CVE-2026-47674)', () => {
  const imports = globSync('{src,handlers}/**/*.ts').flatMap((file) => {
    return [...readFileSync(file, 'utf8').matchAll(/from '(?<module>hono[^']*)'/gu)].map(
      ({ groups }) => groups?.['module'],
    )
  })
  expect(new Set(imports)).toEqual(new Set(['hono']))
})

it('reads no body but by the one reader (CVE-2022-31054)', () => {
  for (const file of ['src/app.ts', 'src/api.ts', ...globSync('handlers/*.ts')]) {
    expect(readFileSync(file, 'utf8'), file).not.toMatch(/\.(?:text|json|arrayBuffer|blob|formData|parseBody)\(\)/u)
  }
})

describe('what a sender learns', () => {
  it.each(['missing-credential', 'wrong-credential', 'stale-timestamp', 'duplicate-credential'] as const)(
    'is nothing of how near it was, for %s',
    async (reason) => {
      const response = await aScene({ receiver: refuse(reason) }).post()
      expect(await response.json()).toEqual({ outcome: 'refused' })
    },
  )

  it.each(['not-json', 'unknown-schema', 'unsupported-content-type'] as const)(
    'is the code once it has proven itself, for %s, and never the detail',
    async (reason) => {
      const response = await aScene({ receiver: refuse(reason) }).post()
      expect(await response.json()).toEqual({ outcome: reason })
    },
  )

  it('is the id of each event, to ask for later', async () => {
    expect(await (await aScene().post()).json()).toEqual({
      outcome: 'stored',
      events: [{ id: 'hub/1', result: 'stored' }],
    })
  })

  it('is why nothing was taken', async () => {
    const response = await aScene({ receiver: receive({ outcome: 'ignored', reason: 'blob' }) }).post()
    expect(await response.json()).toEqual({ outcome: 'ignored', reason: 'blob' })
  })

  it('is the proof that it asked for, in the form that it wants', async () => {
    const answer = { body: '{"validationResponse":"yes"}', headers: { 'x-form': 'own' } }
    const response = await aScene({ receiver: receive({ outcome: 'validation', reply: 'yes', answer }) }).post()
    expect([response.status, await response.text()]).toEqual([200, answer.body])
    expect(response.headers.get('x-form')).toBe('own')
  })
})

describe('what the log learns', () => {
  it('is the outcome, its reason and what was kept', async () => {
    const { post, log } = aScene()
    await post()
    expect(log()).toMatchObject([
      {
        level: 'info',
        event: 'request accepted',
        source: 'hub',
        outcome: 'stored',
        status: 202,
        duplicates: 0,
        stored: 1,
        assurance: 'shared-secret',
      },
    ])
    expect(log()[0]).not.toHaveProperty('secret')
  })

  it('is the reason of a refusal', async () => {
    const { post, log } = aScene({ receiver: refuse('wrong-credential') })
    await post()
    expect(log()).toMatchObject([{ level: 'warn', event: 'request refused', outcome: 'wrong-credential', status: 401 }])
  })

  it('is that the old secret is still in use', async () => {
    const receiver: Partial<Receiver> = { authenticate: async () => ok({ assurance: 'shared-secret', secret: 1 }) }
    const { post, log } = aScene({ receiver })
    await post()
    expect(log()).toMatchObject([{ outcome: 'stored', secret: 'the previous one' }])
  })

  it('is what was passed over beside the rest, the malformed ones first', async () => {
    const skipped = [
      { index: 0, reason: 'blob', detail: 'expected a manifest or an index' },
      { index: 2, reason: 'blob', detail: 'expected a manifest or an index' },
      { index: 3, reason: 'malformed-event', detail: 'target.repository: expected a lower-case path' },
    ] as const
    const { event } = anAcceptedEvent()
    const { post, log } = aScene({ receiver: receive({ outcome: 'events', events: [event], skipped }) })
    await post()
    expect(log()).toMatchObject([
      {
        skipped: 'blob 2, malformed-event 1',
        firstSkipped: 'events[3]: target.repository: expected a lower-case path',
      },
    ])
  })

  it('is one measurement for each request, whatever it brought', async () => {
    const { post, measured } = aScene()
    await post()
    await post()
    await post('/hooks/hub', { headers: { 'content-encoding': 'br' } })
    expect(measured).toEqual([
      { kind: 'event', source: 'hub', outcome: 'stored' },
      { kind: 'event', source: 'hub', outcome: 'duplicate' },
      { kind: 'event', source: 'hub', outcome: 'unsupported-encoding' },
    ])
  })

  it('is one line for each request, whatever the request holds', async () => {
    const { post, lines } = aScene({
      receiver: { parse: () => err({ reason: 'not-json', detail: '\n{"a":1}\u001b[2J\u2028' }) },
    })
    await post()
    expect(lines).toHaveLength(1)
    expect(lines[0]?.trimEnd()).not.toMatch(/[\n\u001b\u2028]/u)
  })
})

describe('health', () => {
  it('is that the process answers', async () => {
    expect((await aScene().app.request('/healthz')).status).toBe(200)
  })

  it('is readiness only where nothing is missing, and says what is', async () => {
    const ready = await aScene().app.request('/readyz')
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
    const unready = await aScene({ unready: async () => ['store'] }).app.request('/readyz')
    expect([unready.status, await unready.json()]).toEqual([503, { status: 'not ready', missing: ['store'] }])
  })

  it('fails closed and quietly where nobody can say', async () => {
    const { app, log } = aScene({ unready: () => Promise.reject(new Error('CANARY')) })
    const response = await app.request('/readyz')
    expect([response.status, await response.json()]).toEqual([503, { error: 'unavailable' }])
    expect(log()).toHaveLength(1)
  })
})

describe('a secret', () => {
  const CANARY = 'CANARY-4f5ec4d5'
  const secretOf = () => async () => [CANARY] as const
  const receivers = new Map<string, Receiver>([
    ['hub', dockerhub.create(dockerhub.Settings.parse({ type: 'dockerhub', secret: 'env:X' }), secretOf, noHttp, null)],
    [
      'local',
      distribution.create(
        distribution.Settings.parse({ type: 'distribution', secret: 'env:X' }),
        secretOf,
        noHttp,
        null,
      ),
    ],
  ])
  const push = JSON.stringify({
    push_data: { tag: '1.5.0', pushed_at: 1_767_225_600 },
    repository: { repo_name: 'acme/payments' },
  })
  const envelope = JSON.stringify({
    events: [{ id: '1', action: 'push', target: { repository: 'acme/payments', tag: '1.5.0', digest: aDigest() } }],
  })
  const requests: readonly (readonly [string, string, RequestInit])[] = [
    ['in the path, right', `/hooks/hub/${CANARY}`, { body: push }],
    ['in the path, with more behind it', `/hooks/hub/${CANARY}x`, { body: push }],
    ['in the path of another', `/hooks/local/${CANARY}`, { body: envelope }],
    ['in the path of nobody', `/hooks/nobody/${CANARY}`, { body: push }],
    ['in the query', `/hooks/hub?secret=${CANARY}`, { body: push }],
    ['in the query, twice', `/hooks/hub?secret=${CANARY}&secret=${CANARY}`, { body: push }],
    ['in the header, right', '/hooks/local', { body: envelope, headers: { authorization: CANARY } }],
    [
      'in the header, with more before it',
      '/hooks/local',
      { body: envelope, headers: { authorization: `Bearer ${CANARY}` } },
    ],
    ['in another header', '/hooks/local', { body: envelope, headers: { 'x-token': CANARY } }],
    ['in the content type', '/hooks/local', { body: envelope, headers: { 'content-type': `text/plain; ${CANARY}` } }],
    ['in a body that is no JSON', `/hooks/hub/${CANARY}`, { body: CANARY }],
    [
      'in a body of another shape',
      `/hooks/hub/${CANARY}`,
      { body: JSON.stringify({ [CANARY]: CANARY, push_data: CANARY }) },
    ],
    ['in a member', `/hooks/hub/${CANARY}`, { body: push.replace('"tag":"1.5.0"', `"tag":"${CANARY} "`) }],
    ['in a body that is too large', `/hooks/hub/${CANARY}`, { body: CANARY.repeat(100_000) }],
    ['with another method', `/hooks/hub/${CANARY}`, { method: 'PUT', body: CANARY }],
  ]

  it.each(requests)('%s stands in no answer, no log line, no measurement', async (_where, path, init) => {
    const { post, lines, measured } = aScene({ receivers: () => receivers })
    const response = await post(path, init)
    const shown = `${lines.join('')}${JSON.stringify([...response.headers])}${await response.text()}${JSON.stringify(measured)}`
    expect(shown).not.toContain(CANARY)
    expect(shown.length).toBeGreaterThan(20)
  })

  it('does not stand in what is stored', async () => {
    const { post, stored } = aScene({ receivers: () => receivers })
    expect((await post(`/hooks/hub/${CANARY}`, { body: push })).status).toBe(202)
    expect((await post('/hooks/local', { body: envelope, headers: { authorization: CANARY } })).status).toBe(202)
    expect(stored).toHaveLength(2)
    expect(JSON.stringify(stored)).not.toContain(CANARY)
  })
})
