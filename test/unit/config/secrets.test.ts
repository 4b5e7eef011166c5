import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readSecretFile } from '../../../src/config/files.ts'
import { createSecrets } from '../../../src/config/secrets.ts'

type World = { env: Record<string, string | undefined>; files: Record<string, string>; now: number; reads: string[] }

function aWorld(parts: Partial<World> = {}): World {
  return { env: {}, files: {}, now: 0, reads: [], ...parts }
}

function secretsOf(world: World): ReturnType<typeof createSecrets> {
  const { env } = world
  return createSecrets({
    env,
    now: () => world.now,
    readFile: async (path) => {
      world.reads.push(path)
      const text = world.files[path]
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      return text
    },
  })
}

it.each([
  ['as it is', 'hunter2', 'hunter2'],
  ['without the line break at its end', 'hunter2\n', 'hunter2'],
  ['without the line break of another system', 'hunter2\r\n', 'hunter2'],
  ['with the line breaks inside', '-----BEGIN\nabc\n-----END\n', '-----BEGIN\nabc\n-----END'],
  ['with spaces that belong to it', ' hunter2 ', ' hunter2 '],
])('reads a secret %s', async (_, stored, value) => {
  const world = aWorld({ env: { HOOK: stored }, files: { '/run/hook': stored } })
  expect(await secretsOf(world)('env:HOOK')()).toEqual([value])
  expect(await secretsOf(world)('file:/run/hook')()).toEqual([value])
})

it('answers with the current and the previous one, in their order', async () => {
  const world = aWorld({ env: { NEW: 'b' }, files: { '/old': 'a' } })
  expect(await secretsOf(world)(['env:NEW', 'file:/old'])()).toEqual(['b', 'a'])
})

it.each(['', '\n', '  ', '\r\n\n'])('takes %j for no secret', async (stored) => {
  const world = aWorld({ env: { HOOK: stored }, files: { '/run/hook': stored } })
  await expect(secretsOf(world)('env:HOOK')()).rejects.toThrow('the secret env:HOOK is empty')
  await expect(secretsOf(world)('file:/run/hook')()).rejects.toThrow('the secret file:/run/hook is empty')
})

it('throws where a reference leads nowhere, even beside one that holds', async () => {
  const secretOf = secretsOf(aWorld({ env: { HOOK: 'x' } }))
  await expect(secretOf('env:NOBODY')()).rejects.toThrow('the secret env:NOBODY is not set')
  await expect(secretOf('file:/nowhere')()).rejects.toThrow('the secret file:/nowhere cannot be read (ENOENT)')
  await expect(secretOf(['env:HOOK', 'env:NOBODY'])()).rejects.toThrow('env:NOBODY')
})

it('reads again after five seconds, and not before', async () => {
  const world = aWorld({ files: { '/hook': 'old' } })
  const secret = secretsOf(world)('file:/hook')
  expect(await secret()).toEqual(['old'])
  world.files['/hook'] = 'new'
  world.now = 4999
  expect(await secret()).toEqual(['old'])
  world.now = 5000
  expect(await secret()).toEqual(['new'])
  expect(world.reads).toEqual(['/hook', '/hook'])
})

it('reads once for many that ask at the same time', async () => {
  const world = aWorld({ files: { '/hook': 'x' } })
  const secretOf = secretsOf(world)
  await Promise.all([secretOf('file:/hook')(), secretOf('file:/hook')(), secretOf(['file:/hook'])()])
  expect(world.reads).toHaveLength(1)
})

it('keeps no failure', async () => {
  const world = aWorld()
  const secret = secretsOf(world)('file:/hook')
  await expect(secret()).rejects.toThrow()
  world.files['/hook'] = 'x'
  expect(await secret()).toEqual(['x'])
})

it('says nothing of what a reader had in its hands', async () => {
  const secretOf = createSecrets({
    env: {},
    now: () => 0,
    readFile: async () => {
      throw new Error('unexpected text: hunter2')
    },
  })
  const error: unknown = await secretOf('file:/hook')().catch((thrown: unknown) => thrown)
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2')
})

it('says nothing of a secret that is too long', async () => {
  const secret = secretsOf(aWorld({ env: { HOOK: 'hunter2'.repeat(10_000) } }))('env:HOOK')
  await expect(secret()).rejects.toThrow(/^the secret env:HOOK is longer than 65536 characters$/u)
})

it('reads secret files, through the links by which they are rotated', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-secret-'))
  writeFileSync(join(folder, 'v1'), 'hunter2\n')
  symlinkSync(join(folder, 'v1'), join(folder, 'current'))
  expect(await readSecretFile(join(folder, 'current'))).toBe('hunter2\n')
  await expect(readSecretFile(folder)).rejects.toThrow('is not a file')
  await expect(readSecretFile('/dev/zero')).rejects.toThrow('is not a file')
  await expect(readSecretFile(join(folder, 'v2'))).rejects.toThrow('there is no file')
})
