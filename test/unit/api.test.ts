import { describe, expect, it } from 'vitest'
import { createApi, ROUTES, type ApiOptions, type ApiToken } from '../../src/api.ts'
import { ACTIONS, isAllowed } from '../../src/authorise.ts'
import { ROLES, type Role } from '../../src/domain/config.ts'
import { formatImage } from '../../src/domain/image.ts'
import { createLog } from '../../src/log.ts'
import { aDigest, aPinnedImage, anAcceptedEvent, NOW } from '../helpers/build.ts'
import { createWorld } from '../helpers/world.ts'

const token = (person: string, role: Role, ...values: [string, ...string[]]): ApiToken => {
  return { person, role, secret: async () => values }
}
const TOKENS: readonly ApiToken[] = [
  token('vera', 'viewer', 'CANARY-vera'),
  token('anna', 'approver', 'CANARY-anna'),
  token('rita', 'reporter', 'CANARY-rita'),
  token('otto', 'operator', 'CANARY-otto', 'CANARY-otto-before'),
]
const TOKEN_OF: Readonly<Record<Role, string>> = {
  viewer: 'CANARY-vera',
  approver: 'CANARY-anna',
  reporter: 'CANARY-rita',
  operator: 'CANARY-otto',
}
const READ = [
  'GET /metrics',
  'GET /api/v1/status',
  'GET /api/v1/history',
  'GET /api/v1/events',
  'GET /api/v1/explain',
  'GET /api/v1/affected',
]

/** What each role may, written out: a change here is a change of who may do what. */
const MAY: Readonly<Record<Role, readonly string[]>> = {
  viewer: READ,
  approver: [...READ, 'POST /api/v1/approve', 'POST /api/v1/reject', 'POST /api/v1/break-glass'],
  reporter: [...READ, 'POST /api/v1/report'],
  operator: [
    ...READ,
    'POST /api/v1/retry',
    'POST /api/v1/replay',
    'POST /api/v1/lift',
    'POST /api/v1/approve',
    'POST /api/v1/reject',
    'POST /api/v1/report',
    'POST /api/v1/promote',
    'POST /api/v1/break-glass',
    'POST /api/v1/pause',
    'POST /api/v1/resume',
    'POST /api/v1/pin',
    'POST /api/v1/unpin',
    'POST /api/v1/rollback',
  ],
}

const ALLOWED: Readonly<Record<Role, readonly string[]>> = {
  viewer: ['read'],
  approver: ['read', 'approve', 'break-glass'],
  reporter: ['read', 'report'],
  operator: ACTIONS,
}

function aScene(options: Partial<ApiOptions> = {}) {
  const world = createWorld()
  const lines: string[] = []
  let pokes = 0
  const api = createApi({
    ports: () => world.ports,
    tokens: () => TOKENS,
    poke: () => void (pokes += 1),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'drayage_inbox_waiting 0\n' }),
    problems: async () => [],
    log: createLog({ write: (line) => void lines.push(line), now: () => NOW, level: 'debug', style: 'json' }),
    ...options,
  })
  const call = (method: string, path: string, bearer: string | null = TOKEN_OF.operator, init: RequestInit = {}) => {
    const headers = { ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }), ...(init.headers as object) }
    return api.request(path, { ...init, method, headers })
  }
  return {
    world,
    api,
    lines,
    call,
    pokes: () => pokes,
    get: (path: string) => call('GET', path),
    post: (path: string, body: unknown) => call('POST', path, TOKEN_OF.operator, { body: JSON.stringify(body) }),
  }
}

const routes = ROUTES.map(({ method, path }) => ({ method, path, route: `${method} ${path}` }))
const NOT_OURS = [
  ['nothing', null],
  ['an empty token', ''],
  ['CVE-2026-28229: the word nothing', 'nothing'],
  ['the word null', 'null'],
  ['the word undefined', 'undefined'],
  ['the beginning of one', 'CANARY-ver'],
  ['one and more', 'CANARY-vera1'],
  ['one in capitals', 'CANARY-VERA'],
  ['two at once', 'CANARY-vera, Bearer CANARY-otto'],
  ['a person', 'otto'],
  ['a token without signature', 'eyJhbGciOiJub25lIn0.eyJwZXJzb24iOiJvdHRvIn0.'],
  ['512 characters', 'x'.repeat(512)],
  ['8,192 characters', 'x'.repeat(8192)],
] as const

