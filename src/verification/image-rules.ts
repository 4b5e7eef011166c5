/** Judges an image by what its manifest and configuration show: pure, each outcome with a reason that helps. */

import { formatDuration } from '../domain/duration.ts'
import type { ImageFacts, Layer, PlatformFacts } from '../domain/image-facts.ts'
import type { ImageRules } from '../domain/image-rules.ts'
import type { RunsAs } from '../domain/runs-as.ts'
import type { RuleOutcome } from '../domain/verdict.ts'

const MEGABYTE = 1_000_000
const BASE_DIGEST = 'org.opencontainers.image.base.digest'
/** More names than a person reads. */
const NAMED_MAX = 5
const NUMBER = /^[0-9]{1,10}$/u

export type ImageContext = {
  readonly image: ImageFacts
  /** What runs there now; null: nothing that we know. */
  readonly running: ImageFacts | null
  /** By the reference that the rule names: the facts of an allowed base; null: it can't be read. */
  readonly bases: Readonly<Record<string, ImageFacts | null>>
  /** As whom each target has it run. Absent or empty: there is no workload to ask. */
  readonly runsAs?: readonly RunsAs[] | undefined
  /** When we first knew that the tag points at this content. */
  readonly since: number
  readonly now: number
}

/** One outcome for each rule that is configured; `waiting` only where time alone will mend it. */
export function judgeImage(rules: ImageRules, context: ImageContext): readonly RuleOutcome[] {
  const { platforms } = context.image
  if (platforms.length === 0) return [outcome('platforms', 'the image has no platform at all')]
  const each = (rule: string, check: (platform: PlatformFacts) => string | null): RuleOutcome =>
    outcome(rule, firstOf(platforms, check))
  const outcomes: (RuleOutcome | null)[] = [
    given(rules.platforms, (wanted) => outcome('platforms', missingPlatforms(wanted, platforms))),
    given(rules.maximumSize, (max) => each('maximumSize', (platform) => tooLarge(platform, max))),
    given(rules.maximumLayers, (max) => each('maximumLayers', ({ layers }) => tooMany(layers, max))),
    given(rules.maximumGrowth, (max) => each('maximumGrowth', (platform) => grewTooMuch(platform, context, max))),
    given(rules.notRoot, () => notRoot(platforms, context.runsAs ?? [])),
    given(rules.bases, (bases) => each('bases', (platform) => strangeBase(platform, bases, context.bases))),
    given(rules.labels, (wanted) => each('labels', ({ labels }) => missingText(wanted, labels))),
    given(rules.annotations, (wanted) =>
      each('annotations', (one) => missingText(wanted, annotationsOf(one, context))),
    ),
    given(rules.minimumAge, (age) => tooYoung(age, context)),
  ]
  return outcomes.filter((one) => one !== null)
}

function given<T>(rule: T | undefined, judge: (rule: T) => RuleOutcome): RuleOutcome | null {
  return rule === undefined ? null : judge(rule)
}

function outcome(rule: string, problem: string | null): RuleOutcome {
  return { rule: `image ${rule}`, state: problem === null ? 'held' : 'failed', detail: problem ?? 'as it should be' }
}

/** The first platform's problem, told with its name: one bad platform is a bad image. */
function firstOf(
  platforms: readonly PlatformFacts[],
  check: (platform: PlatformFacts) => string | null,
): string | null {
  for (const platform of platforms) {
    const problem = check(platform)
    if (problem !== null) return platforms.length === 1 ? problem : `${nameOf(platform)}: ${problem}`
  }
  return null
}

/** `linux/arm64` is met by `linux/arm64/v8`, not the other way round. */
function missingPlatforms(wanted: readonly string[], platforms: readonly PlatformFacts[]): string | null {
  const there = platforms.map(({ platform }) => platform ?? '')
  const missing = wanted.filter((one) => !there.some((name) => name === one || name.startsWith(`${one}/`)))
  if (missing.length === 0) return null
  return `${missing.join(', ')} missing; the image has ${platforms.map(nameOf).join(', ')}`
}

function tooLarge({ layers }: PlatformFacts, max: number): string | null {
  const size = sizeOf(layers)
  return size <= max ? null : `${megabytes(size)} compressed, limit ${megabytes(max)}: ${largest(layers)}`
}

function tooMany(layers: readonly Layer[], max: number): string | null {
  return layers.length <= max ? null : `${layers.length} layers, limit ${max}`
}

/** Held where nothing runs yet, and for a platform that is new: there is nothing to compare with. */
function grewTooMuch(platform: PlatformFacts, { running }: ImageContext, max: number): string | null {
  const before = running?.platforms.find((one) => one.platform === platform.platform)
  if (before === undefined) return null
  const was = sizeOf(before.layers)
  const is = sizeOf(platform.layers)
  if (is <= was * (1 + max / 100)) return null
  const percent = was === 0 ? 'from nothing' : `${Math.floor(((is - was) / was) * 100)} %`
  const known = new Set(before.layers.map(({ digest }) => digest))
  const added = platform.layers.map((layer, at) => ({ layer, at })).filter(({ layer }) => !known.has(layer.digest))
  const worst = added.toSorted((a, b) => b.layer.size - a.layer.size)[0]
  const blame = worst === undefined ? '' : `: layer ${worst.at + 1} adds ${megabytes(worst.layer.size)}`
  return `${percent} larger than what runs, limit ${max} %${blame}`
}

