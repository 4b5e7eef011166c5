import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { command } from '../../../src/cli/check.ts'
import type { Io } from '../../../src/cli/command.ts'
import { SMALLEST } from '../../helpers/config.ts'

type Run = { readonly code: number; readonly out: string; readonly err: string; readonly file: string }

async function check(text: string, flags: readonly string[] = [], isTTY = false): Promise<Run> {
  const file = join(mkdtempSync(join(tmpdir(), 'drayage-check-')), 'drayage.yaml')
  writeFileSync(file, text)
  return { ...(await run([file, ...flags], isTTY)), file }
}

async function run(args: readonly string[], isTTY = false): Promise<Omit<Run, 'file'>> {
  let out = ''
  let err = ''
  const io: Io = {
    stdin: async () => new Uint8Array(),
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: {},
    isTTY,
    now: () => 0,
    signal: new AbortController().signal,
  }
  return { code: await command.run(args, io), out, err }
}

it('says what a configuration does, and loudly what it does not prove', async () => {
  const { code, out, err } = await check(SMALLEST)
  expect(code).toBe(0)
  expect(err).toBe('')
  expect(out.split('\n').slice(0, 5)).toEqual([
    'mode: act. What is decided is delivered.',
    'local: localhost:5000, tells by distribution at POST /hooks/local, is read anonymously',
    'shop: localhost:5000/shop, tags {"semver":"*"}',
    '  VERIFY: NONE. Whatever is pushed under such a tag is delivered, whoever pushed it.',
    '  prod: commit to /srv/repo.git, branch main: app.yaml',
  ])
})

it('says loudly that anybody may send', async () => {
  const { out } = await check(SMALLEST.replace('secret: env:HOOK', 'auth: none'))
  expect(out).toContain('AUTH: NONE')
})

it('prints warnings, and is content', async () => {
  const { code, out, file } = await check(`${SMALLEST}  x-ray: {}\n`)
  expect(code).toBe(0)
  expect(out).toContain(`${file}:13:3: warning: subscriptions.x-ray: ignored`)
  expect(out).toContain('mode: act')
})

it('prints a problem on each line, as compilers do', async () => {
  const { code, out, file } = await check(SMALLEST.replace('semver', 'semvr').replace('version: 1', 'version: 2'))
  expect(code).toBe(1)
  expect(out.trimEnd().split('\n')).toEqual([
    `${file}:1:10: error: version: expected 1, found the number 2`,
    `${file}:9:13: error: subscriptions.shop.tags.semvr: unknown key. Did you mean semver?`,
    '2 errors',
  ])
})

it('shows a person the line and where in it', async () => {
  const { out } = await check(SMALLEST.replace('semver: "*"', 'semver: "nonsense"'), [], true)
  expect(out).toContain('\n    … semver: "nonsense" …\n              ^\n')
})

it.each([
  ['in place of its reference', SMALLEST.replace('env:HOOK', 'hunter2')],
  [
    'beside another mistake',
    SMALLEST.replace('env:HOOK', 'hunter2').replace('host: "localhost:5000"', 'host: "local host"'),
  ],
  ['in quotes', SMALLEST.replace('env:HOOK', '"hunter2"').replace('host:', 'hots:')],
  ['in a list', SMALLEST.replace('env:HOOK', '[hunter2, hunter2]').replace('distribution', 'distributio')],
  ['under a mistyped key', SMALLEST.replace('secret: env:HOOK', 'secert: hunter2')],
  [
    'under a mistyped key beside another mistake',
    SMALLEST.replace('type: distribution, secret: env:HOOK', 'sekret: hunter2, type: distributio'),
  ],
  ['under a key nobody knows', `${SMALLEST}login: hunter2\n`],
  ['in a URL', SMALLEST.replace('/srv/repo.git', 'https://me:hunter2@host/x')],
])('shows no secret that stands %s', async (_, text) => {
  for (const flags of [[], ['--json']]) {
    const { code, out, err } = await check(text, flags, true)
    expect(code).toBe(1)
    expect(out + err).not.toContain('hunter2')
  }
})