describe('a route', () => {
  it('is mounted only if it is listed, so that none is without its rule (CVE-2026-27111)', () => {
    const mounted = aScene().api.routes.map(({ method, path }) => `${method} ${path}`)
    expect(mounted.toSorted()).toEqual(['GET /healthz', ...routes.map(({ route }) => route)].toSorted())
  })

  it.each(routes.flatMap((route) => NOT_OURS.map(([what, bearer]) => ({ ...route, what, bearer }))))(
    '$route is closed to $what (CVE-2026-24748)',
    async ({ method, path, bearer }) => {
      const { call, lines, world } = aScene()
      const response = await call(method, path, bearer)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(Object.keys((await response.json()) as object)).toEqual(['error'])
      expect(lines.join('')).not.toContain('CANARY')
      expect(lines).toHaveLength(1)
      expect(world.requests.registry).toBe(0)
    },
  )

  it.each(['Basic CANARY-otto', 'bearer CANARY-otto', 'CANARY-otto', 'Bearer', 'Bearer  ', 'Token CANARY-otto'])(
    'takes no other scheme: %s',
    async (authorization) => {
      const response = await aScene().api.request('/api/v1/status', { headers: { authorization } })
      expect(response.status).toBe(401)
    },
  )

  it('takes no token from the query, a cookie or another header', async () => {
    const { api } = aScene()
    for (const path of ['?token=CANARY-otto', '?access_token=CANARY-otto', '']) {
      const headers = { cookie: 'token=CANARY-otto', 'x-api-key': 'CANARY-otto', 'x-forwarded-user': 'otto' }
      expect((await api.request(`/api/v1/status${path}`, { headers })).status).toBe(401)
    }
  })

  it.each(ROLES.flatMap((role) => routes.map((route) => ({ ...route, role }))))(
    '$route is for $role what its rule says',
    async ({ method, path, route, role }) => {
      const response = await aScene().call(method, path, TOKEN_OF[role])
      if (MAY[role].includes(route)) expect([200, 400, 404]).toContain(response.status)
      else expect(response.status).toBe(403)
    },
  )

  it('that is forbidden reads no body and changes nothing', async () => {
    const { call, world } = aScene()
    let pulled = 0
    const body = new ReadableStream({ pull: () => void (pulled += 1) }, { highWaterMark: 0 })
    const init = { body, duplex: 'half' } as RequestInit
    expect((await call('POST', '/api/v1/retry', TOKEN_OF.viewer, init)).status).toBe(403)
    expect((await call('POST', '/api/v1/retry', null, init)).status).toBe(401)
    expect([pulled, await world.history()]).toEqual([0, []])
  })

  it.each([
    '/api/v1',
    '/api/v1/',
    '/api/v1/status/',
    '/api/v2/status',
    '/api/v1/statu%73',
    '//api/v1/status',
    '/',
    '/readyz',
    '/api/v1/tokens',
  ])('is not there: %s', async (path) => {
    const edge = { targetOf: () => path, headersOf: () => new Map(), bodyOf: () => null }
    const response = await aScene({ edge }).api.request('/')
    expect([response.status, await response.json()]).toEqual([404, { error: 'not found' }])
  })

  it('says only that it lives to who has no token', async () => {
    const response = await aScene().api.request('/healthz')
    expect(await response.json()).toEqual({ status: 'ok' })
  })
})

