/**
 * CloudEvents about images, in the form that Argo CD Image Updater documents, from senders that choose what they write:
 * pipelines, gateways, event brokers. What has a form of its own (Harbor, zot, CDEvents, Event Grid) has its own receiver.
 * https://argocd-image-updater.readthedocs.io/en/stable/configuration/webhook/
 */

import * as z from 'zod'
import type { RegistryEvent } from '../domain/event.ts'
import { ClaimedRepository, parseImageReference, signalOfTag, Tag, type Registry } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { describeIssue } from './body.ts'
import { ClaimedDigest, ClaimedHost, ClaimedText, derivedId } from './claim.ts'
import { CloudEvent, cloudEventId, createCloudEventReceiver, readCloudEvents, senderSettings } from './cloud-event.ts'
import { Account, hostOf as ecrHostOf, Region } from './ecr-host.ts'
import type { Reading } from './readings.ts'
import type { Parse, ReceiverType } from './receiver.ts'

const IMAGE_LENGTH_MAX = 1024
/** `container.push`, `com.example.image.pushed`, `org.container.image.published`, `io.example.image.deleted`. */
const TYPE = /(?:^|\.)(?:container|image)\.(?:[a-z0-9_-]+\.)*?(?<what>push|pushed|published|delete|deleted)$/u

const Settings = z.strictObject({ type: z.literal('cloudevents'), ...senderSettings })
type Settings = z.infer<typeof Settings>

const TagOrNone = Tag.nullable()

/** Several spellings are about; an image in one piece is the best of them. */
const Image = z.object({
  image: z.string().max(IMAGE_LENGTH_MAX).nullish(),
  repository: ClaimedText,
  repositoryName: ClaimedText,
  tag: ClaimedText,
  imageTag: ClaimedText,
  digest: ClaimedDigest,
  imageDigest: ClaimedDigest,
  registry: ClaimedText,
  registryUrl: ClaimedText,
})
type Image = z.infer<typeof Image>

const parse: Parse = (request, { now }) => readCloudEvents(request, CloudEvent, (event) => read(event, now))

function read(event: CloudEvent, now: number): Reading {
  const what = TYPE.exec(event.type)?.groups?.['what']
  if (what === undefined)
    return err({ reason: 'other-action', detail: 'expected the type of an image, such as image.pushed' })
  const data = Image.safeParse(event.data)
  if (!data.success) return err({ reason: 'malformed-event', detail: `data: ${describeIssue(data.error)}` })
  const image = data.data.image ? wholeOf(data.data.image) : partsOf(data.data, event)
  if (image === null) return err({ reason: 'malformed-event', detail: 'data: expected image, or repository and tag' })
  if (image.tag === null && image.digest === null)
    return err({ reason: 'nothing-named', detail: 'data: expected a tag or a digest' })
  const about = what.startsWith('delete') ? { kind: 'delete' as const, subject: null } : signalOfTag(image.tag ?? '')
  const around = { mediaType: null, pusher: null, occurredAt: event.time }
  const said = { ...(about ?? { kind: 'push' as const, subject: null }), ...image, ...around }
  return ok({ id: cloudEventId(event) ?? derivedId(said, now), ...said })
}

type Named = Pick<RegistryEvent, 'registry' | 'repository' | 'tag' | 'digest'>

function wholeOf(image: string): Named | null {
  const reference = parseImageReference(image)
  return reference.ok ? reference.value : null
}

/** What the data leaves out stands in the subject: `acme/payments:1.4.2`. */
function partsOf(data: Image, { source, subject }: CloudEvent): Named | null {
  const [named, tagged] = subject?.split(':', 2) ?? []
  const repository = ClaimedRepository.safeParse(data.repository ?? data.repositoryName ?? named)
  const tag = TagOrNone.safeParse(data.tag ?? data.imageTag ?? (tagged || null))
  if (!repository.success || !tag.success) return null
  const registry = hostOf(data.registryUrl) ?? hostOf(data.registry) ?? hostOfUrl(source) ?? hostOfEcr(source)
  return { registry, repository: repository.data, tag: tag.data, digest: data.digest ?? data.imageDigest }
}

/** `urn:aws:ecr:eu-west-1:123456789012:repository/…`, as a rule of EventBridge may write it. */
function hostOfEcr(source: string | null): Registry | null {
  const { region, account } =
    /^urn:aws:ecr:(?<region>[^:]+):(?<account>[^:]+):repository\//u.exec(source ?? '')?.groups ?? {}
  const place = z.object({ account: Account, region: Region }).safeParse({ account, region })
  return place.success ? ecrHostOf(place.data) : null
}

/** `registry.example.com:5000`, also as a URL. */
function hostOf(text: string | null): Registry | null {
  return ClaimedHost.parse(text) ?? hostOfUrl(text)
}

function hostOfUrl(text: string | null): Registry | null {
  const isUrl = text !== null && /^https?:\/\//u.test(text)
  return ClaimedHost.parse(isUrl ? (URL.parse(text)?.host ?? null) : null)
}

/** Their payloads name the host: it counts where a subscription follows it. */
export const cloudevents: ReceiverType<Settings> = {
  type: 'cloudevents',
  Settings,
  manyHosts: true,
  create: (settings, secretOf) => createCloudEventReceiver(settings, secretOf, parse),
  parse,
}
