/**
 * Google's registries, Artifact Registry and `gcr.io`: the topic `gcr` by Pub/Sub push, and Container Analysis' topics as
 * signals. https://cloud.google.com/artifact-registry/docs/configure-notifications
 */

import * as z from 'zod'
import type { RegistryEvent } from '../domain/event.ts'
import {
  isSameRepository,
  parseImageReference,
  type Digest,
  type ImageName,
  type Registry,
  type Tag,
} from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { describeIssue } from './body.ts'
import { ClaimedDigest, ClaimedTime } from './claim.ts'
import { contentOf } from './content.ts'
import type { Claims } from '../clients/jwt.ts'
import { verifyBearerToken } from './jwt.ts'
import { createKeySet } from '../clients/key-set.ts'
import { KeysUrl } from '../domain/keys-url.ts'
import { projectOf, readMessage, SubscriptionName, type Message } from './pubsub.ts'
import { receivedOf, type Reading } from './readings.ts'
import type { Parse, ReceiverType } from './receiver.ts'

const GOOGLE_KEYS = 'https://www.googleapis.com/oauth2/v3/certs'
const GOOGLE_ISSUERS = ['https://accounts.google.com', 'accounts.google.com']
const TEXT_LENGTH_MAX = 1024
/** As a whole, or `gcr.io.evil.example` were one of them. */
const HOST = /^(?:(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$/u

const Settings = z.strictObject({
  type: z.literal('gcr'),
  audience: z
    .string()
    .min(1)
    .max(TEXT_LENGTH_MAX)
    .describe("The subscription's audience, letter by letter; its push endpoint, where it names none."),
  serviceAccount: z
    .email()
    .max(TEXT_LENGTH_MAX)
    .describe('The service account of the push subscription: without it, anybody at Google could be the sender.'),
  subscription: SubscriptionName.optional().describe(
    'The one subscription that may push here. Messages of Container Analysis count only for its project.',
  ),
  keys: KeysUrl.default(GOOGLE_KEYS).describe("Where the issuer's public keys (JWKS) are, where that is not Google."),
})
type Settings = z.infer<typeof Settings>

const Reference = z.string().max(TEXT_LENGTH_MAX)
const Pushed = z.object({ action: z.string().max(32), tag: Reference.nullish(), digest: Reference.nullish() })
type Pushed = z.infer<typeof Pushed>

const Analysed = z.object({
  name: z.string().regex(/^projects\/[a-z0-9.:-]{1,128}\/(?:occurrences|notes)\/[A-Za-z0-9_.-]{1,100}$/u),
  kind: z.string().max(64),
  notificationTime: ClaimedTime,
})

/** Of the analyses that Google names, what each is to us. */
const ANALYSES: ReadonlyMap<string, 'scan' | 'attestation'> = new Map([
  ['VULNERABILITY', 'scan'],
  ['DISCOVERY', 'scan'],
  ['ATTESTATION', 'attestation'],
  ['DSSE_ATTESTATION', 'attestation'],
  ['SBOM_REFERENCE', 'attestation'],
  ['BUILD', 'attestation'],
])

type Binding = {
  readonly host: Registry | null
  readonly subscription: string | null
  /** False where a body is only tried. */
  readonly isBound: boolean
}

function createParser(binding: Binding): Parse {
  return (request) => {
    const message = readMessage(request)
    if (!message.ok) return message
    const { data, subscription } = message.value
    if (binding.subscription !== null && subscription !== binding.subscription) {
      return err({ reason: 'unknown-schema', detail: 'subscription: expected the configured one' })
    }
    if (data === null) return ok({ outcome: 'ignored', reason: 'no-events' })
    const analysed = Analysed.safeParse(data)
    if (analysed.success) return ok(receivedOf([readAnalysed(analysed.data, message.value, binding)]))
    const pushed = Pushed.safeParse(data)
    if (!pushed.success) return err({ reason: 'unknown-schema', detail: describeIssue(pushed.error) })
    const reading = readPushed(pushed.data, message.value, binding)
    if (!reading.ok && reading.error.reason === 'malformed-event') {
      return err({ reason: 'unknown-schema', detail: reading.error.detail })
    }
    return ok(receivedOf([reading]))
  }
}

function readPushed(pushed: Pushed, message: Message, { host }: Binding): Reading {
  const { action } = pushed
  if (action !== 'INSERT' && action !== 'DELETE') {
    return err({ reason: 'other-action', detail: 'expected the action INSERT or DELETE' })
  }
  const image = imageOf(pushed)
  if (!image.ok) return err({ reason: 'malformed-event', detail: image.error })
  if (action !== (message.attributes['action'] ?? action).toUpperCase()) {
    return err({ reason: 'malformed-event', detail: 'attributes.action: expected the action that data names' })
  }
  const { registry, tag } = image.value
  if (host !== null && registry !== host) return err({ reason: 'other-registry', detail: `it is about ${registry}` })
  const content = action === 'DELETE' ? { kind: 'delete' as const, subject: null } : contentOf(tag, [])
  // By a tag alone nothing is known to be no image.
  const about = content.kind === 'not-an-image' ? { kind: 'push' as const } : content
  return ok(eventOf({ subject: null, ...about, ...image.value }, message))
}

type Image = ImageName & { readonly tag: Tag | null; readonly digest: Digest | null }

/** Both are whole references, to one repository of Google's. */
function imageOf({ tag, digest }: Pushed): Result<Image, string> {
  const tagged = tag ? readReference(tag) : null
  const hashed = digest ? readReference(digest) : null
  const [image] = [tagged, hashed].filter((reference) => reference !== null)
  if (image === undefined) return err("expected a tag or a digest behind a host of Google's")
  if (tag && !tagged?.tag) return err("tag: expected a host of Google's, a repository and a tag")
  if (digest && hashed === null) return err("digest: expected a host of Google's, a repository and a digest")
  if (hashed !== null && !isSameRepository(image, hashed)) return err('tag and digest: expected one repository')
  const { registry, repository } = image
  return ok({ registry, repository, tag: tagged?.tag ?? null, digest: hashed?.digest ?? null })
}

/** A digest that is none costs nothing but itself. Null: no image in a registry of Google's. */
function readReference(text: string): Image | null {
  const at = text.indexOf('@')
  const image = parseImageReference(at < 0 ? text : text.slice(0, at))
  if (!image.ok || !HOST.test(image.value.registry)) return null
  return { ...image.value, digest: ClaimedDigest.parse(at < 0 ? null : text.slice(at + 1)) }
}

/** Its image stands with Google, under this name; whose project it is, the configured subscription says. */
function readAnalysed(
  { name, kind, notificationTime }: z.infer<typeof Analysed>,
  message: Message,
  by: Binding,
): Reading {
  const meaning = name.includes('/occurrences/') ? ANALYSES.get(kind) : undefined
  if (meaning === undefined)
    return err({ reason: 'other-action', detail: 'expected the kind of a scan or an attestation' })
  if (by.isBound && (by.subscription === null || !name.startsWith(`projects/${projectOf(by.subscription)}/`))) {
    return err({
      reason: 'other-registry',
      detail: 'expected an analysis in the project of the configured subscription',
    })
  }
  const nothing = { registry: null, repository: null, tag: null, digest: null, subject: null }
  const event = eventOf({ kind: meaning, ...nothing, occurrence: name }, message)
  return ok({ ...event, occurredAt: notificationTime ?? event.occurredAt })
}

type Facts = Omit<RegistryEvent, 'id' | 'mediaType' | 'pusher' | 'occurredAt'>

function eventOf(facts: Facts, { id, subscription, publishedAt }: Message): RegistryEvent {
  const whose = subscription === null ? id : `${subscription}/${id}`
  return { id: whose, ...facts, mediaType: null, pusher: null, occurredAt: publishedAt }
}

const create: ReceiverType<Settings>['create'] = (settings, _secretOf, http, host) => {
  const { audience, serviceAccount, subscription = null, keys } = settings
  const rules = {
    keys: createKeySet(new URL(keys), http),
    issuers: GOOGLE_ISSUERS,
    audiences: [audience],
    // CVE-2026-40109: Google signs a token for our audience to anybody who asks.
    identify: ({ email, email_verified: isVerified }: Claims) =>
      email === serviceAccount && isVerified === true ? null : 'the configured service account',
  }
  return {
    sender: 'pubsub',
    parse: createParser({ host, subscription, isBound: true }),
    async authenticate(request, { now }) {
      const verified = await verifyBearerToken(request, rules, now)
      return verified.ok ? ok({ assurance: 'authenticated-sender', secret: null }) : verified
    },
  }
}

/** One topic tells about all of a project's registries: `gcr.io`, and a `pkg.dev` host for each location. */
export const gcr: ReceiverType<Settings> = {
  type: 'gcr',
  Settings,
  manyHosts: true,
  hosts: { expected: "a host of Google's, such as europe-docker.pkg.dev", test: (host) => HOST.test(host) },
  create,
  parse: createParser({ host: null, subscription: null, isBound: false }),
}
