/** The verifier over a registry: one digest is read, all that speaks about it is proven, and the policy decides. */

import type { Evidence } from '../domain/evidence.ts'
import type { ImageFacts } from '../domain/image-facts.ts'
import { parseImageReference, type Digest, type ImageName, type PinnedImage } from '../domain/image.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Policy } from '../domain/verification-policy.ts'
import { collectReports, reportsOfIndex } from './attached-reports.ts'
import type { Case } from './case.ts'
import { collectProofs, collectScans, type Tools } from './collect.ts'
import type { Attached } from './discover.ts'
import { imageContent } from './image-content.ts'
import { readImageFacts, type FactsProblem } from './image-facts.ts'
import { judgePolicy } from './policy.ts'
import type { ScanTarget } from './scans/judge.ts'
import type { Question, Verified, Verifier } from './verifier.ts'

export function createVerifier(tools: Tools): Verifier {
  return { verify: (question) => verify(tools, question) }
}

async function verify(tools: Tools, question: Question): Promise<Verified> {
  const { content, now, signers } = tools
  const { image, policy, runningBuiltAt } = question
  const manifest = await content.manifest(image, image.digest)
  if (!manifest.ok) throw new RetryLater(`${manifest.error.reason}: ${manifest.error.detail}`)
  if (manifest.value === null) return refused(`${image.digest} is not in its registry any more`, now())
  const needs = (kind: Policy['require'][number]['kind']): boolean => policy.require.some((one) => one.kind === kind)
  const isRead = needs('scan') || needs('image')
  const { evidence: proofs, attached } = await collectProofs(tools, image, manifest.value)
  const facts = isRead ? await factsOf(tools, image, image.digest) : null
  const platforms = facts === null || 'problem' in facts ? null : facts.platforms.map(targetOf)
  const reports = needs('scan') && platforms !== null ? await reportsOf(tools, attached, platforms) : []
  const children = needs('scan') && platforms !== null ? await proofsOfChildren(tools, image, platforms) : []
  const all = [...proofs, ...reports, ...children]
  const scans = needs('scan') ? await collectScans(tools, image, platforms ?? [], all) : []
  const evidence: readonly Evidence[] = [...all, ...scans, ...problemsOf(facts)]
  const images = facts === null || 'problem' in facts ? null : await contextOf(tools, question, facts)
  const given: Case = { policy, image, evidence, signers, platforms, facts: images, runningBuiltAt, now: now() }
  const others = (platforms ?? []).map(({ digest }) => digest).filter((digest) => digest !== image.digest)
  return { ...judgePolicy(given), evidence, platforms: others }
}

/** Of an image that is no index; an index is told where its reports would count. */
async function reportsOf(
  tools: Tools,
  attached: Attached,
  targets: readonly ScanTarget[],
): Promise<readonly Evidence[]> {
  const target = targets.find(({ digest }) => digest === attached.image.digest)
  return target === undefined ? reportsOfIndex(attached) : collectReports(tools, attached, target.platform)
}

/** CI scans platform by platform, and attests what it scanned. */
async function proofsOfChildren(
  tools: Tools,
  image: PinnedImage,
  targets: readonly ScanTarget[],
): Promise<readonly Evidence[]> {
  const found: Evidence[] = []
  for (const { digest, platform } of targets.filter((target) => target.digest !== image.digest)) {
    const manifest = await tools.content.manifest(image, digest)
    if (!manifest.ok) throw new RetryLater(`${manifest.error.reason}: ${manifest.error.detail}`)
    if (manifest.value === null) continue
    const { evidence, attached } = await collectProofs(tools, { ...image, digest }, manifest.value)
    found.push(...evidence, ...(await collectReports(tools, attached, platform)))
  }
  return found
}

function targetOf({ digest, platform }: ImageFacts['platforms'][number]): ScanTarget {
  return { digest, platform }
}

type Unread = { readonly problem: FactsProblem }

async function factsOf({ content }: Tools, image: ImageName, digest: Digest): Promise<ImageFacts | Unread> {
  const facts = await readImageFacts(imageContent(content, image), digest)
  return facts.ok ? facts.value : { problem: facts.error }
}

function problemsOf(facts: ImageFacts | Unread | null): readonly Evidence[] {
  if (facts === null || !('problem' in facts)) return []
  const { reason, detail } = facts.problem
  return [{ kind: 'rejected', source: 'image', format: null, reason, detail }]
}

/** What image rules compare with: what runs there, and the bases that may be built upon. */
async function contextOf(
  tools: Tools,
  { policy, image, running, since, runsAs }: Question,
  facts: ImageFacts,
): Promise<Case['facts']> {
  const read = async (name: ImageName, digest: Digest): Promise<ImageFacts | null> => {
    const found = await factsOf(tools, name, digest)
    return 'problem' in found ? null : found
  }
  const rules = policy.require.flatMap((one) => (one.kind === 'image' ? [one.rules] : []))
  const compares = rules.some(({ maximumGrowth }) => maximumGrowth !== undefined)
  const before =
    compares && running !== null && running.digest !== image.digest ? await read(running, running.digest) : null
  const bases: Record<string, ImageFacts | null> = {}
  for (const name of rules.flatMap((one) => one.bases ?? [])) {
    const base = pinnedOf(name)
    bases[name] = base === null ? null : await read(base, base.digest)
  }
  return { image: facts, running: before, bases, since, runsAs }
}

function pinnedOf(text: string): (ImageName & { readonly digest: Digest }) | null {
  const image = parseImageReference(text)
  if (!image.ok || image.value.digest === null) return null
  return { registry: image.value.registry, repository: image.value.repository, digest: image.value.digest }
}

function refused(detail: string, at: number): Verified {
  const outcomes = [{ rule: 'image', state: 'failed' as const, detail }]
  return { verdict: { state: 'distrusted', outcomes, at }, builtAt: null, evidence: [] }
}
