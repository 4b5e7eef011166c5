/** One document played through `decide` by hand: offered to, claimed, answered, told. No ports, no clock but this one. */

import { decide, type Input } from '../../src/decide/index.ts'
import type { Answer, Fate } from '../../src/domain/answer.ts'
import { candidateOf } from '../../src/domain/candidate.ts'
import type { Document } from '../../src/domain/document.ts'
import type { Effect, EffectKind, EffectOf } from '../../src/domain/effect.ts'
import type { Note } from '../../src/domain/history.ts'
import { newLine, type Line, type StageState } from '../../src/domain/line.ts'
import type { Carried, Carry, Message } from '../../src/domain/message.ts'
import { newTrain, type Train } from '../../src/domain/train.ts'
import { rulesOf } from '../../src/rules.ts'
import { aDigest, aPinnedImage, NOW } from './build.ts'
import { aLoadedConfig, type WorldOptions } from './world.ts'

const LEASE_MS = 300_000

export type Played<D extends Document> = {
  document(): D
  /** All that was noted so far, oldest first. */
  readonly notes: Note[]
  kinds(): readonly string[]
  now(): number
  pass(ms: number): void
  configure(options: WorldOptions, hash: string): void
  step(input: Input): readonly Note[]
  tick(): readonly Note[]
  effects<K extends EffectKind>(kind: K): readonly EffectOf<K>[]
  /** Takes the first effect of that kind (at that stage), and leaves it unanswered. */
  claim<K extends EffectKind>(kind: K, stage?: string): EffectOf<K>
  /** Takes it and answers at once. */
  answer(kind: EffectKind, answer: Answer, stage?: string): readonly Note[]
  reply(effect: Effect, answer: Answer): readonly Note[]
}

export function play<D extends Document>(
  first: D,
  options: WorldOptions,
  isOurs: (one: Document) => one is D,
): Played<D> {
  let document = first
  let book = rulesOf(aLoadedConfig(options))
  let now = NOW
  const notes: Note[] = []
  const step = (input: Input): readonly Note[] => {
    const decision = decide(document, book, input, now)
    if (isOurs(decision.document)) document = decision.document
    notes.push(...decision.notes)
    return decision.notes
  }
  const find = (kind: EffectKind, stage?: string): Effect => {
    const isMeant = (effect: Effect): boolean =>
      effect.kind === kind &&
      effect.dead === undefined &&
      (effect.lease ?? 0) <= now &&
      (stage === undefined || ('stage' in effect && effect.stage === stage))
    const found = document.effects.find(isMeant)
    if (found === undefined) throw new Error(`${document.id} does not want ${kind}`)
    return found
  }
  const claim = (kind: EffectKind, stage?: string): Effect => {
    const { id, due } = find(kind, stage)
    now = Math.max(now, due)
    step({ kind: 'claim', effects: [id], until: now + LEASE_MS })
    const claimed = document.effects.find((effect) => effect.id === id)
    if (claimed === undefined) throw new Error(`${id} was taken away at its claim`)
    return claimed
  }
  const reply = ({ id, fence }: Effect, answer: Answer): readonly Note[] =>
    step({ kind: 'answer', effect: id, fence, answer })
  return {
    document: () => document,
    notes,
    kinds: () => notes.map(({ kind }) => kind),
    now: () => now,
    pass: (ms) => void (now += ms),
    configure: (changed, hash) => void (book = rulesOf(aLoadedConfig(changed, hash))),
    step,
    tick: () => step({ kind: 'tick' }),
    effects: <K extends EffectKind>(kind: K) => document.effects.filter((one): one is EffectOf<K> => one.kind === kind),
    claim: <K extends EffectKind>(kind: K, stage?: string) => claim(kind, stage) as EffectOf<K>,
    answer: (kind, answer, stage) => reply(claim(kind, stage), answer),
    reply,
  }
}

export type PlayedLine = Played<Line> & {
  stage(name?: string): StageState
  offer(tag: string, content: number, seen?: { observedAt?: number; cause?: string }): readonly Note[]
  /** Every target of the stage is found to hold this, well unless told. */
  look(image?: string, running?: 'well' | 'not-well' | 'not-observed'): void
  /** Delivered by ourselves, wherever it is wished for. */
  deliver(stage?: string): void
  hear(message: Omit<Carried, 'kind'>): readonly Note[]
}