describe('a token', () => {
  it('counts in both of its values while it is being rotated', async () => {
    const { call } = aScene()
    expect((await call('GET', '/api/v1/status', 'CANARY-otto')).status).toBe(200)
    expect((await call('GET', '/api/v1/status', 'CANARY-otto-before')).status).toBe(200)
  })

  it('that cannot be read lets nobody in and keeps nobody else out', async () => {
    const broken: ApiToken = {
      person: 'nora',
      role: 'operator',
      secret: () => Promise.reject(new Error('the secret env:NORA is not set')),
    }
    const { call, lines } = aScene({ tokens: () => [broken, ...TOKENS] })
    expect((await call('GET', '/api/v1/status')).status).toBe(200)
    expect((await call('GET', '/api/v1/status', 'nora')).status).toBe(401)
    expect(lines[0]).toContain('the secret env:NORA is not set')
  })

  it('that is empty lets nobody in', async () => {
    const { api } = aScene({ tokens: () => [token('nora', 'operator', '')] })
    for (const authorization of ['Bearer ', 'Bearer', '']) {
      expect((await api.request('/api/v1/status', { headers: { authorization } })).status).toBe(401)
    }
  })

  it('that two persons share proves neither', async () => {
    const shared = [token('anna', 'operator', 'CANARY-same'), token('bert', 'operator', 'CANARY-same')]
    const { call, lines } = aScene({ tokens: () => shared })
    expect((await call('GET', '/api/v1/status', 'CANARY-same')).status).toBe(401)
    expect(lines[0]).toContain('anna, bert')
    expect(lines.join('')).not.toContain('CANARY')
  })

  it('that stands there twice for one person is theirs', async () => {
    const twice = [token('anna', 'operator', 'CANARY-same'), token('anna', 'operator', 'CANARY-same')]
    expect((await aScene({ tokens: () => twice }).call('GET', '/api/v1/status', 'CANARY-same')).status).toBe(200)
  })

  it('is asked for even where none is configured', async () => {
    expect((await aScene({ tokens: () => [] }).call('GET', '/metrics')).status).toBe(401)
  })
})

it('forbids what is not listed for a role', () => {
  for (const role of ROLES) {
    const allowed = ACTIONS.filter((action) => isAllowed({ person: 'x', role }, action))
    expect(allowed).toEqual(ALLOWED[role])
  }
})

describe('a body', () => {
  const right = { event: 'hub/1', reason: 'again' }

  it.each([
    ['nothing', ''],
    ['no JSON', '{"event":'],
    ['another language', 'event: hub/1'],
    ['JSON of a million levels', '['.repeat(5_000)],
    ['bytes that are no text', '\u0000\u0001'],
  ])('of %s is refused', async (_what, body) => {
    const response = await aScene().call('POST', '/api/v1/replay', TOKEN_OF.operator, { body })
    expect([response.status, await response.json()]).toEqual([400, { error: 'expected a JSON body' }])
  })

  it.each([
    ['null', null],
    ['a list', []],
    ['a text', 'hub/1'],
    ['an unknown key', { ...right, force: true }],
    ['a polluted prototype', JSON.parse('{"event":"hub/1","reason":"x","__proto__":{"admin":true}}') as unknown],
    ['no reason', { event: 'hub/1' }],
    ['an empty reason', { ...right, reason: '' }],
    ['a reason of spaces', { ...right, reason: '   ' }],
    ['a reason of 501 characters', { ...right, reason: 'x'.repeat(501) }],
    ['a number for a text', { ...right, event: 1 }],
    ['a list for a text', { ...right, event: ['hub/1'] }],
    ['a text of 1,025 characters', { ...right, event: 'x'.repeat(1025) }],
  ])('that is %s is refused', async (_what, body) => {
    const { post } = aScene()
    expect((await post('/api/v1/replay', body)).status).toBe(400)
  })

  it.each([
    [16 * 1024 - 1, 400],
    [16 * 1024, 400],
    [16 * 1024 + 1, 413],
  ])('of %i bytes is answered %i', async (bytes, status) => {
    const response = await aScene().call('POST', '/api/v1/replay', TOKEN_OF.operator, { body: ' '.repeat(bytes) })
    expect(response.status).toBe(status)
  })
})

describe('a query', () => {
  it.each([
    '/api/v1/status?stage=prod',
    '/api/v1/status?__proto__=x',
    '/api/v1/history?limit=0',
    '/api/v1/history?limit=501',
    '/api/v1/history?limit=ten',
    '/api/v1/history?limit=1e9',
    '/api/v1/history?limit=1&limit=2',
    '/api/v1/history?subscription=',
    '/api/v1/history?order=asc',
    '/api/v1/events?state=gone',
    '/api/v1/explain',
    '/api/v1/explain?subject=',
    `/api/v1/explain?subject=${'x'.repeat(1025)}`,
    '/metrics?name=x',
  ])('%s is refused, never half understood', async (path) => {
    const response = await aScene().get(path)
    expect(response.status).toBe(400)
    expect(Object.keys((await response.json()) as object)).toEqual(['error'])
  })

  it.each([
    '/api/v1/history?before=nonsense',
    '/api/v1/history?image=%00%27%3B--',
    '/api/v1/events?before=nobody',
    '/api/v1/history?subscription=..%2F..%2Ftrain',
  ])('%s finds nothing', async (path) => {
    const response = await aScene().get(path)
    expect(response.status).toBe(200)
    expect(Object.values((await response.json()) as object)[0]).toEqual([])
  })
})

