/**
 * Sonatype Nexus: events of its Docker components and assets, signed over the body by HMAC-SHA1, without a digest or a host.
 * https://help.sonatype.com/en/example-headers-and-payloads.html
 */

import * as z from 'zod'
import { ClaimedRepository, Digest, signalOfTag, Tag } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { readBody } from './body.ts'
import { claimedDelivery, ClaimedText, ClaimedTime, derivedId } from './claim.ts'
import { verifyHmac, type HmacScheme } from './credential.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'
import { joinPath, pathOf, RepositoryPaths } from './repository-path.ts'

const NAME_LENGTH_MAX = 512
/** An HMAC does not need its hash to be free of collisions: with SHA-1 it still can't be forged. */
const SIGNATURE: HmacScheme = { header: 'x-nexus-webhook-signature', hash: 'SHA-1', encoding: 'hex' }
/** The asset that is a manifest; others are layers. */
const MANIFEST = /^\/?v2\/(?<name>.+)\/manifests\/(?<version>[^/]+)$/u

const Settings = z.strictObject({
  type: z.literal('nexus'),
  secret: SecretReferences,
  paths: RepositoryPaths.optional(),
})
type Settings = z.infer<typeof Settings>

const Name = z.string().max(NAME_LENGTH_MAX)
const Payload = z.object({
  timestamp: ClaimedTime,
  initiator: ClaimedText,
  repositoryName: Name.nullish(),
  action: z.string().max(64).nullish(),
  /** The version is the tag, or the digest of a manifest without one. */
  component: z.object({ format: Name, name: Name, version: Name.nullish() }).nullish(),
  asset: z.object({ format: Name, name: Name }).nullish(),
})
type Payload = z.infer<typeof Payload>

function createParser(paths: RepositoryPaths | undefined): Parse {
  return (request, { now }) => {
    const payload = readBody(request, Payload)
    if (!payload.ok) return payload
    const { component, asset, action, repositoryName, initiator, timestamp } = payload.value
    const kind = kindOf(action)
    if (kind === null || (!component && !asset)) return ok({ outcome: 'ignored', reason: 'other-action' })
    if ((component ?? asset)?.format !== 'docker') return ok({ outcome: 'ignored', reason: 'not-an-image' })
    const image = component ?? MANIFEST.exec(asset?.name ?? '')?.groups
    if (!image) return ok({ outcome: 'ignored', reason: 'blob' })
    // With a port or a host of its own, as is usual, the repository's name is in no image.
    const path = pathOf(paths, repositoryName ?? '', '')
    if (path === null) return ok({ outcome: 'ignored', reason: 'other-registry' })
    const repository = ClaimedRepository.safeParse(joinPath(path, image['name'] ?? ''))
    if (!repository.success) return err({ reason: 'unknown-schema', detail: 'name: expected the name of an image' })
    const tag = Tag.safeParse(image['version']).data ?? null
    const digest = Digest.safeParse(image['version']).data ?? null
    if (tag === null && digest === null) return ok({ outcome: 'ignored', reason: 'nothing-named' })
    const event = {
      ...((kind === 'push' ? signalOfTag(tag ?? '') : null) ?? { kind, subject: null }),
      registry: null,
      repository: repository.data,
      tag,
      digest,
      mediaType: null,
      pusher: initiator?.replace(/\/[^/]*$/u, '') || null,
      occurredAt: timestamp,
    }
    const id = claimedDelivery(request, 'x-nexus-webhook-delivery') ?? derivedId(event, now)
    return ok({ outcome: 'events', events: [{ id, ...event }] })
  }
}

function kindOf(action: Payload['action']): 'push' | 'delete' | null {
  if (action === 'CREATED' || action === 'UPDATED') return 'push'
  return action === 'DELETED' ? 'delete' : null
}

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'default',
    parse: createParser(settings.paths),
    async authenticate(request, { isHmac }) {
      const proven = await verifyHmac(request, SIGNATURE, secret, isHmac)
      return proven.ok ? ok({ assurance: 'signed-body', secret: proven.value }) : proven
    },
  }
}

/** Host and port are those of the repository's connector: only the configuration knows them. */
export const nexus: ReceiverType<Settings> = { type: 'nexus', Settings, create, parse: createParser(undefined) }
