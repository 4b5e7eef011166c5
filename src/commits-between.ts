/** The commits between what runs and what comes, as far as images claim them by their labels: shown, and nothing is decided by it. */

import { compareUrl } from './domain/compare.ts'
import type { Document } from './domain/document.ts'
import type { EffectOf } from './domain/effect.ts'
import type { PinnedImage } from './domain/image.ts'
import type { Known } from './domain/known.ts'
import type { StageState } from './domain/line.ts'
import { isIn, type Commit, type Source } from './domain/source.ts'
import type { Ports } from './ports.ts'
import { subscriptionOf } from './rules.ts'

/** Null: nobody says, or the registry was not there: people are asked all the same. */
export async function compareByClaims(
  { stage, promotion: id }: EffectOf<'show'>,
  document: Document,
  ports: Ports,
): Promise<string | null> {
  const source = subscriptionOf(document.id, ports.config())?.source
  const state = document.kind === 'line' ? document.stages[stage] : undefined
  const { promotion } = state ?? {}
  if (source === undefined || state === undefined || promotion?.id !== id) return null
  const [image] = promotion.candidate.images
  const running = runningOf(state, image)
  if (running === null) return null
  try {
    const from = await commitOf(running.image, running.known, source, ports)
    const to = await commitOf(image, promotion.proof?.known, source, ports)
    return from === null || to === null ? null : compareUrl(from, to)
  } catch (error) {
    ports.log.warn('commits unknown', { promotion: id, detail: error instanceof Error ? error.message : 'unknown' })
    return null
  }
}

type Running = { readonly image: PinnedImage; readonly known: Known | undefined }

function runningOf({ current }: StageState, { registry, repository }: PinnedImage): Running | null {
  if (current.state === 'candidate') {
    const image = current.candidate.images.find((one) => one.registry === registry && one.repository === repository)
    return image === undefined ? null : { image, known: current.known }
  }
  if (current.state !== 'found' || current.tag === null || current.digest === null) return null
  return { image: { registry, repository, tag: current.tag, digest: current.digest }, known: undefined }
}

/** What was proven before what is claimed; either of the configured repository alone. */
async function commitOf(
  image: PinnedImage,
  known: Known | undefined,
  source: Source,
  { claimedCommit }: Ports,
): Promise<Commit | null> {
  const proven = known?.builtFrom
  const commit = proven ?? (claimedCommit === undefined ? null : await claimedCommit(image, source))
  return commit !== null && isIn(source, commit) ? commit : null
}
