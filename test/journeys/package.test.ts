/** The published package as its user meets it: packed, installed without a network, run from where npm put it. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as z from 'zod'
import manifest from '../../package.json' with { type: 'json' }
import { Digest } from '../../src/domain/image.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 60_000

const Packed = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })])
const Delivered = z.object({
  delivered: z.array(z.object({ image: z.string(), repository: z.string(), commit: z.string() })),
})

let folder: string
let packed: z.infer<typeof Packed>[0]
let program: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drayage-package-'))
  const built = join(folder, 'built')
  const installed = join(folder, 'installed')
  await run(process.execPath, ['scripts/build.ts', built])
  const npm = (...args: readonly string[]) => run('npm', [...args, '--offline', '--no-audit'], { cwd: folder })
  packed = Packed.parse(JSON.parse((await npm('pack', built, '--json')).stdout))[0]
  await npm('install', '--prefix', installed, join(folder, packed.filename))
  program = join(installed, 'node_modules', 'drayage', 'drayage.js')
}, TIMEOUT_MS)

afterAll(() => rm(folder, { recursive: true, force: true }))

/** With nothing of the checkout around it. */
function drayage(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, HOME: folder, TMPDIR: folder }
  return run(process.execPath, [program, ...args], { cwd: folder, env, timeout: TIMEOUT_MS })
}

it('holds JavaScript, its papers, and nothing else', () => {
  const kinds = packed.files.map(({ path }) => path.replace(/^chunks\/.+\.js$/u, 'chunks/*.js'))
  expect([...new Set(kinds)].toSorted()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'THIRD-PARTY-NOTICES.txt',
    'chunks/*.js',
    'drayage.js',
    'drayage.schema.json',
    'main.js',
    'package.json',
  ])
})

it('names the licence of each library that is inside', () => {
  const notices = readFileSync(join(dirname(program), 'THIRD-PARTY-NOTICES.txt'), 'utf8')
  for (const library of ['hono', 'zod', 'yaml', 'semver', 're2js', 'undici']) expect(notices).toContain(`\n${library} `)
})

it('knows its version', async () => {
  expect((await drayage('--version')).stdout).toBe(`${manifest.version}\n`)
})

it('tells an old Node what is missing', async () => {
  const old = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.19.0' })`
  const failed = run(process.execPath, ['--import', old, program, '--version'])
  await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(manifest.engines.node) })
})

it(
  'delivers in the demo, and the commit holds the digest',
  async () => {
    const { stdout } = await drayage('demo', '--once', '--json')
    const last = Delivered.parse(JSON.parse(stdout)).delivered.at(-1)
    const digest = Digest.parse(last?.image.split('@')[1])
    const show = await run('git', ['-C', last?.repository ?? '', 'show', last?.commit ?? ''])
    expect(show.stdout).toContain(digest)
  },
  TIMEOUT_MS,
)
