import { expect, it } from 'vitest'
import { loaded, problems, problemsOf, SMALLEST } from '../../helpers/config.ts'

/** Reads a configuration of this line alone. */
function only(line: string): Promise<readonly string[]> {
  return problemsOf(`version: 1\n${line}`)
}

it.each([
  ['github: a/b', 'missing git.g.token'],
  ['github: a/b, app: 1', 'missing git.g.key'],
  ['github: a/b, key: env:K', 'missing git.g.app'],
  ['github: a/b, app: 1, key: env:K, token: env:T', 'conflict git.g.token'],
  ['github: a/b, token: env:T, api: "http://ghe.example.com/api/v3"', 'conflict git.g.api'],
  ['github: a/b, token: env:T, api: "https://me@ghe.example.com/api/v3"', 'malformed git.g.api'],
  ['github: a/b/c, token: env:T', 'malformed git.g.github'],
  ['github: a/b, token: env:T, base: -x', 'malformed git.g.base'],
  ['url: "ext::sh -c id"', 'malformed git.g.url'],
  ['url: "--upload-pack=id"', 'malformed git.g.url'],
  ['url: "ssh://host/x"', 'malformed git.g.url'],
  ['url: relative/path', 'malformed git.g.url'],
  ['url: "https://me:pw@host/x"', 'malformed git.g.url'],
  ['url: "http://host/x"', 'conflict git.g.url'],
  ['url: "http://127.0.0.1.example.com/x"', 'conflict git.g.url'],
  ['url: /srv/x, password: env:P', 'conflict git.g.password'],
  ['url: "https://host/x", username: me', 'missing git.g.password'],
])('refuses a repository with { %s }', async (repository, problem) => {
  const found = await only(`git: { g: { ${repository} } }`)
  expect(found.map((line) => line.replace(/^\S+ /u, ''))).toEqual([problem])
})

it.each([
  'github: a/b, token: env:T',
  'github: a/b, app: 1, key: file:/run/key.pem, base: release/2.x',
  'github: a/b, token: env:T, api: "http://127.0.0.1:3000/api"',
  'url: "https://host/a@b.git", username: me, password: env:P',
  'url: "http://localhost:3000/x"',
  'url: "http://[::1]:3000/x"',
  'url: "http://git.internal/x", insecure: true',
  'url: /srv/with space.git',
])('takes a repository with { %s }', async (repository) => {
  expect(await only(`git: { g: { ${repository} } }`)).toEqual([])
})

it.each([
  ['{}', 'missing registries.r.host'],
  ['{ events: { type: distribution, secret: env:X } }', 'missing registries.r.host'],
  ['{ host: ghcr.io, events: { type: dockerhub, secret: env:X } }', 'conflict registries.r.host'],
  ['{ host: "http://ghcr.io" }', 'malformed registries.r.host'],
  [
    '{ host: ghcr.io, events: { type: dockerhub } }',
    'conflict registries.r.host',
    'missing registries.r.events.secret',
  ],
  ['{ events: { type: webhook, secret: env:X }, pull: { username: a, password: env:P } }', 'missing registries.r.host'],
  ['{ host: ghcr.io, pull: { username: a } }', 'missing registries.r.pull.password'],
])('refuses the registry %s', async (registry, ...expected) => {
  const found = await only(`registries: { r: ${registry} }`)
  expect(found.map((line) => line.replace(/^\S+ /u, '')).toSorted()).toEqual(expected.toSorted())
})

it.each([
  ['{ events: { type: dockerhub, secret: env:X } }', { host: 'docker.io', insecure: false }],
  ['{ host: index.docker.io, events: { type: dockerhub, secret: env:X } }', { host: 'docker.io' }],
  ['{ events: { type: webhook, secret: env:X } }', { host: null, insecure: false }],
  ['{ host: ghcr.io, events: { type: webhook, secret: [env:X, env:Y] } }', { host: 'ghcr.io' }],
  ['{ host: "127.0.0.1:5000" }', { insecure: true }],
  ['{ host: "127.0.0.1:5000", insecure: false }', { insecure: false }],
  ['{ host: "registry.internal:5000", insecure: true }', { insecure: true }],
  ['{ host: "127.0.0.1.example.com:5000" }', { insecure: false }],
])('takes the registry %s', async (registry, expected) => {
  const { loaded: result } = await loaded(`version: 1\nregistries: { r: ${registry} }`)
  expect(result.config.registries['r']).toMatchObject(expected)
})

