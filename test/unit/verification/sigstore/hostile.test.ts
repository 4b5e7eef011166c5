/** Bytes that nobody meant: certificates, timestamps and roots changed in single bytes. Nothing throws, and nothing of it counts. */

import { describe, expect, it } from 'vitest'
import { readTrustRoot } from '../../../../src/verification/sigstore/trust-root.ts'
import { createSigstore } from '../../../helpers/sigstore/instance.ts'
import { ask, FULL, SUBJECT, verifyBundle } from '../../../helpers/sigstore/question.ts'
import { signBundle, statement, type BundleJson } from '../../../helpers/sigstore/signatures.ts'

const sigstore = createSigstore()
const bundle = signBundle(sigstore, statement(SUBJECT), { log: 'v2' })
const material = bundle.verificationMaterial as BundleJson['verificationMaterial'] & {
  certificate: { rawBytes: string }
  timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: string }] }
}

const BITS = [0x01, 0x20, 0x80]

/** Places spread over all of it, a hundred and fifty at most; at each, one bit is another. */
function* changed(base64: string): Generator<string> {
  const bytes = Buffer.from(base64, 'base64')
  const step = Math.max(1, Math.ceil(bytes.length / 150))
  for (let at = 0; at < bytes.length; at += step) {
    const other = Buffer.from(bytes)
    other[at] = (other[at] ?? 0) ^ (BITS[at % BITS.length] ?? 1)
    yield other.toString('base64')
  }
}

describe('one bit changed', () => {
  it('in the certificate: never counts', async () => {
    for (const rawBytes of changed(material.certificate.rawBytes)) {
      const spoilt = { ...bundle, verificationMaterial: { ...material, certificate: { rawBytes } } }
      expect((await verifyBundle(spoilt, ask(sigstore))).kind).toBe('rejected')
    }
  })

  it('in what was signed, or in its signature: never counts', async () => {
    const { payload, signatures } = bundle.dsseEnvelope
    for (const other of changed(payload)) {
      const dsseEnvelope = { ...bundle.dsseEnvelope, payload: other }
      expect((await verifyBundle({ ...bundle, dsseEnvelope }, ask(sigstore))).kind).toBe('rejected')
    }
    for (const sig of changed(signatures[0]?.sig ?? '')) {
      const dsseEnvelope = { ...bundle.dsseEnvelope, signatures: [{ sig }] }
      expect((await verifyBundle({ ...bundle, dsseEnvelope }, ask(sigstore))).kind).toBe('rejected')
    }
  })

  it('in the timestamp: counts only where the time stays what was signed', async () => {
    for (const signedTimestamp of changed(material.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp)) {
      const timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp }] }
      const spoilt = { ...bundle, verificationMaterial: { ...material, timestampVerificationData } }
      const fact = await verifyBundle(spoilt, ask(sigstore))
      if (fact.kind === 'signature') expect(fact.at).toBe(Math.floor(sigstore.now.getTime() / 1000) * 1000)
    }
  })

  it('in the body of the log entry: never counts', async () => {
    const [entry] = material.tlogEntries
    for (const canonicalizedBody of changed(entry?.canonicalizedBody ?? '')) {
      const spoilt = {
        ...bundle,
        verificationMaterial: { ...material, tlogEntries: [{ ...entry, canonicalizedBody }] },
      }
      expect((await verifyBundle(spoilt, ask(sigstore))).kind).toBe('rejected')
    }
  })
})

it('a trusted root that was cut off anywhere is refused in words', () => {
  const json = sigstore.trustedRoot()
  for (let length = 0; length < json.length; length += 61) {
    const read = readTrustRoot({ kind: 'custom', json: json.slice(0, length), require: FULL })
    expect(read).toMatchObject({ ok: false, error: expect.stringContaining('trusted root') })
  }
})
