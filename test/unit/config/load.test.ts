import { expect, it } from 'vitest'
import { PUBLIC_GOOD } from '../../../src/domain/signer.ts'
import { load, loaded, problems, problemsOf, SMALLEST } from '../../helpers/config.ts'

it('works short forms and defaults into the smallest configuration', async () => {
  const { loaded: result, warnings } = await loaded(SMALLEST)
  expect(warnings).toEqual([])
  expect(result.config).toEqual({
    version: 1,
    mode: 'act',
    registries: {
      local: {
        host: 'localhost:5000',
        insecure: true,
        events: { type: 'distribution', header: 'authorization', secret: 'env:HOOK' },
      },
    },
    clusters: {},
    git: { repo: { url: '/srv/repo.git', base: 'main' } },
    notifications: {},
    people: {},
    trust: { 'public-good': PUBLIC_GOOD },
    signers: {},
    subscriptions: [
      {
        name: 'shop',
        images: [{ registry: 'localhost:5000', repository: 'shop' }],
        tags: { semver: '*' },
        stages: [
          {
            name: 'prod',
            after: [],
            needs: 'all',
            verify: 'none',
            gates: [],
            targets: [{ kind: 'git', git: 'repo', file: 'app.yaml', merge: 'by-person' }],
          },
        ],
      },
    ],
    server: { listen: '127.0.0.1:8080', apiListen: '127.0.0.1:8081', state: '.drayage/state.db', tokens: [] },
  })
})

it('says everything that is wrong at once, each with its place', async () => {
  const text = `version: 2
mod: act
registries:
  hub: { hots: docker.io, events: { type: dockerhob, secret: env:X } }
git:
  repo: { github: acme, bas: main, token: env:T }
stages:
  dev: {}
  prod: { after: deb }
subscriptions:
  shop:
    image: docker.io/acme/shop:1.0
    tags: { semver: 1.10 }
    stages:
      dev: { cluster: dve, namespace: shop, workload: deployment/shop, container: app }
      prod: { git: rebo, fil: app.yaml }
`
  expect(await problemsOf(text)).toEqual([
    '1:10 malformed version',
    '2:1 unknown-key mod',
    '4:10 unknown-key registries.hub.hots',
    '4:43 unknown-name registries.hub.events.type',
    '6:19 malformed git.repo.github',
    '6:25 unknown-key git.repo.bas',
    '9:18 unknown-name stages.prod.after',
    '11:3 missing subscriptions.shop.verify',
    '12:12 malformed subscriptions.shop.image',
    '13:21 malformed subscriptions.shop.tags.semver',
    '15:23 unknown-name subscriptions.shop.stages.dev.cluster',
    '16:7 missing subscriptions.shop.stages.prod.file',
    '16:20 unknown-name subscriptions.shop.stages.prod.git',
    '16:26 unknown-key subscriptions.shop.stages.prod.fil',
  ])
})

it.each([
  ['a key', 'mod: act', 'mode'],
  ['a key of a union', 'git: { repo: { github: a/b, tokn: env:T } }', 'token'],
  ['a receiver', 'registries: { hub: { events: { type: dockerhup, secret: env:X } } }', 'dockerhub'],
  ['a setting of a receiver', 'registries: { hub: { events: { type: dockerhub, secert: env:X } } }', 'secret'],
  [
    'a kind of tag filter',
    'subscriptions: { a: { image: a, verify: none, tags: { semvr: "*" }, stages: {} } }',
    'semver',
  ],
  ['a stage', 'stages: { staging: {}, prod: { after: stagin } }', 'staging'],
  [
    'a repository',
    'git: { gitops: { url: /a } }\nsubscriptions: { a: { stages: { p: { git: gitop, file: f } } } }',
    'gitops',
  ],
  [
    'a cluster',
    'clusters: { here: { inCluster: true } }\nsubscriptions: { a: { stages: { p: { cluster: hree } } } }',
    'here',
  ],
])('asks whether %s was meant', async (_, text, meant) => {
  const hints = (await problems(`version: 1\n${text}`)).map(({ hint }) => hint)
  expect(hints).toContain(`Did you mean ${meant}?`)
})