it('says once how a host is read', async () => {
  const text = `registries:
  a: { host: ghcr.io, pull: { username: a, password: env:A } }
  b: { host: ghcr.io, pull: { username: b, password: env:B } }
  c: { host: ghcr.io, events: { type: webhook, secret: env:C } }`
  const found = await problems(`version: 1\n${text}`)
  expect(found.map(({ reason, line, key }) => [reason, line, key])).toEqual([['conflict', 4, 'registries.b.pull']])
  expect(found[0]?.message).toContain('drayage.yaml:3:23')
})

it('reads a host in one way for all its entries', async () => {
  const { loaded: result } = await loaded(`version: 1
registries:
  a: { host: registry.internal, events: { type: webhook, secret: env:A } }
  b: { host: registry.internal, insecure: true, tokenHost: auth.internal }`)
  expect(result.config.registries).toEqual({
    a: {
      host: 'registry.internal',
      insecure: true,
      tokenHost: 'auth.internal',
      events: { type: 'webhook', secret: 'env:A' },
    },
    b: { host: 'registry.internal', insecure: true, tokenHost: 'auth.internal' },
  })
})

it('CVE-2019-10214: warns where a password goes through plain HTTP to another machine', async () => {
  const registry =
    'registries: { r: { host: "registry.internal:5000", insecure: true, pull: { username: a, password: env:P } } }'
  expect(await only(registry)).toEqual(['2:52 unencrypted registries.r.insecure'])
})

it('warns where no push of a subscription can be noticed', async () => {
  expect(await problemsOf(SMALLEST.replace('localhost:5000/shop', 'ghcr.io/acme/shop'))).toEqual([
    '8:12 no-events subscriptions.shop.image',
  ])
})

it('hears of any host from a receiver of many', async () => {
  const text = SMALLEST.replace('localhost:5000/shop', 'ghcr.io/acme/shop').replace(
    'registries:\n',
    'registries:\n  ci: { events: { type: webhook, secret: env:CI } }\n',
  )
  expect(await problemsOf(text)).toEqual([])
})

it.each([
  ['nginx:1.2', 'docker.io/library/nginx'],
  [`ghcr.io/acme/shop@sha256:${'a'.repeat(64)}`, 'ghcr.io/acme/shop'],
])('asks for %s without tag and digest', async (image, name) => {
  const [problem] = await problems(SMALLEST.replace('localhost:5000/shop', image))
  expect(problem).toMatchObject({ reason: 'malformed', key: 'subscriptions.shop.image', line: 8, column: 12 })
  expect(problem?.message).toContain(`Write ${name}:`)
})

it('takes no image that is none', async () => {
  expect(await problemsOf(SMALLEST.replace('localhost:5000/shop', 'UPPER/Case'))).toEqual([
    '8:12 malformed subscriptions.shop.image',
  ])
})

const WORKLOAD = `version: 1
clusters: { a: { inCluster: true }, b: { inCluster: true }, c: { kubeconfig: file:/k } }
git: { g: { url: /r }, h: { url: /r }, i: { url: /r, base: other } }
registries: { r: { host: ghcr.io, events: { type: webhook, secret: env:X } } }
subscriptions:
  s1: { image: ghcr.io/a/one, tags: { semver: "*" }, verify: none, stages: { p: STAGE1 } }
  s2: { image: ghcr.io/a/two, tags: { semver: "*" }, verify: none, stages: { p: STAGE2 } }
`

