import { expect, it } from 'vitest'
import { configOptions } from '../../../src/cli/config-options.ts'
import { loadFollowed } from '../../../src/config/followed.ts'
import type { ConfigFile } from '../../../src/config/include.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { err, ok } from '../../../src/domain/result.ts'

const FIRST = `version: 1
server:
  listen: 127.0.0.1:9000
  api: { tokens: [{ person: ann, role: operator, token: env:ADMIN }] }
  config: { git: platform, file: drayage/prod.yaml, secret: env:PUSH, files: "file:/etc/drayage/shared" }
git: { platform: { url: https://git.example.com/platform, password: env:PLATFORM } }
registries: { ci: { events: { type: webhook, secret: env:CHAT } } }
stages: { dev: {}, prod: { after: dev } }
`
const APPS = `version: 1
registries: { hub: { host: docker.io, events: { type: dockerhub, secret: env:HUB } } }
git: { gitops: { url: https://git.example.com/gitops, password: env:GITOPS } }
subscriptions:
  app:
    image: docker.io/acme/app
    tags: { semver: ">=1" }
    verify: none
    stages: { dev: { git: gitops, file: dev.yaml }, prod: { git: gitops, file: prod.yaml } }
`

async function follow(text: string, first = FIRST, others: Readonly<Record<string, string>> = {}) {
  const include = async (pattern: string) =>
    others[pattern] === undefined ? err('no such file') : ok([{ path: pattern, text: others[pattern] }])
  return loadFollowed([{ path: 'drayage.yaml', text: first }], { path: 'prod.yaml@abc', text, include }, configOptions)
}

const messages = (result: Awaited<ReturnType<typeof follow>>): readonly string[] =>
  result.ok ? [] : result.error.map(({ file, line, message }) => `${file}:${line} ${message}`)

it('adds what the repository says to what the program was started with', async () => {
  const result = await follow(APPS)
  expect(messages(result)).toEqual([])
  if (!result.ok) return
  const { config, files } = result.value.loaded
  expect(config.server.listen).toBe('127.0.0.1:9000')
  expect(config.server.tokens).toHaveLength(1)
  expect(Object.keys(config.git)).toEqual(['platform', 'gitops'])
  expect(config.subscriptions[0]?.stages.map(({ name, after }) => [name, after])).toEqual([
    ['dev', []],
    ['prod', ['dev']],
  ])
  expect(files).toEqual([{ path: 'drayage.yaml', text: FIRST }])
  expect(result.value.sources).toEqual([{ path: 'prod.yaml@abc', text: APPS }])
})

it('has another hash than the part that it was started with, and the same for the same meaning', async () => {
  const [one, two, first] = [
    await follow(APPS),
    await follow(`# a comment\n${APPS}`),
    await loadConfig(FIRST, configOptions),
  ]
  if (!one.ok || !two.ok || !first.ok) throw new Error('not loaded')
  expect(one.value.loaded.hash).toBe(two.value.loaded.hash)
  expect(one.value.loaded.hash).not.toBe(first.value.loaded.hash)
})

it('reads the files that the repository includes, and those that the first part includes', async () => {
  const extra = 'stages: { dev: {}, prod: { after: dev } }\n'
  const first: ConfigFile[] = [
    { path: 'drayage.yaml', text: FIRST.replace(/^stages:.*$/mu, 'include: stages.yaml') },
    { path: 'stages.yaml', text: extra },
  ]
  const [head = '', subscriptions = ''] = APPS.split('subscriptions:')
  const result = await loadFollowed(
    first,
    {
      path: 'prod.yaml',
      text: `${head}include: apps.yaml\n`,
      include: async () => ok([{ path: 'apps.yaml', text: `subscriptions:${subscriptions}` }]),
    },
    configOptions,
  )
  expect(messages(result)).toEqual([])
  if (!result.ok) return
  expect(result.value.loaded.config.subscriptions).toHaveLength(1)
  expect(result.value.sources.map(({ path }) => path)).toEqual(['prod.yaml', 'apps.yaml'])
})

