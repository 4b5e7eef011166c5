/** A configuration that travels arrives as it left, or is refused with the remedy. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatBundle, readBundle } from '../../../src/config/bundle.ts'
import type { LoadedConfig } from '../../../src/domain/config.ts'
import { loaded, SMALLEST } from '../../helpers/config.ts'

const bundled = async (text = SMALLEST): Promise<{ before: LoadedConfig; value: Record<string, unknown> }> => {
  const before = (await loaded(text)).loaded
  return { before, value: JSON.parse(formatBundle(before, 'cloudflare')) as Record<string, unknown> }
}

describe('a bundle', () => {
  it.each([
    ['the smallest configuration', SMALLEST],
    ['the quickstart', readFileSync('test/examples/quickstart.yaml', 'utf8')],
  ])('arrives as it left: %s', async (_title, text) => {
    const { before, value } = await bundled(text)
    expect(await readBundle(value, 'cloudflare')).toEqual({ ok: true, value: before })
  })

  it.each([
    ['of a newer format', { bundle: 2 }, /version 1, found 2/u],
    ['for another platform', { platform: 'aws' }, /for cloudflare, found one for aws/u],
    ['that is no bundle', { drayage: 'recipe' }, /expected a configuration bundle/u],
    ['whose hash is another', { hash: 'f'.repeat(64) }, /changed after it was made/u],
    ['that holds no configuration', { config: { version: 1 } }, /damaged/u],
  ])('is refused where it is one %s, with the remedy', async (_title, change, expected) => {
    const { value } = await bundled()
    const read = await readBundle({ ...value, ...change }, 'cloudflare')
    expect(read).toMatchObject({ ok: false, error: expect.stringMatching(expected) })
    expect(read).toMatchObject({ error: expect.stringMatching(/drayage check --bundle --platform cloudflare/u) })
  })

  it('is refused where a person changed it', async () => {
    const { value } = await bundled()
    const config = { ...(value['config'] as object), mode: 'observe' }
    expect(await readBundle({ ...value, config }, 'cloudflare')).toMatchObject({ ok: false })
  })

  it.each([null, [], 'text', 7])('is refused where it is %j', async (value) => {
    expect(await readBundle(value, 'node')).toMatchObject({ ok: false })
  })

  it('holds references, never secrets', async () => {
    const { value } = await bundled()
    expect(JSON.stringify(value)).toContain('env:HOOK')
  })
})
