/** What is found about a digest in registries: good ones, old ones, and those of an attacker who may push. */

import { describe, expect, it } from 'vitest'
import { digestOf, tinyImage } from '../../../src/cli/demo/image.ts'
import type { Digest } from '../../../src/domain/image.ts'
import { BLOB_BYTES_MAX, discover, LAYERS_MAX, type Discovered } from '../../../src/verification/discover.ts'
import {
  artifact,
  BUNDLE,
  bundleArtifact,
  fallbackIndex,
  layersArtifact,
  memoryRegistry,
  subjectOf,
  tagOf,
  type MemoryRegistry,
} from '../../helpers/artifacts.ts'
import { aClient, anImage, aWorld, CANARY, type Script, type World } from '../../helpers/hostile-registry.ts'

const HOST = 'reg.example.com'
const SUBJECT = subjectOf(tinyImage('app'))
const DIGEST = SUBJECT.digest as Digest
const OTHER = { ...SUBJECT, digest: `sha256:${'0'.repeat(64)}` }
const LAYER = {
  mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
  annotations: { 'dev.cosignproject.cosign/signature': 'AAAA' },
  blob: Buffer.from('{}'),
}

async function find(script: Script, now?: (world: World) => number): Promise<{ found: Discovered; world: World }> {
  const world = aWorld({ [HOST]: script, 'cdn.example.net': () => new Response('{"n":1}') })
  const { content } = aClient(world, HOST)
  const result = await discover({
    content,
    image: anImage(HOST),
    subject: DIGEST,
    now: () => now?.(world) ?? world.now,
  })
  if (!result.ok) throw new Error(result.error.detail)
  return { found: result.value, world }
}

function withBundles(count: number): MemoryRegistry {
  const registry = memoryRegistry()
  registry.referrers = Array.from({ length: count }, (_, n) => bundleArtifact(SUBJECT, { n }))
  for (const one of registry.referrers) registry.put(one)
  return registry
}

