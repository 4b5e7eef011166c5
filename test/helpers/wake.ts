/** What the contract of wake-ups works with: documents with one piece of news to tell, and who notes when it was told. */

import type { LoadedConfig } from '../../src/domain/config.ts'
import { wakeAt } from '../../src/domain/document.ts'
import { lineId } from '../../src/domain/line.ts'
import { ok } from '../../src/domain/result.ts'
import type { Ports } from '../../src/pipeline.ts'
import type { State } from '../../src/state/state.ts'
import type { Wake } from '../../src/state/wake.ts'
import { loaded } from './config.ts'
import { aLineToWake, CHANNEL, TROUBLES } from './wake-line.ts'
import { createWorld } from './world.ts'

const NAMES = ['soon', 'now', 'many', 'often', 'trouble', 'killed', 'slept', 'far', 'near', 'late', 'told']
export const MANY = 12

/** As `drayage.yaml`; `url` and `secret` are names of secrets. */
export function wakeConfig(): Record<string, unknown> {
  const names = [...NAMES, ...Array.from({ length: MANY }, (_, index) => `many-${index}`)]
  const subscription = (name: string): object => ({
    image: `127.0.0.1:9/acme/${name}`,
    tags: { semver: '>=1' },
    verify: 'none',
    stages: { prod: { git: 'gitops', file: `${name}.yaml` } },
  })
  return {
    version: 1,
    registries: { local: { host: '127.0.0.1:9', insecure: true } },
    git: { gitops: { github: 'acme/gitops', app: 1, key: 'env:GITHUB_KEY' } },
    notifications: { [CHANNEL]: { type: 'webhook', url: 'env:PEER_URL', secret: 'env:PEER_SECRET' } },
    subscriptions: Object.fromEntries(names.map((name) => [name, subscription(name)])),
  }
}

export async function wakeLoaded(): Promise<LoadedConfig> {
  return (await loaded(JSON.stringify(wakeConfig()))).loaded
}

/** Saved, and its wake-up asked for: as every decision does. */
export async function plan({ documents }: State, wake: Wake, name: string, at: number, now: number): Promise<void> {
  const line = aLineToWake(name, at)
  if ((await documents.save(line, 0, now)) === 'conflict') throw new Error(`${name} was planned before`)
  const due = wakeAt(line)
  if (due !== null) await wake(line.id, due)
}

export type Told = (name: string, at: number) => void

/** The real pipeline over that state; all that it can reach is who notes. Work on `trouble` throws at first. */
export async function wakePorts(state: State, now: () => number, told: Told): Promise<Omit<Ports, 'wake'>> {
  const config = await wakeLoaded()
  let troubles = 0
  const { wake: _wake, ...ports } = createWorld().ports
  return {
    ...ports,
    ...state,
    documents: {
      ...state.documents,
      async load(id) {
        if (id === lineId('trouble') && (troubles += 1) <= TROUBLES) throw new Error('the store is away')
        return state.documents.load(id)
      },
    },
    config: () => config,
    now,
    notifier: () => ({
      async notify({ subject }) {
        told(subject, now())
        return ok(null)
      },
    }),
  }
}
