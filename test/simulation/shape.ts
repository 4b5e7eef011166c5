/** What is configured in a schedule: subscriptions, stages, targets, and how the configuration changes on the way. */

import { Config, type LoadedConfig } from '../../src/domain/config.ts'
import type { Gate, Slot } from '../../src/domain/gate.ts'
import type { Policy } from '../../src/domain/verification-policy.ts'
import type { Random } from './random.ts'

export type TargetKind = 'workload' | 'second-workload' | 'commit' | 'pull-request' | 'merged'
export type GateKind = 'soak' | 'approval' | 'window' | 'chat'
/** Whoever is in it may approve. */
export const CHAT_GROUP = 'S0RELMGRS'
export type StageShape = {
  readonly name: string
  readonly after: readonly string[]
  readonly targets: readonly [TargetKind, ...TargetKind[]]
  /** Whether signatures are demanded, and which gates stand before it. */
  readonly isVerified: boolean
  readonly gates: readonly GateKind[]
}
export type Shape = {
  readonly isOrdered: boolean
  readonly mode: 'act' | 'observe'
  readonly subscriptions: readonly string[]
  readonly stages: readonly [StageShape, ...StageShape[]]
  /** Two images are released together. */
  readonly isReleased?: boolean
  /** Whether a push waits for others of its tag. */
  readonly settles: boolean
  /** Tags that the filter passes over. */
  readonly ignore: readonly string[]
  /** Whether what goes to Git goes together with the other subscriptions. */
  readonly batches: boolean
}

const FIRST: readonly [TargetKind, ...TargetKind[]] = ['workload', 'workload', 'commit', 'pull-request']
const LATER: readonly [TargetKind, ...TargetKind[]] = ['workload', 'commit', 'pull-request', 'pull-request', 'merged']

export function drawShape(random: Random): Shape {
  const targets = (kinds: readonly [TargetKind, ...TargetKind[]]): StageShape['targets'] => {
    const first = random.pick(kinds)
    const others: TargetKind[] = random.chance(0.2) ? [first === 'workload' ? 'second-workload' : 'workload'] : []
    return [first, ...others]
  }
  const free = { isVerified: false, gates: [] } as const
  const first: StageShape = { name: 'dev', after: [], targets: targets(FIRST), ...free }
  const stages: [StageShape, ...StageShape[]] = [first]
  if (random.chance(0.5)) stages.push({ name: 'prod', after: ['dev'], targets: targets(LATER), ...free })
  if (random.chance(0.1)) {
    stages.push({ name: 'qa', after: ['dev'], targets: ['workload'], ...free })
    if (stages.length === 3) stages.push({ name: 'live', after: ['prod', 'qa'], targets: targets(LATER), ...free })
  }
  return {
    isOrdered: random.chance(0.75),
    mode: random.chance(0.05) ? 'observe' : 'act',
    subscriptions: random.chance(0.15) ? ['payments', 'reports'] : ['payments'],
    stages,
    settles: false,
    ignore: [],
    batches: false,
  }
}

/** Half of all schedules demand something. */
export function withDemands(shape: Shape, random: Random): Shape {
  if (random.chance(0.5)) return shape
  const demand = (stage: StageShape): StageShape => {
    if (random.chance(0.4)) return stage
    const kinds: readonly GateKind[] = ['soak', random.chance(0.5) ? 'chat' : 'approval', 'window']
    return {
      ...stage,
      isVerified: random.chance(0.7),
      gates: kinds.filter((kind) => random.chance(kind === 'chat' ? 0.8 : 0.35)),
    }
  }
  const [first, ...others] = shape.stages
  return { ...shape, stages: [demand(first), ...others.map(demand)] }
}

const IN_GIT: readonly [TargetKind, ...TargetKind[]] = ['commit', 'pull-request', 'pull-request', 'merged']

/** Several subscriptions that go to Git together. */
export function withBatches(shape: Shape, random: Random): Shape {
  const intoGit = (stage: StageShape): StageShape => ({ ...stage, targets: [random.pick(IN_GIT)] })
  const [first, ...others] = shape.stages
  const subscriptions = random.chance(0.5) ? ['payments', 'reports'] : ['payments', 'reports', 'ledger']
  const stages: Shape['stages'] = [random.chance(0.6) ? intoGit(first) : first, ...others.map(intoGit)]
  return { ...shape, subscriptions, stages, batches: true }
}

const CHANGES = ['mode', 'stage', 'target', 'filter', 'subscription'] as const

type Change = (typeof CHANGES)[number] | 'demands' | 'batches'

export function isDemanding({ stages }: Shape): boolean {
  return stages.some(({ isVerified, gates }) => isVerified || gates.length > 0)
}

