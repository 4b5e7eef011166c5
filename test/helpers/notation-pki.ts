/** A whole Notation on this machine: authorities, signers, timestamps, envelopes in both forms. Everything can be made wrong on purpose. */

import { constants, createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { encode, Tagged } from './cbor-writer.ts'
import {
  bits,
  boolean,
  explicit,
  generalizedTime,
  integer,
  nil,
  octets,
  oid,
  sequence,
  set,
  tlv,
  type Der,
} from './der-writer.ts'

export const DAY_MS = 24 * 60 * 60_000
/** The day of all tests: certificates are valid a year around it. */
export const NOTATION_NOW = Date.parse('2026-11-20T12:00:00Z')

type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'RSA-1024' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'Ed25519'
type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512'
export type Part = readonly [type: string, value: string]

export type CertificateOptions = {
  readonly subject?: readonly Part[]
  readonly keyKind?: KeyKind
  readonly key?: KeyPair
  readonly notBefore?: number
  readonly notAfter?: number
  readonly serial?: number
  readonly hash?: Hash
  /** Null: no such extension. */
  readonly ca?: { readonly pathLength?: number; readonly critical?: boolean; readonly ca?: boolean } | null
  /** Numbers of bits. */
  readonly usage?: { readonly bits: readonly number[]; readonly critical?: boolean } | null
  readonly purposes?: { readonly oids: readonly string[]; readonly critical?: boolean } | null
  readonly extensions?: readonly Der[]
  readonly ocsp?: readonly string[]
  readonly lists?: readonly string[]
  /** Signed with RSA-PSS. */
  readonly pss?: boolean
}
export type KeyPair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
export type Issued = KeyPair & {
  readonly der: Der
  readonly name: Der
  readonly serial: number
  readonly issuerName: Der
}

const NAME_OIDS: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
}
export const EKU = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
}
const HASH_OIDS: Readonly<Record<Hash, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}
const EC_OIDS: Readonly<Record<Hash, string>> = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
}
const RSA_OIDS: Readonly<Record<Hash, string>> = {
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
}

const pairs = new Map<string, KeyPair>()

/** RSA keys take long to make, so each kind is made once for each name. */
export function keyPair(kind: KeyKind, name = ''): KeyPair {
  const known = pairs.get(`${kind} ${name}`)
  if (known !== undefined) return known
  const pair = kind.startsWith('RSA-')
    ? generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) })
    : kind === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: kind })
  pairs.set(`${kind} ${name}`, pair)
  return pair
}

export const SIGNER_NAME: readonly Part[] = [
  ['C', 'DE'],
  ['ST', 'BE'],
  ['O', 'Acme'],
  ['CN', 'release'],
]

let serials = 1000

/** Without an issuer it issues itself. The defaults are those of a good signer. */
export function issue(options: CertificateOptions = {}, issuer: Issued | null = null): Issued {
  const { subject = SIGNER_NAME, hash = 'sha256', serial = (serials += 1) } = options
  const pair = options.key ?? keyPair(options.keyKind ?? 'P-256', JSON.stringify(subject))
  const name = nameOf(subject)
  const issuerName = issuer?.name ?? name
  const by = issuer ?? pair
  const algorithm = options.pss === true ? pssAlgorithm(hash) : algorithmOf(by.privateKey, hash)
  const validity = sequence(
    generalizedTime(options.notBefore ?? NOTATION_NOW - 180 * DAY_MS),
    generalizedTime(options.notAfter ?? NOTATION_NOW + 180 * DAY_MS),
  )
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(serial),
    algorithm,
    issuerName,
    validity,
    name,
    pair.publicKey.export({ format: 'der', type: 'spki' }),
    explicit(3, sequence(...extensionsOf(options))),
  )
  const der = sequence(tbs, algorithm, bits(signWith(by.privateKey, hash, tbs, options.pss)))
  return { ...pair, der, name, serial, issuerName }
}

export function authority(options: CertificateOptions = {}, issuer: Issued | null = null): Issued {
  return issue(
    {
      subject: [
        ['C', 'DE'],
        ['O', 'Acme'],
        ['CN', issuer === null ? 'root' : 'intermediate'],
      ],
      ca: { critical: true },
      usage: { bits: [5, 6], critical: true },
      ...options,
    },
    issuer,
  )
}

