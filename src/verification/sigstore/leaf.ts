/** What a signing certificate must be, beyond what the library looks at: for code signing, no authority, nothing unknown, nothing twice. */

import type { X509Certificate } from '@sigstore/core'
import type { KeptCertificate } from './certificate.ts'
import { reject, type Rejection } from './rejection.ts'

const EXTENDED_KEY_USAGE = '2.5.29.37'
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3'
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
/** Key usage, subject alternative name, basic constraints, extended key usage: what is looked at here or by the library. */
const UNDERSTOOD = new Set(['2.5.29.15', '2.5.29.17', '2.5.29.19', EXTENDED_KEY_USAGE])
/** An extension is its name, whether it is critical (may be absent), and its value. */
const PARTS_WITH_CRITICAL = 3

/** Null: a fit leaf. */
export function leafProblem(leaf: KeptCertificate): Rejection | null {
  const names = leaf.extensionNames
  if (new Set(names).size !== names.length) return bad('it has an extension twice')
  if (leaf.extBasicConstraints?.isCA === true) return bad('it is a certificate authority')
  if (leaf.extKeyUsage?.digitalSignature !== true) return bad('its key usage is not for digital signatures')
  if (!extendedKeyUsesOf(leaf).includes(CODE_SIGNING)) return bad('its extended key usage is not for code signing')
  const stranger = leaf.extensions.findIndex(
    ({ subs }, at) =>
      subs.length === PARTS_WITH_CRITICAL && subs[1]?.toBoolean() === true && !UNDERSTOOD.has(names[at] ?? ''),
  )
  return stranger < 0 ? null : bad(`it has the critical extension ${names[stranger]}, which is not understood`)
}

export function extendedKeyUsesOf(certificate: X509Certificate): readonly string[] {
  const uses = certificate.extension(EXTENDED_KEY_USAGE)?.valueObj.subs[0]?.subs ?? []
  return uses.map((use) => use.toOID())
}

function bad(why: string): Rejection {
  return reject('bad-certificate', `the signing certificate is not fit: ${why}`)
}
