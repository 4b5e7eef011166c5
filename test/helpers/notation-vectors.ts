/** Notation's vectors as our own signers: a vector's policy to a signer, and the certificates of its trust stores. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import type { RejectedFact, SignatureFact } from '../../src/domain/evidence.ts'
import type { NotationSigner } from '../../src/domain/signer.ts'
import type { Descriptor } from '../../src/verification/notation/payload.ts'
import { verifyNotation } from '../../src/verification/notation/notation.ts'

/** The vectors were made then. */
export const VECTORS_NOW = Date.parse('2026-11-20T12:00:00Z')

export type NotationVector = {
  readonly id: string
  readonly kind: 'notation-jws' | 'notation-cose'
  readonly file: string
  readonly mediaType: string
  readonly descriptor: Descriptor
  readonly expected: 'valid' | 'invalid' | 'either'
  readonly why: string
  readonly policy: {
    readonly level: 'strict' | 'permissive'
    readonly override?: NotationSigner['override']
    readonly trustStores: Readonly<Partial<Record<'ca' | 'signingAuthority' | 'tsa', readonly string[]>>>
    readonly trustedIdentities: readonly string[]
    readonly verifyTimestamp?: 'always' | 'afterCertExpiry'
    readonly plugins?: readonly string[]
  }
}

export function readNotationVectors(folder: string): readonly NotationVector[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as readonly NotationVector[]
  return manifest.filter(({ kind }) => kind.startsWith('notation-'))
}

export function signerOfVector({ policy }: NotationVector, folder: string): NotationSigner {
  const { ca = [], signingAuthority = [], tsa = [] } = policy.trustStores
  const store = (files: readonly string[]): string[] => files.map((file) => certificateOf(file, folder))
  return {
    kind: 'notation',
    level: policy.level,
    override: policy.override ?? {},
    trustStores: { ca: store(ca), signingAuthority: store(signingAuthority), tsa: store(tsa) },
    identities: [...policy.trustedIdentities],
    verifyTimestamp: policy.verifyTimestamp ?? 'always',
    revocation: policy.plugins === undefined ? 'network' : 'aws-signer',
  }
}

export function verifyVector(vector: NotationVector, folder: string): Promise<SignatureFact | RejectedFact> {
  return verifyNotation(
    { source: vector.file, mediaType: vector.mediaType, bytes: readFileSync(join(folder, vector.file)) },
    {
      descriptor: vector.descriptor,
      signers: { vector: signerOfVector(vector, folder) },
      now: VECTORS_NOW,
      revocation: {},
    },
  )
}

/** Where a certificate's file is not delivered: the envelope whose chain ends in it, or the name of a public root. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'notation/NotationTestRoot.der': 'notation/ca_valid_sig_env.json',
  'notation/alpine2123.der': 'notation/jws_signature.sig',
  'notation/alpine2033.der': 'notation/jwsWithTimestamp.sig',
  'notation/testTSA-expired.der': 'notation/jwsExpiredWithTimestamp.sig',
  'notation/testTSA-notyet.der': 'notation/timestampBeforeNotBefore.sig',
  'notation/GlobalSignR6.der': 'public:MIIFgzCCA2ugAwIBAgIORea7A4Mzw4VlSOb',
  'notation/DigiCertTSARoot.der': 'public:MIIFkDCCA3igAwIBAgIQBZsbV56OITLiOQe9p3d1XDANBgkqhkiG9w0BAQwFADBi',
  'fab-notation/root.der': 'fab-notation/payload-annotations',
}

function certificateOf(file: string, folder: string): string {
  const path = join(folder, file)
  if (existsSync(path)) return pem(readFileSync(path).toString('base64'))
  const elsewhere = ELSEWHERE[file]
  if (elsewhere === undefined) throw new Error(`the vectors name ${file}, which is not there`)
  if (elsewhere.startsWith('public:')) {
    const start = elsewhere.slice('public:'.length)
    const found = rootCertificates.find((one) => one.replaceAll('\n', '').includes(`-----${start}`))
    if (found === undefined) throw new Error(`no public root for ${file}`)
    return found
  }
  const { header } = JSON.parse(readFileSync(join(folder, elsewhere), 'utf8')) as { header: { x5c: string[] } }
  return pem(header.x5c.at(-1) ?? '')
}

function pem(base64: string): string {
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
}
