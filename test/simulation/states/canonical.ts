/** Two states that differ only in counters, instants and numbers are one: how a state is written down, so that it is met once. */

import type { Line } from '../../../src/domain/line.ts'
import type { Train } from '../../../src/domain/train.ts'
import type { SmallWorld } from './small-world.ts'

/** What decides nothing: the history, and what only tells people when and why. */
const LEFT_OUT = new Set([
  'at',
  'attempt',
  'builtAt',
  'cause',
  'changes',
  'config',
  'detail',
  'diff',
  'gatedAt',
  'hash',
  'healthySince',
  'heard',
  'number',
  'observedAt',
  'openedAt',
  'order',
  'orders',
  'provenBy',
  'schema',
  'seq',
  'shown',
  'since',
  'tail',
  'tried',
  'url',
  'why',
])
/** Of these only their order counts, and whether they have come. */
const INSTANTS = new Set(['due', 'lease', 'until', 'alarm', 'departs', 'mergeUntil'])

export type Counted = Readonly<Record<string, unknown>>

export function canonical(
  documents: readonly (Line | Train)[],
  world: SmallWorld,
  counted: Counted,
  now: number,
): string {
  const instants = new Set<number>()
  const collect = (value: unknown, key: string): void => {
    if (typeof value === 'number' && INSTANTS.has(key) && value > now) instants.add(value)
    if (typeof value !== 'object' || value === null) return
    for (const member in value) if (!LEFT_OUT.has(member)) collect((value as Record<string, unknown>)[member], member)
  }
  collect(documents, '')
  const ranks = new Map([...instants].toSorted((a, b) => a - b).map((instant, index) => [instant, index + 1]))
  const text = JSON.stringify([documents, worldOf(world, documents), counted], (key, value: unknown) => {
    if (LEFT_OUT.has(key)) return undefined
    if (typeof value !== 'number') return value
    if (INSTANTS.has(key)) return ranks.get(value) ?? 0
    // Whether it was ever begun.
    return key === 'fence' ? Math.sign(value) : value
  })
  return unnumbered(text)
}

/** The last pull request, and the one that the train knows: older ones are over. */
function worldOf({ images, pulls, branch }: SmallWorld, documents: readonly (Line | Train)[]): unknown {
  const train = documents.find((document) => document.kind === 'train')
  const known = train?.kind === 'train' ? (train.pullRequest?.number ?? 0) : 0
  return { images, branch, last: pulls.at(-1), known: pulls[known - 1], isLast: known === pulls.length }
}

/** Attempts, orders and numbers of pull requests are part of ids. */
function unnumbered(text: string): string {
  return text
    .replaceAll(/#[0-9]+/gu, '#n')
    .replaceAll(/\/[0-9]+(?=["/])/gu, '/n')
    .replaceAll(/sha256:0*/gu, '')
}
