/** Of what a VEX statement is about: exactly the products that it names by digest, and nothing that only looks like one. */

import { expect, it } from 'vitest'
import type { Finding } from '../../../../src/domain/evidence.ts'
import { isSubtracted, readVex } from '../../../../src/verification/scans/vex.ts'
import { aDigest, NOW } from '../../../helpers/build.ts'
import { anAttestation } from '../../../helpers/evidence.ts'

const finding: Finding = { id: 'CVE-2026-1', severity: 'critical', package: 'openssl', version: '3.0', fixedIn: null }
const purl = `pkg:oci/app@${aDigest().replace(':', '%3A')}`

function why(product: object, over: object = {}, about = finding): string | null {
  const statement = {
    vulnerability: { name: 'CVE-2026-1' },
    products: [product],
    status: 'not_affected',
    justification: 'component_not_present',
    ...over,
  }
  const predicate = {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    author: 'security',
    timestamp: new Date(NOW).toISOString(),
    statements: [statement],
  }
  const attestation = anAttestation({
    signers: ['security'],
    predicateType: 'https://openvex.dev/ns/v0.2.0',
    predicate,
  })
  return isSubtracted(about, aDigest(), readVex([attestation], ['security']))
}

it.each<[string, object]>([
  ['by its id', { '@id': purl }],
  ['by an identifier', { '@id': 'app', identifiers: { purl } }],
  ['with qualifiers', { '@id': `${purl}?repository_url=ghcr.io/acme/app#x` }],
  ['with a colon as it is', { '@id': `pkg:oci/app@${aDigest()}` }],
  ['and one of its packages', { '@id': purl, subcomponents: [{ '@id': 'pkg:deb/debian/openssl@3.0' }] }],
  ['and a package by its bare name', { '@id': purl, subcomponents: [{ '@id': 'openssl' }] }],
])('is about the product %s', (_title, product) => {
  expect(why(product)).toContain('component_not_present')
})

it.each<[string, object]>([
  ['with something before it', { '@id': `urn:x:${purl}` }],
  ['of another digest', { '@id': `pkg:oci/app@${aDigest(2)}` }],
  ['without a digest', { '@id': 'pkg:oci/app' }],
  ['by a tag', { '@id': 'pkg:oci/app@1.4.2' }],
  ['of another kind', { '@id': `pkg:docker/app@${aDigest()}` }],
  ['whose digest stands among the qualifiers', { '@id': `pkg:oci/app?x=@${aDigest()}` }],
  [
    'and something that only ends as one of its packages',
    { '@id': purl, subcomponents: [{ '@id': 'urn:pkg:deb/debian/openssl@3' }] },
  ],
  ['and another of its packages', { '@id': purl, subcomponents: [{ '@id': 'pkg:deb/debian/zlib@1' }] }],
  [
    'and a package whose name only begins so',
    { '@id': purl, subcomponents: [{ '@id': 'pkg:deb/debian/openssl-dev@3' }] },
  ],
])('is not about the product %s', (_title, product) => {
  expect(why(product)).toBeNull()
})

it('takes no package without a name for a finding without one', () => {
  const nameless = { ...finding, package: '' }
  expect(why({ '@id': purl, subcomponents: [{}] }, {}, nameless)).toBeNull()
  expect(why({ '@id': purl, subcomponents: [{ '@id': 'openssl' }] }, {}, nameless)).toBeNull()
  expect(why({ '@id': purl }, {}, nameless)).not.toBeNull()
})

it('subtracts nothing by an opinion without a ground, and all by an impact statement', () => {
  expect(why({ '@id': purl }, { justification: undefined })).toBeNull()
  expect(why({ '@id': purl }, { justification: undefined, impact_statement: 'not reachable' })).toContain(
    'not reachable',
  )
})
