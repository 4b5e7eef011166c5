/**
 * Alibaba Cloud's container registry: one push per request, no signature; a secret in the URL is all that it can carry.
 * https://www.alibabacloud.com/help/en/acr/user-guide/manage-webhooks
 */

import * as z from 'zod'
import { ClaimedRepository, signalOfTag, Tag, type Registry } from '../domain/image.ts'
import { ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { readBody } from './body.ts'
import { ClaimedDigest, ClaimedHost, ClaimedText, derivedId } from './claim.ts'
import { verifyUrlSecret } from './credential.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'

const REGION = /^[a-z]{2,}(?:-[a-z0-9]+)+$/u

const Settings = z.strictObject({
  type: z.literal('alibaba'),
  secret: SecretReferences.describe("A reference to the last part of the webhook's URL."),
})
type Settings = z.infer<typeof Settings>

/** `pushed_at` says no zone, so it is not a time. */
const Payload = z.object({
  push_data: z.object({ digest: ClaimedDigest, tag: Tag.or(z.literal('')).nullish() }),
  repository: z.object({ repo_full_name: ClaimedRepository, region: ClaimedText }),
})

const parse: Parse = (request, { now }) => {
  const payload = readBody(request, Payload)
  if (!payload.ok) return payload
  const { push_data: push, repository } = payload.value
  const tag = push.tag || null
  if (tag === null && push.digest === null) return ok({ outcome: 'ignored', reason: 'nothing-named' })
  const event = {
    ...(signalOfTag(tag ?? '') ?? { kind: 'push' as const, subject: null }),
    registry: hostOf(repository.region),
    repository: repository.repo_full_name,
    tag,
    digest: push.digest,
    mediaType: null,
    pusher: null,
    occurredAt: null,
  }
  return ok({ outcome: 'events', events: [{ id: derivedId(event, now), ...event }] })
}

/** Of a personal instance; an enterprise instance has a host of its own, which no payload names. */
function hostOf(region: string | null): Registry | null {
  return ClaimedHost.parse(region !== null && REGION.test(region) ? `registry.${region}.aliyuncs.com` : null)
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

/** The host is the configuration's. A `registry_url` in the query, which other receivers follow, would let the caller choose it. */
export const alibaba: ReceiverType<Settings> = { type: 'alibaba', Settings, create, parse }
