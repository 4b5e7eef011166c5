/** Who a certificate of Fulcio speaks for: its one name, its issuer and its claims, read strictly. */

import type { X509Certificate } from '@sigstore/core'
import { CLAIM_NUMBERS, OLD_CLAIM_NUMBERS } from '../../domain/fulcio-claims.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { reject, type Rejection } from './rejection.ts'

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17'
const OTHER_NAME_OF_FULCIO = '1.3.6.1.4.1.57264.1.7'
const FULCIO = '1.3.6.1.4.1.57264.1'
const OLD_ISSUER = 1
const UTF8_STRING = 0x0c
const TAG_EMAIL = 0x01
const TAG_URI = 0x06
const TAG_OTHER = 0x00

export type Identity = {
  readonly subject: string
  readonly issuer: string
  readonly claims: Readonly<Record<string, string>>
}

export function identityOf(leaf: X509Certificate): Result<Identity, Rejection> {
  const subject = subjectOf(leaf)
  const claims = claimsOf(leaf)
  const issuer = claims?.['issuer'] ?? rawText(leaf, OLD_ISSUER)
  if (subject === null || claims === null || issuer === null || issuer === undefined) {
    return err(
      reject('bad-certificate', 'the signing certificate does not name one signer and one issuer as Fulcio does'),
    )
  }
  return ok({ subject, issuer, claims: { ...claims, issuer } })
}

/** Exactly one name: of two, each reader could choose another. Never by "ascii", which turns foreign bytes into letters. */
function subjectOf(leaf: X509Certificate): string | null {
  const names = leaf.extension(SUBJECT_ALTERNATIVE_NAME)?.valueObj.subs[0]?.subs ?? []
  const [name] = names
  if (names.length !== 1 || name === undefined) return null
  if (name.tag.isContextSpecific(TAG_EMAIL) || name.tag.isContextSpecific(TAG_URI)) return asciiOf(name.value)
  if (!name.tag.isContextSpecific(TAG_OTHER) || name.subs[0]?.toOID() !== OTHER_NAME_OF_FULCIO) return null
  const value = name.subs[1]?.subs[0]
  return value?.tag.number === UTF8_STRING ? shownOf(utf8Of(value.value)) : null
}

/** A name that cannot be shown, or is none, names nobody. */
function shownOf(text: string | null): string | null {
  return text === null || text === '' || /\p{Cc}/u.test(text) ? null : text
}

/** Null where one cannot be read. */
function claimsOf(leaf: X509Certificate): Record<string, string> | null {
  const claims: Record<string, string> = {}
  for (const [name, number] of Object.entries(CLAIM_NUMBERS)) {
    const extension = leaf.extension(`${FULCIO}.${number}`)
    if (extension === undefined) continue
    const [text, ...others] = extension.valueObj.subs
    const value = text?.tag.number === UTF8_STRING && others.length === 0 ? utf8Of(text.value) : null
    if (value === null) return null
    claims[name] = value
  }
  for (const [name, number] of Object.entries(OLD_CLAIM_NUMBERS)) {
    const value = rawText(leaf, number)
    if (value === null) return null
    if (value !== undefined) claims[name] = value
  }
  return claims
}

/** Undefined: not there; null: not text. */
function rawText(leaf: X509Certificate, number: number): string | null | undefined {
  const extension = leaf.extension(`${FULCIO}.${number}`)
  return extension === undefined ? undefined : utf8Of(extension.value)
}

function asciiOf(bytes: Uint8Array): string | null {
  return bytes.every((byte) => byte > 0x20 && byte < 0x7f) ? shownOf(utf8Of(bytes)) : null
}

function utf8Of(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text
  } catch {
    return null
  }
}