export function nameOf(parts: readonly Part[]): Der {
  return sequence(
    ...parts.map(([type, value]) => set(sequence(oid(NAME_OIDS[type] ?? type), tlv(0x0c, Buffer.from(value))))),
  )
}

export function extension(id: string, critical: boolean, value: Der): Der {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value))
}

function extensionsOf({
  ca = null,
  usage,
  purposes,
  extensions = [],
  ocsp = [],
  lists = [],
}: CertificateOptions): Der[] {
  const own: Der[] = []
  if (ca !== null) {
    const length = ca.pathLength === undefined ? [] : [integer(ca.pathLength)]
    own.push(
      extension('2.5.29.19', ca.critical ?? true, sequence(...(ca.ca === false ? [] : [boolean(true)]), ...length)),
    )
  }
  const used = usage === undefined ? { bits: [0], critical: true } : usage
  if (used !== null) own.push(extension('2.5.29.15', used.critical ?? true, usageBits(used.bits)))
  if (purposes) own.push(extension('2.5.29.37', purposes.critical ?? false, sequence(...purposes.oids.map(oid))))
  if (ocsp.length > 0) {
    const access = ocsp.map((url) => sequence(oid('1.3.6.1.5.5.7.48.1'), tlv(0x86, Buffer.from(url))))
    own.push(extension('1.3.6.1.5.5.7.1.1', false, sequence(...access)))
  }
  if (lists.length > 0) {
    const points = lists.map((url) => sequence(explicit(0, explicit(0, tlv(0x86, Buffer.from(url))))))
    own.push(extension('2.5.29.31', false, sequence(...points)))
  }
  return [...own, ...extensions]
}

function usageBits(numbers: readonly number[]): Der {
  const bytes = Buffer.alloc(2)
  for (const number of numbers) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (0x80 >> (number & 7))
  return bits(bytes)
}

export function algorithmOf(key: KeyObject, hash: Hash): Der {
  return key.asymmetricKeyType === 'rsa' ? sequence(oid(RSA_OIDS[hash]), nil) : sequence(oid(EC_OIDS[hash]))
}

function pssAlgorithm(hash: Hash): Der {
  const id = sequence(oid(HASH_OIDS[hash]), nil)
  const mask = sequence(oid('1.2.840.113549.1.1.8'), id)
  return sequence(oid('1.2.840.113549.1.1.10'), sequence(explicit(0, id), explicit(1, mask), explicit(2, integer(32))))
}

export function signWith(key: KeyObject, hash: Hash, data: Uint8Array, pss = false): Buffer {
  const options = pss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : key
  return sign(key.asymmetricKeyType === 'ed25519' ? null : hash, data, options)
}

export function pem({ der }: Pick<Issued, 'der'>): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
}

/** Root, intermediate, signer. */
export function aChain(leaf: CertificateOptions = {}, root = authority()) {
  const intermediate = authority({}, root)
  const signer = issue(leaf, intermediate)
  return { root, intermediate, signer, chain: [signer, intermediate, root] }
}

export type EnvelopeOptions = {
  readonly signer: Issued
  readonly chain: readonly Pick<Issued, 'der'>[]
  readonly algorithm?: string
  /** Replaces the whole payload. */
  readonly payload?: string
  readonly target?: object
  /** Over the good ones; undefined takes one away. */
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly critical?: readonly (string | number)[]
  readonly contentType?: unknown
  readonly timestamp?: (signature: Buffer) => Uint8Array
  /** JWS: in the unprotected header; COSE: likewise. */
  readonly unprotected?: Readonly<Record<string, unknown>>
}

