import { afterEach, expect, it } from 'vitest'
import { configOptions } from '../../../src/cli/config-options.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { findBreak } from '../../../src/domain/chain.ts'
import { ok } from '../../../src/domain/result.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import { createFollower } from '../../../src/follow/follow.ts'
import { createGitSource } from '../../../src/follow/git.ts'
import type { Source } from '../../../src/follow/source.ts'
import { createMemoryState } from '../../../src/state/memory.ts'
import { createRepository } from '../../helpers/git-repository.ts'

const NOW = Date.UTC(2026, 4, 1)
const app = (name: string): string => `  ${name}:
    image: docker.io/acme/${name}
    tags: { semver: ">=1" }
    verify: none
    stages: { dev: { git: platform, file: dev.yaml } }
`
const HEAD = 'version: 1\nregistries: { hub: { host: docker.io } }\n'
const one = `${HEAD}subscriptions:\n${app('one')}`
const two = `${one}${app('two')}`

const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

async function aScene(files: Readonly<Record<string, string>> = { 'drayage/prod.yaml': one }) {
  const repository = createRepository(files)
  cleanup.push(() => repository.close())
  const state = createMemoryState()
  let now = NOW
  const lines: string[] = []
  const outcomes: string[] = []
  const note =
    (level: string) =>
    (event: string, fields: object = {}): void =>
      void lines.push(`${level} ${event} ${JSON.stringify(fields)}`)
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const text = `version: 1
server: { config: { git: platform, file: drayage/prod.yaml } }
git: { platform: { url: ${repository.path} } }
`
  let isAway = false
  const open = async (first = text) => {
    const loaded = await loadConfig(first, configOptions)
    if (!loaded.ok) throw new Error(loaded.error[0]?.message)
    const entry = loaded.value.loaded.config.git['platform']
    if (entry === undefined || 'github' in entry) throw new Error('no entry')
    const git = createGitSource({
      entry,
      branch: 'main',
      secretOf: () => async () => ['x'],
      tempDir: '/tmp',
      environment: { PATH: process.env['PATH'] },
    })
    cleanup.push(() => git.close())
    const source: Source = {
      ...git,
      read: async (use) => {
        if (isAway) throw new RetryLater('the repository is away')
        return git.read(use)
      },
    }
    return createFollower({
      first: loaded.value.loaded,
      source,
      load: configOptions,
      ...state,
      now: () => now,
      log,
      measure: (measurement) => void (measurement.kind === 'configuration' && outcomes.push(measurement.outcome)),
    })
  }
  return {
    repository,
    state,
    lines,
    outcomes,
    open,
    text,
    later: (ms = 10_000) => void (now += ms),
    away: (value: boolean) => void (isAway = value),
    history: async () => (await state.journal.query({ limit: 100 })).entries.toReversed(),
  }
}
const names = ({ config }: { config: { subscriptions: readonly { name: string }[] } }): readonly string[] =>
  config.subscriptions.map(({ name }) => name)

it('has nothing before the first look, and what the repository says after it', async () => {
  const { open, repository, history } = await aScene()
  const follower = await open()
  await expect(follower.current()).rejects.toThrow(/no configuration was read yet/u)
  expect(await follower.look()).toBe('applied')
  expect(names(await follower.current())).toEqual(['one'])
  expect(await follower.problems()).toEqual([])
  expect(await history()).toMatchObject([
    { document: 'configuration', seq: 1, kind: 'configured', reference: repository.head() },
  ])
})

it('puts a new commit in force, keeps both by their hashes, and chains its entries', async () => {
  const { open, repository, state, history, outcomes } = await aScene()
  const follower = await open()
  await follower.look()
  const first = await follower.current()
  expect(await follower.look()).toBe('unchanged')
  repository.commit({ 'drayage/prod.yaml': two })
  expect(await follower.look()).toBe('applied')
  const second = await follower.current()
  expect(names(second)).toEqual(['one', 'two'])
  expect(second.hash).not.toBe(first.hash)
  for (const { hash } of [first, second]) expect(await state.keep.load(`configuration/${hash}`)).not.toBe(null)
  const entries = await history()
  expect(entries.map(({ kind, config }) => [kind, config])).toEqual([
    ['configured', first.hash],
    ['configured', second.hash],
  ])
  expect(entries[1]?.detail).toMatch(/two: follows docker\.io\/acme\/two/u)
  expect(await findBreak(entries)).toBe(null)
  expect(outcomes).toEqual(['applied', 'unchanged', 'applied'])
})

