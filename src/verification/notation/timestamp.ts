/** An RFC 3161 timestamp over a signature: the time that an authority vouches for, and the chain that it does so with. */

import { err, ok, type Result } from '../../domain/result.ts'
import { certificateOf, type Certificate } from './certificate.ts'
import { authorityProblem, leafProblem, stamperProblem, validityProblem } from './chain.ts'
import {
  childrenOf,
  context,
  contextValue,
  elementIn,
  expectTag,
  malformed,
  oidOf,
  onlyChild,
  readDer,
  sameBytes,
  sequenceOf,
  smallIntegerOf,
  TAG,
  timeOf,
  type Bytes,
  type Element,
} from './der.ts'
import { problem, type Problem } from './problem.ts'
import { digest, HASHES, isIssuedBy, verifySigned, type Hash } from './signature.ts'

const TOKEN_BYTES_MAX = 64 * 1024
const CERTIFICATES_MAX = 16
const CHAIN_MAX = 8
const SIGNED_DATA = '1.2.840.113549.1.7.2'
const TIMESTAMP_INFO = '1.2.840.113549.1.9.16.1.4'
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47'
/** SHA-1, and still what many authorities write; the signature over all is what holds. */
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12'
/** ETSI's baseline policy: one second where nothing is said. RFC 3628, section 5.2. */
const BASELINE_POLICY = '0.4.0.2023.1.1'
const SET = TAG.set

export type Stamped = {
  readonly earliest: number
  readonly latest: number
  /** Stamper first, trusted root last. */
  readonly chain: readonly Certificate[]
}

type Token = {
  readonly info: Bytes
  readonly hash: Hash
  readonly imprint: { readonly hash: Hash; readonly value: Bytes }
  readonly at: number
  readonly accuracyMs: number
  readonly certificates: readonly Certificate[]
  readonly signer: Certificate
  readonly attributes: Element
  readonly signatureAlgorithm: Element
  readonly signature: Bytes
}

export async function verifyTimestamp(
  der: Bytes,
  stamped: Bytes,
  roots: readonly Certificate[],
): Promise<Result<Stamped, Problem>> {
  const token = der.length > TOKEN_BYTES_MAX ? null : readDer(der, tokenOf)
  if (token === null) return bad('it is not a timestamp token with one signer that we can read')
  const { info, hash, imprint, signer, attributes, at, accuracyMs } = token
  const about = await digest(imprint.hash, stamped)
  if (!sameBytes(about, imprint.value)) return bad('it is about another signature')
  const contentType = attributeOf(attributes, CONTENT_TYPE)
  if (contentType === null || readDer(contentType.raw, oidOf) !== TIMESTAMP_INFO)
    return bad('its content type is another')
  const messageDigest = attributeOf(attributes, MESSAGE_DIGEST)
  if (messageDigest?.tag !== TAG.octetString || !sameBytes(messageDigest.content, await digest(hash, info))) {
    return bad('its content is not what was signed')
  }
  if (!(await namesItsSigner(attributes, signer))) return bad('it does not name the certificate of its signer')
  // CMS signs the attributes as a set, not under the tag that they stand under. RFC 5652, section 5.4.
  const data = Uint8Array.from(attributes.raw)
  data[0] = SET
  const { signatureAlgorithm: algorithm, signature } = token
  if (!(await verifySigned({ algorithm, data, signature }, signer, hash))) return bad('its signature does not hold')
  const chain = await chainTo(roots, signer, token.certificates)
  if (chain === null) return bad('its authority is not one of the trusted ones')
  const found = chainFault(chain) ?? validityProblem(chain, at)
  return found === null ? ok({ earliest: at - accuracyMs, latest: at + accuracyMs, chain }) : bad(found)
}

function chainFault(chain: readonly Certificate[]): string | null {
  const [leaf, ...authorities] = chain
  if (leaf === undefined) return 'there is no certificate'
  const found = authorities.map((one, below) => authorityProblem(one, below)).find((one) => one !== null)
  const unknown = chain.find(({ unknownCritical }) => unknownCritical.length > 0)
  if (unknown !== undefined) return 'a certificate has a critical extension that is not known'
  return found ?? leafProblem(leaf) ?? stamperProblem(leaf)
}

/** Upwards from the signer to the first that is trusted by name. */
async function chainTo(
  roots: readonly Certificate[],
  signer: Certificate,
  pool: readonly Certificate[],
): Promise<readonly Certificate[] | null> {
  const chain = [signer]
  for (let last = signer; chain.length < CHAIN_MAX;) {
    const above = (await issuerAmong(roots, last)) ?? (await issuerAmong(pool, last))
    if (above === null || chain.includes(above)) return null
    chain.push(above)
    if (roots.includes(above)) return chain
    last = above
  }
  return null
}

async function issuerAmong(certificates: readonly Certificate[], of: Certificate): Promise<Certificate | null> {
  for (const one of certificates) if (await isIssuedBy(of, one)) return one
  return null
}