/** What a workload sets takes the place of what the image says; every workload and every platform counts. */
function notRoot(platforms: readonly PlatformFacts[], runsAs: readonly RunsAs[]): RuleOutcome {
  const root = runsAs.find(({ user }) => user === 0)
  if (root !== undefined) return outcome('notRoot', `${root.where} sets runAsUser: 0, which is root`)
  const setting = runsAs.filter(({ user }) => user !== null)
  const leaving = runsAs.filter(({ user }) => user === null)
  const told = setting.slice(0, NAMED_MAX).map(({ where, user }) => `${where} sets runAsUser: ${user}`)
  if (setting.length > 0 && leaving.length === 0) return held('notRoot', told)
  const problem = firstOf(platforms, rootProblem)
  if (problem !== null) return outcome('notRoot', `${problem}${whyImageCounts(leaving)}`)
  return held('notRoot', [...new Set(platforms.map(({ user }) => `the image's user is ${user}`)), ...told])
}

function held(rule: string, details: readonly string[]): RuleOutcome {
  return { rule: `image ${rule}`, state: 'held', detail: details.join(', ') }
}

/** Where it is set instead is what whoever reads this has to know. */
function whyImageCounts([first]: readonly RunsAs[]): string {
  if (first === undefined) return ''
  const kept = first.mustNotBeRoot ? ', and its runAsNonRoot would keep it from starting' : ''
  return ` (${first.where} sets no runAsUser${kept})`
}

/** A name may be any number in the image's own `/etc/passwd`, 0 too: only a number proves it, as the kubelet has it. */
function rootProblem({ user }: PlatformFacts): string | null {
  const [name = ''] = user.split(':')
  if (NUMBER.test(name)) return Number(name) === 0 ? 'its user is 0, which is root' : null
  if (name === '' || name === 'root')
    return 'it runs as root: set USER to a number other than 0, or runAsUser in the workload'
  return `its user is ${name}, a name that may stand for 0: set USER to a number, or runAsUser in the workload`
}

/** The layers decide; the annotation alone is the builder's claim. */
function strangeBase(platform: PlatformFacts, allowed: readonly string[], bases: ImageContext['bases']): string | null {
  const unread = allowed.filter((name) => (bases[name] ?? null) === null)
  if (allowed.some((name) => isBuiltOn(platform, bases[name] ?? null))) return null
  const claimed = platform.annotations[BASE_DIGEST]
  const claim = claimed === undefined ? '' : `; it says that it is built on ${claimed}`
  const blind = unread.length === 0 ? '' : `; ${unread.join(', ')} could not be read`
  return `its first layers are those of no allowed base${claim}${blind}`
}

function isBuiltOn(platform: PlatformFacts, base: ImageFacts | null): boolean {
  const below = base?.platforms.find((one) => one.platform === platform.platform)
  if (below === undefined || below.layers.length === 0) return false
  return below.layers.every(({ digest }, at) => platform.layers[at]?.digest === digest)
}

function missingText(wanted: Readonly<Record<string, string>>, found: Readonly<Record<string, string>>): string | null {
  for (const [name, value] of Object.entries(wanted)) {
    const there = Object.hasOwn(found, name) ? (found[name] ?? '') : ''
    if (there === '') return `${name} is missing, expected ${value === '*' ? 'any text' : value}`
    if (value !== '*' && there !== value) return `${name} is ${there}, expected ${value}`
  }
  return null
}

/** Those of the index count for each of its platforms; the platform's own win. */
function annotationsOf(platform: PlatformFacts, { image }: ImageContext): Readonly<Record<string, string>> {
  return { ...image.annotations, ...platform.annotations }
}

function tooYoung(age: number, { since, now }: ImageContext): RuleOutcome {
  const rule = 'image minimumAge'
  const known = Math.max(0, now - since)
  if (known >= age) return { rule, state: 'held', detail: `known for ${formatDuration(known)}` }
  return { rule, state: 'waiting', detail: `known for ${formatDuration(known)}, expected ${formatDuration(age)}` }
}

function sizeOf(layers: readonly Layer[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0)
}

function largest(layers: readonly Layer[]): string {
  const [worst] = layers.map((layer, at) => ({ layer, at })).toSorted((a, b) => b.layer.size - a.layer.size)
  return worst === undefined ? 'no layers' : `layer ${worst.at + 1} has ${megabytes(worst.layer.size)}`
}

function nameOf({ platform }: PlatformFacts): string {
  return platform ?? 'a platform without a name'
}

function megabytes(bytes: number): string {
  return bytes < 10 * MEGABYTE ? `${(bytes / MEGABYTE).toFixed(1)} MB` : `${Math.round(bytes / MEGABYTE)} MB`
}
