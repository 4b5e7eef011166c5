/** A batch played through `decide` by hand: several subscriptions that go to one repository together. */

import type { Answer, Fate } from '../../src/domain/answer.ts'
import type { Note } from '../../src/domain/history.ts'
import type { Carried, Carry, Message } from '../../src/domain/message.ts'
import { newTrain, type Train } from '../../src/domain/train.ts'
import { aDigest, aPinnedImage } from './build.ts'
import { play, type Played } from './play.ts'
import type { WorldOptions } from './world.ts'

export const BATCH_MS = 600_000
const MINUTE_MS = 60_000

export type BatchOptions = {
  readonly names: readonly string[]
  readonly way?: 'pull-request' | 'commit'
  readonly merge?: 'by-person' | 'when-approved'
  readonly batchMs?: number | undefined
}

/** Subscriptions of these names, each with a file of its own on `prod`. */
export function aBatchWorld({ names, way = 'pull-request', merge = 'by-person', ...rest }: BatchOptions): WorldOptions {
  const batchMs = 'batchMs' in rest ? rest.batchMs : BATCH_MS
  const subscriptions = names.map((name) => ({
    name,
    images: [{ registry: 'docker.io', repository: `acme/${name}` }],
    tags: { semver: '>=1' },
    stages: [
      {
        name: 'prod',
        after: [],
        verify: 'none',
        targets: [{ kind: 'git', git: 'gitops', file: `${name}.yaml`, merge }],
        ...(batchMs === undefined ? {} : { batchMs }),
      },
    ],
  }))
  return { github: way === 'pull-request', subscriptions }
}

export type PlayedBatch = Played<Train> & {
  carry(name: string, content: number, order: number, merge?: Carry['merge']): readonly Note[]
  drop(name: string, order: number): readonly Note[]
  /** Lets the window pass. */
  depart(): void
  /** `payments 1`, in their order: what travels, what the pull request shows, what waits. */
  cargos(): readonly string[]
  shows(): readonly string[]
  waits(): readonly string[]
  /** What it wants to tell this line. */
  told(name: string): readonly Carried['news'][]
}

export function playBatch(options: BatchOptions): PlayedBatch {
  const address = { git: 'gitops', base: 'main', subscription: null, stage: 'prod' }
  const played = play(newTrain(address), aBatchWorld(options), (one): one is Train => one.kind === 'train')
  const hear = (message: Message): readonly Note[] => played.step({ kind: 'message', message })
  const named = (carry: Carry): string => `${carry.line.replace('line/', '')} ${carry.images[0].tag}`
  return {
    ...played,
    carry: (name, content, order, merge = { until: null }) => hear({ ...aCarryOf(name, content, order), merge }),
    drop: (name, order) => {
      const { line, stage, promotion } = aCarryOf(name, 0, order)
      return hear({ kind: 'drop', order, line, stage, promotion, why: `${name} is rejected` })
    },
    depart: () => {
      played.pass(Math.max(0, (played.document().departs ?? 0) - played.now()))
      played.tick()
    },
    cargos: () => played.document().cargos.map(named),
    shows: () => (played.document().pullRequest?.shows ?? []).map(named),
    waits: () => played.document().next.flatMap((one) => (one.kind === 'carry' ? [named(one)] : [])),
    told: (name) =>
      played
        .effects('send')
        .flatMap(({ to, message }) => (to === `line/${name}` && message.kind === 'carried' ? [message.news] : [])),
  }
}

/** The content is the tag, too. */
export function aCarryOf(name: string, content: number, order: number): Carry {
  const target = `git/gitops/${name}.yaml`
  return {
    kind: 'carry',
    order,
    line: `line/${name}`,
    stage: 'prod',
    promotion: promotionOf(name, content),
    images: [aPinnedImage({ repository: `acme/${name}`, tag: `${content}`, digest: aDigest(content) })],
    targets: [target],
    expected: { [target]: [`acme/${name}:0`] },
    reason: 'newer',
    merge: { until: null },
  }
}

function promotionOf(name: string, content: number): string {
  return `${name}/prod/${aDigest(content)}#1`
}

/** What became of `payments 1`. */
export function fate(of: string, kind: 'aboard' | 'there' | 'moved' | 'target-missing' = 'aboard'): Fate {
  const [name = '', content = ''] = of.split(' ')
  const promotion = promotionOf(name, Number(content))
  if (kind === 'aboard') return { promotion, fate: kind, diff: `+${of}` }
  if (kind === 'there') return { promotion, fate: kind }
  return { promotion, fate: 'stopped', reason: kind, detail: `${name}.yaml`, found: `acme/${name}:hand` }
}

export function shown(number: number, head: string, ...fates: readonly Fate[]): Answer {
  return { kind: 'proposed', number, url: `https://git.example/pull/${number}`, head, fates }
}

export { MINUTE_MS }
