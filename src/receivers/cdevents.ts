/**
 * CDEvents: artifacts that a pipeline published, signed or deleted, named by package URL; alone or as a CloudEvent's data.
 * https://github.com/cdevents/spec/blob/main/continuous-integration.md
 */

import * as z from 'zod'
import type { RegistryEvent } from '../domain/event.ts'
import { signalOfTag, type ImageReference } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { ClaimedId, ClaimedText, ClaimedTime, derivedId } from './claim.ts'
import { cloudEventId, createCloudEventReceiver, readCloudEvents, senderSettings } from './cloud-event.ts'
import { parseImagePackageUrl } from './package-url.ts'
import type { Reading } from './readings.ts'
import type { Parse, ReceiverType } from './receiver.ts'

const SUBJECT_LENGTH_MAX = 4096
const TYPE = /^dev\.cdevents\.artifact\.(?<what>published|signed|deleted)\./u

const Settings = z.strictObject({ type: z.literal('cdevents'), ...senderSettings })
type Settings = z.infer<typeof Settings>

/** The type is the event's own: what is sent around it may say another. */
const CDEvent = z.preprocess(
  unwrapped,
  z.object({
    context: z.object({
      id: ClaimedId,
      source: ClaimedText,
      type: z.string().max(256),
      timestamp: ClaimedTime,
    }),
    subject: z.object({
      id: z.string().max(SUBJECT_LENGTH_MAX),
      content: z.object({ user: ClaimedText }).nullable().catch(null),
    }),
  }),
)
type CDEvent = z.infer<typeof CDEvent>

function unwrapped(event: unknown): unknown {
  const isObject = typeof event === 'object' && event !== null
  return isObject && 'data' in event && !('context' in event) ? event.data : event
}

const parse: Parse = (request, { now }) => readCloudEvents(request, CDEvent, (event) => read(event, now))

function read({ context, subject }: CDEvent, now: number): Reading {
  const what = TYPE.exec(context.type)?.groups?.['what']
  if (what === undefined) {
    return err({ reason: 'other-action', detail: 'expected the type artifact.published, signed or deleted' })
  }
  const image = parseImagePackageUrl(subject.id)
  if (!image.ok)
    return err({ reason: REASONS[image.error], detail: 'subject.id: expected pkg:oci/… with repository_url' })
  const about = aboutOf(what, image.value)
  if (about === null) return err({ reason: 'nothing-named', detail: 'subject.id: expected a digest or a tag' })
  const { registry, repository } = image.value
  const around = { mediaType: null, pusher: subject.content?.user ?? null, occurredAt: context.timestamp }
  const said = { ...about, registry, repository, ...around }
  return ok({ id: cloudEventId(context) ?? derivedId(said, now), ...said })
}

const REASONS = { malformed: 'malformed-event', 'other-type': 'not-an-image', unnamed: 'nothing-named' } as const

type About = Pick<RegistryEvent, 'kind' | 'subject' | 'tag' | 'digest'>

/** The signature that is embedded in `signed` is a claim and no proof: it is looked for where the image is. */
function aboutOf(what: string, { tag, digest }: ImageReference): About | null {
  if (tag === null && digest === null) return null
  if (what === 'deleted') return { kind: 'delete', subject: null, tag, digest }
  if (what === 'published') return { ...(signalOfTag(tag ?? '') ?? { kind: 'push', subject: null }), tag, digest }
  return digest === null ? null : { kind: 'signature', subject: digest, tag: null, digest: null }
}

/** Packages of all kinds and many hosts: an image counts where a subscription follows it. */
export const cdevents: ReceiverType<Settings> = {
  type: 'cdevents',
  Settings,
  manyHosts: true,
  create: (settings, secretOf) => createCloudEventReceiver(settings, secretOf, parse),
  parse,
}
