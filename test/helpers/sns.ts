/** Amazon SNS as it signs and serves its certificate, written independently of ours: with Node's cryptography and a hand-made certificate. */

import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

export type SnsSigner = { readonly privateKey: KeyObject; readonly pem: string; readonly file: string }

/** With a certificate that nobody signed: what counts is the key in it, and where it is served. */
export function anSnsSigner(name: string): SnsSigner {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const file = `SimpleNotificationService-${Buffer.from(name.padEnd(16, '0')).toString('hex').slice(0, 32)}.pem`
  return { privateKey, pem: pemOf(certificateOf(spki)), file }
}

const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

/** The envelope with its signature. */
export function signSns(signer: SnsSigner, envelope: Readonly<Record<string, string>>): Record<string, string> {
  const version = envelope['SignatureVersion'] ?? '2'
  const names = envelope['Type'] === 'Notification' ? NOTIFICATION : CONFIRMATION
  const lines = names.flatMap((name) => (envelope[name] === undefined ? [] : [`${name}\n${envelope[name]}\n`])).join('')
  const algorithm = version === '1' ? 'sha1' : 'sha256'
  const signature = sign(algorithm, Buffer.from(lines), signer.privateKey).toString('base64')
  return { SignatureVersion: version, ...envelope, Signature: signature }
}

function certificateOf(spki: Buffer): Buffer {
  const algorithm = der(0x30, Buffer.from('06092a864886f70d01010b0500', 'hex'))
  const name = der(0x30, Buffer.alloc(0))
  const validity = der(0x30, Buffer.alloc(0))
  const version = der(0xa0, der(0x02, Buffer.of(2)))
  const serial = der(0x02, Buffer.of(1))
  const toBeSigned = der(0x30, Buffer.concat([version, serial, algorithm, name, validity, name, spki]))
  return der(0x30, Buffer.concat([toBeSigned, algorithm, der(0x03, Buffer.alloc(257))]))
}

export function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

export function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').replaceAll(/.{64}/gu, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
