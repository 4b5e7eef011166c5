/**
 * Mirantis Secure Registry (Docker Trusted Registry): one event per request, no signature; a secret in the URL is all that it can carry.
 * https://docs.mirantis.com/msr/2.9/ops/manage-webhooks/manage-webhooks-api/manage-content-structure-api/
 */

import * as z from 'zod'
import { parseImageReference, Repository, signalOfTag, Tag } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { describeIssue, readBody } from './body.ts'
import { ClaimedDigest, ClaimedText, ClaimedTime, derivedId } from './claim.ts'
import { verifyUrlSecret } from './credential.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'

const NAME_LENGTH_MAX = 255
const IMAGE_LENGTH_MAX = 1024
const KINDS: ReadonlyMap<string | null, 'push' | 'delete'> = new Map([
  ['TAG_PUSH', 'push'],
  ['TAG_DELETE', 'delete'],
])

const Settings = z.strictObject({
  type: z.literal('mirantis'),
  secret: SecretReferences.describe("A reference to the last part of the webhook's URL."),
})
type Settings = z.infer<typeof Settings>

const Payload = z.object({ type: ClaimedText, createdAt: ClaimedTime, contents: z.unknown().optional() })

const Name = z.string().max(NAME_LENGTH_MAX)
const Contents = z.object({
  namespace: Name,
  repository: Name,
  tag: Tag,
  digest: ClaimedDigest,
  imageName: z.string().max(IMAGE_LENGTH_MAX).nullable().catch(null),
  author: ClaimedText,
})

const parse: Parse = (request, { now }) => {
  const payload = readBody(request, Payload)
  if (!payload.ok) return payload
  const kind = KINDS.get(payload.value.type)
  if (kind === undefined) return ok({ outcome: 'ignored', reason: 'other-action' })
  const contents = Contents.safeParse(payload.value.contents)
  if (!contents.success) return err({ reason: 'unknown-schema', detail: `contents: ${describeIssue(contents.error)}` })
  const { namespace, repository, tag, digest, imageName, author } = contents.data
  const name = Repository.safeParse(`${namespace}/${repository}`)
  if (!name.success) return err({ reason: 'unknown-schema', detail: 'contents: expected a namespace and a repository' })
  const image = parseImageReference(imageName ?? '')
  const event = {
    ...((kind === 'push' ? signalOfTag(tag) : null) ?? { kind, subject: null }),
    registry: image.ok && image.value.repository === name.data ? image.value.registry : null,
    repository: name.data,
    tag,
    digest,
    mediaType: null,
    pusher: author,
    occurredAt: payload.value.createdAt,
  }
  return ok({ outcome: 'events', events: [{ id: derivedId(event, now), ...event }] })
}

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'default',
    parse,
    async authenticate(request) {
      const proven = await verifyUrlSecret(request, secret)
      return proven.ok ? ok({ assurance: 'url-secret', secret: proven.value }) : proven
    },
  }
}

/** The host is the configuration's; what `imageName` calls it is shown, never used. */
export const mirantis: ReceiverType<Settings> = { type: 'mirantis', Settings, create, parse }
