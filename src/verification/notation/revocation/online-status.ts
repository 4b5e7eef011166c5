/** OCSP: the question about one certificate, and whether an answer is good, for it, and of somebody who may give it. RFC 6960. */

import { certificateOf, nameOf, PURPOSE, readExtensions, type Certificate } from '../certificate.ts'
import {
  bitStringBytes,
  context,
  contextValue,
  elementIn,
  encodeDer,
  expectTag,
  malformed,
  oidOf,
  readDer,
  sameBytes,
  sequenceOf,
  smallIntegerOf,
  TAG,
  timeOf,
  type Bytes,
  type Element,
} from '../der.ts'
import type { RevocationAnswer } from '../notation.ts'
import { digest, HASHES, isIssuedBy, isKeyLongEnough, verifySigned, type Hash } from '../signature.ts'
import { revokedAnswer, type Dated } from './list.ts'

const SKEW_MS = 5 * 60_000
const CERTIFICATES_MAX = 4
const RESPONSES_MAX = 16
export const NONCE_BYTES = 32
const BASIC = '1.3.6.1.5.5.7.48.1.1'
const NONCE = '1.3.6.1.5.5.7.48.1.2'
const INVALIDITY = '2.5.29.24'
const SHA1 = '1.3.14.3.2.26'
/** `id-sha1` without parameters but NULL, as every responder knows it: it names a certificate, and proves nothing. */
const SHA1_ALGORITHM = Uint8Array.of(0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00)
const NONCE_OID = Uint8Array.of(0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02)
const STATUSES: Readonly<Record<number, string>> = {
  1: 'it did not understand us',
  2: 'it has an error of its own',
  3: 'it is busy',
  5: 'it demands a signed request',
  6: 'it does not answer us',
}

export type StatusQuestion = {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly nonce: Bytes
  readonly signedAt: number | null
  readonly now: number
}

export async function writeStatusRequest({ certificate, issuer, nonce }: StatusQuestion): Promise<Bytes> {
  const id = encodeDer(
    TAG.sequence,
    SHA1_ALGORITHM,
    encodeDer(TAG.octetString, await digest('SHA-1', certificate.issuer.raw)),
    encodeDer(TAG.octetString, await digest('SHA-1', publicBitsOf(issuer))),
    encodeDer(TAG.integer, certificate.serial),
  )
  const extension = encodeDer(TAG.sequence, NONCE_OID, encodeDer(TAG.octetString, encodeDer(TAG.octetString, nonce)))
  const requests = encodeDer(TAG.sequence, encodeDer(TAG.sequence, id))
  const extensions = encodeDer(context(2), encodeDer(TAG.sequence, extension))
  return encodeDer(TAG.sequence, encodeDer(TAG.sequence, requests, extensions))
}

function publicBitsOf({ key }: Certificate): Bytes {
  return readDer(key.raw, (root) => bitStringBytes(sequenceOf(root)[1])) ?? new Uint8Array()
}

type Single = {
  readonly hash: Hash | 'SHA-1'
  readonly nameHash: Bytes
  readonly keyHash: Bytes
  readonly serial: Bytes
  readonly status: Element
  readonly thisUpdate: number
  readonly nextUpdate: number | null
  readonly invalidAt: number | null
}
type Basic = {
  readonly signed: Bytes
  readonly algorithm: Element
  readonly signature: Bytes
  readonly certificates: readonly Certificate[]
  readonly responder: Element
  readonly responses: readonly Single[]
  readonly nonce: Bytes | null
}

export async function readStatusAnswer(der: Bytes, question: StatusQuestion): Promise<Dated> {
  const unknown = (detail: string): Dated => ({ answer: { state: 'unknown', detail: `OCSP: ${detail}` }, until: 0 })
  const outer = readDer(der, outerOf)
  if (outer === null) return unknown('the answer cannot be read')
  if (typeof outer === 'string') return unknown(outer)
  const basic = readDer(outer.content, basicOf)
  if (basic === null) return unknown('the answer cannot be read')
  const { signed: data, algorithm, signature, nonce } = basic
  const responder = await responderOf(basic, question)
  if (responder === null) return unknown('nobody who may answer for the issuer has signed it')
  if (!(await verifySigned({ algorithm, data, signature }, responder))) return unknown('its signature does not hold')
  // Many responders sign their answers beforehand and leave it out; their time bounds them.
  if (nonce !== null && !sameBytes(nonce, question.nonce)) return unknown('it answers another question')
  const single = await responseAbout(basic.responses, question)
  if (single === null) return unknown('it is about other certificates')
  const { thisUpdate, nextUpdate } = single
  if (thisUpdate > question.now + SKEW_MS) return unknown('it is of the future')
  if (nextUpdate === null || nextUpdate <= question.now) return unknown('it is out of date')
  return { answer: answerOf(single, question), until: nextUpdate }
}

