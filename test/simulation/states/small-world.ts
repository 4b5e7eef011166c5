/** A world small enough to be seen whole: what two targets hold, and the pull requests of one branch. Every answer comes at once. */

import type { Answer } from '../../../src/domain/answer.ts'
import type { Effect, EffectOf } from '../../../src/domain/effect.ts'
import { formatImage, isSameReference } from '../../../src/domain/image.ts'
import type { Line } from '../../../src/domain/line.ts'
import type { Train } from '../../../src/domain/train.ts'

export type Pull = {
  readonly state: 'open' | 'merged' | 'closed'
  readonly head: string
  readonly promotion: string
  readonly target: string
  readonly image: string
  readonly by: string | null
}

export type SmallWorld = {
  /** By target id. */
  readonly images: Readonly<Record<string, string>>
  /** A pull request's number is its place here, from 1. */
  readonly pulls: readonly Pull[]
  /** What is on the branch, and which promotion built it. */
  readonly branch: { readonly head: string; readonly promotion: string } | null
}

/** What may come of an effect, where the world decides. */
export type Outcome = 'well' | 'unwell' | 'too-long' | 'trusted' | 'distrusted' | 'undecided' | 'only'

export function outcomesOf(effect: Effect): readonly Outcome[] {
  if (effect.kind === 'check-health')
    return effect.target.startsWith('git/') ? ['well'] : ['well', 'unwell', 'too-long']
  if (effect.kind === 'verify') return ['trusted', 'distrusted', 'undecided']
  return ['only']
}

export type Done = {
  readonly world: SmallWorld
  readonly answer: Answer
  /** What was put where. */
  readonly wrote?: { readonly target: string; readonly before: string; readonly after: string }
}

export function openPulls({ pulls }: SmallWorld): number {
  return pulls.filter(({ state }) => state === 'open').length
}

/** A person, or we, put what is shown on the base. */
export function merge(world: SmallWorld, number: number, by: string | null): Done {
  const pull = world.pulls[number - 1]
  if (pull?.state !== 'open') return { world, answer: { kind: 'failed', reason: 'not-mergeable', detail: 'closed' } }
  const before = world.images[pull.target] ?? ''
  const merged = withPull(world, number, { ...pull, state: 'merged', by })
  return {
    world: { ...merged, images: { ...world.images, [pull.target]: pull.image } },
    answer: { kind: 'merged', commit: `c${number}`, by },
    wrote: { target: pull.target, before, after: pull.image },
  }
}

export function close(world: SmallWorld, number: number, by: string): SmallWorld {
  const pull = world.pulls[number - 1]
  return pull?.state === 'open' ? withPull(world, number, { ...pull, state: 'closed', by }) : world
}

function withPull(world: SmallWorld, number: number, pull: Pull): SmallWorld {
  return { ...world, pulls: world.pulls.map((one, index) => (index === number - 1 ? pull : one)) }
}

/** `send` is not here: documents talk without a world. */
export function perform(
  effect: Effect,
  document: Line | Train,
  world: SmallWorld,
  outcome: Outcome,
  now: number,
): Done {
  switch (effect.kind) {
    case 'observe':
      return { world, answer: { kind: 'found', image: world.images[effect.target] ?? '', running: 'well' } }
    case 'deliver':
      return write(world, effect, wishOf(document, effect))
    case 'roll-back':
      return write(world, effect, effect.to.kind === 'pinned' ? formatImage(effect.to.image) : effect.to.image)
    case 'preview':
      return previewed(world, effect, wishOf(document, effect))
    case 'check-health':
      return { world, answer: healthOf(world, effect, document, outcome) }
    case 'verify': {
      const state = outcome === 'distrusted' || outcome === 'undecided' ? outcome : 'trusted'
      return { world, answer: { kind: 'verdict', verdict: { state, outcomes: [], at: now }, builtAt: null } }
    }
    case 'propose':
      return document.kind === 'train' ? propose(world, document) : nothing(world)
    case 'look':
      return document.kind === 'train' ? look(world, document) : nothing(world)
    case 'merge': {
      const shown = document.kind === 'train' ? document.pullRequest : null
      const isSame = shown !== null && world.branch?.head === shown.head
      return isSame ? merge(world, shown.number, null) : failed(world, 'head-moved')
    }
    case 'withdraw':
      return { world: withdrawn(world, effect), answer: { kind: 'withdrawn' } }
    default:
      return nothing(world)
  }
}

function nothing(world: SmallWorld): Done {
  return failed(world, 'target-gone')
}

function failed(world: SmallWorld, reason: string, found?: string): Done {
  return { world, answer: { kind: 'failed', reason, detail: reason, ...(found === undefined ? {} : { found }) } }
}