it.each([
  ['one container', workload('a'), workload('a')],
  ['one container of one cluster by two names', workload('a'), workload('b')],
  ['one field', '{ git: g, file: f, field: x }', '{ git: g, file: f, field: x }'],
  ['one field of one repository by two names', '{ git: g, file: f, field: x }', '{ git: h, file: f, field: x }'],
])('takes no two subscriptions that write %s', async (_, one, two) => {
  const found = await problems(WORKLOAD.replace('STAGE1', one).replace('STAGE2', two))
  expect(found.map(({ reason, key, line }) => [reason, key, line])).toEqual([
    ['conflict', 'subscriptions.s2.stages.p', 7],
  ])
  expect(found[0]?.message).toContain('s1/p at drayage.yaml:6:78')
})

it.each([
  ['two containers of one workload', workload('a'), workload('a', 'sidecar')],
  ['one container name in two clusters', workload('a'), workload('c')],
  ['one file, each its own image', '{ git: g, file: f }', '{ git: g, file: f }'],
  ['one file on two branches', '{ git: g, file: f, field: x }', '{ git: i, file: f, field: x }'],
])('takes two subscriptions that write %s', async (_, one, two) => {
  expect(await problemsOf(WORKLOAD.replace('STAGE1', one).replace('STAGE2', two))).toEqual([])
})

function workload(cluster: string, container = 'app'): string {
  return `{ cluster: ${cluster}, namespace: n, workload: deployment/x, container: ${container} }`
}

it.each([
  ['{ cluster: a, namespace: n, workload: deployment/x }', 'missing', 'container'],
  ['{ cluster: a, namespace: n, workload: x, container: c }', 'malformed', 'workload'],
  ['{ cluster: a, namespace: N, workload: deployment/x, container: c }', 'malformed', 'namespace'],
  ['{ cluster: a, namespace: n, workload: deployment/x, field: "a..b" }', 'malformed', 'field'],
  ['{ git: g, file: ../f }', 'malformed', 'file'],
  ['{ git: g, file: /etc/passwd }', 'malformed', 'file'],
  ['{ git: g, file: .github/workflows/x.yaml }', 'malformed', 'file'],
  ['{ git: g, file: f, merge: when-approved }', 'conflict', 'merge'],
  ['{ git: g, file: f, merge: never }', 'malformed', 'merge'],
])('refuses the target %s', async (stage, reason, key) => {
  const found = await problems(WORKLOAD.replace('STAGE1', stage).replace('STAGE2', workload('c')))
  expect(found.map((problem) => [problem.reason, problem.key])).toEqual([[reason, `subscriptions.s1.stages.p.${key}`]])
})

it.each([
  ['server: { listen: 8080 }', 'malformed server.listen'],
  ['server: { listen: "localhost" }', 'malformed server.listen'],
  ['server: { api: { listen: 127.0.0.1:8080 } }', 'conflict server.api.listen'],
  [
    'server: { api: { tokens: [{ person: ada, role: operater, token: env:T }] } }',
    'malformed server.api.tokens[0].role',
  ],
  ['server: { api: { tokens: [{ person: ada, role: viewer }] } }', 'missing server.api.tokens[0].token'],
  ['server: { port: 1 }', 'unknown-key server.port'],
  ['server: { state: "postgres://db/drayage" }', 'malformed server.state'],
  ['server: { state: env:DATABASE_URL }', 'malformed server.state'],
  ['server: { state: { postgres: postgres://db/drayage } }', 'malformed server.state.postgres'],
  ['server: { state: { postgres: env:URL, connections: 0 } }', 'malformed server.state.connections'],
  ['server: { state: { postgres: env:URL, connections: 201 } }', 'malformed server.state.connections'],
  ['server: { state: { connections: 5 } }', 'missing server.state.postgres'],
  ['mode: watch', 'malformed mode'],
])('refuses %s', async (line, problem) => {
  expect((await only(line)).map((found) => found.replace(/^\S+ /u, ''))).toEqual([problem])
})

it.each(['Upper', '-a', 'a_b', 'a'.repeat(64), 'über', '"a b"', '../x'])(
  'takes no entry with the name %s',
  async (name) => {
    const found = await only(`stages: { ${name}: {} }`)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^2:11 malformed stages\./u)
  },
)
