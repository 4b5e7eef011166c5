/** What the small world is configured as: two stages, two candidates, and other configurations that may come. */

import { Config, type LoadedConfig } from '../../../src/domain/config.ts'
import type { Gate } from '../../../src/domain/gate.ts'
import { candidateOf, type Candidate } from '../../../src/domain/candidate.ts'
import type { Policy } from '../../../src/domain/verification-policy.ts'
import { aDigest, NOW } from '../../helpers/build.ts'

/** How the second stage is reached; `merged` merges by itself once every gate holds. */
export type Way = 'workload' | 'pull-request' | 'merged'
export const WAYS: readonly Way[] = ['workload', 'pull-request', 'merged']

/** In force at first, and what it may be changed to: no approval any more, and observe mode. */
export const CONFIGURATIONS = ['asking', 'free', 'observing'] as const
export type Configuration = (typeof CONFIGURATIONS)[number]

const POLICY: Policy = {
  require: [{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }],
  wait: 15 * 60_000,
  fresh: 60 * 60_000,
  reconsider: false,
}
const APPROVAL: Gate = {
  kind: 'approval',
  from: ['ann'],
  votes: 1,
  atLeast: [],
  otherWays: 0,
  expires: 24 * 60 * 60_000,
}

export const LINE = 'line/payments'

export function configure(way: Way, configuration: Configuration): LoadedConfig {
  const asks = configuration === 'asking'
  const workload = (stage: string): object => ({
    kind: 'workload',
    cluster: 'dev',
    namespace: stage,
    workload: 'deployment/payments',
    container: 'app',
    takeover: false,
  })
  const merges = way === 'merged' ? 'when-approved' : 'by-person'
  const file = { kind: 'git', git: 'host', file: `${merges}.yaml`, merge: merges }
  const config = Config.parse({
    version: 1,
    mode: configuration === 'observing' ? 'observe' : 'act',
    registries: { hub: { host: 'docker.io', insecure: false, events: { type: 'dockerhub' }, sweepMs: 300_000 } },
    clusters: { dev: { inCluster: true } },
    git: { host: { github: 'acme/gitops' } },
    subscriptions: [
      {
        name: 'payments',
        images: [{ registry: 'docker.io', repository: 'acme/payments' }],
        tags: { numerical: 'asc' },
        stages: [
          { name: 'dev', after: [], verify: 'none', gates: [], targets: [workload('dev')] },
          {
            name: 'prod',
            after: ['dev'],
            verify: asks ? POLICY : 'none',
            gates: asks ? [APPROVAL] : [],
            targets: [way === 'workload' ? workload('prod') : file],
          },
        ],
      },
    ],
    server: { listen: '127.0.0.1:0', apiListen: '127.0.0.1:0', state: ':memory:', tokens: [] },
  })
  return { config, hash: configuration }
}

/** What ran before we came. */
export const FOUND = 'docker.io/acme/payments:100'

/** The first, or the newer second one. */
export function candidate(which: 1 | 2): Candidate {
  const seen = { observedAt: NOW, cause: `push ${which}`, since: NOW }
  const tag = String(100 + which)
  return candidateOf({ registry: 'docker.io', repository: 'acme/payments', tag, digest: aDigest(which) } as never, seen)
}
