/** By which format a layer is read: its own type decides, and for Notation the artifact's as well. */

import { expect, it } from 'vitest'
import { readingOf } from '../../../src/verification/material.ts'

const NOTATION = 'application/vnd.cncf.notary.signature'
const COSIGN = 'application/vnd.dsse.envelope.v1+json'

it.each<[string, Parameters<typeof readingOf>[0], string, string | undefined]>([
  ['its artifact', { artifactType: NOTATION }, 'application/jose+json', 'notation-jws'],
  ['its configuration', { config: { mediaType: NOTATION } }, 'application/cose', 'notation-cose'],
  ['another artifact', { artifactType: 'x', config: { mediaType: NOTATION } }, 'application/cose', undefined],
  ['nothing', {}, 'application/cose', undefined],
  ['its artifact', { artifactType: NOTATION }, 'constructor', undefined],
  ['nothing', {}, COSIGN, 'cosign-tag-layer'],
  ['nothing', {}, 'application/vnd.dev.sigstore.bundle.v0.3+json', 'sigstore-bundle'],
  ['nothing', {}, 'xapplication/vnd.dev.sigstore.bundle.v0.3+json', undefined],
  ['nothing', {}, 'application/vnd.dev.sigstore.bundle.v0.3+jsonx', undefined],
])('as %s says, %j with a layer of %s is read as %s', (_title, manifest, mediaType, kind) => {
  expect(readingOf(manifest, { mediaType })?.('source', Buffer.from(''))?.kind).toBe(kind)
})

it.each([null, undefined, { a: 'b' }])('keeps annotations %j of a layer of cosign', (annotations) => {
  const read = readingOf({}, { mediaType: COSIGN, annotations })
  expect(read?.('source', Buffer.from(''))).toEqual({
    kind: 'cosign-tag-layer',
    source: 'source',
    mediaType: COSIGN,
    annotations: annotations ?? {},
    blob: Buffer.from(''),
  })
})
