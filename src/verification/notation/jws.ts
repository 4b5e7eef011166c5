/** A signature in JWS, flattened JSON alone. https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-jws.md */

import * as z from 'zod'
import { err, ok, type Result } from '../../domain/result.ts'
import { parseStrictJson } from '../sigstore/strict-json.ts'
import type { Bytes } from './der.ts'
import { decodeBase64, decodeBase64Url } from './encoding.ts'
import type { Attribute, Envelope } from './envelope.ts'
import { problem, type Problem } from './problem.ts'

const CHAIN_MAX = 10
const ATTRIBUTES_MAX = 64
const TEXT_LENGTH_MAX = 4_096
const TIMESTAMP = 'io.cncf.notary.timestampSignature'
/** Its fraction is "SHOULD NOT", so it is read. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/u
/** Standing for a key, or for another payload than the one beside it: nothing that Notation knows, and nothing harmless. */
const FORBIDDEN = ['b64', 'jku', 'jwk', 'x5u', 'x5c', 'kid', 'x5t', 'x5t#S256']

const Whole = z.strictObject({
  payload: z.string(),
  protected: z.string(),
  header: z.record(z.string(), z.unknown()),
  signature: z.string(),
})
const Protected = z
  .looseObject({
    alg: z.string(),
    cty: z.unknown(),
    crit: z.array(z.string().max(TEXT_LENGTH_MAX)).min(1).max(ATTRIBUTES_MAX),
  })
  .refine((header) => Object.keys(header).length <= ATTRIBUTES_MAX)

export function parseJws(bytes: Bytes): Result<Envelope, Problem> {
  const whole = Whole.safeParse(jsonOf(bytes))
  if (!whole.success) return refuse('not a JWS in flattened JSON with payload, protected, header and signature')
  const { payload, protected: head, signature, header } = whole.data
  const headBytes = decodeBase64Url(head)
  const signed = Protected.safeParse(headBytes === null ? null : jsonOf(headBytes))
  if (!signed.success) return refuse('the protected header is not JSON with alg, cty and crit')
  const { alg: algorithm, cty: contentType, crit: critical, ...rest } = signed.data
  const twice = Object.keys(header).find(
    (name) => Object.hasOwn(signed.data, name) || name === 'crit' || name === 'cty',
  )
  if (twice !== undefined) return refuse(`${twice} is in the unprotected header`)
  const forbidden = FORBIDDEN.find((name) => Object.hasOwn(rest, name))
  if (forbidden !== undefined) return refuse(`${forbidden} is in the protected header`)
  const chain = chainOf(header['x5c'])
  if (chain === null) return refuse(`x5c holds no list of 1 to ${CHAIN_MAX} certificates in base64`)
  const timestamp = decodeBase64(header[TIMESTAMP])
  if (timestamp === null && Object.hasOwn(header, TIMESTAMP)) return refuse('the timestamp is not base64')
  const [payloadBytes, signatureBytes] = [decodeBase64Url(payload), decodeBase64Url(signature)]
  if (payloadBytes === null || signatureBytes === null) return refuse('payload or signature is not base64url')
  return ok({
    form: 'jws',
    algorithm,
    contentType,
    critical,
    attributes: new Map(Object.entries(rest).map(([name, value]) => [name, attributeOf(value)])),
    payload: payloadBytes,
    signed: new TextEncoder().encode(`${head}.${payload}`),
    signature: signatureBytes,
    chain,
    timestamp,
  })
}

function jsonOf(bytes: Bytes): unknown {
  const json = parseStrictJson(bytes)
  return json.ok ? json.value : null
}

function chainOf(list: unknown): readonly Bytes[] | null {
  if (!Array.isArray(list) || list.length === 0 || list.length > CHAIN_MAX) return null
  const chain = list.map(decodeBase64)
  return chain.every((one) => one !== null) ? chain : null
}

function attributeOf(value: unknown): Attribute {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return typeof value === 'string' && value.length <= TEXT_LENGTH_MAX ? value : { other: true }
}

/** A time as JWS writes it; null where it is none. */
export function timeOfText(text: Attribute | undefined): number | null {
  if (typeof text !== 'string' || !RFC_3339.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : at
}

function refuse(detail: string): Result<never, Problem> {
  return err(problem('malformed', detail))
}
