/** Certificates of the library with their answers kept: they are asked the same many times, and each answer costs a parse. */

import { X509Certificate } from '@sigstore/core'
import { Buffer } from './platform.ts'

/** Parsed once, immutable for us: what it says, and which issuers' signatures hold, is worked out once. */
export class KeptCertificate extends X509Certificate {
  readonly der: Buffer<ArrayBuffer>
  readonly #answers = new Map<string, unknown>()
  readonly #issuers = new WeakMap<X509Certificate, boolean>()

  constructor(der: Uint8Array) {
    const bytes = Buffer.from(der)
    super(X509Certificate.parse(bytes).root)
    this.der = bytes
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
    return other instanceof KeptCertificate ? this.der.equals(other.der) : super.equals(other)
  }

  override verify(issuer?: X509Certificate): boolean {
    const by = issuer ?? this
    const known = this.#issuers.get(by)
    if (known !== undefined) return known
    const holds = super.verify(issuer)
    this.#issuers.set(by, holds)
    return holds
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
