/** An X.509 certificate as far as Notation asks: names, time, key, the extensions that are honoured. RFC 5280. */

import {
  bitsOf,
  bitStringBytes,
  booleanOf,
  childrenOf,
  context,
  contextValue,
  elementIn,
  expectTag,
  latin1,
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

export const CERTIFICATE_BYTES_MAX = 16 * 1024

export type Name = { readonly raw: Bytes; readonly parts: readonly NamePart[] }
export type NamePart = { readonly type: string; readonly value: string }

export type KeyUsage = {
  readonly critical: boolean
  readonly digitalSignature: boolean
  readonly certificateSigning: boolean
  readonly listSigning: boolean
  /** Encryption and agreement: a key that signs artifacts does none of them. */
  readonly others: boolean
}

export type Certificate = {
  readonly raw: Bytes
  /** What its issuer signed. */
  readonly signed: Bytes
  /** As it is encoded: compared, never counted with. */
  readonly serial: Bytes
  readonly issuer: Name
  readonly subject: Name
  readonly notBefore: number
  readonly notAfter: number
  /** `SubjectPublicKeyInfo`. */
  readonly key: Element
  readonly signatureAlgorithm: Element
  readonly signature: Bytes
  readonly basicConstraints: {
    readonly critical: boolean
    readonly ca: boolean
    readonly pathLength: number | null
  } | null
  readonly keyUsage: KeyUsage | null
  readonly extendedKeyUsage: { readonly critical: boolean; readonly purposes: readonly string[] } | null
  readonly unknownCritical: readonly string[]
  readonly ocspUrls: readonly string[]
  readonly listUrls: readonly string[]
}

export const PURPOSE = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const

const EXTENSION = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  listPoints: '2.5.29.31',
  informationAccess: '1.3.6.1.5.5.7.1.1',
} as const
/** Others that may be critical although nobody honours them here: names, policies, identifiers of keys. */
const HARMLESS = new Set(['2.5.29.14', '2.5.29.17', '2.5.29.30', '2.5.29.32', '2.5.29.35'])
const OCSP_ACCESS = '1.3.6.1.5.5.7.48.1'

const NAME_TYPES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.17': 'POSTALCODE',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
}

/** Null where it is no certificate. */
export function parseCertificate(der: Bytes): Certificate | null {
  return der.length > CERTIFICATE_BYTES_MAX ? null : readDer(der, certificateOf)
}

export function certificateOf(root: Element): Certificate {
  const [tbs, algorithm, signature, ...rest] = sequenceOf(root)
  if (tbs === undefined || algorithm === undefined || rest.length > 0) return malformed('no certificate')
  const fields = sequenceOf(tbs)
  // Certificates of version 1 leave the version out; they have no extensions either.
  const from = fields[0]?.tag === context(0) ? 1 : 0
  const [serial, inner, issuer, validity, subject, key, ...more] = fields.slice(from)
  const [notBefore, notAfter] = sequenceOf(validity)
  if (inner === undefined || !sameBytes(inner.raw, algorithm.raw)) return malformed('two signature algorithms')
  return {
    raw: root.raw,
    signed: tbs.raw,
    serial: expectTag(serial, TAG.integer).content,
    issuer: nameOf(issuer),
    subject: nameOf(subject),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    key: expectTag(key, TAG.sequence),
    signatureAlgorithm: algorithm,
    signature: bitStringBytes(signature),
    ...extensionsOf(more.find(({ tag }) => tag === context(3))),
  }
}

export function nameOf(element: Element | undefined): Name {
  const raw = expectTag(element, TAG.sequence)
  const parts = childrenOf(raw).flatMap((set) => childrenOf(expectTag(set, TAG.set)).map(partOf))
  return { raw: raw.raw, parts }
}

function partOf(pair: Element): NamePart {
  const [type, value] = sequenceOf(pair)
  const oid = oidOf(type)
  return { type: NAME_TYPES[oid] ?? oid, value: textOf(value) }
}

