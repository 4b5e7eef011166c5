/** Certificates of the library with their answers kept: they are asked the same many times, and each answer costs a parse. */

import { ASN1Obj, crypto, X509Certificate } from '@sigstore/core'
import { Buffer } from './platform.ts'

/** RFC 5280 §4.1: the extensions are the third tagged part. */
const EXTENSIONS = 3

type Key = ReturnType<typeof crypto.createPublicKey>

/** Parsed once, immutable for us: what it says, and which issuers' signatures hold, is worked out once. */
export class KeptCertificate extends X509Certificate {
  readonly der: Uint8Array
  readonly #answers = new Map<string, unknown>()
  readonly #issuers = new WeakMap<X509Certificate, boolean>()

  /** `parsed`: where that was done already. */
  constructor(der: Uint8Array, parsed: X509Certificate = X509Certificate.parse(Buffer.from(der))) {
    super(parsed.root)
    this.der = der
  }

  /** The names of its extensions, each of which costs big numbers to work out. */
  get extensionNames(): readonly string[] {
    return this.#keep('names', () => this.extensions.map(({ subs }) => subs[0]?.toOID() ?? ''))
  }
  get key(): Key {
    return this.#keep('key', () => crypto.createPublicKey(this.publicKey))
  }

  override extension(oid: string): ReturnType<X509Certificate['extension']> {
    return this.extensionNames.includes(oid) ? super.extension(oid) : undefined
  }
  override get publicKey(): Buffer {
    return this.#keep('publicKey', () => super.publicKey)
  }
  override get notBefore(): Date {
    return this.#keep('notBefore', () => super.notBefore)
  }
  override get notAfter(): Date {
    return this.#keep('notAfter', () => super.notAfter)
  }
  override get extBasicConstraints(): X509Certificate['extBasicConstraints'] {
    return this.#keep('extBasicConstraints', () => super.extBasicConstraints)
  }
  override get extKeyUsage(): X509Certificate['extKeyUsage'] {
    return this.#keep('extKeyUsage', () => super.extKeyUsage)
  }
  override get extAuthorityKeyID(): X509Certificate['extAuthorityKeyID'] {
    return this.#keep('extAuthorityKeyID', () => super.extAuthorityKeyID)
  }
  override get extSubjectKeyID(): X509Certificate['extSubjectKeyID'] {
    return this.#keep('extSubjectKeyID', () => super.extSubjectKeyID)
  }
  override get isCA(): boolean {
    return this.#keep('isCA', () => super.isCA)
  }

  override equals(other: X509Certificate): boolean {
    return other instanceof KeptCertificate ? Buffer.compare(this.der, other.der) === 0 : super.equals(other)
  }

  override verify(issuer?: X509Certificate): boolean {
    const by = issuer ?? this
    const known = this.#issuers.get(by)
    if (known !== undefined) return known
    const holds = by instanceof KeptCertificate ? this.#isSignedWith(by.key) : super.verify(issuer)
    this.#issuers.set(by, holds)
    return holds
  }

  /**
   * Whoever asks takes an extension out of the copy to see what a certificate log saw. Only the list that is cut is copied; the
   * rest is never written to.
   */
  override clone(): X509Certificate {
    const { root } = this
    const [tbs, ...rest] = root.subs
    if (tbs === undefined) return super.clone()
    const parts = tbs.subs.map((part) => {
      const [list] = part.subs
      if (list === undefined || !part.tag.isContextSpecific(EXTENSIONS)) return part
      return new ASN1Obj(part.tag, part.value, [new ASN1Obj(list.tag, list.value, [...list.subs])])
    })
    return new X509Certificate(new ASN1Obj(root.tag, root.value, [new ASN1Obj(tbs.tag, tbs.value, parts), ...rest]))
  }

  #isSignedWith(key: Key): boolean {
    return crypto.verify(this.tbsCertificate.toDER(), key, this.signatureValue, this.signatureAlgorithm)
  }

  #keep<T>(name: string, work: () => T): T {
    if (!this.#answers.has(name)) this.#answers.set(name, work())
    return this.#answers.get(name) as T
  }
}

/**
 * The last certificate of a trusted chain. It is trusted because the root names it, so it needs no issuer: the specification
 * allows an intermediate here (`CertificateAuthority.cert_chain`), where the library looks for a self-signed one.
 */
export class TrustAnchor extends KeptCertificate {
  override get issuer(): Buffer {
    return this.subject
  }
  override verify(issuer?: X509Certificate): boolean {
    return issuer === undefined || issuer === this || super.verify(issuer)
  }
}