describe('finds', () => {
  it('bundles through the pages of the referrers API', async () => {
    const { found } = await find(withBundles(5).script)
    expect(found.materials.map(({ kind }) => kind)).toEqual(Array(5).fill('sigstore-bundle'))
    expect(found.evidence).toEqual([])
  })

  it.each<[string, number, string]>([
    ['a 404', 404, '404 page not found'],
    ['a redirect to a web site', 303, ''],
    ['a page in HTML', 200, '<html>'],
    ['an error for the method', 405, ''],
    ['an error for the path', 400, ''],
  ])('bundles by the fallback tag where the API is %s', async (_title, status, body) => {
    const registry = withBundles(2)
    registry.putManifest(fallbackIndex(registry.referrers ?? []), tagOf(DIGEST))
    const { found, world } = await find((seen) =>
      seen.url.pathname.includes('/referrers/')
        ? new Response(body, { status, headers: status === 303 ? { location: 'https://cdn.example.net/' } : {} })
        : registry.script(seen),
    )
    expect(found.materials).toHaveLength(2)
    expect(world.seen.filter(({ url }) => url.host !== HOST)).toEqual([])
  })

  it('what was in the fallback tag before the registry learned the API', async () => {
    const registry = memoryRegistry()
    const before = bundleArtifact(SUBJECT, { n: 0 })
    registry.put(before)
    registry.putManifest(fallbackIndex([before]), tagOf(DIGEST))
    const { found } = await find(registry.script)
    expect(found.materials).toMatchObject([{ source: before.digest }])
  })

  it('what is in both once', async () => {
    const registry = withBundles(2)
    registry.putManifest(fallbackIndex(registry.referrers ?? []), tagOf(DIGEST))
    expect((await find(registry.script)).found.materials).toHaveLength(2)
  })

  it('kyverno#16664: signatures whose entry has another artifact type', async () => {
    // `fallbackIndex`, which the API's pages are made of too, writes the wrong one everywhere.
    expect((await find(withBundles(1).script)).found.materials).toHaveLength(1)
  })

  it("cosign's tags, each layer of them", async () => {
    const registry = memoryRegistry()
    registry.put(layersArtifact([LAYER, LAYER]), tagOf(DIGEST, '.sig'))
    registry.put(
      layersArtifact([{ ...LAYER, mediaType: 'application/vnd.dsse.envelope.v1+json' }]),
      tagOf(DIGEST, '.att'),
    )
    const { found } = await find(registry.script)
    expect(found.materials).toMatchObject([
      { kind: 'cosign-tag-layer', annotations: LAYER.annotations },
      { kind: 'cosign-tag-layer' },
      { kind: 'cosign-tag-layer', mediaType: 'application/vnd.dsse.envelope.v1+json' },
    ])
  })

  it("cosign's layers in a referrer, Notation's signatures by either of their types, and reports", async () => {
    const registry = memoryRegistry()
    const jws = { mediaType: 'application/jose+json', bytes: Buffer.from('{}') }
    const notation = 'application/vnd.cncf.notary.signature'
    const report = { mediaType: 'application/sarif+json', bytes: Buffer.from('{}') }
    registry.referrers = [
      layersArtifact([LAYER], { artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json', subject: SUBJECT }),
      artifact([jws], { artifactType: notation, subject: SUBJECT }),
      artifact([{ ...jws, mediaType: 'application/cose' }], { artifactType: notation, subject: SUBJECT }),
      artifact([jws], { artifactType: 'application/vnd.example', subject: SUBJECT }),
      artifact([report], { artifactType: 'application/sarif+json', subject: SUBJECT }),
    ]
    for (const one of registry.referrers) registry.put(one)
    const { found } = await find(registry.script)
    expect(found.materials.map(({ kind }) => kind).toSorted()).toEqual([
      'cosign-tag-layer',
      'notation-cose',
      'notation-jws',
    ])
    expect(found.reports.map(({ artifactType }) => artifactType).toSorted()).toEqual([
      'application/sarif+json',
      'application/vnd.example',
    ])
  })

  it('nothing, where nothing is', async () => {
    expect((await find(memoryRegistry().script)).found).toEqual({ materials: [], reports: [], evidence: [] })
  })

  it('blobs where a redirect leads, without our credentials (CVE-2025-27403)', async () => {
    const registry = withBundles(1)
    const blob = digestOf(Buffer.from('{"n":0}'))
    const { world } = await find((seen) =>
      seen.url.pathname.endsWith(blob)
        ? new Response('', { status: 307, headers: { location: 'https://cdn.example.net/blob' } })
        : seen.headers.has('authorization')
          ? registry.script(seen)
          : new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } }),
    )
    const there = world.seen.filter(({ url }) => url.host === 'cdn.example.net')
    expect(there).toHaveLength(1)
    expect(JSON.stringify([...(there[0]?.headers ?? [])])).not.toContain(CANARY)
    expect(there[0]?.headers.has('authorization')).toBe(false)
  })
})