export function playLine(options: WorldOptions = {}): PlayedLine {
  const played = play(newLine('payments'), options, (one) => one.kind === 'line')
  const stage = (name = 'dev'): StageState => {
    const found = played.document().stages[name]
    if (found === undefined) throw new Error(`there is no stage ${name}`)
    return found
  }
  return {
    ...played,
    stage,
    offer(tag, content, { observedAt = played.now(), cause = `hub/${content}` } = {}) {
      const image = aPinnedImage({ tag, digest: aDigest(content) })
      return played.step({ kind: 'offer', candidate: candidateOf(image, { observedAt, cause, since: observedAt }) })
    },
    look(image = 'acme/payments:1.0.0', running = 'well') {
      while (played.effects('observe').length > 0) played.answer('observe', { kind: 'found', image, running })
    },
    deliver(name = 'dev') {
      const image = written(stage(name).promotion?.candidate.images[0] ?? aPinnedImage())
      const wanted = played.effects('deliver').filter((effect) => effect.stage === name)
      for (const _each of wanted) played.answer('deliver', delivered(image), name)
    },
    hear: (message) => played.step({ kind: 'message', message: { kind: 'carried', ...message } }),
  }
}

export function written({ tag, digest }: { readonly tag: string; readonly digest: string }): string {
  return `docker.io/acme/payments:${tag}@${digest}`
}

export function image(tag: string, content: number): string {
  return written({ tag, digest: aDigest(content) })
}

export function delivered(now: string, status: 'changed' | 'unchanged' = 'changed'): Answer {
  return { kind: 'delivered', status, reference: 'generation/2', now }
}

export const WELL: Answer = { kind: 'healthy', detail: 'all pods are ready' }
export const UNWELL: Answer = { kind: 'unwell', reason: 'CrashLoopBackOff', detail: 'exit 1' }
export const LATER = { kind: 'later', detail: 'the target is down' } as const

export type PlayedTrain = Played<Train> & {
  carry(tag: string, content: number, order: number, merge?: Carry['merge']): readonly Note[]
  drop(order: number): readonly Note[]
  /** What it wants to tell its line. */
  news(): readonly Carried['news'][]
}

export function playTrain(options: WorldOptions): PlayedTrain {
  const address = { git: 'gitops', base: 'main', subscription: 'payments', stage: 'prod' }
  const played = play(newTrain(address), options, (one) => one.kind === 'train')
  const hear = (message: Message): readonly Note[] => played.step({ kind: 'message', message })
  return {
    ...played,
    carry: (tag, content, order, merge = { until: null }) => hear({ ...aCarry(tag, content, order), merge }),
    drop: (order) => {
      const { line, stage } = aCarry('1.1.0', 1, order)
      return hear({ kind: 'drop', order, line, stage, promotion: 'payments/prod/x#1', why: 'nobody wants it' })
    },
    news: () => played.effects('send').flatMap(({ message }) => (message.kind === 'carried' ? [message.news] : [])),
  }
}

export function aCarry(tag: string, content: number, order: number): Carry {
  return {
    kind: 'carry',
    order,
    line: 'line/payments',
    stage: 'prod',
    promotion: `payments/prod/${aDigest(content)}#1`,
    images: [aPinnedImage({ tag, digest: aDigest(content) })],
    targets: ['git/gitops/prod.yaml'],
    expected: { 'git/gitops/prod.yaml': ['acme/payments:1.0.0'] },
    reason: 'newer',
    merge: { until: null },
  }
}

/** With those that came along: whatever the train of `playTrain` carries, unless told. */
export function proposed(number: number, head: string, fates: readonly Fate[] = aboard(1, 2, 3)): Answer {
  return { kind: 'proposed', number, url: `https://git.example/pull/${number}`, head, fates }
}

/** By the contents that they bring. */
export function aboard(...contents: readonly number[]): readonly Fate[] {
  return contents.map((content) => {
    return { promotion: `payments/prod/${aDigest(content)}#1`, fate: 'aboard', diff: `+image ${content}` }
  })
}

/** What the base holds already. */
export function there(content: number): Fate {
  return { promotion: `payments/prod/${aDigest(content)}#1`, fate: 'there' }
}
