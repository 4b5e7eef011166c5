/** A vector of Sigstore as a question to our verifier: its trust mode becomes a root's thresholds, its identity a signer. */

import * as z from 'zod'
import type { AttestationFact } from '../../../src/domain/evidence.ts'
import { Digest } from '../../../src/domain/image.ts'
import { Json } from '../../../src/domain/json.ts'
import type { Signer, Thresholds, TrustRoot } from '../../../src/domain/signer.ts'
import {
  verifyCosignLayer,
  verifySigstoreBundle,
  type SigstoreFact,
} from '../../../src/verification/sigstore/verify.ts'
import type { Outcome } from './outcome.ts'

export type Read = (file: string) => Uint8Array

export const SigstoreVector = z.object({
  kind: z.enum(['sigstore-bundle', 'cosign-tag-layer']),
  file: z.string(),
  digest: Digest,
  trustMode: z.enum(['public-good', 'github', 'key+tlog', 'key']).optional(),
  trustRoot: z.string().optional(),
  key: z.string().optional(),
  identity: z.string().optional(),
  identityRegExp: z.string().optional(),
  issuer: z.string().optional(),
  claims: z.record(z.string(), z.string()).optional(),
  artifact: z.string().optional(),
  predicateType: z.string().optional(),
})
type SigstoreVector = z.infer<typeof SigstoreVector>

const THRESHOLDS: Readonly<Record<string, Thresholds>> = {
  'public-good': { log: 1, sct: 1, timestamp: 1 },
  github: { log: 0, sct: 0, timestamp: 1 },
}
/** The layer with its blob, as the vectors write it. */
const Layer = z.object({
  mediaType: z.string(),
  annotations: z.record(z.string(), z.string()).nullish(),
  payload: z.string(),
})

export async function judge(vector: SigstoreVector, read: Read): Promise<Outcome> {
  const fact = await factOf(vector, read)
  if (fact.kind === 'rejected') return { accepted: false, reason: `${fact.reason}: ${fact.detail}` }
  const isOther = vector.predicateType !== undefined && typeOf(fact) !== vector.predicateType
  return { accepted: !isOther, reason: isOther ? `a predicate of the type ${typeOf(fact)}` : 'accepted' }
}

function typeOf(fact: SigstoreFact): string {
  return fact.kind === 'attestation' ? (fact satisfies AttestationFact).predicateType : fact.kind
}

function factOf(vector: SigstoreVector, read: Read): Promise<SigstoreFact> {
  const question = {
    subject: vector.digest,
    signers: { vector: signerOf(vector, read) },
    trustRoots: vector.trustRoot === undefined ? {} : { vector: rootOf(vector, read) },
    now: Date.now(),
    ...(vector.artifact === undefined ? {} : { artifact: read(vector.artifact) }),
  }
  const source = vector.file
  if (vector.kind === 'sigstore-bundle') return verifySigstoreBundle({ source, bytes: read(vector.file) }, question)
  const layer = Json.pipe(Layer).parse(new TextDecoder().decode(read(vector.file)))
  const annotations = layer.annotations ?? {}
  const blob = Uint8Array.from(atob(layer.payload), (character) => character.charCodeAt(0))
  return verifyCosignLayer({ source, mediaType: layer.mediaType, annotations, blob }, question)
}

function signerOf(vector: SigstoreVector, read: Read): Signer {
  const trust = 'vector'
  if (vector.key !== undefined) {
    const log = vector.trustMode === 'key' || vector.trustRoot === undefined ? 'ignore' : 'required'
    return { kind: 'key', pem: new TextDecoder().decode(read(vector.key)), log, trust }
  }
  const { issuer = '', identity = '', identityRegExp, claims = {} } = vector
  return {
    kind: 'keyless',
    issuer: { equals: issuer },
    subject: identityRegExp === undefined ? { equals: identity } : { pattern: identityRegExp },
    claims: Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, { equals: value }])),
    trust,
  }
}

function rootOf({ trustRoot = '', trustMode = 'public-good' }: SigstoreVector, read: Read): TrustRoot {
  const json = new TextDecoder().decode(read(trustRoot))
  return { kind: 'custom', json, require: THRESHOLDS[trustMode] ?? { log: 1, sct: 1, timestamp: 1 } }
}
