/**
 * JFrog Artifactory: events of the domain `docker`, with a plain secret or a signature over the body, as the configuration says.
 * https://jfrog.com/help/r/jfrog-platform-administration-documentation/domain-docker
 */

import * as z from 'zod'
import { ClaimedRepository, Digest, signalOfTag, Tag } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { readBody } from './body.ts'
import { ClaimedHost, ClaimedText, derivedId } from './claim.ts'
import { verifyHeaderSecret, verifyHmac, type HmacScheme } from './credential.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'
import { joinPath, pathOf, RepositoryPaths } from './repository-path.ts'

const NAME_LENGTH_MAX = 512
const URL_LENGTH_MAX = 1024
const SHA256_HEX = /^[0-9a-f]{64}$/u
/** The header holds the secret itself or a signature made with it: never whichever fits. */
const HEADER = 'x-jfrog-event-auth'
const SIGNATURE: HmacScheme = { header: HEADER, hash: 'SHA-256', encoding: 'hex' }

const Settings = z.strictObject({
  type: z.literal('jfrog'),
  secret: SecretReferences,
  signed: z
    .boolean()
    .default(true)
    .describe('Whether the webhook has "Use secret for payload signing" on. `false`: the header is the secret itself.'),
  paths: RepositoryPaths.optional(),
})
type Settings = z.infer<typeof Settings>

const Name = z.string().max(NAME_LENGTH_MAX)
const Payload = z.object({
  domain: ClaimedText,
  event_type: ClaimedText,
  data: z.unknown().optional(),
  jpd_origin: z.string().max(URL_LENGTH_MAX).nullable().catch(null),
  source: ClaimedText,
})

const Image = z.object({
  repo_key: Name.min(1),
  /** `acme/payments/1.4.2/list.manifest.json` */
  path: Name.nullish(),
  image_name: Name.nullish(),
  tag: Tag.or(z.literal('')).nullish(),
  /** Of the manifest's file, and so the image's digest. */
  sha256: Name.nullish(),
})
type Image = z.infer<typeof Image>

/** A promotion is a copy into another repository: there, it is a push. */
const KINDS: ReadonlyMap<string | null, 'push' | 'delete'> = new Map([
  ['pushed', 'push'],
  ['promoted', 'push'],
  ['deleted', 'delete'],
])

function createParser(paths: RepositoryPaths | undefined): Parse {
  return (request, { now }) => {
    const payload = readBody(request, Payload)
    if (!payload.ok) return payload
    const { domain, event_type, jpd_origin, source } = payload.value
    const kind = KINDS.get(event_type)
    if (domain !== 'docker' || kind === undefined) return ok({ outcome: 'ignored', reason: 'other-action' })
    const image = Image.safeParse(payload.value.data)
    if (!image.success) return err({ reason: 'unknown-schema', detail: 'data: expected repo_key, image_name and tag' })
    // Charts come under this domain too; an image's file is a manifest.
    if (image.data.path?.endsWith('.tgz')) return ok({ outcome: 'ignored', reason: 'not-an-image' })
    const path = pathOf(paths, image.data.repo_key, image.data.repo_key)
    if (path === null) return ok({ outcome: 'ignored', reason: 'other-registry' })
    const repository = ClaimedRepository.safeParse(joinPath(path, imageOf(image.data)))
    if (!repository.success) return err({ reason: 'unknown-schema', detail: 'data: expected the name of an image' })
    const tag = image.data.tag || null
    const digest = digestOf(image.data)
    if (tag === null && digest === null) return ok({ outcome: 'ignored', reason: 'nothing-named' })
    const event = {
      ...((kind === 'push' ? signalOfTag(tag ?? '') : null) ?? { kind, subject: null }),
      registry: ClaimedHost.parse(URL.parse(jpd_origin ?? '')?.host ?? null),
      repository: repository.data,
      tag,
      digest,
      mediaType: null,
      pusher: source?.replace(/^jfrog\//u, '') || null,
      occurredAt: null,
    }
    return ok({ outcome: 'events', events: [{ id: derivedId(event, now), ...event }] })
  }
}

/** The path without tag and file; `image_name` may be its last part only. */
function imageOf({ path, image_name }: Image): string {
  const folders = path?.split('/').slice(0, -2) ?? []
  return folders.length > 0 ? folders.join('/') : (image_name ?? '')
}

function digestOf({ sha256 }: Image): Digest | null {
  return SHA256_HEX.test(sha256 ?? '') ? Digest.parse(`sha256:${sha256}`) : null
}

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'default',
    parse: createParser(settings.paths),
    async authenticate(request, { isHmac }) {
      const proven = settings.signed
        ? await verifyHmac(request, SIGNATURE, secret, isHmac)
        : await verifyHeaderSecret(request, HEADER, secret)
      return proven.ok
        ? ok({ assurance: settings.signed ? 'signed-body' : 'shared-secret', secret: proven.value })
        : proven
    },
  }
}

/** Users pull through a virtual repository or a host of its own, which the payload does not name: `paths` says where it stands. */
export const jfrog: ReceiverType<Settings> = { type: 'jfrog', Settings, create, parse: createParser(undefined) }
