import { globSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Command, ExitCode, Io } from '../../../src/cli/command.ts'

const files = globSync('src/cli/*.ts').filter((file) => readFileSync(file, 'utf8').includes('export const command:'))
const commands = await Promise.all(
  files.map(
    async (file) => ((await import(`../../../src/cli/${basename(file, '.ts')}.ts`)) as { command: Command }).command,
  ),
)

describe.each(commands.map((command) => ({ name: command.name, command })))('drayage $name --help', ({ command }) => {
  const { name, summary, help } = command

  it('says how it is used, with an example', () => {
    expect(help).toMatch(new RegExp(`^Usage: drayage ${name}\\b`, 'mu'))
    expect(help).toMatch(new RegExp(`^Examples?:\\n(?:.*\\n)*? +(?:\\$ )?.*drayage ${name}\\b`, 'mu'))
  })

  it('has a summary of one line', () => {
    expect(summary).toMatch(/^[a-z][^\n]{10,70}$/u)
  })

  it('names every option that it takes', () => {
    const own = readFileSync(`src/cli/${name}.ts`, 'utf8')
    const source = own.includes('reachOptions') ? own + REACH : own
    const taken = [...source.matchAll(/^ {2}'?(?<option>[a-z-]+)'?: \{ type: '(?:string|boolean)'/gmu)].map(
      ({ groups }) => groups?.['option'] ?? '',
    )
    for (const option of taken) expect(help).toContain(`--${option}`)
  })
})

const REACH = readFileSync('src/cli/reach.ts', 'utf8')

it('has a line in the front door for every command, and a command for every line', () => {
  const main = readFileSync('src/cli/main.ts', 'utf8')
  const listed = [...main.matchAll(/^ {2}'?(?<name>[a-z-]+)'?: \(\) => import\('\.\/(?<file>[a-z-]+)\.ts'\)/gmu)]
  expect(listed.map(({ groups }) => groups?.['name'] ?? '').toSorted()).toEqual(
    commands.map(({ name }) => name).toSorted(),
  )
  expect(files.map((file) => basename(file, '.ts')).toSorted()).toEqual(commands.map(({ name }) => name).toSorted())
})

describe('misuse is 2, says what was expected, and touches nothing', () => {
  it.each([
    ['status', ['one', 'two']],
    ['history', ['one', 'two']],
    ['history', ['--limit', '0']],
    ['history', ['--limit', '501']],
    ['history', ['--limit', 'ten']],
    ['history', ['--limit=-1']],
    ['history', ['--verify']],
    ['history', ['one', '--verify', '--image', 'x']],
    ['explain', []],
    ['explain', ['one', 'two']],
    ['affected', []],
    ['affected', ['one', 'two']],
    ['retry', []],
    ['retry', ['one']],
    ['retry', ['one/dev/more', '--reason', 'x']],
    ['retry', ['one/', '--reason', 'x']],
    ['retry', ['/dev', '--reason', 'x']],
    ['retry', ['one', 'two', '--reason', 'x']],
    ['replay', []],
    ['replay', ['hub/1']],
    ['replay', ['hub/1', 'hub/2', '--reason', 'x']],
    ['lift', []],
    ['lift', ['one/dev', '--reason', 'x']],
    ['lift', ['one/', 'sha256:1', '--reason', 'x']],
    ['lift', ['one/dev', 'sha256:1']],
    ['lift', ['one/dev/more', 'sha256:1', '--reason', 'x']],
    ['pause', []],
    ['pause', ['/', '--reason', 'x']],
    ['pause', ['one/', '--reason', 'x']],
    ['pause', ['one/dev/more', '--reason', 'x']],
    ['resume', ['one/dev']],
    ['promote', ['one/dev', '1.0.0']],
    ['promote', ['one', '1.0.0', '--reason', 'x']],
    ['promote', ['--break-glass', 'one/dev', '1.0.0']],
    ['promote', ['--break-glass', '/dev', '1.0.0', '--reason', 'x']],
    ['rollback', ['one', '--reason', 'x']],
    ['rollback', ['one/dev']],
    ['pin', ['one/dev']],
    ['unpin', ['one/dev', '--reason', ' ']],
    ['approve', ['one/dev', '--reason', 'x']],
    ['reject', ['one/dev', '1.0.0']],
    ['serve', ['--log-level', 'loud']],
  ])('drayage %s %j', async (name, args) => {
    const { code, out, err } = await run(name, args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(new RegExp(`^drayage ${name}: `, 'u'))
  })

  it.each(commands.map(({ name }) => name))('drayage %s --no-such-option', async (name) => {
    await expect(run(name, ['--no-such-option'])).rejects.toMatchObject({ code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' })
  })
})

describe('where no service runs', () => {
  const state = join(mkdtempSync(join(tmpdir(), 'drayage-none-')), 'state.db')

  it.each([
    ['retry', ['one', '--reason', 'x']],
    ['replay', ['hub/1', '--reason', 'x']],
    ['lift', ['one/dev', 'sha256:1', '--reason', 'x']],
    ['lift', ['one', 'sha256:1', '--reason', 'x']],
    ['pause', ['--reason', 'x']],
    ['pause', ['/prod', '--reason', 'x']],
    ['resume', ['one', '--reason', 'x']],
    ['promote', ['--break-glass', 'one/dev', '1.0.0', '--reason', 'x']],
  ])('drayage %s says so, and what to do', async (name, args) => {
    await expect(run(name, [...args, '--state', state])).rejects.toThrow(/no service runs on .*DRAYAGE_URL/u)
  })

  it.each(['status', 'history'])('drayage %s says that there is no state either', async (name) => {
    await expect(run(name, ['--state', state])).rejects.toThrow(`There is no state file ${state}`)
  })
})

describe('DRAYAGE_URL', () => {
  it.each([
    ['nonsense', 'expected a URL'],
    ['ftp://127.0.0.1', 'expected a URL'],
    ['https://me:secret@drayage.test', 'expected a URL'],
    ['https://drayage.test?token=x', 'expected a URL'],
  ])('of %s is refused', async (url, message) => {
    await expect(run('status', [], { DRAYAGE_URL: url, DRAYAGE_TOKEN: 'x' })).rejects.toThrow(message)
  })

  it.each(['', undefined])('needs a token, and %j is none', async (token) => {
    const env = { DRAYAGE_URL: 'https://drayage.test', DRAYAGE_TOKEN: token }
    await expect(run('status', [], env)).rejects.toThrow('DRAYAGE_TOKEN is not')
  })

  it('takes no token that would end the header', async () => {
    const env = { DRAYAGE_URL: 'https://drayage.test', DRAYAGE_TOKEN: 'CANARY\r\nHost: evil' }
    const refused = await run('status', [], env).catch((error: unknown) => error)
    expect(String(refused)).toContain('DRAYAGE_TOKEN holds')
    expect(String(refused)).not.toContain('CANARY')
  })

  it('says that nothing answers there, without the token', async () => {
    const env = { DRAYAGE_URL: 'http://127.0.0.1:1', DRAYAGE_TOKEN: 'CANARY' }
    const refused = await run('status', [], env).catch((error: unknown) => error)
    expect(String(refused)).toMatch(/the service at http:\/\/127\.0\.0\.1:1 cannot be reached/u)
    expect(String(refused)).not.toContain('CANARY')
  })
})

async function run(
  name: string,
  args: readonly string[],
  env: Io['env'] = {},
): Promise<{ readonly code: ExitCode; readonly out: string; readonly err: string }> {
  let [out, err] = ['', '']
  const io: Io = {
    stdin: async () => new Uint8Array(),
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env,
    isTTY: false,
    now: () => 0,
    signal: AbortSignal.abort(),
  }
  const command = commands.find((one) => one.name === name)
  if (command === undefined) throw new Error(`there is no command ${name}`)
  return { code: await command.run(args, io), out, err }
}
