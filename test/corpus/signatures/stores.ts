/** Certificates of the vectors' trust stores that are not delivered as files: from an envelope that ends in them, or a public root. */

import { rootCertificates } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import type { Read } from './sigstore.ts'

const LAST_OF: Readonly<Record<string, string>> = {
  'notation/NotationTestRoot.der': 'notation/ca_valid_sig_env.json',
  'notation/alpine2123.der': 'notation/jws_signature.sig',
  'notation/alpine2033.der': 'notation/jwsWithTimestamp.sig',
  'notation/testTSA-expired.der': 'notation/jwsExpiredWithTimestamp.sig',
  'notation/testTSA-notyet.der': 'notation/timestampBeforeNotBefore.sig',
  'fab-notation/root.der': 'fab-notation/payload-annotations',
}
const PUBLIC: Readonly<Record<string, string>> = {
  'notation/GlobalSignR6.der': 'OU=GlobalSign Root CA - R6\nO=GlobalSign\nCN=GlobalSign',
  'notation/DigiCertTSARoot.der': 'C=US\nO=DigiCert Inc\nOU=www.digicert.com\nCN=DigiCert Trusted Root G4',
}

/** A file that is there is what it says; only one that is missing is looked for. */
export function withStores(read: Read): Read {
  return (file) => {
    try {
      return read(file)
    } catch (error) {
      const found = fromEnvelope(file, read) ?? fromPublic(file)
      if (found === null) throw error
      return found
    }
  }
}

function fromEnvelope(file: string, read: Read): Buffer<ArrayBuffer> | null {
  const envelope = LAST_OF[file]
  if (envelope === undefined) return null
  const { header } = JSON.parse(new TextDecoder().decode(read(envelope))) as { header: { x5c: string[] } }
  return Buffer.from(header.x5c.at(-1) ?? '', 'base64')
}

function fromPublic(file: string): Buffer<ArrayBuffer> | null {
  const subject = PUBLIC[file]
  if (subject === undefined) return null
  const found = rootCertificates.map((pem) => new X509Certificate(pem)).find((one) => one.subject === subject)
  return found === undefined ? null : Buffer.from(found.raw)
}