function textOf(element: Element | undefined): string {
  switch (element?.tag) {
    case TAG.utf8:
      return utf8(element.content)
    case TAG.printable:
    case TAG.ia5:
    case TAG.teletex:
      return latin1(element.content)
    case TAG.bmp:
      return new TextDecoder('utf-16be').decode(element.content)
    default:
      return malformed('a name of another kind')
  }
}

function utf8(bytes: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return malformed('not UTF-8')
  }
}

type Extension = { readonly oid: string; readonly critical: boolean; readonly value: Bytes }

/** Each once: of two that differ, somebody else might read the other. */
export function readExtensions(list: Element): readonly Extension[] {
  const extensions = sequenceOf(list).map((one): Extension => {
    const [oid, second, third] = sequenceOf(one)
    const critical = third === undefined ? false : booleanOf(second)
    return { oid: oidOf(oid), critical, value: expectTag(third ?? second, TAG.octetString).content }
  })
  const oids = new Set(extensions.map(({ oid }) => oid))
  return oids.size === extensions.length ? extensions : malformed('an extension twice')
}

function extensionsOf(wrapped: Element | undefined) {
  const extensions = wrapped === undefined ? [] : readExtensions(onlyChild(wrapped))
  const read = <T>(oid: string, make: (value: Element, critical: boolean) => T): T | null => {
    const extension = extensions.find((one) => one.oid === oid)
    return extension === undefined ? null : make(elementIn(extension.value), extension.critical)
  }
  const known = new Set<string>([...Object.values(EXTENSION), ...HARMLESS])
  return {
    basicConstraints: read(EXTENSION.basicConstraints, basicConstraintsOf),
    keyUsage: read(EXTENSION.keyUsage, keyUsageOf),
    extendedKeyUsage: read(EXTENSION.extendedKeyUsage, (value, critical) => ({
      critical,
      purposes: sequenceOf(value).map(oidOf),
    })),
    unknownCritical: extensions.filter(({ oid, critical }) => critical && !known.has(oid)).map(({ oid }) => oid),
    ocspUrls: read(EXTENSION.informationAccess, ocspUrlsOf) ?? [],
    listUrls: read(EXTENSION.listPoints, listUrlsOf) ?? [],
  }
}

function basicConstraintsOf(value: Element, critical: boolean) {
  const [first, second] = sequenceOf(value)
  if (first === undefined) return { critical, ca: false, pathLength: null }
  if (first.tag !== TAG.boolean) return malformed('constraints of another kind')
  return { critical, ca: booleanOf(first), pathLength: second === undefined ? null : smallIntegerOf(second) }
}

/** https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3; the second bit, non-repudiation, goes well with signing. */
function keyUsageOf(value: Element, critical: boolean): KeyUsage {
  const bits = bitsOf(value)
  return {
    critical,
    digitalSignature: bits[0] === true,
    certificateSigning: bits[5] === true,
    listSigning: bits[6] === true,
    others: [2, 3, 4, 7, 8].some((bit) => bits[bit] === true),
  }
}

function ocspUrlsOf(value: Element): readonly string[] {
  return sequenceOf(value).flatMap((access) => {
    const [method, location] = sequenceOf(access)
    return oidOf(method) === OCSP_ACCESS && location?.tag === contextValue(6) ? [latin1(location.content)] : []
  })
}

/** Lists by one reason, or by another issuer, are not whole: they are left out here, and their certificate is then unknown. */
function listUrlsOf(value: Element): readonly string[] {
  return sequenceOf(value).flatMap((point) => {
    const parts = sequenceOf(point)
    const name = parts.find(({ tag }) => tag === context(0))
    return parts.length !== 1 || name === undefined ? [''] : distributionUrls(name)
  })
}

/** Of `DistributionPointName`: its URIs. */
export function distributionUrls(name: Element): readonly string[] {
  const full = onlyChild(name)
  if (full.tag !== context(0)) return ['']
  return childrenOf(full)
    .filter(({ tag }) => tag === contextValue(6))
    .map(({ content }) => latin1(content))
}