describe('asking', () => {
  it('shows what runs where, and what was never heard of', async () => {
    const { world, get } = aScene()
    const before = (await (await get('/api/v1/status')).json()) as { subscriptions: unknown }
    expect(before).toMatchObject({
      mode: 'act',
      waiting: 0,
      problems: [],
      subscriptions: [
        {
          subscription: 'payments',
          stages: [{ stage: 'dev', how: 'unknown', waits: ['the first event of its image'] }],
        },
      ],
    })
    await world.push('1.5.0', 1)
    await world.pass(60_000)
    const after = await (await get('/api/v1/status?subscription=payments')).json()
    const current = formatImage(aPinnedImage({ tag: '1.5.0', digest: aDigest(1) }))
    expect(after).toMatchObject({ subscriptions: [{ stages: [{ stage: 'dev', how: 'healthy', current }] }] })
    expect(await (await get('/api/v1/status?subscription=nobody')).json()).toMatchObject({ subscriptions: [] })
  })

  it('shows what is missing', async () => {
    const { get } = aScene({ problems: async () => [{ detail: 'registries.hub: the secret env:HUB is not set' }] })
    expect(await (await get('/api/v1/status')).json()).toMatchObject({
      problems: ['registries.hub: the secret env:HUB is not set'],
    })
  })

  it('pages through the history', async () => {
    const { world, get } = aScene()
    await world.push('1.5.0', 1)
    await world.pass(60_000)
    type Page = { entries: { seq: number }[]; next: string | null }
    const seen: number[] = []
    let next: string | null = ''
    while (next !== null) {
      const path: string = `/api/v1/history?subscription=payments&limit=2${next === '' ? '' : `&before=${encodeURIComponent(next)}`}`
      const page = (await (await get(path)).json()) as Page
      seen.push(...page.entries.map(({ seq }) => seq))
      next = page.next
    }
    expect(seen.length).toBeGreaterThan(3)
    expect(seen).toEqual(seen.toSorted((a, b) => b - a))
    expect(new Set(seen).size).toBe(seen.length)
  })

  it('explains an event, an image, a digest, a repository and a subscription', async () => {
    const { world, get } = aScene()
    const id = await world.push('1.5.0', 1)
    await world.pass(60_000)
    const about = async (subject: string): Promise<unknown> => {
      return ((await (await get(`/api/v1/explain?subject=${encodeURIComponent(subject)}`)).json()) as { about: string })
        .about
    }
    expect(await about(id)).toBe('event')
    for (const subject of [
      'docker.io/acme/payments:1.5.0',
      'acme/payments:1.5.0',
      'acme/payments',
      aDigest(1),
      formatImage(aPinnedImage({ tag: '1.5.0', digest: aDigest(1) })),
    ]) {
      expect([subject, await about(subject)]).toEqual([subject, 'image'])
    }
    expect(await about('payments')).toBe('subscription')
    expect(await about('payments/dev')).toBe('subscription')
    for (const subject of ['payments/nowhere', 'acme/payments:1.5', 'acme/other', aDigest(9), 'a b', '%']) {
      expect([subject, await about(subject)]).toEqual([subject, 'nothing'])
    }
    expect((await get('/api/v1/explain?subject=nothing')).status).toBe(404)
  })

  it('is told to nobody else: answers are not kept', async () => {
    expect((await aScene().get('/api/v1/status')).headers.get('cache-control')).toBe('no-store')
  })

  it('for metrics gives them as Prometheus reads them', async () => {
    const response = await aScene().get('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4')
    expect(await response.text()).toBe('drayage_inbox_waiting 0\n')
  })
})

