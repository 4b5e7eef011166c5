/** The registries beside the four clouds, as subjects of the contract. */

import { alibaba } from '../../src/receivers/alibaba.ts'
import { cdevents } from '../../src/receivers/cdevents.ts'
import { cloudevents } from '../../src/receivers/cloudevents.ts'
import { ghcr } from '../../src/receivers/ghcr.ts'
import { gitea } from '../../src/receivers/gitea.ts'
import { gitlab } from '../../src/receivers/gitlab.ts'
import { harbor } from '../../src/receivers/harbor.ts'
import { jfrog } from '../../src/receivers/jfrog.ts'
import { mirantis } from '../../src/receivers/mirantis.ts'
import { nexus } from '../../src/receivers/nexus.ts'
import { quay } from '../../src/receivers/quay.ts'
import { zot } from '../../src/receivers/zot.ts'
import type { ReceiverSubject } from './receiver.contract.ts'
import { headers, hexHmacKeys, keys } from './sender-keys.ts'

const GARBAGE_IN_URL = ['undefined', 'null', '..', '%00', 'x'.repeat(65_536)].map((pathSecret) => ({ pathSecret }))
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
  {
    name: 'quay',
    type: quay,
    settings: (secret) => ({ type: 'quay', secret }),
    assurance: 'url-secret',
    ...keys((value) => (_body) => ({ pathSecret: value })),
    garbage: GARBAGE_IN_URL,
  },
  {
    name: 'gitea',
    type: gitea,
    settings: (secret) => ({ type: 'gitea', secret }),
    assurance: 'signed-body',
    ...hexHmacKeys('x-gitea-signature', 'sha256'),
    garbage: headers('x-gitea-signature', ['', ' ', '0', zeros(64), zeros(66), `sha256=${zeros(64)}`, 'null']),
  },
  {
    name: 'nexus',
    type: nexus,
    settings: (secret) => ({ type: 'nexus', secret }),
    assurance: 'signed-body',
    ...hexHmacKeys('x-nexus-webhook-signature', 'sha1'),
    garbage: headers('x-nexus-webhook-signature', [
      '',
      '0',
      zeros(40),
      zeros(64),
      `sha1=${zeros(40)}`,
      'x'.repeat(65_536),
    ]),
  },
  {
    name: 'jfrog (signed)',
    type: jfrog,
    settings: (secret) => ({ type: 'jfrog', secret }),
    assurance: 'signed-body',
    ...hexHmacKeys('x-jfrog-event-auth', 'sha256'),
    garbage: headers('x-jfrog-event-auth', ['', '0', zeros(64), 'invalid-signature', 'null', 'x'.repeat(65_536)]),
  },
  {
    name: 'jfrog (plain secret)',
    type: jfrog,
    settings: (secret) => ({ type: 'jfrog', secret, signed: false }),
    assurance: 'shared-secret',
    ...keys((value) => (_body) => ({ headers: { 'x-jfrog-event-auth': value } })),
    garbage: headers('x-jfrog-event-auth', ['', ' ', zeros(64), 'null', '*', 'x'.repeat(65_536)]),
  },
  ...[alibaba, mirantis].map((type): ReceiverSubject => {
    return {
      name: type.type,
      type,
      settings: (secret) => ({ type: type.type, secret }),
      assurance: 'url-secret',
      ...keys((value) => (_body) => ({ pathSecret: value })),
      garbage: GARBAGE_IN_URL,
    }
  }),
  ...[cdevents, cloudevents].flatMap((type): readonly ReceiverSubject[] => {
    const header = (name: string) => keys((value) => (_body) => ({ headers: { [name]: value } }))
    const garbage = (name: string) => headers(name, [' ', '0', 'null', '*', 'Bearer nothing', 'x'.repeat(65_536)])
    const subject = { type, assurance: 'shared-secret' as const }
    return [
      {
        ...subject,
        name: type.type,
        settings: (secret) => ({ type: type.type, secret }),
        ...header('x-webhook-secret'),
        garbage: garbage('x-webhook-secret'),
      },
      {
        ...subject,
        name: `${type.type} with a header of its own`,
        settings: (secret) => ({ type: type.type, secret, header: 'Authorization' }),
        ...header('authorization'),
        garbage: garbage('authorization'),
      },
      {
        ...subject,
        name: `${type.type} with the secret in the URL`,
        settings: (secret) => ({ type: type.type, secret }),
        assurance: 'url-secret',
        ...keys((value) => (_body) => ({ pathSecret: value })),
        garbage: GARBAGE_IN_URL,
      },
    ]
  }),
  {
    name: 'zot',
    type: zot,
    settings: (password) => ({ type: 'zot', username: 'zot', password }),
    assurance: 'shared-secret',
    ...keys((value) => (_body) => ({ headers: { authorization: `Basic ${btoa(`zot:${value}`)}` } })),
    garbage: headers('authorization', [
      '',
      'Basic',
      'Basic ',
      'Basic Og==',
      `Basic ${btoa('zot:')}`,
      `Basic ${btoa('zot')}`,
      'Basic !!!!',
      'Bearer nothing',
      'x'.repeat(65_536),
    ]),
  },
]
