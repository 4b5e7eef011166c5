/** What an envelope of either form holds, before anything of it is believed. */

import type { Result } from '../../domain/result.ts'
import { parseCose } from './cose.ts'
import type { Bytes } from './der.ts'
import { parseJws } from './jws.ts'
import { problem, type Problem } from './problem.ts'
import { err } from '../../domain/result.ts'

export const ENVELOPE_BYTES_MAX = 4 * 1024 * 1024
export const MEDIA_TYPES = { jws: 'application/jose+json', cose: 'application/cose' } as const

/** A signed attribute; instants are epoch milliseconds. */
export type Attribute = string | number | boolean | { readonly at: number } | { readonly other: true }

export type Envelope = {
  readonly form: 'jws' | 'cose'
  /** By the name that JOSE gives it, as the envelope claims. */
  readonly algorithm: string
  readonly contentType: unknown
  readonly critical: readonly string[]
  /** Signed, without those above. */
  readonly attributes: ReadonlyMap<string, Attribute>
  readonly payload: Bytes
  readonly signed: Bytes
  readonly signature: Bytes
  /** DER, from the signer to its root. */
  readonly chain: readonly Bytes[]
  /** A `TimeStampToken` over the signature. */
  readonly timestamp: Bytes | null
}

export function parseEnvelope(bytes: Bytes, mediaType: string): Result<Envelope, Problem> {
  if (bytes.length > ENVELOPE_BYTES_MAX) {
    return err(problem('too-large', `${bytes.length} bytes; at most ${ENVELOPE_BYTES_MAX} are read`))
  }
  switch (mediaType) {
    case MEDIA_TYPES.jws:
      return parseJws(bytes)
    case MEDIA_TYPES.cose:
      return parseCose(bytes)
    default:
      return err(problem('unsupported', `an envelope of the type ${mediaType}; expected JWS or COSE`))
  }
}