it.each([
  ['a number where text belongs', 'tags: { semver: 1.10 }', 'Put it in quotes: "1.10"'],
  ['an image with a tag', 'image: nginx:1.2', undefined],
])('says what was expected and found for %s', async (_, line, hint) => {
  const text = SMALLEST.replace(new RegExp(`^ {4}${line.split(':')[0] ?? ''}:.*$`, 'mu'), `    ${line}`)
  const [problem] = await problems(text)
  expect(problem?.severity).toBe('error')
  expect(problem?.hint).toBe(hint)
})

it('names keys that exclude each other', async () => {
  const text = SMALLEST.replace('semver: "*"', 'semver: "*", numerical: asc')
  const [problem] = await problems(text)
  expect(problem?.reason).toBe('unknown-key')
  expect(problem?.message).toMatch(/cannot stand beside/u)
})

it('takes no target that is both', async () => {
  const text = SMALLEST.replace('file: app.yaml', 'file: app.yaml, cluster: here')
  expect(await problemsOf(text)).toEqual([
    '12:42 unknown-key subscriptions.shop.stages.prod.cluster',
    '12:51 unknown-name subscriptions.shop.stages.prod.cluster',
  ])
})

it('takes no stage without a target', async () => {
  const text = SMALLEST.replace('{ git: repo, file: app.yaml }', '{}')
  const [problem] = await problems(text)
  expect(problem?.reason).toBe('malformed')
  expect(problem?.expected).toBe(
    'a target: git and file, or cluster, namespace, workload and container; or targets: with several',
  )
})

it.each([
  ['no subscription at all', 'version: 1\n'],
  ['empty sections', 'version: 1\nsubscriptions:\nregistries: {}\n'],
  ['a byte order mark', `\ufeff${SMALLEST}`],
  ['line ends of another system', SMALLEST.replaceAll('\n', '\r\n')],
  ['JSON', '{ "version": 1 }'],
])('takes %s', async (_, text) => {
  expect((await load(text)).ok).toBe(true)
})

it.each([
  ['', '1:1 malformed '],
  ['hello', '1:1 malformed '],
  ['- 1', '1:1 malformed '],
  ['mode: act', '1:1 missing version'],
  ['version: "1"', '1:10 malformed version'],
  ['version: 1\n---\nversion: 1', '2:1 not-yaml '],
  ['version: 1\nmode: [act', '2:11 not-yaml '],
  ['version: 1\nmode: !!js/function act', '2:7 not-yaml '],
  ['version: 1\nmode: *nowhere', '2:7 not-yaml mode'],
  ['version: 1\nversion: 1', '2:1 duplicate-key version'],
  ['version: 1\n? [a]\n: b', '2:3 malformed '],
  ['version: 1\n<<: { mode: act }', '2:1 unknown-key <<'],
])('refuses %j', async (text, problem) => {
  expect(await problemsOf(text)).toContain(problem)
})

it('passes over x- keys everywhere, and reads the anchors in them', async () => {
  const text = SMALLEST.replace('version: 1', 'version: 1\nx-filter: &filter { semver: ">=2", x-why: no ones }')
    .replace('{ semver: "*" }', '*filter')
    .replace('verify: none', 'verify: none\n    x-owner: [ada]')
  const { loaded: result } = await loaded(text)
  expect(result.config.subscriptions[0]?.tags).toEqual({ semver: '>=2' })
})

it('warns of a name that would be passed over', async () => {
  expect(await problemsOf(`${SMALLEST}  x-ray: {}\n`)).toEqual(['13:3 ignored-name subscriptions.x-ray'])
})

it('points to where an alias gets its value', async () => {
  const text = SMALLEST.replace('version: 1', 'version: 1\nx-filter: &filter { semver: nonsense }').replace(
    '{ semver: "*" }',
    '*filter',
  )
  expect(await problemsOf(text)).toEqual(['2:29 bad-filter subscriptions.shop.tags.semver'])
})

it.each([
  ['semver: "not a range"', 'tags.semver'],
  ['numerical: asc, match: "("', 'tags.match'],
  ['semver: "*", allow: [a, "["]', 'tags.allow[1]'],
  ['calver: nonsense', 'tags.calver'],
])('says where the tag filter {%s} is wrong', async (filter, key) => {
  const [problem] = await problems(SMALLEST.replace('semver: "*"', filter))
  expect(problem).toMatchObject({ reason: 'bad-filter', key: `subscriptions.shop.${key}`, line: 9 })
})