it.each([
  ['where we listen, and whom we believe', 'server: { listen: 0.0.0.0:80 }\n', /server: where we listen/u],
  [
    'the repository that is read',
    'git: { platform: { url: https://evil.example.com/x } }\n',
    /git\.platform: stands at drayage\.yaml/u,
  ],
  ['a floor', 'stages: { prod: {} }\n', /stages\.prod: stands at drayage\.yaml/u],
  [
    'our own token, for a host of its own',
    'registries: { evil: { host: evil.example.com, pull: { username: x, password: env:ADMIN } } }\n',
    /registries\.evil\.pull\.password: env:ADMIN belongs to the configuration that the service was started with/u,
  ],
  [
    "the secret of the repository's webhook",
    'registries: { evil: { host: evil.example.com, pull: { username: x, password: env:PUSH } } }\n',
    /env:PUSH belongs to/u,
  ],
  [
    'the credential of the repository, by an anchor',
    'x-secret: &secret env:PLATFORM\ngit: { evil: { url: https://evil.example.com/x, password: *secret } }\n',
    /git\.evil\.password: env:PLATFORM belongs to/u,
  ],
  [
    'what another entry of the first part names',
    'registries: { evil: { host: evil.example.com, pull: { username: x, password: env:CHAT } } }\n',
    /env:CHAT belongs to/u,
  ],
  [
    'a file of this machine',
    'git: { evil: { url: https://evil.example.com/x, password: file:/var/run/secrets/token } }\n',
    /git\.evil\.password: expected a file below file:\/etc\/drayage\/shared/u,
  ],
  [
    'a file beside the folder that is set aside',
    'git: { evil: { url: https://evil.example.com/x, password: file:/etc/drayage/shared-not } }\n',
    /expected a file below/u,
  ],
  [
    'a file above it',
    'git: { evil: { url: https://evil.example.com/x, password: file:/etc/drayage/shared/../other } }\n',
    /expected a file below/u,
  ],
  ['a kubeconfig elsewhere', 'clusters: { c: { kubeconfig: file:/root/.kube/config } }\n', /expected a file below/u],
])('does not let the repository say %s', async (_, text, expected) => {
  expect(messages(await follow(`version: 1\n${text}`)).join('\n')).toMatch(expected)
})

it('names files of the folder that is set aside, and none where there is none', async () => {
  const text =
    'version: 1\ngit: { more: { url: https://git.example.com/x, password: file:/etc/drayage/shared/token } }\n'
  expect(messages(await follow(text))).toEqual([])
  const without = FIRST.replace(', files: "file:/etc/drayage/shared"', '')
  expect(messages(await follow(text, without)).join()).toMatch(/no file of this machine may be named here/u)
})

it('names the file and the line of what is wrong', async () => {
  expect(messages(await follow(`${APPS}subscription: {}\n`))).toEqual([
    expect.stringMatching(/^prod\.yaml@abc:10 subscription: unknown key/u),
  ])
  expect(messages(await follow('- a list\n'))).toEqual([expect.stringMatching(/^prod\.yaml@abc:1 expected a map/u)])
  expect(messages(await follow('a: [\n')).join()).toMatch(/^prod\.yaml@abc:/u)
})

it('refuses to be pointed at an entry that is not there', async () => {
  const result = await loadConfig(FIRST.replace('git: platform', 'git: other'), configOptions)
  expect(result.ok ? [] : result.error.map(({ message }) => message)).toEqual([
    'server.config.git: there is no other under git:',
  ])
})

it.each(['/etc/passwd', '../x.yaml', 'a/../b.yaml', 'a//b.yaml', './a.yaml', 'a/*.yaml', 'a\\b', ''])(
  'refuses the path %s',
  async (file) => {
    const result = await loadConfig(FIRST.replace('drayage/prod.yaml', JSON.stringify(file)), configOptions)
    expect(result.ok).toBe(false)
  },
)