function wishOf(document: Line | Train, { stage }: EffectOf<'deliver' | 'preview'>): string {
  const promotion = document.kind === 'line' ? document.stages[stage]?.promotion : undefined
  return promotion === undefined ? '' : formatImage(promotion.candidate.images[0])
}

function isExpected(found: string, expected: readonly string[]): boolean {
  return expected.some((one) => isSameReference(one, found))
}

function write(world: SmallWorld, { target, expected }: EffectOf<'deliver' | 'roll-back'>, after: string): Done {
  const before = world.images[target] ?? ''
  const common = { kind: 'delivered', reference: 'r', now: after } as const
  if (isSameReference(before, after)) return { world, answer: { ...common, status: 'unchanged' } }
  if (!isExpected(before, expected)) return failed(world, 'moved', before)
  return {
    world: { ...world, images: { ...world.images, [target]: after } },
    answer: { ...common, status: 'changed' },
    wrote: { target, before, after },
  }
}

function previewed(world: SmallWorld, { target, expected }: EffectOf<'preview'>, after: string): Done {
  const before = world.images[target] ?? ''
  const isThere = isSameReference(before, after)
  if (!isThere && !isExpected(before, expected)) return failed(world, 'moved', before)
  const status = isThere ? 'unchanged' : 'changed'
  return { world, answer: { kind: 'delivered', reference: 'r', now: after, status, diff: '' } }
}

function healthOf(
  world: SmallWorld,
  { stage, target }: EffectOf<'check-health'>,
  document: Line | Train,
  outcome: Outcome,
): Answer {
  if (target.startsWith('git/')) return { kind: 'not-observed', detail: 'a file' }
  const delivery = document.kind === 'line' ? document.stages[stage]?.promotion?.deliveries[target] : undefined
  const isThere = delivery?.state === 'delivered' && delivery.now === world.images[target]
  if (!isThere) return { kind: 'unwell', reason: 'moved', detail: world.images[target] ?? '' }
  if (outcome === 'unwell') return { kind: 'unwell', reason: 'CrashLoopBackOff', detail: 'exit 1' }
  if (outcome === 'too-long') return { kind: 'progressing', detail: '0 of 1' }
  return { kind: 'healthy', detail: 'ready' }
}

function propose(world: SmallWorld, { cargos, lastHead, pullRequest }: Train): Done {
  const [cargo] = cargos
  const target = cargo?.targets[0]
  if (cargo === undefined || target === undefined) return nothing(world)
  const { promotion } = cargo
  const image = formatImage(cargo.images[0])
  const found = world.images[target] ?? ''
  if (isSameReference(found, image)) {
    const fates = [{ promotion, fate: 'there' as const }]
    return { world, answer: { kind: 'nothing-to-propose', commit: 'c0', fates } }
  }
  if (!isExpected(found, cargo.expected[target] ?? [])) return failed(world, 'moved', found)
  const { branch, pulls } = world
  const open = pulls.findIndex(({ state }) => state === 'open')
  const known = pullRequest === null ? undefined : pulls[pullRequest.number - 1]
  if (known !== undefined && known.state !== 'open') return failed(world, 'closed')
  const isOurs = branch === null || branch.head === lastHead || branch.promotion === promotion
  if (!isOurs) return failed(world, 'foreign-commits')
  const head = `head of ${promotion} on ${found}`
  const pull: Pull = { state: 'open', head, promotion, target, image, by: null }
  const number = open === -1 ? pulls.length + 1 : open + 1
  const shown = open === -1 ? [...pulls, pull] : pulls.map((one, index) => (index === open ? pull : one))
  const fates = [{ promotion, fate: 'aboard' as const, diff: '' }]
  return {
    world: { ...world, pulls: shown, branch: { head, promotion } },
    answer: { kind: 'proposed', number, url: `https://git.example/pull/${number}`, head, fates },
  }
}

function look({ pulls, ...rest }: SmallWorld, { pullRequest }: Train): Done {
  const world = { pulls, ...rest }
  const number = pullRequest?.number ?? 0
  const pull = pulls[number - 1]
  if (pull === undefined) return failed(world, 'target-missing')
  const { state, by } = pull
  if (state === 'merged') return { world, answer: { kind: 'merged', commit: `c${number}`, by } }
  if (state === 'closed') return { world, answer: { kind: 'closed', by } }
  return { world, answer: { kind: 'open', head: world.branch?.head ?? pull.head, reviews: [] } }
}

function withdrawn(world: SmallWorld, { number, head }: EffectOf<'withdraw'>): SmallWorld {
  const closed = close(world, number, 'drayage[bot]')
  return world.branch?.head === head ? { ...closed, branch: null } : closed
}
