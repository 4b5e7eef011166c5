/**
 * GitHub's container registry: `package` and `registry_package` events, one for each manifest, signed over the body.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#package
 */

import * as z from 'zod'
import { Registry, Repository, Tag, type Digest } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { describeIssue, readBody } from './body.ts'
import { claimedDelivery, ClaimedDigest, ClaimedText, ClaimedTime, derivedId } from './claim.ts'
import { contentOf } from './content.ts'
import { verifyHmac, type HmacScheme } from './credential.ts'
import type { BodyRefusalReason, Parse, Received, Receiver, ReceiverType, Refusal, SecretOf } from './receiver.ts'

const HOST = Registry.parse('ghcr.io')
const URL_LENGTH_MAX = 1024
/** `create` is what GitHub sent in 2020. There is no event for a deletion. */
const PUSHES: ReadonlySet<string> = new Set(['published', 'updated', 'create'])
/** SHA-1, in `x-hub-signature`, is not looked at. */
const SIGNATURE: HmacScheme = { header: 'x-hub-signature-256', hash: 'SHA-256', encoding: 'hex', prefix: 'sha256=' }

const Settings = z.strictObject({ type: z.literal('ghcr'), secret: SecretReferences })
type Settings = z.infer<typeof Settings>

const Url = z.string().max(URL_LENGTH_MAX).nullable().catch(null)
const Owner = z.object({ login: ClaimedText }).nullable().catch(null)

/** GitHub's payloads drifted for years, so nothing is taken for given but what makes an event. */
const Package = z.object({
  package_type: ClaimedText,
  ecosystem: ClaimedText,
  registry: z.object({ type: ClaimedText, url: Url }).nullable().catch(null),
  name: ClaimedText,
  namespace: ClaimedText,
  owner: Owner,
  updated_at: ClaimedTime,
  package_version: z.unknown().optional(),
})
type Package = z.infer<typeof Package>

const Version = z.object({
  version: ClaimedText,
  name: ClaimedText,
  package_url: Url,
  updated_at: ClaimedTime,
  container_metadata: z
    .object({
      tag: z.object({ name: Tag.or(z.literal('')).nullish(), digest: ClaimedText }).nullish(),
      manifest: z
        .object({
          digest: ClaimedText,
          media_type: ClaimedText,
          config: z.object({ media_type: ClaimedText }).nullable().catch(null),
        })
        .nullish(),
    })
    .nullish(),
})
type Version = z.infer<typeof Version>

const Payload = z.object({
  action: ClaimedText,
  zen: ClaimedText,
  package: Package.optional(),
  registry_package: Package.optional(),
  sender: Owner,
})

/** By the body alone: of a request, nothing else is signed. */
const parse: Parse = (request, { now }) => {
  const payload = readBody(request, Payload)
  if (!payload.ok) return payload
  const { action, zen, sender, package: told = payload.value.registry_package } = payload.value
  if (told === undefined && zen !== null) return ok({ outcome: 'ping' })
  if (told === undefined) return refuse('expected package or registry_package')
  if (!PUSHES.has(action ?? '')) return ok({ outcome: 'ignored', reason: 'other-action' })
  if (!isContainer(told)) return ok({ outcome: 'ignored', reason: 'not-an-image' })
  const version = Version.safeParse(told.package_version)
  if (!version.success) return refuse(`package_version: ${describeIssue(version.error)}`)
  const repository = repositoryOf(told, version.data)
  if (repository === null) return refuse('expected the name of a package and its owner')
  const pushed = {
    repository,
    pusher: sender?.login ?? null,
    delivery: claimedDelivery(request, 'x-github-delivery'),
  }
  return ok(readPush(told, version.data, pushed, now))
}

type Pushed = { readonly repository: Repository; readonly pusher: string | null; readonly delivery: string | null }

function readPush(told: Package, version: Version, { repository, pusher, delivery }: Pushed, now: number): Received {
  const manifest = version.container_metadata?.manifest ?? null
  const tag = tagOf(version)
  // A manifest whose digests disagree is an event still: the registry knows.
  if (tag === null && !version.container_metadata) return { outcome: 'ignored', reason: 'nothing-named' }
  const content = contentOf(tag, [manifest?.media_type ?? null, manifest?.config?.media_type ?? null])
  if (content.kind === 'not-an-image') return { outcome: 'ignored', reason: content.kind }
  const event = {
    kind: content.kind,
    registry: HOST,
    repository,
    tag,
    digest: digestOf(version),
    mediaType: manifest?.media_type ?? null,
    subject: content.kind === 'push' ? null : content.subject,
    pusher,
    occurredAt: version.updated_at ?? told.updated_at,
  }
  return { outcome: 'events', events: [{ id: delivery ?? derivedId(event, now), ...event }] }
}

/**
 * The samples of GitHub's own documentation call a container `npm`, and an npm package's ecosystem `docker`. A package of type
 * `docker` was pushed to the registry before this one, whose images moved here.
 */
function isContainer({ registry, package_type, ecosystem }: Package): boolean {
  const types = [registry?.type, package_type ?? ecosystem]
  return package_type?.toLowerCase() === 'docker' || types.some((type) => type?.toLowerCase() === 'container')
}

/** Lower case, as `docker pull` wants it: owners may write themselves otherwise. */
function repositoryOf(told: Package, { package_url }: Version): Repository | null {
  const { registry, owner, namespace, name } = told
  const parts = [owner?.login ?? namespace, name]
  const whole = parts.includes(null) ? null : parts.join('/')
  const named = pathOn(package_url) ?? pathOn(registry?.url ?? null) ?? whole
  return Repository.safeParse(named?.toLowerCase()).data ?? null
}

/** `acme/payments` of `ghcr.io/acme/payments:1.4.2`, of a tag's empty end, and of a URL. Null where it is another host's. */
function pathOn(url: string | null): string | null {
  return /^(?:https:\/\/)?ghcr\.io\/(?<path>[^:@]+)/iu.exec(url ?? '')?.groups?.['path'] ?? null
}

/** Until 2019 there was no metadata, and the version was the tag; today it is the digest. */
function tagOf({ container_metadata, version }: Version): Tag | null {
  if (container_metadata) return container_metadata.tag?.name || null
  return Tag.safeParse(version).data ?? null
}

/** It stands in up to four places, of which the manifest's own rules, right or wrong: the registry knows. */
function digestOf({ container_metadata, version, name }: Version): Digest | null {
  const claims = [container_metadata?.manifest?.digest, container_metadata?.tag?.digest, version, name]
  return ClaimedDigest.parse(claims.find((claim) => claim?.includes(':')) ?? null)
}

function refuse(detail: string): Result<never, Refusal<BodyRefusalReason>> {
  return err({ reason: 'unknown-schema', detail })
}

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'default',
    parse,
    async authenticate(request, { isHmac }) {
      const proven = await verifyHmac(request, SIGNATURE, secret, isHmac)
      return proven.ok ? ok({ assurance: 'signed-body', secret: proven.value }) : proven
    },
  }
}

/** Speaks for `ghcr.io` alone. GitHub does not deliver again by itself, so what it could not deliver is found by the sweep. */
export const ghcr: ReceiverType<Settings> = { type: 'ghcr', Settings, host: HOST, create, parse }