export const SUBJECT = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'a1'.repeat(32)}`,
  size: 1234,
}
const CONTENT_TYPE = 'application/vnd.cncf.notary.payload.v1+json'
export const NOTARY = 'io.cncf.notary.'

function good(
  options: EnvelopeOptions,
  time: (text: string) => unknown,
): [Readonly<Record<string, unknown>>, readonly unknown[]] {
  const attributes = {
    [`${NOTARY}signingScheme`]: 'notary.x509',
    [`${NOTARY}signingTime`]: time('2026-11-01T00:00:00Z'),
    ...options.attributes,
  }
  const kept = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
  return [kept, options.critical ?? [`${NOTARY}signingScheme`]]
}

function payloadOf({ payload, target }: EnvelopeOptions): Buffer {
  return Buffer.from(payload ?? JSON.stringify({ targetArtifact: target ?? SUBJECT }))
}

export function signJws(options: EnvelopeOptions): Buffer {
  const { signer, chain, timestamp } = options
  const [attributes, crit] = good(options, (text) => text)
  const algorithm = options.algorithm ?? algorithmName(signer.publicKey)
  const head = { alg: algorithm, cty: options.contentType ?? CONTENT_TYPE, crit, ...attributes }
  const [protectedHeader, payload] = [
    Buffer.from(JSON.stringify(head)).toString('base64url'),
    payloadOf(options).toString('base64url'),
  ]
  const signature = signJose(signer, algorithm, Buffer.from(`${protectedHeader}.${payload}`))
  const header = {
    x5c: chain.map(({ der }) => der.toString('base64')),
    [`${NOTARY}signingAgent`]: 'test/1.0',
    ...(timestamp === undefined
      ? {}
      : { [`${NOTARY}timestampSignature`]: Buffer.from(timestamp(signature)).toString('base64') }),
    ...options.unprotected,
  }
  return Buffer.from(
    JSON.stringify({ payload, protected: protectedHeader, header, signature: signature.toString('base64url') }),
  )
}

const COSE_ALGORITHMS: Readonly<Record<string, number>> = {
  ES256: -7,
  ES384: -35,
  ES512: -36,
  PS256: -37,
  PS384: -38,
  PS512: -39,
}

export type CoseOptions = EnvelopeOptions & {
  /** Over the good ones, by label. */
  readonly labels?: readonly (readonly [number | string, unknown])[]
  readonly freeLabels?: readonly (readonly [number | string, unknown])[]
}

export function signCose(options: CoseOptions): Buffer {
  const { signer, chain, timestamp } = options
  const [attributes, crit] = good(options, (text) => new Tagged(1, Date.parse(text) / 1000))
  const algorithm = options.algorithm ?? algorithmName(signer.publicKey)
  const head = new Map<number | string, unknown>([
    [1, COSE_ALGORITHMS[algorithm] ?? algorithm],
    [2, crit],
    [3, options.contentType ?? CONTENT_TYPE],
    ...Object.entries(attributes),
    ...(options.labels ?? []),
  ])
  for (const [label, value] of head) if (value === undefined) head.delete(label)
  const [headBytes, payload] = [encode(head), payloadOf(options)]
  const signature = signJose(signer, algorithm, encode(['Signature1', headBytes, Buffer.alloc(0), payload]))
  const free = new Map<number | string, unknown>([
    [33, chain.map(({ der }) => der)],
    [`${NOTARY}signingAgent`, 'test/1.0'],
    ...(timestamp === undefined ? [] : [[`${NOTARY}timestampSignature`, Buffer.from(timestamp(signature))] as const]),
    ...(options.freeLabels ?? []),
  ])
  for (const [label, value] of free) if (value === undefined) free.delete(label)
  return encode(new Tagged(18, [headBytes, free, payload, signature]))
}

function algorithmName(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  const bySize: Readonly<Record<string, string>> = {
    2048: 'PS256',
    3072: 'PS384',
    4096: 'PS512',
    prime256v1: 'ES256',
    secp384r1: 'ES384',
    secp521r1: 'ES512',
  }
  return bySize[String(modulusLength ?? namedCurve)] ?? 'PS256'
}

function signJose({ privateKey: key }: Issued, algorithm: string, data: Uint8Array): Buffer {
  const hash = `sha${algorithm.slice(2)}`
  if (key.asymmetricKeyType === 'rsa') {
    const saltLength = Number(algorithm.slice(2)) / 8
    return sign(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
  }
  return sign(key.asymmetricKeyType === 'ed25519' ? null : hash, data, { key, dsaEncoding: 'ieee-p1363' })
}

export type TimestampOptions = {
  readonly signer: Issued
  readonly certificates: readonly Pick<Issued, 'der'>[]
  readonly at?: number
  readonly hash?: Hash
  readonly imprintHash?: Hash
  readonly accuracy?: Der
  readonly policy?: string
  readonly version?: number
  readonly infoType?: string
  readonly outerType?: string
  /** Attributes that replace the good ones of that name; null takes one away. */
  readonly contentType?: string | null
  readonly messageDigest?: Buffer | null
  readonly named?: Pick<Issued, 'der'> | null
  readonly namedHash?: 'sha1' | 'sha256' | 'sha384'
  readonly corrupt?: boolean
  readonly signers?: number
}

/** A `TimeStampToken` over a signature. RFC 3161. */
export function stamp(options: TimestampOptions): (signature: Buffer) => Buffer {
  const { signer, certificates, at = NOTATION_NOW - DAY_MS, hash = 'sha256', imprintHash = 'sha256' } = options
  return (signature) => {
    const imprint = sequence(
      sequence(oid(HASH_OIDS[imprintHash]), nil),
      octets(createHash(imprintHash).update(signature).digest()),
    )
    const info = sequence(
      integer(options.version ?? 1),
      oid(options.policy ?? '1.2.3.4'),
      imprint,
      integer(77),
      generalizedTime(at),
      ...(options.accuracy === undefined ? [] : [options.accuracy]),
    )
    const attributes = signedAttributes(options, info)
    const toSign = set(...attributes)
    const made = signWith(signer.privateKey, hash, toSign)
    if (options.corrupt === true) made[made.length - 1] = (made.at(-1) ?? 0) ^ 1
    const signerInfo = sequence(
      integer(1),
      sequence(signer.issuerName, integer(signer.serial)),
      sequence(oid(HASH_OIDS[hash]), nil),
      explicit(0, ...attributes),
      algorithmOf(signer.privateKey, hash),
      octets(made),
    )
    const signedData = sequence(
      integer(3),
      set(sequence(oid(HASH_OIDS[hash]), nil)),
      sequence(oid(options.infoType ?? '1.2.840.113549.1.9.16.1.4'), explicit(0, octets(info))),
      explicit(0, ...certificates.map(({ der }) => der)),
      set(...Array.from({ length: options.signers ?? 1 }, () => signerInfo)),
    )
    return sequence(oid(options.outerType ?? '1.2.840.113549.1.7.2'), explicit(0, signedData))
  }
}

function signedAttributes(options: TimestampOptions, info: Der): Der[] {
  const { hash = 'sha256', namedHash = 'sha256', named = options.signer } = options
  const attribute = (id: string, value: Der): Der => sequence(oid(id), set(value))
  const own: Der[] = []
  if (options.contentType !== null) {
    own.push(attribute('1.2.840.113549.1.9.3', oid(options.contentType ?? '1.2.840.113549.1.9.16.1.4')))
  }
  if (options.messageDigest !== null) {
    own.push(attribute('1.2.840.113549.1.9.4', octets(options.messageDigest ?? createHash(hash).update(info).digest())))
  }
  if (named !== null) {
    const value = octets(createHash(namedHash).update(named.der).digest())
    const id = namedHash === 'sha384' ? [sequence(oid(HASH_OIDS.sha384)), value] : [value]
    const type = namedHash === 'sha1' ? '1.2.840.113549.1.9.16.2.12' : '1.2.840.113549.1.9.16.2.47'
    own.push(attribute(type, sequence(sequence(sequence(...id)))))
  }
  return own
}

/** A timestamp authority with its root. */
export function aStamper(leaf: CertificateOptions = {}, above: CertificateOptions = {}) {
  const root = authority({ subject: [['CN', 'TSA root']], ...above })
  const signer = issue(
    { subject: [['CN', 'TSA']], purposes: { oids: [EKU.timeStamping], critical: true }, ...leaf },
    root,
  )
  return { root, signer }
}

export type ListOptions = {
  readonly issuer: Issued
  readonly revoked?: readonly { readonly serial: number; readonly extensions?: readonly Der[] }[]
  readonly thisUpdate?: number
  readonly nextUpdate?: number | null
  readonly extensions?: readonly Der[]
  readonly signedBy?: Issued
  readonly hash?: Hash
  /** What the list says inside of what is signed. */
  readonly innerHash?: Hash
}

export function revocationList(options: ListOptions): Buffer {
  const { issuer, revoked = [], extensions = [], signedBy = issuer, hash = 'sha256' } = options
  const algorithm = algorithmOf(signedBy.privateKey, hash)
  const entries = revoked.map(({ serial, extensions: own = [] }) =>
    sequence(integer(serial), generalizedTime(NOTATION_NOW - DAY_MS), ...(own.length > 0 ? [sequence(...own)] : [])),
  )
  const next = options.nextUpdate === undefined ? NOTATION_NOW + DAY_MS : options.nextUpdate
  const tbs = sequence(
    integer(1),
    options.innerHash === undefined ? algorithm : algorithmOf(signedBy.privateKey, options.innerHash),
    issuer.name,
    generalizedTime(options.thisUpdate ?? NOTATION_NOW - 60_000),
    ...(next === null ? [] : [generalizedTime(next)]),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    ...(extensions.length > 0 ? [explicit(0, sequence(...extensions))] : []),
  )
  return sequence(tbs, algorithm, bits(signWith(signedBy.privateKey, hash, tbs)))
}

export type StatusOptions = {
  readonly certificate: Issued
  readonly issuer: Issued
  readonly status?: 'good' | 'revoked' | 'unknown'
  readonly invalidAt?: number
  readonly thisUpdate?: number
  readonly nextUpdate?: number | null
  readonly nonce?: Uint8Array | null
  readonly signedBy?: Issued
  readonly certificates?: readonly Issued[]
  readonly byKey?: boolean
  readonly serial?: number
  readonly namedBy?: Issued
  readonly code?: number
  readonly hash?: 'sha1' | 'sha256'
  readonly keyOf?: Issued
  readonly corrupt?: boolean
  /** How often it says the same. */
  readonly copies?: number
  readonly type?: string
  readonly version?: number
}

/** An OCSP answer. RFC 6960. */
export function statusAnswer(options: StatusOptions): Buffer {
  const {
    certificate,
    issuer,
    status = 'good',
    signedBy = issuer,
    nonce = null,
    hash = 'sha1',
    namedBy = signedBy,
  } = options
  if (options.code !== undefined) return sequence(tlv(0x0a, Buffer.from([options.code])))
  const id = sequence(
    sequence(oid(HASH_OIDS[hash]), nil),
    octets(createHash(hash).update(issuer.name).digest()),
    octets(
      createHash(hash)
        .update(keyBits(options.keyOf ?? issuer))
        .digest(),
    ),
    integer(options.serial ?? certificate.serial),
  )
  const said = {
    good: tlv(0x80),
    revoked: explicit(1, generalizedTime(NOTATION_NOW - DAY_MS)),
    unknown: tlv(0x82),
  }[status]
  const next = options.nextUpdate === undefined ? NOTATION_NOW + DAY_MS : options.nextUpdate
  const extensions =
    options.invalidAt === undefined
      ? []
      : [explicit(1, sequence(extension('2.5.29.24', false, generalizedTime(options.invalidAt))))]
  const single = sequence(
    id,
    said,
    generalizedTime(options.thisUpdate ?? NOTATION_NOW - 60_000),
    ...(next === null ? [] : [explicit(0, generalizedTime(next))]),
    ...extensions,
  )
  const responder =
    options.byKey === true
      ? explicit(2, octets(createHash('sha1').update(keyBits(namedBy)).digest()))
      : explicit(1, namedBy.name)
  const data = sequence(
    ...(options.version === undefined ? [] : [explicit(0, integer(options.version))]),
    responder,
    generalizedTime(NOTATION_NOW),
    sequence(...Array.from({ length: options.copies ?? 1 }, () => single)),
    ...(nonce === null ? [] : [explicit(1, sequence(extension('1.3.6.1.5.5.7.48.1.2', false, octets(nonce))))]),
  )
  const signature = signWith(signedBy.privateKey, 'sha256', data)
  if (options.corrupt === true) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1
  const held = options.certificates ?? []
  const basic = sequence(
    data,
    algorithmOf(signedBy.privateKey, 'sha256'),
    bits(signature),
    ...(held.length === 0 ? [] : [explicit(0, sequence(...held.map(({ der }) => der)))]),
  )
  return sequence(
    tlv(0x0a, Buffer.from([0])),
    explicit(0, sequence(oid(options.type ?? '1.3.6.1.5.5.7.48.1.1'), octets(basic))),
  )
}

/** The bits of a public key, without what stands around them. */
function keyBits({ publicKey }: KeyPair): Buffer {
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const size =
    publicKey.asymmetricKeyType === 'ec'
      ? { prime256v1: 65, secp384r1: 97, secp521r1: 133 }[String(publicKey.asymmetricKeyDetails?.namedCurve)]
      : undefined
  if (size === undefined) throw new Error('only keys on curves answer here')
  return spki.subarray(spki.length - size)
}

export const aNonce = (): Buffer => randomBytes(32)