function answerOf({ status, invalidAt }: Single, { signedAt }: StatusQuestion): RevocationAnswer {
  if (status.tag === contextValue(0)) return { state: 'good', detail: 'OCSP: good' }
  if (status.tag === context(1)) return revokedAnswer(invalidAt, signedAt)
  return { state: 'unknown', detail: 'OCSP: it does not know the certificate' }
}

/** The answer's bytes, or why there is none. */
function outerOf(root: Element): Element | string {
  const [status, wrapped] = sequenceOf(root)
  const code = smallIntegerOf(status, TAG.enumerated)
  if (code !== 0) return STATUSES[code] ?? 'it failed'
  const [type, bytes] = sequenceOf(elementIn(expectTag(wrapped, context(0)).content))
  if (oidOf(type) !== BASIC) return malformed('another kind of answer')
  return expectTag(bytes, TAG.octetString)
}

function basicOf(root: Element): Basic {
  const [data, algorithm, signature, held] = sequenceOf(root)
  const fields = [...sequenceOf(data)]
  if (fields[0]?.tag === context(0)) fields.shift()
  const [responder, producedAt, responses, extensions] = fields
  timeOf(producedAt)
  const singles = sequenceOf(responses)
  const certificates =
    held === undefined ? [] : sequenceOf(elementIn(expectTag(held, context(0)).content)).map(certificateOf)
  if (singles.length > RESPONSES_MAX || certificates.length > CERTIFICATES_MAX) return malformed('too many')
  return {
    signed: data?.raw ?? malformed('no data'),
    algorithm: expectTag(algorithm, TAG.sequence),
    signature: bitStringBytes(signature),
    certificates,
    responder: responder ?? malformed('no responder'),
    responses: singles.map(singleOf),
    nonce: extensions === undefined ? null : nonceOf(expectTag(extensions, context(1))),
  }
}

function nonceOf(extensions: Element): Bytes | null {
  const nonce = readExtensions(elementIn(extensions.content)).find(({ oid }) => oid === NONCE)
  return nonce === undefined ? null : expectTag(elementIn(nonce.value), TAG.octetString).content
}

function singleOf(element: Element): Single {
  const [id, status, thisUpdate, ...more] = sequenceOf(element)
  const [algorithm, nameHash, keyHash, serial] = sequenceOf(id)
  const oid = oidOf(sequenceOf(algorithm)[0])
  const next = more.find(({ tag }) => tag === context(0))
  const extensions = more.find(({ tag }) => tag === context(1))
  return {
    hash: oid === SHA1 ? 'SHA-1' : (HASHES[oid] ?? malformed('a hash that is not known')),
    nameHash: expectTag(nameHash, TAG.octetString).content,
    keyHash: expectTag(keyHash, TAG.octetString).content,
    serial: expectTag(serial, TAG.integer).content,
    status: status ?? malformed('no status'),
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: next === undefined ? null : timeOf(elementIn(next.content)),
    invalidAt: extensions === undefined ? null : invalidityOf(extensions),
  }
}

function invalidityOf(extensions: Element): number | null {
  const found = readExtensions(elementIn(extensions.content)).find(({ oid }) => oid === INVALIDITY)
  return found === undefined ? null : timeOf(elementIn(found.value))
}

/** The issuer itself, or somebody whom it certified for this and nothing else would do. RFC 6960, section 4.2.2.2. */
async function responderOf(
  { certificates, responder }: Basic,
  { issuer, now }: StatusQuestion,
): Promise<Certificate | null> {
  if (await isNamed(responder, issuer)) return issuer
  for (const one of certificates) {
    const isFor = one.extendedKeyUsage?.purposes.includes(PURPOSE.ocspSigning) === true
    const isNow = one.notBefore <= now && now <= one.notAfter
    const maySign = one.keyUsage === null || one.keyUsage.digitalSignature
    if (!isFor || !isNow || !maySign || !isKeyLongEnough(one)) continue
    if ((await isNamed(responder, one)) && (await isIssuedBy(one, issuer))) return one
  }
  return null
}

/** By its name, or by the hash of its key. */
async function isNamed(responder: Element, certificate: Certificate): Promise<boolean> {
  if (responder.tag === context(1)) {
    const name = readDer(responder.content, nameOf)
    return name !== null && sameBytes(name.raw, certificate.subject.raw)
  }
  const hash =
    responder.tag === context(2) ? readDer(responder.content, (root) => expectTag(root, TAG.octetString)) : null
  return hash !== null && sameBytes(hash.content, await digest('SHA-1', publicBitsOf(certificate)))
}

async function responseAbout(
  responses: readonly Single[],
  { certificate, issuer }: StatusQuestion,
): Promise<Single | null> {
  for (const one of responses) {
    if (!sameBytes(one.serial, certificate.serial)) continue
    const isName = sameBytes(one.nameHash, await digest(one.hash, certificate.issuer.raw))
    if (isName && sameBytes(one.keyHash, await digest(one.hash, publicBitsOf(issuer)))) return one
  }
  return null
}
