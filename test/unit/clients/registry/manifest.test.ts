/** What a manifest is, by its bytes: image, index, something else, or two things at once. */

import { describe, expect, it } from 'vitest'
import { readManifest } from '../../../../src/clients/registry/manifest.ts'

const OCI = 'application/vnd.oci.image.manifest.v1+json'
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json'
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
const HELM = 'application/vnd.cncf.helm.config.v1+json'
const COSIGN = 'application/vnd.dev.cosign.simplesigning.v1+json'
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const NOTATION = 'application/vnd.cncf.notary.signature'
const EMPTY = 'application/vnd.oci.empty.v1+json'

function descriptor(mediaType: string, more: object = {}): object {
  return { mediaType, digest: `sha256:${'a'.repeat(64)}`, size: 2, ...more }
}
function image(more: object = {}): object {
  return { schemaVersion: 2, mediaType: OCI, config: descriptor(OCI_CONFIG), layers: [descriptor(OCI_LAYER)], ...more }
}
function child(os: string, architecture: string, more: object = {}, variant?: string): object {
  return descriptor(OCI, { platform: { os, architecture, ...(variant ? { variant } : {}) }, ...more })
}
function index(...manifests: object[]): object {
  return { schemaVersion: 2, mediaType: OCI_INDEX, manifests }
}
function read(document: unknown, type: string | null) {
  return readManifest(new TextEncoder().encode(JSON.stringify(document)), type)
}

it.each([
  ['an OCI image', image(), OCI],
  ['an OCI image without its own media type', image({ mediaType: undefined }), OCI],
  ['an OCI image sent without a content type', image(), null],
  [
    'a Docker image',
    image({ mediaType: DOCKER, config: descriptor(DOCKER_CONFIG), layers: [descriptor(DOCKER_LAYER)] }),
    DOCKER,
  ],
  ['an image without layers', image({ layers: [] }), OCI],
  ['layers in zstd', image({ layers: [descriptor('application/vnd.oci.image.layer.v1.tar+zstd')] }), OCI],
  ['foreign layers', image({ layers: [descriptor('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')] }), OCI],
  ['members that nobody knows', image({ annotations: { a: 'b' }, somethingNew: 1 }), OCI],
])('%s is an image', (_what, document, type) => {
  expect(read(document, type)).toMatchObject({ ok: true, value: { kind: { kind: 'image' } } })
})

it.each([
  [
    'a Helm chart',
    image({ config: descriptor(HELM), layers: [descriptor('application/vnd.cncf.helm.chart.content.v1.tar+gzip')] }),
    HELM,
  ],
  ['a signature by cosign, with an image’s configuration', image({ layers: [descriptor(COSIGN)] }), COSIGN],
  [
    'a sigstore bundle',
    image({ artifactType: BUNDLE, config: descriptor(EMPTY), layers: [descriptor(BUNDLE)], subject: descriptor(OCI) }),
    BUNDLE,
  ],
  [
    'a signature by notation',
    image({ config: descriptor(NOTATION), layers: [descriptor('application/jose+json')] }),
    NOTATION,
  ],
  ['an attestation', image({ layers: [descriptor('application/vnd.in-toto+json')] }), 'application/vnd.in-toto+json'],
  ['an image with an artifact type', image({ artifactType: 'application/x' }), 'application/x'],
  ['an image that is about another', image({ subject: descriptor(OCI) }), OCI_CONFIG],
  [
    'an unknown configuration',
    image({ config: descriptor('application/vnd.wasm.config.v0+json') }),
    'application/vnd.wasm.config.v0+json',
  ],
])('%s is an artifact', (_what, document, type) => {
  expect(read(document, OCI)).toMatchObject({ ok: true, value: { kind: { kind: 'artifact', type } } })
})

describe('an index', () => {
  it.each([
    [
      'of two platforms',
      index(child('linux', 'amd64'), child('linux', 'arm64', {}, 'v8')),
      ['linux/amd64', 'linux/arm64/v8'],
    ],
    ['with BuildKit’s attestations', index(child('linux', 'amd64'), child('unknown', 'unknown')), ['linux/amd64']],
    [
      'with attestations that name a platform',
      index(
        child('linux', 'amd64'),
        child('linux', 's390x', { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }),
      ),
      ['linux/amd64'],
    ],
    ['with a platform twice', index(child('windows', 'amd64'), child('windows', 'amd64')), ['windows/amd64']],
    ['of nothing', index(), []],
    ['of a child without platform', index(descriptor(OCI)), []],
    ['of an index', index(descriptor(OCI_INDEX)), []],
    ['with a name that no platform has', index(child('linux', 'amd64\n::evil'), child('<b>', 'x')), []],
  ])('%s has its platforms', (_what, document, platforms) => {
    expect(read(document, OCI_INDEX)).toEqual({
      ok: true,
      value: { mediaType: OCI_INDEX, kind: { kind: 'index', platforms } },
    })
  })

  it('of Docker is one too', () => {
    const list = { ...index(child('linux', 'amd64')), mediaType: DOCKER_LIST }
    expect(read(list, DOCKER_LIST)).toMatchObject({ ok: true, value: { kind: { kind: 'index' } } })
  })

  it.each([
    [
      'of referrers',
      index(descriptor(OCI, { artifactType: BUNDLE }), descriptor(OCI, { artifactType: NOTATION })),
      BUNDLE,
    ],
    ['with an artifact type', { ...index(child('linux', 'amd64')), artifactType: 'application/x' }, 'application/x'],
    ['about another', { ...index(child('linux', 'amd64')), subject: descriptor(OCI) }, OCI_INDEX],
  ])('%s is an artifact', (_what, document, type) => {
    expect(read(document, OCI_INDEX)).toMatchObject({ ok: true, value: { kind: { kind: 'artifact', type } } })
  })
})

