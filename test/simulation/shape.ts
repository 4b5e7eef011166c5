/** What is configured in a schedule: subscriptions, stages, targets, and how the configuration changes on the way. */

import { Config, type LoadedConfig } from '../../src/domain/config.ts'
import type { Random } from './random.ts'

export type TargetKind = 'workload' | 'second-workload' | 'commit' | 'pull-request' | 'merged'
export type StageShape = {
  readonly name: string
  readonly after: readonly string[]
  readonly targets: readonly [TargetKind, ...TargetKind[]]
}
export type Shape = {
  readonly isOrdered: boolean
  readonly mode: 'act' | 'observe'
  readonly subscriptions: readonly string[]
  readonly stages: readonly [StageShape, ...StageShape[]]
  /** Whether a push waits for others of its tag. */
  readonly settles: boolean
  /** Tags that the filter passes over. */
  readonly ignore: readonly string[]
}

const FIRST: readonly [TargetKind, ...TargetKind[]] = ['workload', 'workload', 'commit', 'pull-request']
const LATER: readonly [TargetKind, ...TargetKind[]] = ['workload', 'commit', 'pull-request', 'pull-request', 'merged']

export function drawShape(random: Random): Shape {
  const targets = (kinds: readonly [TargetKind, ...TargetKind[]]): StageShape['targets'] => {
    const first = random.pick(kinds)
    const others: TargetKind[] = random.chance(0.2) ? [first === 'workload' ? 'second-workload' : 'workload'] : []
    return [first, ...others]
  }
  const first: StageShape = { name: 'dev', after: [], targets: targets(FIRST) }
  const stages: [StageShape, ...StageShape[]] = [first]
  if (random.chance(0.5)) stages.push({ name: 'prod', after: ['dev'], targets: targets(LATER) })
  if (random.chance(0.1)) {
    stages.push({ name: 'qa', after: ['dev'], targets: ['workload'] })
    if (stages.length === 3) stages.push({ name: 'live', after: ['prod', 'qa'], targets: targets(LATER) })
  }
  return {
    isOrdered: random.chance(0.75),
    mode: random.chance(0.05) ? 'observe' : 'act',
    subscriptions: random.chance(0.15) ? ['payments', 'reports'] : ['payments'],
    stages,
    settles: false,
    ignore: [],
  }
}

const CHANGES = ['mode', 'stage', 'target', 'filter', 'subscription'] as const

/** One change that an operator might make. */
export function changeShape(shape: Shape, original: Shape, random: Random): Shape {
  const isChanged = JSON.stringify(shape) !== JSON.stringify(original)
  if (isChanged && random.chance(0.6)) return original
  const [first, ...others] = shape.stages
  const last = shape.stages.at(-1) ?? first
  switch (random.pick<'mode' | 'stage' | 'target' | 'filter' | 'subscription'>(CHANGES)) {
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
    case 'subscription':
      return { ...shape, subscriptions: shape.subscriptions.slice(1) }
  }
}

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
      image: { registry: 'docker.io', repository: 'acme/payments' },
      tags: shape.isOrdered && shape.ignore.length > 0 ? { ...tags, ignore: shape.ignore } : tags,
      stages: shape.stages.map((stage) => ({
        name: stage.name,
        after: stage.after,
        verify: 'none',
        targets: stage.targets.map((kind) => targetOf(kind, name, stage.name)),
      })),
    })),
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
