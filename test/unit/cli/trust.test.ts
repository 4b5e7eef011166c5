/** Trusted roots on the command line: shown with their age, fetched only where all of the metadata holds. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../../../src/cli/trust.ts'
import { recordedIo } from '../../helpers/io.ts'
import { createSigstore } from '../../helpers/sigstore/instance.ts'
import { startTuf, type TufOptions, type TufRepository } from '../../helpers/tuf.ts'

const TARGET = createSigstore().trustedRoot()
const LATER = new Date(Date.now() + 86_400_000)
let folder: string
let repository: TufRepository | null = null

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-trust-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  await repository?.close()
  repository = null
})

async function update(options: Partial<TufOptions> = {}, root?: string) {
  repository = await startTuf({ target: TARGET, expires: LATER, ...options })
  const [out, first] = [join(folder, 'out.json'), join(folder, 'root.json')]
  rmSync(out, { force: true })
  writeFileSync(first, root ?? repository.root)
  const io = recordedIo()
  const code = await command.run(['update', '--out', out, '--mirror', repository.url, '--root', first], io)
  return { code, io, written: existsSync(out) ? readFileSync(out, 'utf8') : null }
}

describe('update', () => {
  it('writes the root that the metadata vouches for', async () => {
    const { code, io, written } = await update()
    expect(io.err()).toBe('')
    expect(code).toBe(0)
    expect(written).toBe(TARGET)
    expect(io.out()).toContain(LATER.toISOString().slice(0, 10))
  })

  it.each<[string, Partial<TufOptions>]>([
    ['other bytes are served than were signed', { served: TARGET.replace('offline', 'evil-in') }],
    ['the metadata has expired', { expires: new Date(Date.now() - 1_000) }],
    ['the target is no trusted root', { target: '{}' }],
  ])('writes nothing where %s', async (_title, options) => {
    const { code, io, written } = await update(options)
    expect(code).toBe(1)
    expect(written).toBeNull()
    expect(io.err()).not.toBe('')
  })

  it('writes nothing where the metadata is signed by others than the first root says', async () => {
    const other = await startTuf({ target: TARGET, expires: LATER })
    await other.close()
    expect(await update({}, other.root)).toMatchObject({ code: 1, written: null })
  })

  it('asks for the first root of a mirror that nobody knows', async () => {
    const io = recordedIo()
    const args = ['update', '--out', join(folder, 'x'), '--mirror', 'https://tuf.example.com']
    expect(await command.run(args, io)).toBe(1)
    expect(io.err()).toContain('--root')
  })
})

describe('show', () => {
  it('says until when the compiled-in root may be used', async () => {
    const io = recordedIo()
    expect(await command.run(['show', '--json'], io)).toBe(0)
    const [root] = JSON.parse(io.out()) as { staleAt: number; parts: { name: string }[] }[]
    expect(root?.staleAt).toBeGreaterThan(Date.UTC(2026, 0))
    expect(root?.parts.map(({ name }) => name)).toContain('https://rekor.sigstore.dev')
  })

  it('is a no after that, with what to do', async () => {
    const io = recordedIo(() => Date.UTC(2040, 0))
    expect(await command.run(['show'], io)).toBe(1)
    expect(io.out()).toContain('drayage trust update')
  })

  it('says what is wrong with a file', async () => {
    const file = join(folder, 'bad.json')
    writeFileSync(file, '{"mediaType":"x"}')
    const io = recordedIo()
    expect(await command.run(['show', '--file', file], io)).toBe(1)
    expect(io.out()).toContain('mediaType')
  })
})

it.each([[[]], [['refresh']], [['update']], [['update', '--out', 'x', '--mirror', 'ftp://x']]])(
  'is told how it is used: %j',
  async (args) => {
    expect(await command.run(args, recordedIo())).toBe(2)
  },
)
