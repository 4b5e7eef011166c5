/** Signatures of Notation of our own, as vectors with their files: one of each kind of key, form and mistake that platforms might see differently. */

import type { Vector } from '../corpus/signatures/outcome.ts'
import {
  aChain,
  aStamper,
  signCose,
  signJws,
  stamp,
  SUBJECT,
  type CertificateOptions,
  type Issued,
} from './notation-pki.ts'

type Sample = readonly [Vector, Readonly<Record<string, Uint8Array>>]
type Signing = {
  readonly leaf?: CertificateOptions
  readonly trusted?: Issued
  readonly tsa?: Issued
  readonly edit?: (bytes: Buffer) => Buffer
}

const KINDS = {
  jws: ['notation-jws', 'application/jose+json', signJws],
  cose: ['notation-cose', 'application/cose', signCose],
} as const

function sample(id: string, form: keyof typeof KINDS, expected: 'valid' | 'invalid', signing: Signing = {}): Sample {
  const [kind, mediaType, sign] = KINDS[form]
  const { leaf = {}, tsa, edit = (bytes: Buffer) => bytes } = signing
  const { root, signer, chain } = aChain(leaf)
  const stamper = aStamper()
  const timestamp =
    tsa === undefined ? {} : { timestamp: stamp({ signer: stamper.signer, certificates: [stamper.signer] }) }
  const envelope = edit(sign({ signer, chain, ...timestamp }))
  const trustStores = { ca: ['root'], signingAuthority: [], tsa: tsa === undefined ? [] : ['tsa'] }
  const vector: Vector = {
    id: `${form}: ${id}`,
    file: 'envelope',
    kind,
    expected,
    mediaType,
    descriptor: SUBJECT,
    policy: {
      level: 'strict',
      override: { revocation: 'skip' },
      trustStores,
      trustedIdentities: ['x509.subject: C=DE, ST=BE, O=Acme'],
    },
  }
  const files = { envelope, root: (signing.trusted ?? root).der, ...(tsa === undefined ? {} : { tsa: tsa.der }) }
  return [vector, files]
}

/** The last byte of what was signed with: of a JWS the end of the text, of COSE its last part. */
function shortened(form: keyof typeof KINDS): (bytes: Buffer) => Buffer {
  if (form === 'cose') return (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])])
  return (bytes) => {
    const envelope = JSON.parse(bytes.toString()) as { signature: string }
    const signature = Buffer.from(envelope.signature, 'base64url').subarray(0, -1).toString('base64url')
    return Buffer.from(JSON.stringify({ ...envelope, signature }))
  }
}

export function notationSamples(): readonly Sample[] {
  const stamper = aStamper()
  const elsewhere = aChain({ keyKind: 'P-384' })
  return (['jws', 'cose'] as const).flatMap((form) => [
    ...(['P-256', 'P-384', 'P-521', 'RSA-2048', 'RSA-3072'] as const).flatMap((keyKind) => [
      sample(`by a key ${keyKind}`, form, 'valid', { leaf: { keyKind } }),
      sample(`by a key ${keyKind}, altered`, form, 'invalid', { leaf: { keyKind }, edit: shortened(form) }),
    ]),
    sample('with a timestamp', form, 'valid', { tsa: stamper.root }),
    sample('with a timestamp of somebody else', form, 'invalid', { tsa: elsewhere.root }),
    sample('of a signer who is not trusted', form, 'invalid', { trusted: elsewhere.signer }),
    sample('of a certificate that is not for signing', form, 'invalid', { leaf: { usage: { bits: [5] } } }),
    sample('that is nothing', form, 'invalid', { edit: () => Buffer.from('x') }),
  ])
}
