import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { corpus as auth } from './auth.ts'
import { corpus as payloads } from './payloads.ts'

const directory = process.env['DRAYAGE_CORPUS'] ?? ''

describe.skipIf(directory === '')('recorded payloads and proofs (DRAYAGE_CORPUS)', () => {
  it.each(['payloads', 'suites/webhooks'])('of %s are read as expected', async (folder) => {
    const { passed, failures } = await payloads(join(directory, folder))
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(0)
  })

  it.each(['payloads', 'suites'])('of %s let in whom they should', async (folder) => {
    const { passed, failures } = await auth(join(directory, folder))
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(0)
  })
})

describe('a folder of payloads', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'drayage-corpus-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const push = { repository: { repo_name: 'acme/payments' }, push_data: { tag: '1.4.2' } }
  const right = {
    kind: 'push',
    registry: 'docker.io',
    repository: 'acme/payments',
    tag: '1.4.2',
    digest: null,
    mediaType: null,
  }

  const judge = async (expected: object, body: unknown = push): ReturnType<typeof payloads> => {
    writeFileSync(join(folder, 'body.json'), JSON.stringify(body))
    const row = { file: 'body.json', registry_type: 'dockerhub', peer_expected: expected }
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ cases: [row] }))
    return payloads(folder)
  }

  it('agrees with what is right', async () => {
    expect(await judge(right)).toEqual({ passed: 1, failures: [], excepted: {} })
    expect(await judge({ ...right, digest: 'sha256:60digits' })).toMatchObject({ passed: 1 })
    expect(await judge({ error: true }, {})).toMatchObject({ passed: 1 })
  })

  it.each([
    { ...right, kind: 'delete' },
    { ...right, registry: null },
    { ...right, repository: 'acme/other' },
    { ...right, tag: 'latest' },
    { ...right, mediaType: 'application/vnd.oci.image.index.v1+json' },
    { ...right, digest: `sha256:${'a'.repeat(64)}` },
    { kind: 'ignore' },
    { kind: 'ping' },
    { kind: 'validation' },
    { error: true },
  ])('disagrees with %j', async (expected) => {
    expect(await judge(expected)).toMatchObject({ passed: 0, failures: [expect.stringContaining('body.json')] })
  })

  it('counts, by type, what it has no receiver for', async () => {
    writeFileSync(
      join(folder, 'manifest.json'),
      JSON.stringify([{ file: 'nosuch/x.json', expected: { kind: 'push' } }]),
    )
    expect(await payloads(folder)).toEqual({ passed: 0, failures: [], excepted: { 'no receiver of type nosuch': 1 } })
  })
})
