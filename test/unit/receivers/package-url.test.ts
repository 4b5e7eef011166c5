import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseImagePackageUrl } from '../../../src/receivers/package-url.ts'

const HEX = '4'.repeat(64)
const DIGEST = `sha256:${HEX}`

describe('a package URL of an image', () => {
  it.each([
    [
      `pkg:oci/payments@sha256%3A${HEX}?repository_url=ghcr.io/acme/payments&tag=1.4.2`,
      'ghcr.io',
      'acme/payments',
      '1.4.2',
      DIGEST,
    ],
    [`pkg:oci/payments@sha256:${HEX}?repository_url=ghcr.io/acme/payments`, 'ghcr.io', 'acme/payments', null, DIGEST],
    [`PKG:OCI/x@sha256%3A${HEX}`.replace('PKG', 'pkg') + '?repository_url=ghcr.io/a/x', 'ghcr.io', 'a/x', null, DIGEST],
    [`pkg://oci/x@sha256%3A${HEX}?repository_url=ghcr.io/a/x#sub/path`, 'ghcr.io', 'a/x', null, DIGEST],
    [
      'pkg:oci/x?tag=1&repository_url=https%3A%2F%2Fr.example.com%3A5000%2Fa%2Fx',
      'r.example.com:5000',
      'a/x',
      '1',
      null,
    ],
    [
      `pkg:oci/debian@sha256%3A${HEX}?repository_url=docker.io/library/debian`,
      'docker.io',
      'library/debian',
      null,
      DIGEST,
    ],
    ['pkg:docker/acme/payments@1.4.2', 'docker.io', 'acme/payments', '1.4.2', null],
    [`pkg:docker/nginx@sha256%3A${HEX}`, 'docker.io', 'library/nginx', null, DIGEST],
    ['pkg:docker/acme/payments@1.4.2?repository_url=gcr.io', 'gcr.io', 'acme/payments', '1.4.2', null],
    ['pkg:oci/x@not-a-digest?repository_url=ghcr.io/a/x&tag=no/tag', 'ghcr.io', 'a/x', null, null],
  ])('%s is read', (text, registry, repository, tag, digest) => {
    expect(parseImagePackageUrl(text)).toEqual({ ok: true, value: { registry, repository, tag, digest } })
  })

  it.each([
    ['pkg:golang/example.com/acme/payments@234fd47e07d1', 'other-type'],
    ['pkg:npm/%40acme/payments@1.0.0', 'other-type'],
    [`pkg:oci/payments@sha256%3A${HEX}?tag=1.4.2`, 'unnamed'],
    ['ghcr.io/acme/payments:1.4.2', 'malformed'],
    ['pkg:oci', 'malformed'],
    ['', 'malformed'],
    [`pkg:oci/x@sha256%3A${HEX}?repository_url=ghcr.io/a/x:1`, 'malformed'],
    [`pkg:oci/x@sha256%3A${HEX}?repository_url=user:pass@ghcr.io/a/x`, 'malformed'],
    [`pkg:oci/x?repository_url=ghcr.io/a/x&x=${'x'.repeat(2048)}`, 'malformed'],
    ['pkg:docker/%zz@1', 'malformed'],
  ])('%s is %s', (text, error) => {
    expect(parseImagePackageUrl(text)).toEqual({ ok: false, error })
  })

  it('is read or refused, whatever stands there', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `pkg:oci/${rest}`),
        ),
        (text) => {
          const read = parseImagePackageUrl(text)
          expect(read.ok || ['malformed', 'other-type', 'unnamed'].includes(read.error)).toBe(true)
        },
      ),
    )
  })
})