function tokenOf(root: Element): Token {
  const [type, wrapped, ...others] = sequenceOf(root)
  if (oidOf(type) !== SIGNED_DATA || others.length > 0) return malformed('no signed data')
  const fields = sequenceOf(onlyChild(expectTag(wrapped, context(0))))
  const [, , encapsulated] = fields
  const [contentType, content] = sequenceOf(encapsulated)
  if (oidOf(contentType) !== TIMESTAMP_INFO) return malformed('no timestamp')
  const info = expectTag(onlyChild(expectTag(content, context(0))), TAG.octetString).content
  const held = fields.find(({ tag }) => tag === context(0))
  const certificates = held === undefined ? [] : childrenOf(held).map(certificateOf)
  if (certificates.length > CERTIFICATES_MAX) return malformed('too many certificates')
  const signerInfo = onlyChild(expectTag(fields.at(-1), SET))
  return { info, certificates, ...infoOf(elementIn(info)), ...signerOf(signerInfo, certificates) }
}

/** `TSTInfo`: version, policy, imprint, serial, time, and then what is optional. */
function infoOf(element: Element): Pick<Token, 'imprint' | 'at' | 'accuracyMs'> {
  const [version, policy, imprint, serial, time, ...more] = sequenceOf(element)
  expectTag(serial, TAG.integer)
  if (smallIntegerOf(version) !== 1) return malformed('another version')
  const [algorithm, value] = sequenceOf(imprint)
  const accuracy = more.find(({ tag }) => tag === TAG.sequence)
  const isBaseline = oidOf(policy) === BASELINE_POLICY
  return {
    imprint: { hash: hashOf(algorithm), value: expectTag(value, TAG.octetString).content },
    at: timeOf(expectTag(time, TAG.generalizedTime)),
    accuracyMs: accuracy === undefined ? (isBaseline ? 1_000 : 0) : accuracyOf(accuracy),
  }
}

/** Rounded up: a promise of a microsecond is not less than one. */
function accuracyOf(element: Element): number {
  const fields = sequenceOf(element)
  const read = (tag: number): number => {
    const field = fields.find((one) => one.tag === tag)
    return field === undefined ? 0 : smallIntegerOf(field, tag)
  }
  return read(TAG.integer) * 1_000 + read(contextValue(0)) + Math.ceil(read(contextValue(1)) / 1_000)
}

function signerOf(info: Element, certificates: readonly Certificate[]) {
  const [, id, algorithm, attributes, signatureAlgorithm, signature] = sequenceOf(info)
  // CVE-2026-39984: the certificate is the one that the signer names, and the same one is checked for its purpose.
  const [issuer, serial] = sequenceOf(id)
  const wanted = expectTag(serial, TAG.integer).content
  const signer = certificates.find(
    (one) => sameBytes(one.issuer.raw, issuer?.raw ?? new Uint8Array()) && sameBytes(one.serial, wanted),
  )
  return {
    signer: signer ?? malformed('its signer is not there'),
    hash: hashOf(algorithm),
    attributes: expectTag(attributes, context(0)),
    signatureAlgorithm: expectTag(signatureAlgorithm, TAG.sequence),
    signature: expectTag(signature, TAG.octetString).content,
  }
}

function hashOf(algorithm: Element | undefined): Hash {
  return HASHES[oidOf(sequenceOf(algorithm)[0])] ?? malformed('a hash that is not allowed')
}

/** Its one value; null where it is absent or stands twice. */
function attributeOf(attributes: Element, oid: string): Element | null {
  const found = childrenOf(attributes).filter((one) => readDer(one.raw, (root) => oidOf(sequenceOf(root)[0])) === oid)
  const [first] = found
  if (first === undefined || found.length > 1) return null
  return readDer(first.raw, (root) => onlyChild(expectTag(sequenceOf(root)[1], SET)))
}

/** RFC 5035: without it, another certificate for the same key could stand in. */
async function namesItsSigner(attributes: Element, signer: Certificate): Promise<boolean> {
  const [second, first] = [SIGNING_CERTIFICATE_V2, SIGNING_CERTIFICATE].map((oid) => attributeOf(attributes, oid))
  const value = second ?? first ?? null
  const named = value === null ? null : readDer(value.raw, (root) => certificateHashOf(root, value === second))
  return named !== null && sameBytes(named.value, await digest(named.hash, signer.raw))
}

/** Of the first `ESSCertID` or `ESSCertIDv2`, whose hash is SHA-256 where none is written. */
function certificateHashOf(root: Element, isSecond: boolean): { hash: Hash | 'SHA-1'; value: Bytes } {
  const fields = sequenceOf(sequenceOf(sequenceOf(root)[0])[0])
  const written = fields[0]?.tag === TAG.sequence && isSecond
  const hash = !isSecond ? 'SHA-1' : written ? hashOf(fields[0]) : 'SHA-256'
  return { hash, value: expectTag(fields[written ? 1 : 0], TAG.octetString).content }
}

function bad(detail: string): Result<never, Problem> {
  return err(problem('bad-timestamp', `the timestamp: ${detail}`))
}