describe('acting', () => {
  it('puts a settled event back, and says who and why in its walk', async () => {
    const { world, post, pokes } = aScene()
    const id = await world.push('1.5.0', 1)
    const response = await post('/api/v1/replay', { event: id, reason: 'the registry was down' })
    expect([response.status, await response.json(), pokes()]).toEqual([200, { replayed: id }, 1])
    const row = await world.state.inbox.get(id)
    expect(row).toMatchObject({ state: 'waiting' })
    expect(row?.walk.at(-1)).toMatchObject({ step: 'replay', detail: 'by otto: the registry was down' })
  })

  it('replays nothing that is not there, or not settled', async () => {
    const { world, post } = aScene()
    expect((await post('/api/v1/replay', { event: 'hub/none', reason: 'x' })).status).toBe(404)
    await world.state.inbox.put([anAcceptedEvent({ id: 'hub/waits' })])
    expect((await post('/api/v1/replay', { event: 'hub/waits', reason: 'x' })).status).toBe(404)
  })

  it('lifts a refusal, and says who and why in the history', async () => {
    const { world, post } = aScene()
    await world.push('1.5.0', 1)
    world.health.set(aDigest(2), { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit 1' })
    await world.push('1.6.0', 2)
    await world.pass(3_600_000)
    expect((await world.stage('dev')).refused).toHaveLength(1)
    const lift = { subscription: 'payments', stage: 'dev', candidate: aDigest(2), reason: 'the database was at fault' }
    expect((await post('/api/v1/lift', { ...lift, candidate: aDigest(3) })).status).toBe(404)
    expect((await post('/api/v1/lift', { ...lift, stage: 'prod' })).status).toBe(404)
    expect((await post('/api/v1/lift', { ...lift, subscription: 'nobody' })).status).toBe(404)
    expect((await post('/api/v1/lift', lift)).status).toBe(200)
    expect((await post('/api/v1/lift', lift)).status).toBe(404)
    expect((await world.stage('dev')).refused).toEqual([])
    const entries = (await world.history()).filter(({ reason }) => reason === 'lift')
    expect(entries).toMatchObject([{ kind: 'operator', by: 'otto', stage: 'dev' }])
    expect(entries[0]?.detail).toContain('the database was at fault')
  })

  it('retries what was given up, and says who and why in the history', async () => {
    const { world, post, get } = aScene()
    await world.push('1.5.0', 1)
    await world.pass(60_000)
    expect((await post('/api/v1/retry', { subscription: 'payments', reason: 'x' })).status).toBe(404)
    world.refusals.set('workload/dev/dev/deployment/app/app', { reason: 'forbidden', detail: 'no rights' })
    await world.push('1.6.0', 2)
    await world.pass(60_000)
    const stuck = await (await get('/api/v1/status')).json()
    expect(stuck).toMatchObject({ subscriptions: [{ stages: [{ givenUp: 1 }] }] })
    world.refusals.clear()
    const act = { subscription: 'payments', stage: 'dev', reason: 'the role is back' }
    expect((await post('/api/v1/retry', { ...act, stage: 'prod' })).status).toBe(404)
    expect((await post('/api/v1/retry', { ...act, subscription: 'nobody' })).status).toBe(404)
    const response = await post('/api/v1/retry', act)
    expect(response.status).toBe(200)
    await world.pass(60_000)
    expect((await world.stage('dev')).current).toMatchObject({ state: 'candidate' })
    expect(await (await get('/api/v1/status')).json()).toMatchObject({ subscriptions: [{ stages: [{ givenUp: 0 }] }] })
    const entries = (await world.history()).filter(({ reason }) => reason === 'retry')
    expect(entries).toMatchObject([{ kind: 'operator', by: 'otto', stage: 'dev' }])
    expect(entries[0]?.detail).toContain('the role is back')
  })

  it('makes no document for what nobody follows', async () => {
    const { world, post } = aScene()
    for (const path of ['retry', 'lift']) {
      const body = { subscription: 'train/x', stage: 'dev', reason: 'x', ...(path === 'lift' && { candidate: 'x' }) }
      expect((await post(`/api/v1/${path}`, body)).status).toBe(404)
    }
    expect((await world.state.documents.list({ limit: 10 })).documents).toEqual([])
  })

  it('is logged with its person, whatever came of it', async () => {
    const { post, lines } = aScene()
    await post('/api/v1/replay', { event: 'hub/none', reason: 'x' })
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      event: 'person acted',
      action: 'replay',
      by: 'otto',
      status: 404,
    })
  })

  it('says later, and no more, where the store fails', async () => {
    const world = createWorld()
    const inbox = { ...world.ports.inbox, reopen: () => Promise.reject(new Error('disk CANARY')) }
    const { post, lines } = aScene({ ports: () => ({ ...world.ports, inbox }) })
    const response = await post('/api/v1/replay', { event: 'hub/1', reason: 'x' })
    expect([response.status, await response.json()]).toEqual([503, { error: 'unavailable' }])
    expect(lines.join('')).toContain('disk CANARY')
  })
})
