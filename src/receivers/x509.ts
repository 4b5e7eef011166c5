/**
 * The public key of an X.509 certificate, cut out of its DER: WebCrypto reads keys, not certificates. Who the certificate
 * belongs to is not looked at; that is known by where it was fetched.
 */

import { decodeBase64, type Bytes } from './encoding.ts'

/** Certificates have about 2 kB. */
export const CERTIFICATE_BYTES_MAX = 16 * 1024
const PEM = /^\s*-----BEGIN CERTIFICATE-----\s+(?<base64>[A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----/u

const SEQUENCE = 0x30
const INTEGER = 0x02
/** `[0]`: the version, which certificates of version 1 leave out. */
const VERSION = 0xa0

type Element = { readonly tag: number; readonly start: number; readonly content: number; readonly end: number }

/** `SubjectPublicKeyInfo` in DER, as WebCrypto imports it; null where this is no certificate. */
export function publicKeyOfCertificate(pem: string): Bytes | null {
  const base64 = pem.length > CERTIFICATE_BYTES_MAX ? undefined : PEM.exec(pem)?.groups?.['base64']
  const der = base64 === undefined ? null : decodeBase64(base64.replaceAll(/\s/gu, ''), CERTIFICATE_BYTES_MAX)
  if (der === null) return null
  // Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject,
  // subjectPublicKeyInfo, … }, … }: https://www.rfc-editor.org/rfc/rfc5280#section-4.1
  const certificate = elementAt(der, 0, der.length)
  const toBeSigned = certificate && elementAt(der, certificate.content, certificate.end)
  if (certificate?.tag !== SEQUENCE || toBeSigned?.tag !== SEQUENCE) return null
  const parts = elementsOf(der, toBeSigned)
  const from = parts[0]?.tag === VERSION ? 1 : 0
  const key = parts[from + 5]
  if (parts[from]?.tag !== INTEGER || key?.tag !== SEQUENCE) return null
  return der.slice(key.start, key.end)
}

/** As far as they go; those that matter stand among the first seven. */
function elementsOf(der: Bytes, parent: Element): readonly Element[] {
  const elements: Element[] = []
  for (let at = parent.content; elements.length < 7;) {
    const element = elementAt(der, at, parent.end)
    if (element === null) break
    elements.push(element)
    at = element.end
  }
  return elements
}

/** Tag, length, content: with a definite length that fits into what is left. */
function elementAt(der: Bytes, start: number, limit: number): Element | null {
  const [tag, first] = [der[start], der[start + 1]]
  if (tag === undefined || first === undefined || start + 2 > limit) return null
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || lengthBytes > 3) return null
  let length = lengthBytes === 0 ? first : 0
  for (let index = 0; index < lengthBytes; index += 1) length = length * 256 + (der[start + 2 + index] ?? 0)
  const content = start + 2 + lengthBytes
  return content + length > limit ? null : { tag, start, content, end: content + length }
}
