/** What one person checked, another deploys unchanged: the builds take a bundle of their platform as it was made, and no other. */

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = new URL('../..', import.meta.url).pathname
const TIMEOUT_MS = 60_000
const PLATFORMS = [
  { platform: 'aws', module: 'drayage-config.mjs', other: 'cloudflare' },
  { platform: 'cloudflare', module: 'drayage-config.js', other: 'aws' },
] as const

const run = promisify(execFile)
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-bundles-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function bundleFor(platform: string): Promise<string> {
  const file = join(folder, `${platform}.json`)
  const config = join(ROOT, 'infra', platform, 'drayage.yaml')
  await run(process.execPath, [
    join(ROOT, 'src/cli/main.ts'),
    'check',
    '--bundle',
    '--platform',
    platform,
    '--out',
    file,
    config,
  ])
  return file
}

const build = (platform: string, bundle: string) =>
  run(process.execPath, [
    join(ROOT, `scripts/build-${platform}.ts`),
    '--bundle',
    bundle,
    '--out',
    join(folder, platform),
  ])

describe.each(PLATFORMS)('a bundle for $platform', ({ platform, module, other }) => {
  it('is compiled in as it was made', { timeout: TIMEOUT_MS }, async () => {
    const bundle = await bundleFor(platform)
    await build(platform, bundle)
    expect(readFileSync(join(folder, platform, module), 'utf8')).toBe(`export default ${readFileSync(bundle, 'utf8')}`)
  })

  it('is refused where it was changed since', { timeout: TIMEOUT_MS }, async () => {
    const text = readFileSync(await bundleFor(platform), 'utf8')
    const changed = join(folder, 'changed.json')
    writeFileSync(changed, text.replaceAll('payments', 'payment2'))
    await expect(build(platform, changed)).rejects.toThrow(/was changed after it was made/u)
  })

  it('is refused where it is for another platform', { timeout: TIMEOUT_MS }, async () => {
    await expect(build(platform, await bundleFor(other))).rejects.toThrow(new RegExp(other, 'u'))
  })
})
