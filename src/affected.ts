/** Which stages run what a finding, a digest or a signer names: from what was found when each was looked at. Reads only, asks nobody. */

import type { Candidate } from './domain/candidate.ts'
import { formatImage, type PinnedImage } from './domain/image.ts'
import type { Known } from './domain/known.ts'
import { foundThere, type Line, type StageState } from './domain/line.ts'
import { knownOfImage } from './domain/proven.ts'
import type { Subscription } from './domain/subscription.ts'
import type { Documents } from './state/documents.ts'
import { readAll } from './status.ts'

export type AffectedPlace = {
  readonly subscription: string
  readonly stage: string
  readonly image: string
  /** `runs`, or on its way there. */
  readonly how: 'runs' | 'on-its-way'
  /** Why it is named here, for a person. */
  readonly detail: string
  /** When its evidence was looked at last; null: for a digest nothing has to be looked at. */
  readonly seenAt: number | null
  readonly owners: readonly string[]
}

export type Affected = {
  readonly subject: string
  readonly places: readonly AffectedPlace[]
  /** Where nobody can say: nothing was verified there, or not all of it was kept. Never read as "not affected". */
  readonly unknown: readonly AffectedPlace[]
}

type Held = { readonly how: AffectedPlace['how']; readonly candidate: Candidate; readonly known: Known | undefined }
type Found = { readonly is: 'affected' | 'unknown'; readonly detail: string; readonly seenAt: number | null }

/** `subject`: a digest, the id of a finding (`CVE-2026-1234`, `GHSA-…`), or a signer: its configured name, or who that is. */
export async function affected(
  subject: string,
  documents: Documents,
  configured: readonly Pick<Subscription, 'name' | 'owners'>[] = [],
): Promise<Affected> {
  const { documents: all, damaged } = await readAll(documents)
  const places: AffectedPlace[] = []
  const unknown: AffectedPlace[] = []
  for (const line of all.filter((document) => document.kind === 'line')) {
    const owners = configured.find(({ name }) => name === line.subscription)?.owners
    for (const { is, ...place } of placesIn(line, subject, owners)) (is === 'affected' ? places : unknown).push(place)
  }
  for (const { id, detail } of damaged)
    unknown.push({ ...nowhere, subscription: id, detail: `cannot be read: ${detail}` })
  return { subject, places, unknown }
}

const nowhere = { stage: '*', image: '', how: 'runs', seenAt: null, owners: [] } as const

function placesIn(line: Line, subject: string, owners: readonly string[] | undefined) {
  return Object.entries(line.stages).flatMap(([stage, state]) => {
    const held = heldAt(state).flatMap(({ how, candidate, known }) => {
      const pushedBy = candidate.pusher === undefined ? [] : [candidate.pusher]
      return candidate.images.flatMap((image) => {
        const found = judge(subject, image, knownOfImage(known, image))
        const place = { subscription: line.subscription, stage, image: formatImage(image), how }
        return found === null ? [] : [{ ...place, owners: owners ?? pushedBy, ...found }]
      })
    })
    const stray = judgeFound(subject, state)
    return stray === null ? held : [...held, { subscription: line.subscription, stage, owners: owners ?? [], ...stray }]
  })
}

function heldAt({ current, promotion }: StageState): readonly Held[] {
  const held: Held[] = []
  if (current.state === 'candidate') held.push({ how: 'runs', candidate: current.candidate, known: current.known })
  if (promotion !== undefined) {
    held.push({ how: 'on-its-way', candidate: promotion.candidate, known: promotion.proof?.known })
  }
  return held
}

function isDigest(subject: string): boolean {
  return subject.startsWith('sha256:')
}

function isFinding(subject: string): boolean {
  return /^(?:[A-Z]+-[0-9]{4}[:-]|GHSA-|ALAS|GO-|PYSEC-|RUSTSEC-)/iu.test(subject)
}

/** Null: it is not named, as far as all of it is known. */
function judge(subject: string, { digest }: PinnedImage, known: Known | undefined): Found | null {
  const seenAt = known?.at ?? null
  if (isDigest(subject)) {
    if (digest === subject) return { is: 'affected', detail: 'this very digest', seenAt: null }
    if (known?.platforms.some((platform) => platform === subject) !== true) return null
    return { is: 'affected', detail: 'a platform of it', seenAt }
  }
  if (known === undefined) return { is: 'unknown', detail: 'nothing was verified, so nothing is known of it', seenAt }
  const signer = known.signers.find(({ name, by }) => name === subject || by === subject)
  if (signer !== undefined) return { is: 'affected', detail: `signed by ${signer.name}: ${signer.by}`, seenAt }
  const finding = known.findings.find((id) => id.toLowerCase() === subject.toLowerCase())
  if (finding !== undefined) return { is: 'affected', detail: `a scan found ${finding}`, seenAt }
  const why = isFinding(subject) ? whyNotKnown(known) : null
  return why === null ? null : { is: 'unknown', detail: why, seenAt }
}

function whyNotKnown({ named, more }: Known): string | null {
  if (named === 'none') return 'no scan of it was finished'
  if (named === 'counts-alone') return 'a scanner gave counts alone, without names'
  return more > 0 ? `${more} findings of it were not kept` : null
}

/** What was there before us: known by its digest, if at all. */
function judgeFound(subject: string, state: StageState) {
  const { current } = state
  if (current.state !== 'found') return null
  const place = { image: foundThere(state) ?? '', how: 'runs', seenAt: null } as const
  const digests = (current.parts ?? [current]).map(({ digest }) => digest)
  if (isDigest(subject) && digests.some((digest) => digest === subject)) {
    return { ...place, is: 'affected' as const, detail: 'this very digest' }
  }
  if (isDigest(subject) && !digests.includes(null)) return null
  return { ...place, is: 'unknown' as const, detail: 'it was there before Drayage, and was never verified' }
}
