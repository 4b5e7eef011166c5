/** A vector of Notation under its own trust policy. */

import * as z from 'zod'
import type { NotationSigner } from '../../../src/domain/signer.ts'
import { verifyNotation } from '../../../src/verification/notation/notation.ts'
import type { Outcome, Vector } from './outcome.ts'
import type { Read } from './sigstore.ts'

/** The vectors were made then. */
const NOW = Date.parse('2026-11-20T12:00:00Z')

const Files = z.array(z.string()).default([])
const NotationVector = z.looseObject({
  file: z.string(),
  mediaType: z.string(),
  descriptor: z.object({ mediaType: z.string(), digest: z.string(), size: z.number() }),
  policy: z.object({
    level: z.enum(['strict', 'permissive']),
    override: z
      .object({
        authenticTimestamp: z.enum(['enforce', 'log']).optional(),
        expiry: z.enum(['enforce', 'log']).optional(),
        revocation: z.enum(['enforce', 'log', 'skip']).optional(),
      })
      .default({}),
    trustStores: z.object({ ca: Files, signingAuthority: Files, tsa: Files }),
    trustedIdentities: z.array(z.string()),
    verifyTimestamp: z.enum(['always', 'afterCertExpiry']).default('always'),
    plugins: z.array(z.string()).optional(),
  }),
})
type NotationVector = z.infer<typeof NotationVector>

/** A policy that gates nothing (`audit`, `skip`) is none of ours: it is refused where it is read. */
export async function judgeNotation(vector: Vector, read: Read): Promise<Outcome | null> {
  const known = NotationVector.safeParse(vector)
  if (!known.success) return { accepted: false, reason: 'bad-policy' }
  const { file, mediaType, descriptor } = known.data
  const signers = { vector: signerOf(known.data, read) }
  const material = { source: file, mediaType, bytes: read(file) }
  const fact = await verifyNotation(material, { descriptor, signers, now: NOW, revocation: {} })
  return { accepted: fact.kind === 'signature', reason: fact.kind === 'signature' ? 'accepted' : fact.reason }
}

function signerOf({ policy }: NotationVector, read: Read): NotationSigner {
  const pem = (file: string): string => {
    const base64 = btoa(Array.from(read(file), (byte) => String.fromCodePoint(byte)).join(''))
    return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
  }
  const { ca, signingAuthority, tsa } = policy.trustStores
  return {
    kind: 'notation',
    level: policy.level,
    override: policy.override,
    trustStores: { ca: ca.map(pem), signingAuthority: signingAuthority.map(pem), tsa: tsa.map(pem) },
    identities: policy.trustedIdentities,
    verifyTimestamp: policy.verifyTimestamp,
    revocation: policy.plugins === undefined ? 'network' : 'aws-signer',
  }
}