describe('GHSA-qq97-vm5h-rrhg, GHSA-5j5w-g665-5m35: what can be read in two ways is refused', () => {
  const both = { ...image(), ...index(child('linux', 'amd64')) }
  it.each([
    ['layers and manifests, sent as an image', { ...both, mediaType: OCI }, OCI],
    ['layers and manifests, sent as an index', both, OCI_INDEX],
    ['layers and manifests, neither saying what it is', { ...both, mediaType: undefined }, OCI],
    ['empty layers and manifests', { ...index(), layers: [] }, OCI_INDEX],
    ['null layers and manifests', { ...index(), layers: null }, OCI_INDEX],
    ['manifests and a configuration', { ...index(), config: descriptor(OCI_CONFIG) }, OCI_INDEX],
    ['an index that says it is an image', { ...index(), mediaType: OCI }, OCI_INDEX],
    ['an image sent as an index', image(), OCI_INDEX],
    ['an image of OCI sent as one of Docker', image(), DOCKER],
    ['an index without media type sent as an image', { ...index(child('linux', 'amd64')), mediaType: undefined }, OCI],
    ['an image without media type sent as an index', image({ mediaType: undefined }), OCI_INDEX],
    ['Layers for layers', { ...index(), Layers: [] }, OCI_INDEX],
    ['MANIFESTS beside layers', image({ MANIFESTS: [] }), OCI],
    ['MediaType for mediaType', image({ MediaType: OCI_INDEX }), OCI],
    ['layerſ, which Go folds to layers, in an index', { ...index(), layerſ: [] }, OCI_INDEX],
    ['a media type that is no text', image({ mediaType: 1 }), OCI],
  ])('%s', (_what, document, type) => {
    expect(read(document, type)).toMatchObject({ ok: false, error: { reason: 'malformed-answer' } })
  })
})

it.each([
  [
    'schema 1',
    { schemaVersion: 1, fsLayers: [], history: [] },
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
  ],
  ['an artifact manifest of OCI 1.1-rc', { mediaType: 'application/vnd.oci.artifact.manifest.v1+json' }, null],
  ['JSON', image({ mediaType: undefined }), 'application/json'],
  ['no media type at all', image({ mediaType: undefined }), null],
])('%s is not supported', (_what, document, type) => {
  expect(read(document, type)).toMatchObject({ ok: false, error: { reason: 'unsupported-manifest' } })
})

it.each([
  ['a list', [image()]],
  ['null', null],
  ['text', 'x'],
  ['schema version 1', image({ schemaVersion: 1 })],
  ['no schema version', image({ schemaVersion: undefined })],
  ['no configuration', image({ config: undefined })],
  ['no layers', image({ layers: undefined })],
  ['layers that are an object', image({ layers: {} })],
  [
    'CVE-2024-3727: a layer whose digest is none',
    image({ layers: [descriptor(OCI_LAYER, { digest: 'sha256:../../x' })] }),
  ],
  ['CVE-2024-3727: a configuration whose digest is none', image({ config: descriptor(OCI_CONFIG, { digest: '' }) })],
  ['a negative size', image({ layers: [descriptor(OCI_LAYER, { size: -1 })] })],
  ['a media type of 300 characters', image({ layers: [descriptor('x'.repeat(300))] })],
])('%s is malformed', (_what, document) => {
  expect(read(document, OCI)).toMatchObject({ ok: false, error: { reason: 'malformed-answer' } })
})

it.each([
  ['nothing', new Uint8Array()],
  ['no JSON', new TextEncoder().encode('{')],
  ['no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
  ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, ...new TextEncoder().encode(JSON.stringify(image())))],
  ['100 levels', new TextEncoder().encode(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`)],
])('%s is malformed', (_what, bytes) => {
  expect(readManifest(bytes, OCI)).toMatchObject({ ok: false, error: { reason: 'malformed-answer' } })
})
