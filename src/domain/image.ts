/** Names of images by the OCI distribution grammar, and the one normal form in which all comparisons are made. */

import * as z from 'zod'
import { err, ok, type Result } from './result.ts'

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`, 'u')
/** Not by the flag `i`, under which the Kelvin sign is a k. */
const REPOSITORY_OF_ANY_CASE = new RegExp(REPOSITORY.source.replaceAll('a-z', 'A-Za-z'), 'u')
const REGISTRY =
  /^(?:localhost|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/u
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/u
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/u
/** Host and repository together (distribution-spec, "Pulling manifests"). */
const NAME_LENGTH_MAX = 255
const REFERENCE_LENGTH_MAX = 1024
const DOCKER_HUB = 'docker.io'
const DOCKER_HUB_ALIASES = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'])
/** cosign's tags and the referrers fallback: about an image, never an image. */
const SIGNAL_TAG = /^sha256-(?<subject>[0-9a-f]{64})(?:\.(?<suffix>[A-Za-z0-9._-]+))?$/u

/** A registry's host, lower case, with its port where it is not the default one. */
export const Registry = z
  .string()
  .max(NAME_LENGTH_MAX)
  .transform(normaliseHost)
  .pipe(z.string().regex(REGISTRY, 'expected a host, such as registry.example.com:5000'))
  .brand<'Registry'>()
export type Registry = z.infer<typeof Registry>

export const Repository = z
  .string()
  .max(NAME_LENGTH_MAX)
  .regex(REPOSITORY, 'expected a lower-case path, such as acme/payments')
  .brand<'Repository'>()
export type Repository = z.infer<typeof Repository>

/**
 * A repository as a payload names it. Some senders write upper case, which no registry takes: such a name is kept as it came,
 * and nobody follows it.
 */
export const ClaimedRepository = z
  .string()
  .max(NAME_LENGTH_MAX)
  .regex(REPOSITORY_OF_ANY_CASE, 'expected a path, such as acme/payments')
export type ClaimedRepository = z.infer<typeof ClaimedRepository>

export const Tag = z.string().regex(TAG, 'expected a tag: at most 128 of A-Z a-z 0-9 _ . -').brand<'Tag'>()
export type Tag = z.infer<typeof Tag>

/** `Tag` without a parser's answer: lists of 100,000 tags are usual. */
export function isTag(text: string): text is Tag {
  return TAG.test(text)
}

export const Digest = z.string().regex(DIGEST, 'expected sha256: and 64 hex digits').brand<'Digest'>()
export type Digest = z.infer<typeof Digest>

/** To make a schema costs more than to use it, and every event has a reference or two. */
const TagOrNone = Tag.nullable()
const DigestOrNone = Digest.nullable()

/** Where an image lives, without saying which one. */
export const ImageName = z.object({ registry: Registry, repository: Repository })
export type ImageName = Readonly<z.infer<typeof ImageName>>

/** The only thing that is ever delivered: tag and digest. */
export const PinnedImage = ImageName.extend({ tag: Tag, digest: Digest })
export type PinnedImage = Readonly<z.infer<typeof PinnedImage>>

export type ImageReference = ImageName & { readonly tag: Tag | null; readonly digest: Digest | null }

export type ImageProblem = { readonly reason: 'malformed-image'; readonly expected: string; readonly found: string }

/** Reads a reference as people write it: `nginx` is `docker.io/library/nginx`. A missing tag stays null. */
export function parseImageReference(text: string): Result<ImageReference, ImageProblem> {
  const problem = (expected: string): Result<never, ImageProblem> =>
    err({ reason: 'malformed-image', expected, found: text.slice(0, REFERENCE_LENGTH_MAX) })
  if (text.length > REFERENCE_LENGTH_MAX) return problem(`at most ${REFERENCE_LENGTH_MAX} characters`)
  const at = text.indexOf('@')
  const named = at < 0 ? text : text.slice(0, at)
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const name = splitName(colon < 0 ? named : named.slice(0, colon))
  const registry = Registry.safeParse(name.registry)
  const repository = Repository.safeParse(name.repository)
  const tag = TagOrNone.safeParse(colon < 0 ? null : named.slice(colon + 1))
  const digest = DigestOrNone.safeParse(at < 0 ? null : text.slice(at + 1))
  if (!registry.success) return problem('a registry host before the first slash')
  if (!repository.success) return problem('a lower-case repository path, such as acme/payments')
  if (registry.data.length + repository.data.length + 1 > NAME_LENGTH_MAX) {
    return problem(`host and repository of at most ${NAME_LENGTH_MAX} characters`)
  }
  if (!tag.success) return problem('a tag of at most 128 of A-Z a-z 0-9 _ . - after the colon')
  if (!digest.success) return problem('sha256: and 64 hex digits after the @')
  return ok({ registry: registry.data, repository: repository.data, tag: tag.data, digest: digest.data })
}

/** Whole again: `registry/repository[:tag][@digest]`, always with the registry. */
export function formatImage(image: ImageName & { readonly tag?: Tag | null; readonly digest?: Digest | null }): string {
  const tag = image.tag ? `:${image.tag}` : ''
  const digest = image.digest ? `@${image.digest}` : ''
  return `${image.registry}/${image.repository}${tag}${digest}`
}

export function isSameRepository(a: ImageName, b: ImageName): boolean {
  return a.registry === b.registry && a.repository === b.repository
}

export type SignalTag = { readonly kind: 'signature' | 'attestation'; readonly subject: Digest }

/** What a tag says that is not an image's: cosign's `.sig`, `.att`, `.sbom`, and the referrers fallback. */
export function signalOfTag(tag: string): SignalTag | null {
  const groups = SIGNAL_TAG.exec(tag)?.groups
  if (groups === undefined) return null
  const subject = Digest.parse(`sha256:${groups['subject'] ?? ''}`)
  return { kind: groups['suffix'] === 'sig' || groups['suffix'] === undefined ? 'signature' : 'attestation', subject }
}

function splitName(name: string): { registry: string; repository: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const hasHost = /[.:[]/u.test(first) || first === 'localhost'
  const registry = hasHost ? first : DOCKER_HUB
  const repository = hasHost ? name.slice(slash + 1) : name
  const isOfficial = normaliseHost(registry) === DOCKER_HUB && !repository.includes('/')
  return { registry, repository: isOfficial ? `library/${repository}` : repository }
}

function normaliseHost(host: string): string {
  const lower = host.toLowerCase().replace(/:443$/u, '')
  return DOCKER_HUB_ALIASES.has(lower) ? DOCKER_HUB : lower
}

/** Whether two references, as written, name the same: `nginx:1` and `docker.io/library/nginx:1` do. */
export function isSameReference(a: string, b: string): boolean {
  if (a === b) return true
  const [left, right] = [parseImageReference(a), parseImageReference(b)]
  return left.ok && right.ok && formatImage(left.value) === formatImage(right.value)
}
