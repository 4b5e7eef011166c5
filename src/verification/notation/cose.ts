/** A signature in COSE, COSE_Sign1 with its tag alone. https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-cose.md */

import { decode, encode, type DecodeOptions } from 'cborg'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Bytes } from './der.ts'
import type { Attribute, Envelope } from './envelope.ts'
import { problem, type Problem } from './problem.ts'

const CHAIN_MAX = 10
const ATTRIBUTES_MAX = 64
const TEXT_LENGTH_MAX = 4_096
const SIGN1_TAG = 0xd2
const TIMESTAMP = 'io.cncf.notary.timestampSignature'
const LABEL = { algorithm: 1, critical: 2, contentType: 3, chain: 33 } as const
/** Its payload is a hash of something else: specified, and written by nobody yet. */
const HASH_ENVELOPE = [258, 259, 260]
const ALGORITHMS: Readonly<Record<number, string>> = {
  [-7]: 'ES256',
  [-35]: 'ES384',
  [-36]: 'ES512',
  [-37]: 'PS256',
  [-38]: 'PS384',
  [-39]: 'PS512',
}
/** The year 9999, in seconds. */
const SECONDS_MAX = 253_402_300_799

type Label = number | string
type Header = ReadonlyMap<Label, unknown>

/** Tag 1 is an instant in seconds; no other tag means anything here, and cborg refuses what it was not told. */
const OPTIONS: DecodeOptions = {
  useMaps: true,
  strict: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: false,
  tags: {
    1: (value: () => unknown): Attribute => {
      const seconds = value()
      return isSeconds(seconds) ? { at: seconds * 1000 } : { other: true }
    },
  },
}

export function parseCose(bytes: Bytes): Result<Envelope, Problem> {
  if (bytes[0] !== SIGN1_TAG) return refuse('not a tagged COSE_Sign1')
  const parts = read(bytes.subarray(1))
  if (!Array.isArray(parts) || parts.length !== 4) return refuse('not a COSE_Sign1 of four parts')
  const [headBytes, free, payload, signature]: readonly unknown[] = parts
  if (!isBytes(headBytes) || !isBytes(payload) || !isBytes(signature)) return refuse('a part is not a byte string')
  const head = read(headBytes)
  if (!isHeader(head) || !isHeader(free)) return refuse('a header is not a map of labels')
  const twice = [...head.keys()].find((label) => free.has(label))
  if (twice !== undefined) return refuse(`the label ${twice} is in both headers`)
  if ([LABEL.algorithm, LABEL.critical, LABEL.contentType].some((label) => free.has(label))) {
    return refuse('alg, crit or the content type is in the unprotected header')
  }
  if (HASH_ENVELOPE.some((label) => head.has(label))) return err(problem('unsupported', 'a COSE hash envelope'))
  const critical = criticalOf(head.get(LABEL.critical))
  if (critical === null) return refuse('crit is not a list of labels')
  const chain = chainOf(free.get(LABEL.chain) ?? head.get(LABEL.chain))
  if (chain === null) return refuse(`x5chain holds no list of 1 to ${CHAIN_MAX} certificates`)
  const timestamp = free.get(TIMESTAMP)
  if (timestamp !== undefined && !isBytes(timestamp)) return refuse('the timestamp is not a byte string')
  return ok({
    form: 'cose',
    algorithm: ALGORITHMS[Number(head.get(LABEL.algorithm))] ?? String(head.get(LABEL.algorithm)),
    contentType: head.get(LABEL.contentType),
    critical,
    attributes: attributesOf(head),
    payload,
    // RFC 9052, section 4.4: no outside data.
    signed: Uint8Array.from(encode(['Signature1', headBytes, new Uint8Array(), payload])),
    signature,
    chain,
    timestamp: timestamp ?? null,
  })
}

/** Deep nesting ends as an error of the stack, which is one like others. */
function read(bytes: Bytes): unknown {
  try {
    return decode(bytes, OPTIONS)
  } catch {
    return null
  }
}

function isBytes(value: unknown): value is Bytes {
  return value instanceof Uint8Array
}

function isHeader(value: unknown): value is Header {
  if (!(value instanceof Map) || value.size > ATTRIBUTES_MAX) return false
  return [...value.keys()].every((label) => typeof label === 'string' || typeof label === 'number')
}

/** Labels 0 to 8 must be understood by everybody, so naming them is a mistake or a trick. */
function criticalOf(list: unknown): readonly string[] | null {
  if (!Array.isArray(list) || list.length === 0 || list.length > ATTRIBUTES_MAX) return null
  const labels: readonly unknown[] = list
  const isLabel = (label: unknown): boolean => typeof label === 'string' || (typeof label === 'number' && label > 8)
  return labels.every(isLabel) ? labels.map(String) : null
}

function chainOf(list: unknown): readonly Bytes[] | null {
  if (!Array.isArray(list) || list.length === 0 || list.length > CHAIN_MAX) return null
  const chain: readonly unknown[] = list
  return chain.every(isBytes) ? chain : null
}

function attributesOf(head: Header): ReadonlyMap<string, Attribute> {
  const known: readonly Label[] = Object.values(LABEL)
  const others = [...head].filter(([label]) => !known.includes(label))
  return new Map(others.map(([label, value]) => [String(label), attributeOf(value)]))
}

function attributeOf(value: unknown): Attribute {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number') {
    return { at: value.at }
  }
  return typeof value === 'string' && value.length <= TEXT_LENGTH_MAX ? value : { other: true }
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= SECONDS_MAX
}

/** A time as COSE writes it; null where it is none. */
export function timeOfInstant(value: Attribute | undefined): number | null {
  return typeof value === 'object' && 'at' in value ? value.at : null
}

function refuse(detail: string): Result<never, Problem> {
  return err(problem('malformed', detail))
}