it.each([
  ['is no YAML', 'a: [', /prod\.yaml@[0-9a-f]{12}:1/u],
  ['does not fit its shape', `${one}unknown: 1\n`, /unknown key/u],
  ['wants what is not its to say', `${one}server: { listen: 0.0.0.0:1 }\n`, /not for the repository/u],
  ['includes what is not there', `${one}include: nothing/*.yaml\n`, /no file matches/u],
])('keeps the last good one in force where the new one %s, and says so', async (_, text, expected) => {
  const { open, repository, history, lines } = await aScene()
  const follower = await open()
  await follower.look()
  const good = await follower.current()
  const commit = repository.commit({ 'drayage/prod.yaml': text })
  expect(await follower.look()).toBe('refused')
  expect(await follower.look()).toBe('unchanged')
  expect(await follower.current()).toEqual(good)
  expect(lines.filter((line) => line.startsWith('error configuration refused'))).toHaveLength(1)
  expect((await history()).at(-1)).toMatchObject({
    kind: 'configuration-refused',
    reference: commit,
    config: good.hash,
  })
  expect((await follower.problems()).join()).toMatch(expected)
  // As it was before.
  repository.commit({ 'drayage/prod.yaml': one })
  expect(await follower.look()).toBe('applied')
  expect(await follower.problems()).toEqual([])
})

it('says that the file is gone, and goes on without it', async () => {
  const { open, repository } = await aScene()
  const follower = await open()
  await follower.look()
  const tree = repository.git(['hash-object', '-w', '-t', 'tree', '--stdin'], '')
  repository.git(['update-ref', 'refs/heads/main', repository.git(['commit-tree', '-m', 'empty', tree])])
  expect(await follower.look()).toBe('refused')
  expect((await follower.problems()).join()).toMatch(/there is no f/u)
  expect(names(await follower.current())).toEqual(['one'])
})

it('is there after a restart while the repository is away', async () => {
  const { open, away, lines } = await aScene()
  await (await open()).look()
  away(true)
  const restarted = await open()
  expect(names(await restarted.current())).toEqual(['one'])
  expect(await restarted.look()).toBe('unreachable')
  expect(names(await restarted.current())).toEqual(['one'])
  expect(lines.join('\n')).toMatch(/warn configuration not read .*the repository is away/u)
  expect((await restarted.problems()).join()).toMatch(/cannot be read since 2026-05-01/u)
  away(false)
  expect(await restarted.look()).toBe('unchanged')
  expect(await restarted.problems()).toEqual([])
})

it('is resolved anew where the part that the program was started with has changed, also while the repository is away', async () => {
  const { open, away, text } = await aScene()
  const before = await open()
  await before.look()
  away(true)
  const after = await open(`${text}mode: observe\n`)
  const loaded = await after.current()
  expect([loaded.config.mode, names(loaded)]).toEqual(['observe', ['one']])
  expect(loaded.hash).not.toBe((await before.current()).hash)
})

it('is seen by another process, which has read nothing', async () => {
  const { open, later, repository } = await aScene()
  const [reader, other] = [await open(), await open()]
  await reader.look()
  expect(names(await other.current())).toEqual(['one'])
  repository.commit({ 'drayage/prod.yaml': two })
  await reader.look()
  later()
  expect(names(await other.current())).toEqual(['one', 'two'])
})

it('never goes back where two look at once', async () => {
  const { open, repository, history } = await aScene()
  const followers = [await open(), await open(), await open()]
  await Promise.all(followers.map((follower) => follower.look()))
  repository.commit({ 'drayage/prod.yaml': two })
  await Promise.all(followers.flatMap((follower) => [follower.look(), follower.look()]))
  const entries = await history()
  expect(entries.map(({ kind, seq }) => [kind, seq])).toEqual([
    ['configured', 1],
    ['configured', 2],
  ])
})

it('brings an entry to the journal that was saved and not told', async () => {
  const { open, state, history } = await aScene()
  let isAlive = false
  const { append } = state.journal
  Object.assign(state.journal, {
    append: async (...entries: Parameters<typeof append>) => {
      if (!isAlive) throw new Error('killed')
      await append(...entries)
    },
  })
  await expect((await open()).look()).rejects.toThrow('killed')
  isAlive = true
  const restarted = await open()
  expect(await restarted.look()).toBe('unchanged')
  expect((await history()).map(({ kind }) => kind)).toEqual(['configured'])
})

