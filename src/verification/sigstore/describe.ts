/** A trusted root in words: what it consists of, from when to when, and what is wrong with it. */

import type { Thresholds, TrustRoot } from '../../domain/signer.ts'
import { readTrustRoot, staleness } from './trust-root.ts'

type Span = { readonly start: Date; readonly end: Date }
type Part = {
  readonly kind: 'log' | 'certificate log' | 'certificate authority' | 'timestamp authority'
  readonly name: string
  readonly from: number
  /** Null: still in use. */
  readonly to: number | null
}
export type DescribedRoot = {
  readonly source: string
  readonly require: Thresholds
  /** Null: whoever wrote it answers for its age. */
  readonly staleAt: number | null
  /** Why nothing is proven by it; null: it can be used. */
  readonly problem: string | null
  readonly parts: readonly Part[]
}

/** What the library takes for "no end". */
const NO_END_MS = 8.64e15

export function describeTrustRoot(root: TrustRoot, now: number): DescribedRoot {
  const source = root.kind === 'builtin' ? 'compiled in (public-good)' : 'configured'
  const read = readTrustRoot(root)
  if (!read.ok) return { source, require: root.require, staleAt: null, problem: read.error, parts: [] }
  const { material, staleAt } = read.value
  const authorities = (kind: Part['kind'], list: typeof material.certificateAuthorities): readonly Part[] =>
    list.map(({ certChain, validFor }) => partOf(kind, `${certChain.length} certificates`, validFor))
  const parts = [
    ...material.tlogs.map(({ baseURL, validFor }) => partOf('log', baseURL, validFor)),
    ...material.ctlogs.map(({ baseURL, validFor }) => partOf('certificate log', baseURL, validFor)),
    ...authorities('certificate authority', material.certificateAuthorities),
    ...authorities('timestamp authority', material.timestampAuthorities),
  ]
  return {
    source,
    require: root.require,
    staleAt,
    problem: staleness(read.value, now) ?? endedProblem(parts, now),
    parts,
  }
}

function partOf(kind: Part['kind'], name: string, { start, end }: Span): Part {
  return { kind, name, from: start.getTime(), to: end.getTime() >= NO_END_MS ? null : end.getTime() }
}

/** A root all of whose clocks have stopped proves nothing that is signed from now on. */
function endedProblem(parts: readonly Part[], now: number): string | null {
  const clocks = parts.filter(({ kind }) => kind === 'log' || kind === 'timestamp authority')
  const isEnded = clocks.every(({ to }) => to !== null && to < now)
  return isEnded ? 'every log and timestamp authority in it has ended: run "drayage trust update"' : null
}
