/** Every receiver of the catalogue in each of the ways that its sender can prove itself. */

import { distribution } from '../../src/receivers/distribution.ts'
import { dockerhub } from '../../src/receivers/dockerhub.ts'
import { webhook } from '../../src/receivers/webhook.ts'
import { cloudSubjects } from './cloud-subjects.ts'
import { fieldSubjects } from './field-subjects.ts'
import type { ReceiverSubject } from './receiver.contract.ts'
import { ed25519Key, headers, hmacKey, keys, webhookGarbage } from './sender-keys.ts'

export const receiverSubjects: readonly ReceiverSubject[] = [
  {
    name: 'distribution',
    type: distribution,
    settings: (secret) => ({ type: 'distribution', secret }),
    assurance: 'shared-secret',
    ...keys(
      (value) => (_body) => ({ headers: { authorization: `Bearer ${value}` } }),
      (value) => `Bearer ${value}`,
    ),
    garbage: headers('authorization', [
      'Bearer nothing',
      'Bearer',
      'Bearer ',
      'Basic Og==',
      'null',
      '[]',
      'x'.repeat(65_536),
    ]),
  },
  {
    name: 'distribution with a header of its own',
    type: distribution,
    settings: (secret) => ({ type: 'distribution', header: 'X-Drayage-Key', secret }),
    assurance: 'shared-secret',
    ...keys((value) => (_body) => ({ headers: { 'x-drayage-key': value } })),
    garbage: headers('x-drayage-key', ['undefined', 'null', '0', '\u0000', '*']),
  },
  {
    name: 'dockerhub',
    type: dockerhub,
    settings: (secret) => ({ type: 'dockerhub', secret }),
    assurance: 'url-secret',
    ...keys((value) => (_body) => ({ pathSecret: value })),
    garbage: ['undefined', 'null', '..', '%00', 'x'.repeat(65_536)].map((pathSecret) => ({ pathSecret })),
  },
  {
    name: 'dockerhub with the secret in the query',
    type: dockerhub,
    settings: (secret) => ({ type: 'dockerhub', secret }),
    assurance: 'url-secret',
    ...keys((value) => (_body) => ({ query: new URLSearchParams({ secret: value }).toString() })),
    garbage: ['secret=', 'secret', 'secret=null', 'secret[]=x', 'Secret=x'].map((query) => ({ query })),
  },
  {
    name: 'webhook (HMAC)',
    type: webhook,
    settings: (secret) => ({ type: 'webhook', secret }),
    assurance: 'signed-body',
    current: hmacKey(),
    previous: hmacKey(),
    stranger: hmacKey(),
    garbage: webhookGarbage('v1'),
    replayWindowMs: 300_000,
  },
  {
    name: 'webhook (Ed25519)',
    type: webhook,
    settings: (publicKey) => ({ type: 'webhook', publicKey }),
    assurance: 'signed-body',
    current: ed25519Key(),
    previous: ed25519Key(),
    stranger: ed25519Key(),
    garbage: webhookGarbage('v1a'),
    replayWindowMs: 300_000,
  },
  ...cloudSubjects,
  ...fieldSubjects,
]
