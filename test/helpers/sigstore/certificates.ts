/** Certificates by P-256 keys, as right or as wrong as a test wants them. */

import { randomBytes, sign, type KeyObject } from 'node:crypto'
import { bits, boolean, context, integer, octets, oid, sequence, tagged, time, utf8, type Der } from './der.ts'

export const ECDSA_SHA256: Der = sequence(oid('1.2.840.10045.4.3.2'))
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3'
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

export type Names = { readonly issuer: Der; readonly subject: Der }
export type Issue = Names & {
  readonly subjectKey: KeyObject
  readonly issuerKey: KeyObject
  readonly from: Date
  readonly until: Date
  readonly extensions: readonly Der[]
}

export function spki(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' })
}

/** What is signed of a certificate; a CT log signs it before its own promise is in it. */
export function toBeSigned(issue: Issue, serial: Uint8Array): Der {
  return sequence(
    context(0, integer(2)),
    integer(serial),
    ECDSA_SHA256,
    issue.issuer,
    sequence(time(issue.from), time(issue.until)),
    issue.subject,
    spki(issue.subjectKey),
    context(3, sequence(...issue.extensions)),
  )
}

export function certificate(tbs: Der, issuerKey: KeyObject): Der {
  return sequence(tbs, ECDSA_SHA256, bits(sign('sha256', tbs, issuerKey)))
}

export function serialNumber(): Uint8Array {
  return Buffer.concat([Buffer.from([0x11]), randomBytes(15)])
}

export function extension(id: string, value: Uint8Array, isCritical = false): Der {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(value))
}

export const basicConstraints = (isAuthority: boolean): Der =>
  extension('2.5.29.19', sequence(...(isAuthority ? [boolean(true)] : [])), true)
/** Certificate sign, CRL sign. */
export const authorityUsage = (): Der => extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true)
export const signatureUsage = (): Der => extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true)
/** Key agreement alone. */
export const agreementUsage = (): Der => extension('2.5.29.15', bits(Buffer.from([0x08]), 3), true)
export const extendedUsage = (...uses: readonly string[]): Der =>
  extension('2.5.29.37', sequence(...uses.map((use) => oid(use))))
export const claim = (number: number, text: string): Der => extension(`1.3.6.1.4.1.57264.1.${number}`, utf8(text))

export type AlternativeName = { readonly kind: 'uri' | 'email' | 'other'; readonly value: string | Uint8Array }

export function alternativeNames(...names: readonly AlternativeName[]): Der {
  return extension('2.5.29.17', sequence(...names.map(alternativeName)), true)
}

function alternativeName({ kind, value }: AlternativeName): Der {
  const bytes = Buffer.from(typeof value === 'string' ? Buffer.from(value) : value)
  if (kind === 'email') return tagged(0x81, bytes)
  if (kind === 'uri') return tagged(0x86, bytes)
  return context(0, oid('1.3.6.1.4.1.57264.1.7'), context(0, tagged(0x0c, bytes)))
}
