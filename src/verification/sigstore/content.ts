/** What a proven signature says: that it is about our digest, and for an attestation what it attests. */

import { crypto } from '@sigstore/core'
import type { Digest } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { readStatement, simpleSigningProblem, type Statement } from './payload.ts'
import type { Signed } from './question.ts'
import { reject, type Rejection } from './rejection.ts'
import { isDigestOf } from './signed-content.ts'

/** Null: it signs the digest itself. */
export function contentOf(signed: Signed, subject: Digest): Result<Statement | null, Rejection> {
  const { content } = signed.bundle
  if (content.$case === 'dsseEnvelope') return readStatement(content.dsseEnvelope, subject)
  const problem =
    signed.payload === null ? messageProblem(signed, subject) : simpleSigningProblem(signed.payload, subject)
  return problem === null ? ok(null) : err(problem)
}

function messageProblem({ bundle, artifact }: Signed, subject: Digest): Rejection | null {
  if (!isDigestOf(bundle, artifact)) return reject('wrong-subject', 'its digest is not that of the bytes')
  if (artifact.bytes === null) return null
  const [algorithm = ''] = subject.split(':')
  const found = `${algorithm}:${crypto.digest(algorithm, artifact.bytes).toString('hex')}`
  return found === subject ? null : reject('wrong-subject', 'it signs other bytes')
}
