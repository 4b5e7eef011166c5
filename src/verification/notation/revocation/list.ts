/** A certificate revocation list: whether it speaks for an issuer now, and what it says of one certificate. RFC 5280, section 5. */

import { distributionUrls, nameOf, readExtensions, type Certificate } from '../certificate.ts'
import {
  booleanOf,
  childrenOf,
  context,
  contextValue,
  elementIn,
  expectTag,
  firstChild,
  bitStringBytes,
  malformed,
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
import { verifySigned } from '../signature.ts'

const SKEW_MS = 5 * 60_000
const EXTENSION = {
  issuingPoint: '2.5.29.28',
  reason: '2.5.29.21',
  invalidity: '2.5.29.24',
  number: '2.5.29.20',
  authorityKey: '2.5.29.35',
} as const
/** "Take this out again": of lists of changes, which are not read here. */
const REMOVED = 8

type Entry = { readonly extensions: Element | undefined }
type RevocationList = {
  readonly signed: Bytes
  readonly algorithm: Element
  readonly signature: Bytes
  readonly issuer: Bytes
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly entries: readonly Element[]
  readonly extensions: ReturnType<typeof readExtensions>
}
export type ListQuestion = {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly isLeaf: boolean
  /** Where it was fetched from. */
  readonly url: string
  /** When it was signed, as its authority proves; null: nobody does. */
  readonly signedAt: number | null
  readonly now: number
}
/** Good until `until`; a list that says nothing certain is none. */
export type Dated = { readonly answer: RevocationAnswer; readonly until: number }

export async function readList(der: Bytes, question: ListQuestion): Promise<Dated> {
  const unknown = (detail: string): Dated => ({ answer: { state: 'unknown', detail: `the list: ${detail}` }, until: 0 })
  const list = readDer(der, listOf)
  if (list === null) return unknown('it is no revocation list that we can read')
  const { issuer, now } = question
  const { signed: data, algorithm, signature } = list
  if (!sameBytes(list.issuer, issuer.subject.raw)) return unknown('it is of another issuer')
  if (issuer.keyUsage?.listSigning !== true) return unknown('its issuer may not sign lists')
  if (!(await verifySigned({ algorithm, data, signature }, issuer))) return unknown('its signature does not hold')
  if (list.thisUpdate > now + SKEW_MS) return unknown('it is of the future')
  if (list.nextUpdate <= now) return unknown('it is out of date')
  // Null is what could not be read: never the same as "no problem".
  const scope = readDer(der, () => ({ problem: scopeProblem(list.extensions, question) }))
  if (scope?.problem !== null) return unknown(scope?.problem ?? 'an extension cannot be read')
  const answer = readDer(der, () => answerOf(list.entries, question))
  return answer === null ? unknown('an entry cannot be read') : { answer, until: list.nextUpdate }
}

function listOf(root: Element): RevocationList {
  const [tbs, algorithm, signature] = sequenceOf(root)
  if (tbs === undefined || algorithm === undefined) return malformed('no list')
  const fields = [...sequenceOf(tbs)]
  if (fields[0]?.tag === TAG.integer && smallIntegerOf(fields.shift()) !== 1) return malformed('another version')
  const [inner, issuer, thisUpdate, nextUpdate, ...more] = fields
  if (inner === undefined || !sameBytes(inner.raw, algorithm.raw)) return malformed('two signature algorithms')
  const entries = more.find(({ tag }) => tag === TAG.sequence)
  const extensions = more.find(({ tag }) => tag === context(0))
  return {
    signed: tbs.raw,
    algorithm,
    signature: bitStringBytes(signature),
    issuer: nameOf(issuer).raw,
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: timeOf(nextUpdate),
    entries: entries === undefined ? [] : childrenOf(entries),
    extensions: extensions === undefined ? [] : readExtensions(elementIn(extensions.content)),
  }
}

/** Whether it says all there is to say of this certificate: no list of changes, of other issuers' or of some reasons alone. */
function scopeProblem(
  extensions: RevocationList['extensions'],
  { isLeaf, url }: Pick<ListQuestion, 'isLeaf' | 'url'>,
): string | null {
  const known: readonly string[] = Object.values(EXTENSION)
  const strange = extensions.find(({ oid, critical }) => critical && !known.includes(oid))
  if (strange !== undefined) return `its critical extension ${strange.oid} is not known`
  const point = extensions.find(({ oid }) => oid === EXTENSION.issuingPoint)
  if (point === undefined) return null
  const fields = sequenceOf(elementIn(point.value))
  const says = (number: number): boolean => {
    const field = fields.find(({ tag }) => tag === contextValue(number))
    return field !== undefined && booleanOf({ ...field, tag: TAG.boolean })
  }
  if (says(4) || says(5) || fields.some(({ tag }) => tag === contextValue(3))) {
    return 'it is of other issuers, of attributes, or of some reasons alone'
  }
  if (says(isLeaf ? 2 : 1)) return isLeaf ? 'it is of authorities alone' : 'it is of leaves alone'
  const name = fields.find(({ tag }) => tag === context(0))
  const isHere = name === undefined || distributionUrls(name).includes(url)
  return isHere ? null : 'it belongs to another distribution point'
}

function answerOf(entries: readonly Element[], { certificate, signedAt }: ListQuestion): RevocationAnswer {
  // A list may have hundreds of thousands: of the others only the number is looked at.
  const own = entries.find((entry) => sameBytes(firstChild(entry).content, certificate.serial))
  const found = own === undefined ? undefined : entryOf(own)
  if (found === undefined) return { state: 'good', detail: 'not on the list' }
  const extensions = found.extensions === undefined ? [] : readExtensions(found.extensions)
  const known: readonly string[] = Object.values(EXTENSION)
  if (extensions.some(({ oid, critical }) => critical && !known.includes(oid))) return malformed('an unknown entry')
  const read = (oid: string): Element | undefined => {
    const extension = extensions.find((one) => one.oid === oid)
    return extension === undefined ? undefined : elementIn(extension.value)
  }
  const reason = read(EXTENSION.reason)
  const invalidity = read(EXTENSION.invalidity)
  const isRemoved =
    reason !== undefined && smallIntegerOf(expectTag(reason, TAG.enumerated), TAG.enumerated) === REMOVED
  if (isRemoved) return { state: 'good', detail: 'taken off the list' }
  return revokedAnswer(invalidity === undefined ? null : timeOf(invalidity), signedAt)
}

function entryOf(element: Element): Entry {
  const [serial, at, extensions] = sequenceOf(element)
  timeOf(at)
  expectTag(serial, TAG.integer)
  return { extensions }
}

/** What was signed before its key went bad stays good, where the time of signing is proven. */
export function revokedAnswer(invalidAt: number | null, signedAt: number | null): RevocationAnswer {
  const isBefore = invalidAt !== null && signedAt !== null && signedAt < invalidAt
  return isBefore
    ? { state: 'good', detail: 'revoked for what was signed later' }
    : { state: 'revoked', detail: 'a certificate of its chain is revoked' }
}
