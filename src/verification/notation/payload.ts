/** What was signed: the descriptor of one artifact, and nothing beside it. */

import * as z from 'zod'
import { err, ok, type Result } from '../../domain/result.ts'
import { parseStrictJson } from '../sigstore/strict-json.ts'
import type { Envelope } from './envelope.ts'
import { problem, type Problem } from './problem.ts'

const CONTENT_TYPE = 'application/vnd.cncf.notary.payload.v1+json'
const TEXT_LENGTH_MAX = 4_096
const ANNOTATIONS_MAX = 256

/** What we asked about; a size or a media type that is not known is not compared. */
export type Descriptor = { readonly digest: string; readonly size?: number; readonly mediaType?: string }

const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
const Payload = z.strictObject({
  targetArtifact: z.strictObject({
    mediaType: Text,
    digest: Text,
    size: z.number().int().min(0),
    artifactType: z.string().max(TEXT_LENGTH_MAX).optional(),
    annotations: z
      .record(z.string().max(TEXT_LENGTH_MAX), z.string().max(TEXT_LENGTH_MAX))
      .refine((value) => Object.keys(value).length <= ANNOTATIONS_MAX)
      .optional(),
  }),
})

/** The signer's own annotations, where the payload is about the artifact. */
export function readPayload(
  { contentType, payload }: Envelope,
  wanted: Descriptor,
): Result<Readonly<Record<string, string>>, Problem> {
  if (contentType !== CONTENT_TYPE) return err(problem('wrong-payload', `its content type is not ${CONTENT_TYPE}`))
  const json = parseStrictJson(payload)
  const read = Payload.safeParse(json.ok ? json.value : null)
  if (!read.success) return err(problem('wrong-payload', 'its payload is not one descriptor'))
  const { digest, size, mediaType, annotations } = read.data.targetArtifact
  const differs = (what: string, found: unknown): Result<never, Problem> =>
    err(problem('wrong-subject', `it is about another artifact: ${what} ${String(found)}`))
  if (digest !== wanted.digest) return differs('digest', digest)
  if (wanted.size !== undefined && size !== wanted.size) return differs('size', size)
  if (wanted.mediaType !== undefined && mediaType !== wanted.mediaType) return differs('media type', mediaType)
  return ok(annotations ?? {})
}
