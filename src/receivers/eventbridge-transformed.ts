/**
 * ECR's push as an input transformer of EventBridge makes a CloudEvent of it, in the form that Argo CD Image Updater documents:
 * who comes from there need not change the rule. https://argocd-image-updater.readthedocs.io/en/stable/configuration/webhook/
 */

import * as z from 'zod'
import { Account } from './ecr-host.ts'

const TEXT_LENGTH_MAX = 512
const SOURCE = /^urn:aws:ecr:(?<region>[^:]+):(?<account>[^:]+):repository\/./u

const Text = z.string().max(TEXT_LENGTH_MAX)

const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  type: z.literal('com.amazon.ecr.image.push'),
  id: z.unknown(),
  source: z
    .string()
    .max(TEXT_LENGTH_MAX)
    .transform((source) => SOURCE.exec(source)?.groups)
    .pipe(z.object({ region: z.string(), account: Account })),
  /** `repository:tag`, and nothing behind the colon where there is no tag. */
  subject: Text.nullish(),
  time: z.unknown(),
  data: z.object({
    repositoryName: Text.optional(),
    imageTag: Text.optional(),
    imageDigest: z.unknown(),
    registryId: Account.optional(),
  }),
})

/** The same event as EventBridge writes it, to be read as such. */
export const Transformed = CloudEvent.transform(({ id, source, subject, time, data }, context): unknown => {
  const [name, tag] = subject?.split(':', 2) ?? []
  const { repositoryName = name, imageTag = tag, imageDigest, registryId = source.account } = data
  if (registryId !== source.account) context.addIssue({ code: 'custom', message: 'registryId is not of its source' })
  if (repositoryName === undefined || imageTag === undefined) {
    context.addIssue({ code: 'custom', message: 'expected the names of a repository and a tag' })
  }
  const detail = {
    result: 'SUCCESS',
    'action-type': 'PUSH',
    'repository-name': repositoryName,
    'image-tag': imageTag,
    'image-digest': imageDigest,
  }
  return { id, 'detail-type': 'ECR Image Action', source: 'aws.ecr', ...source, time, detail }
})
