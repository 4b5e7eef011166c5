/** What verification came to of each image of a release, as the one answer of the release: trusted only if all of them are. Pure. */

import type { Answer } from './answer.ts'
import { formatImage, isSameRepository, type ImageName, type PinnedImage } from './image.ts'
import { FINDINGS_KEPT_MAX, type Known } from './known.ts'
import type { RuleOutcome, Verdict } from './verdict.ts'

type Said = Extract<Answer, { kind: 'verdict' }>
/** Of one image. */
export type Proven = {
  readonly image: PinnedImage
  readonly verdict: Verdict
  readonly builtAt: number | null
  readonly known: Known
}

const PLATFORMS_KEPT_MAX = 64
const SIGNERS_KEPT_MAX = 32

/** What is worst first. */
const RANK = { failed: 0, waiting: 1, held: 2 } as const
const NAMED = ['none', 'counts-alone', 'all'] as const

/** One image is as it is; of several, each rule is told once, with what each image says of it. */
export function provenTogether(all: readonly [Proven, ...Proven[]]): Said {
  const [first, ...others] = all
  if (others.length === 0)
    return { kind: 'verdict', verdict: first.verdict, builtAt: first.builtAt, known: first.known }
  const states = all.map(({ verdict }) => verdict.state)
  const worst = (['distrusted', 'undecided'] as const).find((state) => states.includes(state))
  const at = Math.min(...all.map(({ verdict }) => verdict.at))
  const verdict: Verdict = { state: worst ?? 'trusted', outcomes: outcomesOf(all), at }
  return { kind: 'verdict', verdict, builtAt: oldestOf(all), known: knownTogether(all) }
}

function outcomesOf(all: readonly Proven[]): RuleOutcome[] {
  const named = all.flatMap(({ image, verdict }) =>
    verdict.outcomes.map((one) => ({ ...one, detail: `${image.repository}: ${one.detail}` })),
  )
  return [...Map.groupBy(named, ({ rule }) => rule).values()].flatMap((same) => {
    const [worst, ...rest] = same.toSorted((a, b) => RANK[a.state] - RANK[b.state])
    if (worst === undefined) return []
    return [{ ...worst, detail: [worst, ...rest].map(({ detail }) => detail).join('; ') }]
  })
}

/** Null: of one of them nothing says when. */
function oldestOf(all: readonly Proven[]): number | null {
  const instants = all.flatMap(({ builtAt }) => builtAt ?? [])
  return instants.length < all.length ? null : Math.min(...instants)
}

/** For questions about the release as a whole; what is known of each image alone stands beside it. */
function knownTogether(all: readonly Proven[]): Known {
  const each = all.map(({ known }) => known)
  const findings = [...new Set(each.flatMap((known) => known.findings))]
  const lost = each.reduce((sum, { more }) => sum + more, 0)
  const commits = each.map(({ builtFrom }) => builtFrom)
  const [commit] = commits
  const isOneCommit = commits.every((one) => JSON.stringify(one) === JSON.stringify(commit))
  const kept = Math.floor(FINDINGS_KEPT_MAX / all.length)
  return {
    at: Math.min(...each.map(({ at }) => at)),
    signers: distinct(each.flatMap(({ signers }) => signers)).slice(0, SIGNERS_KEPT_MAX),
    platforms: [...new Set(each.flatMap(({ platforms }) => platforms))].slice(0, PLATFORMS_KEPT_MAX),
    counts: countsOf(each),
    findings: findings.slice(0, FINDINGS_KEPT_MAX),
    more: lost + Math.max(0, findings.length - FINDINGS_KEPT_MAX),
    named: NAMED.find((word) => each.some(({ named }) => named === word)) ?? 'none',
    ...(commit !== undefined && isOneCommit && { builtFrom: commit }),
    parts: all.map(({ image: { registry, repository }, builtAt, known }) => {
      const { signers, platforms, findings: ids, named } = known
      const more = known.more + Math.max(0, ids.length - kept)
      return { registry, repository, builtAt, signers, platforms, findings: ids.slice(0, kept), more, named }
    }),
  }
}

/** All that run together: each adds its own. */
function countsOf(each: readonly Known[]): Known['counts'] {
  const counts: Record<string, number> = {}
  for (const known of each) {
    for (const [severity, count] of Object.entries(known.counts)) counts[severity] = (counts[severity] ?? 0) + count
  }
  return counts
}

function distinct(signers: Known['signers']): Known['signers'] {
  return [...new Map(signers.map((one) => [JSON.stringify(one), one])).values()]
}

/** What is known of one image alone. */
export function knownOfImage(known: Known | undefined, image: ImageName): Known | undefined {
  const part = known?.parts?.find((one) => isSameRepository(one, image))
  if (known === undefined || part === undefined) return known
  const { signers, platforms, findings, more, named } = part
  return { at: known.at, counts: {}, signers, platforms, findings, more, named }
}

/** When one image was built that runs there, as its own evidence proved it. */
export function builtAtOf(
  running: { readonly builtAt: number | null; readonly known?: Known | undefined },
  image: ImageName,
): number | null {
  const { parts } = running.known ?? {}
  return parts === undefined ? running.builtAt : (parts.find((one) => isSameRepository(one, image))?.builtAt ?? null)
}

/** A look that asks for scans alone does not learn when an image was built: that stays as it was. */
export function withInstantsOf(before: Known | undefined, found: Known): Known {
  if (found.parts === undefined || before?.parts === undefined) return found
  const was = new Map(before.parts.map((part) => [formatImage(part), part.builtAt]))
  return {
    ...found,
    parts: found.parts.map((part) => ({ ...part, builtAt: was.get(formatImage(part)) ?? part.builtAt })),
  }
}
