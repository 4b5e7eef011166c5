import { expect, it } from 'vitest'
import { contentOf, isManifest } from '../../../src/receivers/content.ts'

const SUBJECT = 'c3'.repeat(32)
const IMAGE = 'application/vnd.oci.image.manifest.v1+json'

it.each([
  ['1.4.2', IMAGE, 'push'],
  ['1.4.2', 'application/vnd.oci.image.index.v1+json', 'push'],
  ['1.4.2', 'application/vnd.docker.container.image.v1+json', 'push'],
  ['1.4.2', 'application/vnd.example.unheard-of', 'push'],
  ['1.4.2', null, 'push'],
  [null, IMAGE, 'push'],
  [`sha256-${SUBJECT}.sig`, IMAGE, 'signature'],
  [`sha256-${SUBJECT}`, 'application/vnd.oci.image.index.v1+json', 'signature'],
  [`sha256-${SUBJECT}.att`, IMAGE, 'attestation'],
  [`sha256-${SUBJECT}.sbom`, IMAGE, 'attestation'],
  [`sha256-${SUBJECT.slice(2)}.sig`, IMAGE, 'push'],
  [null, 'application/vnd.cncf.notary.signature', 'signature'],
  [null, 'application/vnd.dev.sigstore.bundle.v0.3+json', 'signature'],
  [null, 'application/vnd.in-toto+json', 'attestation'],
  [null, 'application/sarif+json', 'attestation'],
  [null, 'application/vnd.aquasec.trivy.report+json', 'attestation'],
  [null, 'application/vnd.anchore.grype+json', 'attestation'],
  ['0.3.0', 'application/vnd.cncf.helm.config.v1+json', 'not-an-image'],
  ['0.3.0', 'application/vnd.acr.helm.chart', 'not-an-image'],
])('takes the tag %j of type %j for a %s', (tag, type, kind) => {
  expect(contentOf(tag, [type]).kind).toBe(kind)
})

it('says which image a signature tag is about', () => {
  expect(contentOf(`sha256-${SUBJECT}.sig`, [])).toEqual({ kind: 'signature', subject: `sha256:${SUBJECT}` })
})

it('knows manifests from layers', () => {
  expect(isManifest(IMAGE)).toBe(true)
  expect(isManifest('application/vnd.docker.distribution.manifest.v1+prettyjws')).toBe(true)
  expect(isManifest('application/vnd.oci.image.layer.v1.tar+gzip')).toBe(false)
  expect(isManifest('application/vnd.docker.container.image.rootfs.diff+x-gtar')).toBe(false)
})
