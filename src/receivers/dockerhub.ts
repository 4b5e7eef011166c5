/** Docker Hub: one push per request, no signature and no digest; a secret in the URL is all that it can carry. */

import * as z from 'zod'
import type { Http } from '../clients/http.ts'
import { Registry, Repository, Tag } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { readBody } from './body.ts'
import { ClaimedSeconds, ClaimedText, derivedId } from './claim.ts'
import { createConfirm, Confirm } from './dockerhub-tags.ts'
import { contentOf } from './content.ts'
import { verifyUrlSecret } from './credential.ts'
import type { BodyRefusalReason, Parse, Receiver, ReceiverType, Refusal, SecretOf } from './receiver.ts'

const HOST = Registry.parse('docker.io')
const NAME_LENGTH_MAX = 255
const SETTLE_MS = 3_000
/** A first part like this would be read as a registry's host. */
const HOST_LIKE = /[.:]|^localhost$/u

const Settings = z.strictObject({
  type: z.literal('dockerhub'),
  secret: SecretReferences,
  confirm: Confirm.optional(),
})
type Settings = z.infer<typeof Settings>

const Name = z.string().max(NAME_LENGTH_MAX).nullish()

/** `callback_url` is left out on purpose: whoever calls it lets the sender choose where we go. */
const Payload = z.object({
  push_data: z.object({ tag: Tag, pushed_at: ClaimedSeconds, pusher: ClaimedText, media_type: ClaimedText }),
  repository: z.object({ repo_name: Name, namespace: Name, name: Name }),
})
type Payload = z.infer<typeof Payload>

const parse: Parse = (request, { now }) => {
  const payload = readBody(request, Payload)
  if (!payload.ok) return payload
  const { push_data: push, repository } = payload.value
  const name = repositoryOf(repository)
  if (!name.ok) return name
  const content = contentOf(push.tag, [push.media_type])
  if (content.kind === 'not-an-image') return ok({ outcome: 'ignored', reason: content.kind })
  const event = {
    kind: content.kind,
    registry: HOST,
    repository: name.value,
    tag: push.tag,
    digest: null,
    mediaType: push.media_type,
    subject: content.kind === 'push' ? null : content.subject,
    pusher: push.pusher,
    occurredAt: push.pushed_at,
  }
  return ok({ outcome: 'events', events: [{ id: derivedId(event, now), ...event }] })
}

/** `repo_name` rules; its namespace must be the one that the payload names beside it. Official images live in `library`. */
function repositoryOf(repository: Payload['repository']): Result<Repository, Refusal<BodyRefusalReason>> {
  const { namespace, name } = repository
  const whole = repository.repo_name || [namespace, name].filter(Boolean).join('/')
  const parts = whole.includes('/') ? whole.split('/') : ['library', whole]
  const parsed = Repository.safeParse(parts.join('/'))
  if (!parsed.success || parts.length !== 2 || HOST_LIKE.test(parts[0] ?? '')) {
    return err({ reason: 'unknown-schema', detail: 'repository.repo_name: expected namespace/name' })
  }
  if (namespace && namespace !== parts[0]) {
    return err({ reason: 'unknown-schema', detail: 'repository.namespace: expected the namespace of repo_name' })
  }
  return ok(parsed.data)
}

function create(settings: Settings, secretOf: SecretOf, http: Http): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'default',
    parse,
    ...(settings.confirm !== undefined && {
      confirm: createConfirm(settings.confirm, { http, secretOf }),
    }),
    async authenticate(request) {
      const proven = await verifyUrlSecret(request, secret)
      return proven.ok ? ok({ assurance: 'url-secret', secret: proven.value }) : proven
    },
  }
}

/** Speaks for `docker.io` alone. One push of several platforms was seen to come six times (docker/hub-feedback#2148). */
export const dockerhub: ReceiverType<Settings> = {
  type: 'dockerhub',
  Settings,
  host: HOST,
  settleMs: SETTLE_MS,
  create,
  parse,
}
