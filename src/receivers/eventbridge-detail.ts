/** What stands under `detail` in EventBridge's events of ECR and Inspector, by detail type. */

import * as z from 'zod'
import type { RegistryEvent } from '../domain/event.ts'
import { isTag, Repository, Tag } from '../domain/image.ts'
import { ClaimedDigest, ClaimedText } from './claim.ts'
import { contentOf } from './content.ts'
import { readRepositoryArn, type EcrPlace } from './ecr-host.ts'
import type { IgnoredReason } from './receiver.ts'

const WORD_LENGTH_MAX = 64
const ARN_LENGTH_MAX = 1024
const TAGS_MAX = 1000
const RESOURCES_MAX = 100

/** About an image, or why it is none of ours. */
export type Said = Facts | Passed
type Facts = Pick<RegistryEvent, 'kind' | 'repository' | 'tag' | 'digest' | 'mediaType' | 'subject'> & {
  /** Where it is not the envelope's. */
  readonly place?: EcrPlace
}
type Passed = { readonly passed: IgnoredReason; readonly detail: string }

const Word = z.string().max(WORD_LENGTH_MAX)
/** One of them, for people: a scan is about a digest. */
const FirstTag = z
  .array(z.unknown())
  .max(TAGS_MAX)
  .transform((tags): Tag | null => tags.find((tag): tag is Tag => typeof tag === 'string' && isTag(tag)) ?? null)
  .catch(null)

const Image = z.object({
  'repository-name': Repository,
  'image-digest': ClaimedDigest,
  /** Empty or missing where it was pushed by digest: a part of an index, mostly. */
  'image-tag': Tag.or(z.literal('')).nullish(),
  'manifest-media-type': ClaimedText,
  'artifact-media-type': ClaimedText,
})
type Image = z.infer<typeof Image>

/** A replication's event comes from where the image arrived. */
const ImageAction = Image.extend({ 'action-type': Word, result: Word }).transform((detail): readonly Said[] => {
  if (detail.result !== 'SUCCESS') return [passed('other-action', 'expected the result SUCCESS')]
  switch (detail['action-type']) {
    case 'PUSH':
    case 'REPLICATE':
      return [pushOf(detail)]
    case 'DELETE':
      return [{ ...namesOf(detail), kind: 'delete', subject: null }]
    default:
      return [passed('other-action', 'expected the action PUSH, REPLICATE or DELETE')]
  }
})

/** Its image is the signature or attestation itself; which image that is about stands in its manifest alone. */
const ReferrerAction = Image.extend({ 'action-type': Word, result: Word }).transform((detail): readonly Said[] => {
  if (detail['action-type'] !== 'PUSH' || detail.result !== 'SUCCESS') {
    return [passed('other-action', 'expected the action PUSH and the result SUCCESS')]
  }
  const content = contentOf(null, [detail['artifact-media-type']])
  const kind = content.kind === 'signature' ? content.kind : 'attestation'
  return [{ ...namesOf(detail), kind, subject: null }]
})

/** Nobody of ours pushed it; it is an image like others all the same. */
const PullThroughCacheAction = Image.extend({ 'sync-status': Word }).transform((detail): readonly Said[] =>
  detail['sync-status'] === 'SUCCESS'
    ? [pushOf(detail)]
    : [passed('other-action', 'expected the synchronisation SUCCESS')],
)

/** A failed one is news too: whoever waits for a scan must not wait for ever. */
const BasicScan = z
  .object({ 'repository-name': Repository, 'image-digest': ClaimedDigest, 'image-tags': FirstTag })
  .transform((detail): readonly Said[] => [scanOf(detail['repository-name'], detail)])

/** Machines and functions have scans of the same detail type, without a repository. */
const EnhancedScan = z
  .object({
    'repository-name': z.string().max(ARN_LENGTH_MAX).nullish(),
    'image-digest': ClaimedDigest,
    'image-tags': FirstTag,
  })
  .transform((detail): readonly Said[] => [atArn(detail['repository-name'] ?? '', detail)])

const Resource = z.object({
  id: z.string().max(ARN_LENGTH_MAX),
  details: z.object({ awsEcrContainerImage: z.object({ imageHash: ClaimedDigest, imageTags: FirstTag }) }),
})

/** Account and region stand in the resource's ARN alone: its `region` is `N/A`. */
const Finding = z
  .object({ resources: z.array(Resource.nullable().catch(null)).max(RESOURCES_MAX) })
  .transform(({ resources }): readonly Said[] =>
    resources.map((resource) => {
      if (resource === null) return passed('not-an-image', 'expected an image in ECR')
      const { imageHash, imageTags } = resource.details.awsEcrContainerImage
      return atArn(resource.id, { 'image-digest': imageHash, 'image-tags': imageTags })
    }),
  )

const Other = z
  .unknown()
  .transform((): readonly Said[] => [passed('other-action', 'expected the detail type of a push, a delete or a scan')])

const DETAILS: ReadonlyMap<string, z.ZodType<readonly Said[]>> = new Map<string, z.ZodType<readonly Said[]>>([
  ['ECR Image Action', ImageAction],
  ['ECR Replication Action', ImageAction],
  ['ECR Referrer Action', ReferrerAction],
  ['ECR Pull Through Cache Action', PullThroughCacheAction],
  ['ECR Image Scan', BasicScan],
  ['Inspector2 Scan', EnhancedScan],
  ['Inspector2 Finding', Finding],
])

/** Reads the details of this type; of a type that is not about images, only that. */
export function detailOf(type: string): z.ZodType<readonly Said[]> {
  return DETAILS.get(type) ?? Other
}

function pushOf(image: Image): Said {
  const content = contentOf(image['image-tag'] || null, [image['artifact-media-type'], image['manifest-media-type']])
  if (content.kind === 'not-an-image') return passed(content.kind, 'expected an image')
  return { ...namesOf(image), kind: content.kind, subject: content.kind === 'push' ? null : content.subject }
}

function namesOf(image: Image): Pick<Facts, 'repository' | 'tag' | 'digest' | 'mediaType'> {
  return {
    repository: image['repository-name'],
    tag: image['image-tag'] || null,
    digest: image['image-digest'],
    mediaType: image['manifest-media-type'],
  }
}

type Scanned = { readonly 'image-digest': Facts['digest']; readonly 'image-tags': Facts['tag'] }

function scanOf(repository: Repository, { 'image-digest': digest, 'image-tags': tag }: Scanned): Facts {
  return { kind: 'scan', repository, tag, digest, mediaType: null, subject: digest }
}

function atArn(arn: string, scanned: Scanned): Said {
  const named = readRepositoryArn(arn)
  const repository = Repository.safeParse(named?.repository)
  if (named === null || !repository.success) return passed('not-an-image', 'expected a repository of ECR')
  const { account, region } = named
  return { ...scanOf(repository.data, scanned), place: { account, region } }
}

function passed(reason: IgnoredReason, detail: string): Passed {
  return { passed: reason, detail }
}
