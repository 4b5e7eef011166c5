/**
 * zot: CloudEvents in the binary mode, with the whole manifest, and without a host; Basic authentication.
 * https://github.com/project-zot/zot/tree/main/pkg/extensions/events
 */

import * as z from 'zod'
import type { RegistryEvent } from '../domain/event.ts'
import { Repository, Tag } from '../domain/image.ts'
import { Json } from '../domain/json.ts'
import { err, ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { describeIssue } from './body.ts'
import { ClaimedDigest, ClaimedText, derivedId } from './claim.ts'
import { CloudEvent, cloudEventId, readCloudEvents } from './cloud-event.ts'
import { contentOf } from './content.ts'
import { verifyBasic } from './credential.ts'
import type { Reading } from './readings.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'

/** The part before is configurable in newer versions. */
const TYPE = /(?:^|\.)image\.(?<what>updated|deleted)$/u

const Settings = z.strictObject({
  type: z.literal('zot'),
  username: z.string().min(1).max(256).describe("The user name of the sink's `credentials`."),
  password: SecretReferences.describe('A reference to its password.'),
})
type Settings = z.infer<typeof Settings>

const Data = z.object({
  name: Repository,
  /** A tag, or the digest again. */
  reference: z.string().max(255),
  digest: ClaimedDigest,
  mediaType: ClaimedText,
  manifest: z.string().nullable().catch(null),
})
type Data = z.infer<typeof Data>

const Manifest = Json.pipe(
  z.object({
    artifactType: ClaimedText,
    config: z.object({ mediaType: ClaimedText }).nullable().catch(null),
    subject: z.object({ digest: ClaimedDigest }).nullable().catch(null),
  }),
)

const parse: Parse = (request, { now }) => readCloudEvents(request, CloudEvent, (event) => read(event, now))

function read(event: CloudEvent, now: number): Reading {
  const what = TYPE.exec(event.type)?.groups?.['what']
  if (what === undefined)
    return err({ reason: 'other-action', detail: 'expected the type image.updated or image.deleted' })
  const data = Data.safeParse(event.data)
  if (!data.success) return err({ reason: 'malformed-event', detail: describeIssue(data.error) })
  const { name: repository, reference, digest, mediaType } = data.data
  const tag = Tag.safeParse(reference).data ?? null
  if (tag === null && digest === null) {
    return err({ reason: 'nothing-named', detail: 'expected a tag or a well-formed digest' })
  }
  const about = what === 'deleted' ? { kind: 'delete' as const, subject: null } : aboutOf(tag, data.data)
  if (about === null) return err({ reason: 'not-an-image', detail: 'expected an image' })
  const said = { ...about, registry: null, repository, tag, digest, mediaType, pusher: null, occurredAt: event.time }
  return ok({ id: cloudEventId(event) ?? derivedId(said, now), ...said })
}

/** Going by the manifest that came along: it is not compared with its digest, for nothing is decided by it but what to look at. */
function aboutOf(tag: Tag | null, { mediaType, manifest }: Data): Pick<RegistryEvent, 'kind' | 'subject'> | null {
  const { artifactType, config, subject } = Manifest.safeParse(manifest).data ?? {}
  const content = contentOf(tag, [mediaType, artifactType ?? null, config?.mediaType ?? null])
  if (content.kind === 'not-an-image') return null
  if (content.kind !== 'push') return { kind: content.kind, subject: content.subject ?? subject?.digest ?? null }
  // What refers to an image is about it, and no image itself.
  return subject?.digest ? null : { kind: 'push', subject: null }
}

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const secret = secretOf(settings.password)
  return {
    sender: 'default',
    parse,
    async authenticate(request) {
      const proven = await verifyBasic(request, settings.username, secret)
      return proven.ok ? ok({ assurance: 'shared-secret', secret: proven.value }) : proven
    },
  }
}

/** zot sends once; what does not arrive is found by the sweep. */
export const zot: ReceiverType<Settings> = { type: 'zot', Settings, create, parse }