/** One change that an operator might make. */
export function changeShape(shape: Shape, original: Shape, random: Random): Shape {
  const isChanged = JSON.stringify(shape) !== JSON.stringify(original)
  if (isChanged && random.chance(0.6)) return original
  const [first, ...others] = shape.stages
  const last = shape.stages.at(-1) ?? first
  const more: readonly Change[] = [
    ...(isDemanding(original) ? (['demands'] as const) : []),
    ...(original.batches ? (['batches'] as const) : []),
  ]
  switch (random.pick<Change>([...CHANGES, ...more])) {
    case 'batches':
      return { ...shape, batches: !shape.batches }
    case 'mode':
      return { ...shape, mode: shape.mode === 'act' ? 'observe' : 'act' }
    case 'stage':
      return others.length === 0 ? shape : { ...shape, stages: [first, ...others.slice(0, -1)] }
    case 'target': {
      const [kind] = last.targets
      const moved: TargetKind = kind === 'workload' ? 'second-workload' : 'workload'
      const targets: StageShape['targets'] = last.targets.length > 1 ? [kind] : [kind, moved]
      const changed = { ...last, targets }
      return { ...shape, stages: last === first ? [changed] : [first, ...others.slice(0, -1), changed] }
    }
    case 'filter':
      return { ...shape, ignore: shape.ignore.length > 0 ? [] : ['1[0-9]*4'] }
    case 'demands': {
      const changed: StageShape = { ...last, isVerified: !last.isVerified, gates: last.gates.slice(1) }
      return { ...shape, stages: last === first ? [changed] : [first, ...others.slice(0, -1), changed] }
    }
    case 'subscription':
      return { ...shape, subscriptions: shape.subscriptions.slice(1) }
  }
}

const POLICY: Policy = {
  require: [{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }],
  wait: 15 * 60_000,
  fresh: 5 * 60_000,
  reconsider: false,
}
const slot = (from: number, to: number): Slot => ({ days: [], hours: { from, to }, text: `${from}-${to}` })
const GATES: Readonly<Record<GateKind, Gate>> = {
  soak: { kind: 'soak', ms: 4 * 60_000 },
  approval: { kind: 'approval', from: ['ann', 'bob'], votes: 1, atLeast: [], otherWays: 0, expires: 20 * 60_000 },
  chat: {
    kind: 'approval',
    from: [CHAT_GROUP, 'ann', 'bob'],
    votes: 2,
    atLeast: [],
    otherWays: 0,
    expires: 20 * 60_000,
    slack: 'C0RELEASES',
  },
  // Everything begins at midnight.
  window: { kind: 'window', allow: [slot(2, 12), slot(20, 21), slot(25, 1_439)], deny: [], timezone: 'UTC' },
}

const BATCH_MS = 2 * 60_000

export const PAYMENTS = { registry: 'docker.io', repository: 'acme/payments' }
export const COMPANION = { registry: 'docker.io', repository: 'acme/companion' }

const loadedConfigs = new Map<string, LoadedConfig>()

export function configOf(shape: Shape): LoadedConfig {
  const hash = JSON.stringify(shape)
  const known = loadedConfigs.get(hash)
  if (known !== undefined) return known
  const tags = shape.isOrdered ? { numerical: 'asc' } : { digestOf: '100' }
  const config = Config.parse({
    version: 1,
    mode: shape.mode,
    registries: {
      hub: {
        host: 'docker.io',
        insecure: false,
        events: { type: 'dockerhub' },
        sweepMs: 5 * 60_000,
        ...(shape.settles ? { settleMs: 3_000 } : {}),
      },
    },
    clusters: { dev: { inCluster: true } },
    git: { plain: { url: '/srv/gitops.git' }, host: { github: 'acme/gitops' } },
    subscriptions: shape.subscriptions.map((name) => ({
      name,
      images: shape.isReleased === true ? [PAYMENTS, COMPANION] : [PAYMENTS],
      tags: shape.isOrdered && shape.ignore.length > 0 ? { ...tags, ignore: shape.ignore } : tags,
      stages: shape.stages.map((stage) => ({
        name: stage.name,
        after: stage.after,
        verify: stage.isVerified ? POLICY : 'none',
        gates: stage.gates.map((kind) => GATES[kind]),
        targets: stage.targets.flatMap((kind) => {
          const target = targetOf(kind, name, stage.name)
          return shape.isReleased === true ? [PAYMENTS, COMPANION].map((image) => ({ ...target, image })) : [target]
        }),
        ...(shape.batches ? { batchMs: BATCH_MS } : {}),
      })),
    })),
    slack: { token: 'env:SLACK_TOKEN', signingSecret: 'env:SLACK_SIGNING_SECRET' },
    people: { ann: { slack: 'U0ANN' }, bob: { slack: 'U0BOB' }, cid: { slack: 'U0CID' } },
    server: { listen: '127.0.0.1:0', apiListen: '127.0.0.1:0', state: ':memory:', tokens: [] },
  })
  const loaded = { config, hash }
  loadedConfigs.set(hash, loaded)
  return loaded
}

function targetOf(kind: TargetKind, subscription: string, stage: string): object {
  const file = `${subscription}/${stage}.yaml`
  switch (kind) {
    case 'workload':
    case 'second-workload':
      return {
        kind: 'workload',
        cluster: 'dev',
        namespace: stage,
        workload: `deployment/${subscription}`,
        container: kind === 'workload' ? 'app' : 'worker',
        takeover: false,
      }
    case 'commit':
      return { kind: 'git', git: 'plain', file, merge: 'by-person' }
    case 'pull-request':
      return { kind: 'git', git: 'host', file, merge: 'by-person' }
    case 'merged':
      return { kind: 'git', git: 'host', file, merge: 'when-approved' }
  }
}
