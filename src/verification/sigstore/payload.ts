/** What a signature says, once it is proven: an in-toto statement or cosign's payload, and whether it is about our digest. */

import * as z from 'zod'
import type { Digest } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { parseStrictJson } from './strict-json.ts'
import { reject, type Rejection } from './rejection.ts'

const IN_TOTO = 'application/vnd.in-toto+json'
const SUBJECTS_MAX = 1_024
/** What `cosign sign` writes since version 3: a statement with this predicate is a signature, and nothing else is. */
export const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1'

const Statement = z.object({
  _type: z.enum(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']),
  subject: z
    .array(z.object({ digest: z.record(z.string(), z.string()) }))
    .min(1)
    .max(SUBJECTS_MAX),
  predicateType: z.string().min(1).max(1_024),
  predicate: z.unknown(),
})
export type Statement = { readonly predicateType: string; readonly predicate: unknown }

export function readStatement(
  envelope: { readonly payloadType: string; readonly payload: Uint8Array },
  subject: Digest,
): Result<Statement, Rejection> {
  if (envelope.payloadType !== IN_TOTO)
    return err(reject('wrong-payload', `expected an in-toto statement, found ${envelope.payloadType}`))
  const document = parseStrictJson(envelope.payload)
  if (!document.ok) return err(reject('wrong-payload', `the statement: ${document.error}`))
  const statement = Statement.safeParse(document.value)
  if (!statement.success) {
    const { path = [], message = '' } = statement.error.issues[0] ?? {}
    return err(reject('wrong-payload', `the statement is not well formed at ${path.join('.')}: ${message}`))
  }
  const { predicateType, predicate } = statement.data
  const isAboutIt = statement.data.subject.some(({ digest }) => isDigest(digest, subject))
  if (!isAboutIt) return err(reject('wrong-subject', 'the statement is about another digest'))
  return ok({ predicateType, predicate })
}

function isDigest(digests: Readonly<Record<string, string>>, subject: Digest): boolean {
  const [algorithm = '', hex] = subject.split(':')
  return Object.hasOwn(digests, algorithm) && digests[algorithm] === hex
}

/** cosign itself does not look at the type. The reference in it is the signer's word, and binds nothing. */
const SimpleSigning = z.object({
  critical: z.object({
    type: z.literal('cosign container image signature'),
    image: z.object({ 'docker-manifest-digest': z.string() }),
  }),
})

/** Null: it is about our digest. */
export function simpleSigningProblem(payload: Uint8Array, subject: Digest): Rejection | null {
  const document = parseStrictJson(payload)
  if (!document.ok) return reject('wrong-payload', `the payload: ${document.error}`)
  const signed = SimpleSigning.safeParse(document.value)
  if (!signed.success) return reject('wrong-payload', "the payload is not cosign's for container images")
  const found = signed.data.critical.image['docker-manifest-digest']
  return found === subject ? null : reject('wrong-subject', `the payload is about ${found}`)
}