it('leaves alone what a newer program has kept', async () => {
  const { open, state } = await aScene()
  await state.keep.save('configuration', JSON.stringify({ schema: 9 }), 0)
  await expect((await open()).look()).rejects.toThrow(/written by a newer Drayage: its schema is 9/u)
})

it('reads the files that it includes, by *, ? and **, and nothing above or by a link', async () => {
  const files = {
    'drayage/prod.yaml': `${HEAD}include: [apps/*.yaml, teams/**/app-?.yaml]\n`,
    'drayage/apps/a.yaml': `subscriptions:\n${app('a')}`,
    'drayage/apps/.hidden.yaml': `subscriptions:\n${app('hidden')}`,
    'drayage/apps/b.txt': 'no yaml: [',
    'drayage/teams/x/y/app-1.yaml': `subscriptions:\n${app('deep')}`,
    'drayage/teams/app-2.yaml': `subscriptions:\n${app('flat')}`,
    'drayage/teams/app-22.yaml': 'no yaml: [',
    'secret.yaml': `subscriptions:\n${app('secret')}`,
  }
  const { open, repository } = await aScene(files)
  const follower = await open()
  await follower.look()
  expect(await follower.problems()).toEqual([])
  expect(names(await follower.current()).toSorted()).toEqual(['a', 'deep', 'flat'])
  for (const [include, expected] of [
    ['../secret.yaml', /without \.\./u],
    ['apps/../../secret.yaml', /without \.\./u],
    ['/secret.yaml', /below the folder/u],
    ['apps/{a,b}.yaml', /a pattern of \*, \? and \*\* alone/u],
    ['link.yaml', /is no file: links/u],
  ] as const) {
    repository.commit({
      'drayage/prod.yaml': `${HEAD}include: ["${include}"]\n`,
      'drayage/link.yaml': { mode: '120000', content: '../secret.yaml' },
    })
    expect(await follower.look(), include).toBe('refused')
    expect((await follower.problems()).join(), include).toMatch(expected)
  }
})

it.each([
  ['one file', 256, 'applied'],
  ['one file', 257, 'refused'],
] as const)('takes %s of %i KiB: %s', async (_, kib, outcome) => {
  const padding = `# ${'x'.repeat(kib * 1024 - one.length - 3)}\n`
  const { open } = await aScene({ 'drayage/prod.yaml': `${one}${padding}` })
  expect(await (await open()).look()).toBe(outcome)
})

it('refuses what no store of ours could keep', async () => {
  const noise = (): string => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000))
    return `# ${Buffer.from(bytes).toString('base64')}\n`
  }
  const many = Object.fromEntries(
    Array.from({ length: 8 }, (_, index) => [
      `drayage/apps/${index}.yaml`,
      `subscriptions:\n${app(`a${index}`)}${noise()}`,
    ]),
  )
  const { open } = await aScene({ 'drayage/prod.yaml': `${HEAD}include: apps/*.yaml\n`, ...many })
  const follower = await open()
  expect(await follower.look()).toBe('refused')
  expect((await follower.problems()).join()).toMatch(/too large to be kept: expected at most 380 KiB/u)
})

it('says no where the branch or the repository is not there', async () => {
  const { open, repository } = await aScene()
  repository.git(['update-ref', '-d', 'refs/heads/main'])
  const follower = await open()
  expect(await follower.look()).toBe('unreachable')
  expect((await follower.problems()).join()).toMatch(/the branch main is not there/u)
})

it('tells where the branch is not protected', async () => {
  const { state, text } = await aScene()
  const loaded = await loadConfig(text, configOptions)
  if (!loaded.ok) throw new Error('not loaded')
  const bytes = new TextEncoder().encode(one)
  const source: Source = {
    read: async (use) =>
      ok(
        await use({
          commit: 'c'.repeat(40),
          isProtected: false,
          root: 'root',
          folder: async (id) =>
            id === 'root'
              ? [{ name: 'drayage', kind: 'folder', id: 'd' }]
              : [{ name: 'prod.yaml', kind: 'file', id: 'f' }],
          file: async () => ok(bytes),
        }),
      ),
    close: async () => {},
  }
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const { loaded: first } = loaded.value
  const follower = createFollower({
    first,
    source,
    load: configOptions,
    ...state,
    now: () => NOW,
    log: silent,
    measure: () => {},
  })
  await follower.look()
  expect(await follower.problems()).toEqual(['the branch that platform is followed at is not protected'])
})
