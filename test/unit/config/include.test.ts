import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { configOptions } from '../../../src/cli/config-options.ts'
import { loadConfigFile } from '../../../src/config/files.ts'
import { CONFIG_BYTES_MAX } from '../../../src/config/limits.ts'
import type { ConfigProblem } from '../../../src/config/problem.ts'
import { problemsOf, SMALLEST } from '../../helpers/config.ts'

const OTHER = `subscriptions:
  blog:
    image: localhost:5000/blog
    tags: { numerical: asc }
    verify: none
    stages: { prod: { git: repo, file: blog.yaml } }
`

function aFolder(files: Record<string, string>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'drayage-config-')))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

async function read(folder: string): Promise<{ names: readonly string[]; problems: readonly ConfigProblem[] }> {
  const result = await loadConfigFile(join(folder, 'drayage.yaml'), configOptions)
  if (!result.ok) return { names: [], problems: result.error }
  return { names: result.value.loaded.config.subscriptions.map(({ name }) => name), problems: result.value.warnings }
}

function including(...patterns: readonly string[]): string {
  return `${SMALLEST}include: ${JSON.stringify(patterns)}\n`
}

it.each([
  ['a file', 'blog.yaml', 'blog.yaml'],
  ['a file in a folder', 'apps/blog.yaml', 'apps/blog.yaml'],
  ['a pattern', 'apps/blog.yaml', 'apps/*.yaml'],
  ['a pattern over folders', 'apps/a/b/blog.yaml', 'apps/**/*.yaml'],
  ['a file by a longer way', 'apps/blog.yaml', './apps/./blog.yaml'],
])('merges %s', async (_, name, pattern) => {
  const folder = aFolder({ 'drayage.yaml': including(pattern), [name]: OTHER })
  expect(await read(folder)).toEqual({ names: ['shop', 'blog'], problems: [] })
})

it('has the same hash in one file and in two', async () => {
  const two = aFolder({ 'drayage.yaml': including('blog.yaml'), 'blog.yaml': OTHER })
  const one = aFolder({ 'drayage.yaml': `${SMALLEST}${OTHER.replace('subscriptions:\n', '')}` })
  const hashes = await Promise.all(
    [two, one].map((folder) => loadConfigFile(join(folder, 'drayage.yaml'), configOptions)),
  )
  const [first, second] = hashes.map((result) => (result.ok ? result.value.loaded.hash : result.error))
  expect(first).toMatch(/^[0-9a-f]{64}$/u)
  expect(first).toEqual(second)
})

it('names both places of a name that stands twice', async () => {
  const folder = aFolder({ 'drayage.yaml': including('blog.yaml'), 'blog.yaml': OTHER.replace('blog:', 'shop:') })
  const { problems } = await read(folder)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatchObject({ reason: 'duplicate-key', file: join(folder, 'blog.yaml'), line: 2, column: 3 })
  expect(problems[0]?.message).toContain(`${join(folder, 'drayage.yaml')}:7:3`)
})

it('places a problem in the file where it stands', async () => {
  const folder = aFolder({
    'drayage.yaml': including('blog.yaml'),
    'blog.yaml': OTHER.replace('git: repo', 'git: rep'),
  })
  const { problems } = await read(folder)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatchObject({ reason: 'unknown-name', file: join(folder, 'blog.yaml'), line: 6 })
})

it('reads a file once that several patterns name, and never the first one again', async () => {
  const folder = aFolder({ 'drayage.yaml': including('blog.yaml', '*.yaml', './blog.yaml'), 'blog.yaml': OTHER })
  expect(await read(folder)).toEqual({ names: ['shop', 'blog'], problems: [] })
})

it.each([
  ['its own version', 'version: 1\n', []],
  ['nothing', '# later\n', []],
  ['another version', 'version: 2\n', ['duplicate-key']],
  ['a second mode', 'mode: observe\n', []],
  ['an include of its own', 'include: more.yaml\n', ['bad-include']],
  ['a list', '- a\n', ['malformed']],
  ['broken YAML', 'a: [\n', ['not-yaml']],
])('takes or refuses an included file with %s', async (_, text, reasons) => {
  const folder = aFolder({ 'drayage.yaml': including('more.yaml'), 'more.yaml': text })
  expect((await read(folder)).problems.map(({ reason }) => reason)).toEqual(reasons)
})

it('takes a setting from one file only', async () => {
  const folder = aFolder({ 'drayage.yaml': `${including('a.yaml')}mode: act\n`, 'a.yaml': 'mode: observe\n' })
  expect((await read(folder)).problems.map(({ reason, key }) => [reason, key])).toEqual([['duplicate-key', 'mode']])
})

it.each([
  ['../drayage-outside.yaml', 'a path below'],
  ['apps/../../x.yaml', 'a path below'],
  ['/etc/hostname', 'a path below'],
  ['..', 'a path below'],
  ['a\\b.yaml', 'a path below'],
  ['nowhere.yaml', 'there is no file'],
  ['nowhere/*.yaml', 'no file matches'],
  ['apps', 'is not a file'],
  ['link.yaml', 'is a link to a place outside'],
  ['folder/outside.yaml', 'is a link to a place outside'],
  ['folder/*.yaml', 'is a link to a place outside'],
  ['big.yaml', 'is larger than 256 KiB'],
  ['latin1.yaml', 'is not UTF-8 text'],
])('refuses to include %s', async (pattern, why) => {
  const folder = aFolder({
    'in/drayage.yaml': including(pattern),
    'in/apps/blog.yaml': OTHER,
    'in/big.yaml': `#${'x'.repeat(CONFIG_BYTES_MAX)}`,
    'outside.yaml': OTHER,
    'other/outside.yaml': OTHER,
  })
  writeFileSync(join(folder, 'in/latin1.yaml'), Buffer.from('# \xe4\n', 'latin1'))
  symlinkSync(join(folder, 'outside.yaml'), join(folder, 'in/link.yaml'))
  symlinkSync(join(folder, 'other'), join(folder, 'in/folder'))
  const { problems } = await read(join(folder, 'in'))
  expect(problems.map(({ reason, key, line }) => [reason, key, line])).toEqual([['bad-include', 'include', 13]])
  expect(problems[0]?.message).toContain(why)
})

it('follows a link that stays below the folder', async () => {
  const folder = aFolder({ 'drayage.yaml': including('link.yaml'), 'apps/blog.yaml': OTHER })
  symlinkSync(join(folder, 'apps/blog.yaml'), join(folder, 'link.yaml'))
  expect(await read(folder)).toEqual({ names: ['shop', 'blog'], problems: [] })
})

it('follows a first file that is a link, as a mounted ConfigMap is one', async () => {
  const folder = aFolder({ '..data/drayage.yaml': SMALLEST })
  symlinkSync(join(folder, '..data/drayage.yaml'), join(folder, 'drayage.yaml'))
  expect((await read(folder)).names).toEqual(['shop'])
})

it('says that a file is not there', async () => {
  const { problems } = await read('/nowhere')
  expect(problems).toMatchObject([{ reason: 'unreadable', file: '/nowhere/drayage.yaml', line: 1, column: 1 }])
})

it('bounds the number of files', async () => {
  const files = Array.from({ length: 101 }, (_, index) => [`apps/${index}.yaml`, ''] as const)
  const folder = aFolder({ 'drayage.yaml': including('apps/*.yaml'), ...Object.fromEntries(files) })
  expect((await read(folder)).problems.map(({ reason }) => reason)).toEqual(['too-large'])
})

it('has no other files where there are none to be had', async () => {
  expect(await problemsOf(including('a.yaml'))).toEqual(['13:11 bad-include include'])
})
