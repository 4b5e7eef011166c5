/** What a timestamp token must say, beyond what the library looks at: that it was granted, and that its signer signed a timestamp. */

import type { ASN1Obj, RFC3161Timestamp } from '@sigstore/core'
import { reject, type Rejection } from './rejection.ts'

/** RFC 3161 §2.4.2: granted, and granted with modifications. */
const GRANTED: readonly bigint[] = [0n, 1n]
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const TST_INFO = '1.2.840.113549.1.9.16.1.4'

/** Null: nothing wrong with its words; whose signature it has is looked at elsewhere. */
export function timestampProblem(token: RFC3161Timestamp): Rejection | null {
  if (!GRANTED.includes(token.status)) return reject('no-timestamp', 'the timestamp authority refused to stamp')
  const signers = signerInfosOf(token)
  const [signer] = signers
  if (signer === undefined || signers.length !== 1) {
    return reject('no-timestamp', 'the timestamp has not exactly one signer')
  }
  const attributes = contextSpecific(signer)?.subs ?? []
  const types = attributes.filter(({ subs }) => subs[0]?.tag.isOID() === true && subs[0].toOID() === CONTENT_TYPE)
  const isTimestamp = types.length === 1 && types[0]?.subs[1]?.subs[0]?.toOID() === TST_INFO
  return isTimestamp ? null : reject('no-timestamp', 'what the authority signed is not a timestamp')
}

/** Response → token → signed data, whose last part they are (RFC 5652 §5.1). */
function signerInfosOf({ root }: RFC3161Timestamp): readonly ASN1Obj[] {
  const token = root.subs[1]
  const signedData = token === undefined ? undefined : contextSpecific(token)?.subs[0]
  return signedData?.subs.at(-1)?.subs ?? []
}

function contextSpecific({ subs }: ASN1Obj): ASN1Obj | undefined {
  return subs.find(({ tag }) => tag.isContextSpecific(0))
}