it('shows control characters instead of obeying them', async () => {
  const { out } = await check(
    SMALLEST.replace('verify: none', 'verify: "no\\e[31mne\\u202e"\n    "a\\e[2J": 1'),
    [],
    true,
  )
  // oxlint-disable-next-line no-control-regex
  expect(out).not.toMatch(/[\u001b\u202e]/u)
})

it('answers machines', async () => {
  const { code, out, file } = await check(SMALLEST.replace('verify: none', 'verify: nome'), ['--json'])
  expect(code).toBe(1)
  expect(JSON.parse(out)).toEqual({
    ok: false,
    problems: [
      expect.objectContaining({
        severity: 'error',
        reason: 'malformed',
        file,
        line: 10,
        column: 13,
        key: 'subscriptions.shop.verify',
        found: '"nome"',
      }),
    ],
    hash: null,
    subscriptions: null,
  })
})

it('gives machines the hash and the subscriptions', async () => {
  const { code, out } = await check(SMALLEST, ['--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    ok: true,
    problems: [],
    hash: expect.stringMatching(/^[0-9a-f]{64}$/u),
    subscriptions: [{ name: 'shop', stages: [{ name: 'prod', verify: 'none' }] }],
  })
})

it('says that there is no file', async () => {
  const { code, out } = await run(['/nowhere/drayage.yaml'])
  expect(code).toBe(1)
  expect(out).toContain('/nowhere/drayage.yaml:1:1: error: there is no file')
})

it('takes one file', async () => {
  expect((await run(['a.yaml', 'b.yaml'])).code).toBe(2)
})

const FIRST = `version: 1
server:
  api: { tokens: [{ person: ann, role: operator, token: env:ANN }] }
  config: { git: platform, file: prod.yaml }
git: { platform: { github: acme/platform, token: env:PLATFORM } }
`
const SECOND = SMALLEST.replace('version: 1\n', '')

async function checkBoth(
  second: string,
  first = FIRST,
  flags: readonly string[] = [],
): Promise<Run & { first: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-check-'))
  const [file, firstFile] = [join(folder, 'prod.yaml'), join(folder, 'first.yaml')]
  writeFileSync(file, second)
  writeFileSync(firstFile, first)
  return { ...(await run([file, '--first', firstFile, ...flags])), file, first: firstFile }
}

it('checks a followed file together with the first part', async () => {
  const { code, out, err } = await checkBoth(SECOND)
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain('prod: commit to /srv/repo.git, branch main: app.yaml')
})

it.each<[string, string, RegExp]>([
  ['has server:', `${SECOND}server: { api: { tokens: [] } }\n`, /server: where we listen/u],
  ['names a secret of the first part', SECOND.replace('env:HOOK', 'env:PLATFORM'), /env:PLATFORM belongs to/u],
  ['says again what the first part says', SECOND.replace('repo:', 'platform:'), /platform/u],
  ['has a mistake', SECOND.replace('semver', 'semvr'), /semvr/u],
])('refuses a followed file that %s, at its place', async (_title, second, why) => {
  const { code, out, file } = await checkBoth(second)
  expect(code).toBe(1)
  expect(out).toMatch(why)
  expect(out).toContain(`${file}:`)
})

it('refuses a first part that follows nothing, and a bundle of both', async () => {
  const alone = await checkBoth(SECOND, FIRST.replace(/ {2}config:.*\n/u, ''))
  expect(alone.code).toBe(1)
  expect(alone.out).toContain(`${alone.first}:1:1: error: server.config: missing`)
  expect(await checkBoth(SECOND, FIRST, ['--bundle'])).toMatchObject({ code: 2, out: '' })
})

it('refuses what the platform of both parts cannot do', async () => {
  const { code, out } = await checkBoth(SECOND, FIRST, ['--platform', 'cloudflare'])
  expect(code).toBe(1)
  expect(out).toContain('a Worker has no git program')
})
