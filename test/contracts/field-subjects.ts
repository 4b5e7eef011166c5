/** The registries beside the four clouds, as subjects of the contract. */

import { ghcr } from '../../src/receivers/ghcr.ts'
import { gitlab } from '../../src/receivers/gitlab.ts'
import { harbor } from '../../src/receivers/harbor.ts'
import type { ReceiverSubject } from './receiver.contract.ts'
import { headers, hexHmacKeys, keys } from './sender-keys.ts'

const zeros = (length: number): string => '0'.repeat(length)

export const fieldSubjects: readonly ReceiverSubject[] = [
  {
    name: 'ghcr',
    type: ghcr,
    settings: (secret) => ({ type: 'ghcr', secret }),
    assurance: 'signed-body',
    ...hexHmacKeys('x-hub-signature-256', 'sha256', 'sha256='),
    garbage: headers('x-hub-signature-256', [
      '',
      'sha256=',
      'sha256',
      'sha256=0',
      `sha256=${zeros(64)}`,
      `sha256=${zeros(66)}`,
      zeros(64),
      `sha1=${zeros(40)}`,
      'totally-invalid-signature',
      'x'.repeat(65_536),
    ]),
  },
  {
    name: 'gitlab',
    type: gitlab,
    settings: (secret) => ({ type: 'gitlab', secret }),
    assurance: 'shared-secret',
    ...keys(
      (value) => (_body) => ({ headers: { authorization: `Bearer ${value}` } }),
      (value) => `Bearer ${value}`,
    ),
    garbage: headers('authorization', ['', 'Bearer', 'Bearer ', 'Bearer nothing', 'null', 'x'.repeat(65_536)]),
  },
  {
    name: 'harbor',
    type: harbor,
    settings: (secret) => ({ type: 'harbor', secret }),
    assurance: 'shared-secret',
    ...keys((value) => (_body) => ({ headers: { authorization: value } })),
    garbage: headers('authorization', ['', ' ', 'Bearer nothing', 'Basic Og==', 'undefined', '*', 'x'.repeat(65_536)]),
  },
]
