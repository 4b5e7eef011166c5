/**
 * Gitea and Forgejo: `package` events, one for each manifest, signed over the body.
 * https://docs.gitea.com/usage/webhooks
 */

import * as z from 'zod'
import { ClaimedRepository, Digest, signalOfTag, Tag } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { readBody } from './body.ts'
import { claimedDelivery, ClaimedHost, ClaimedText, ClaimedTime, derivedId } from './claim.ts'
import { verifyHmac, type HmacScheme } from './credential.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'

const NAME_LENGTH_MAX = 255
const URL_LENGTH_MAX = 1024
/** Without a secret Gitea sends this header empty, which proves nothing and is refused. */
const SIGNATURE: HmacScheme = { header: 'x-gitea-signature', hash: 'SHA-256', encoding: 'hex' }

const Settings = z.strictObject({ type: z.literal('gitea'), secret: SecretReferences })
type Settings = z.infer<typeof Settings>

const Person = z.object({ login: ClaimedText }).nullable().catch(null)
const Payload = z.object({
  action: ClaimedText,
  package: z
    .object({
      type: z.string().max(64),
      owner: z.object({ login: z.string().max(NAME_LENGTH_MAX) }),
      name: z.string().max(NAME_LENGTH_MAX),
      /** The tag, or the digest of a manifest without one. */
      version: z.string().max(NAME_LENGTH_MAX),
      html_url: z.string().max(URL_LENGTH_MAX).nullable().catch(null),
      created_at: ClaimedTime,
    })
    .nullish(),
  sender: Person,
})

const parse: Parse = (request, { now }) => {
  const payload = readBody(request, Payload)
  if (!payload.ok) return payload
  const { action, package: told, sender } = payload.value
  if (!told || (action !== 'created' && action !== 'deleted')) return ok({ outcome: 'ignored', reason: 'other-action' })
  if (told.type !== 'container') return ok({ outcome: 'ignored', reason: 'not-an-image' })
  // Lower case, as the registry keeps it: an owner may be written otherwise.
  const repository = ClaimedRepository.safeParse(`${told.owner.login}/${told.name}`.toLowerCase())
  if (!repository.success) return err({ reason: 'unknown-schema', detail: 'package: expected an owner and a name' })
  const tag = Tag.safeParse(told.version).data ?? null
  const digest = Digest.safeParse(told.version).data ?? null
  if (tag === null && digest === null) return ok({ outcome: 'ignored', reason: 'nothing-named' })
  const about = action === 'deleted' ? { kind: 'delete' as const, subject: null } : signalOfTag(tag ?? '')
  const event = {
    ...(about ?? { kind: 'push' as const, subject: null }),
    registry: ClaimedHost.parse(URL.parse(told.html_url ?? '')?.host ?? null),
    repository: repository.data,
    tag,
    digest,
    mediaType: null,
    pusher: sender?.login ?? null,
    occurredAt: told.created_at,
  }
  return ok({
    outcome: 'events',
    events: [{ id: claimedDelivery(request, 'x-gitea-delivery') ?? derivedId(event, now), ...event }],
  })
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

/** Forgejo sends the same headers beside its own. */
export const gitea: ReceiverType<Settings> = { type: 'gitea', Settings, create, parse }
