/** A trust policy, as whoever writes it is told of it: each mistake at its place. */

import { expect, it } from 'vitest'
import type { NotationSigner } from '../../../../src/domain/signer.ts'
import { trustPolicyProblems } from '../../../../src/verification/notation/trust.ts'
import { aChain, pem } from '../../../helpers/notation-pki.ts'

const { root, intermediate } = aChain()
const GOOD = 'x509.subject: C=DE, ST=BE, O=Acme'

function placesOf(over: Partial<NotationSigner>): readonly unknown[] {
  const problems = trustPolicyProblems({
    kind: 'notation',
    level: 'strict',
    override: {},
    trustStores: { ca: [pem(root)], signingAuthority: [], tsa: [pem(root)] },
    identities: [GOOD],
    verifyTimestamp: 'always',
    revocation: 'network',
    ...over,
  })
  expect(problems.every(({ what }) => what !== '')).toBe(true)
  return problems.map(({ path }) => path)
}

const stores = (over: Partial<NotationSigner['trustStores']>): Partial<NotationSigner> => ({
  trustStores: { ca: [pem(root)], signingAuthority: [], tsa: [], ...over },
})

it.each<[string, Partial<NotationSigner>, readonly unknown[]]>([
  ['nothing is wrong', {}, []],
  ['an identity of no known kind', { identities: [GOOD, 'acme'] }, [['identities', 1]]],
  ['one identity that includes another', { identities: [GOOD, `${GOOD}, CN=release`] }, [['identities']]],
  ['everybody, and somebody', { identities: ['*', GOOD] }, [['identities']]],
  ['no stores', stores({ ca: [] }), [['trustStores']]],
  ['a store that is no certificate', stores({ ca: [pem(root), 'PEM'] }), [['trustStores', 'ca', 1]]],
  ['a signer’s store may hold what is no root', stores({ ca: [pem(intermediate)] }), []],
  ['a stamper’s may not', stores({ tsa: [pem(root), pem(intermediate)] }), [['trustStores', 'tsa', 1]]],
  [
    'a stamper’s may not, beside a root',
    stores({ tsa: [`${pem(root)}${pem(intermediate)}`] }),
    [['trustStores', 'tsa', 0]],
  ],
  ['a root of both kinds', stores({ signingAuthority: [pem(root)] }), []],
  [
    'several at once',
    { identities: ['acme'], ...stores({ signingAuthority: ['PEM'], tsa: [pem(intermediate)] }) },
    [
      ['identities', 0],
      ['trustStores', 'signingAuthority', 0],
      ['trustStores', 'tsa', 0],
    ],
  ],
])('%s', (_title, over, places) => {
  expect(placesOf(over)).toEqual(places)
})