describe('is not led astray by', () => {
  it.each<[string, (registry: MemoryRegistry) => void, string]>([
    [
      'an entry that refers to another digest',
      (registry) => {
        registry.referrers = [bundleArtifact(OTHER, {})]
        for (const one of registry.referrers) registry.put(one)
      },
      'wrong-subject',
    ],
    [
      'an entry that refers to nothing',
      (registry) => {
        registry.referrers = [artifact([], { artifactType: BUNDLE })]
        for (const one of registry.referrers) registry.put(one)
      },
      'wrong-subject',
    ],
    ['an entry that is not there', (registry) => (registry.referrers = [bundleArtifact(SUBJECT, {})]), 'not-found'],
    [
      'CVE-2023-33959: another manifest under the digest that was asked for',
      (registry) => {
        const [asked, given] = [bundleArtifact(SUBJECT, { n: 1 }), bundleArtifact(SUBJECT, { n: 2 })]
        registry.referrers = [asked]
        registry.put(given)
        registry.putManifest(given.manifest, asked.digest)
      },
      'digest-mismatch',
    ],
    [
      'CVE-2022-47633: another blob under the digest that was asked for',
      (registry) => {
        const one = bundleArtifact(SUBJECT, { n: 1 })
        registry.referrers = [one]
        registry.put({ ...one, blobs: [] })
      },
      'tag-not-found',
    ],
    [
      'a manifest that is no JSON',
      (registry) => {
        const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', bytes: Buffer.from('{') }
        const spoilt = { manifest, digest: digestOf(manifest.bytes), blobs: [] }
        registry.referrers = [spoilt]
        registry.put(spoilt)
      },
      'malformed',
    ],
  ])('%s', async (_title, prepare, reason) => {
    const registry = memoryRegistry()
    prepare(registry)
    const { found } = await find(registry.script)
    expect(found.materials).toEqual([])
    expect(found.evidence).toMatchObject([{ kind: 'rejected', reason }])
  })

  it('a blob with other bytes', async () => {
    const registry = withBundles(1)
    const { found } = await find((seen) =>
      seen.url.pathname.includes('/blobs/') ? new Response('{"n":9}') : registry.script(seen),
    )
    expect(found.evidence).toMatchObject([{ kind: 'rejected', reason: 'digest-mismatch' }])
  })

  it('pages that lead to another place', async () => {
    const script: Script = () =>
      Response.json({ manifests: [] }, { headers: { link: '<https://evil.example/x>; rel="next"' } })
    await expect(find(script)).rejects.toThrow('leads somewhere else')
  })
})

describe('CVE-2023-33957, CVE-2023-33958, CVE-2023-46737: reads a bounded part of', () => {
  const indeterminate = [expect.objectContaining({ kind: 'indeterminate' })]

  it('ten thousand referrers', async () => {
    const registry = withBundles(1)
    const [one] = registry.referrers ?? []
    if (one === undefined) throw new Error('no referrer')
    const many = Array.from({ length: 10_000 }, (_, n) => ({ ...one, digest: digestOf(Buffer.from(String(n))) }))
    registry.referrers = many
    registry.pageSize = 5_000
    const { found, world } = await find(registry.script)
    expect(found.evidence.filter(({ kind }) => kind === 'indeterminate')).toEqual(indeterminate)
    expect(world.seen.length).toBeLessThan(250)
  })

  it('endless pages', async () => {
    const { found, world } = await find((seen) =>
      seen.url.pathname.includes('/referrers/')
        ? Response.json({ manifests: [] }, { headers: { link: `<?from=${seen.nth}>; rel="next"` } })
        : new Response('', { status: 404 }),
    )
    expect(found.evidence).toEqual(indeterminate)
    expect(world.seen.length).toBeLessThan(12)
  })

  it('a signature of a gigabyte', async () => {
    const layer = { mediaType: BUNDLE, digest: `sha256:${'1'.repeat(64)}`, size: 1024 ** 3 }
    const registry = memoryRegistry()
    registry.referrers = [artifact([], { subject: SUBJECT, artifactType: BUNDLE, layers: [layer] })]
    for (const one of registry.referrers) registry.put(one)
    const { found, world } = await find(registry.script)
    expect(found.evidence).toEqual(indeterminate)
    expect(world.seen.filter(({ url }) => url.pathname.includes('/blobs/'))).toEqual([])
  })

  it('a blob that is longer than it says', async () => {
    const registry = withBundles(1)
    const { found } = await find((seen) =>
      seen.url.pathname.includes('/blobs/') ? new Response(new Uint8Array(BLOB_BYTES_MAX)) : registry.script(seen),
    )
    expect(found.materials).toEqual([])
    expect(found.evidence).toEqual(indeterminate)
  })

  it('a tag with more layers than there are signers', async () => {
    const registry = memoryRegistry()
    registry.put(layersArtifact(Array.from({ length: LAYERS_MAX + 1 }, () => LAYER)), tagOf(DIGEST, '.sig'))
    const { found } = await find(registry.script)
    expect(found.materials).toHaveLength(LAYERS_MAX)
    expect(found.evidence).toEqual(indeterminate)
  })

  it('a registry that is slow without end', async () => {
    const registry = withBundles(40)
    registry.pageSize = 100
    const { found, world } = await find(registry.script, ({ now, seen }) => now + seen.length * 5_000)
    expect(found.evidence).toEqual(indeterminate)
    expect(world.seen.length).toBeLessThan(40)
  })

  it('a list that is no list', async () => {
    const registry = memoryRegistry()
    registry.put(layersArtifact([LAYER]), tagOf(DIGEST))
    expect((await find(registry.script)).found.evidence).toEqual(indeterminate)
  })
})
