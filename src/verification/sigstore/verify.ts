/**
 * One signature, its proofs and its words, against the configured signers: a fact, or why it is none. The library does the
 * cryptography; what it leaves to its caller is done here and in the files beside (reference: sigstore's client specification).
 */

import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle'
import { crypto } from '@sigstore/core'
import { Verifier, type SignedEntity, type TrustMaterial } from '@sigstore/verify'
import type { AttestationFact, RejectedFact, SignatureFact } from '../../domain/evidence.ts'
import type { Digest } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { KeylessSigner, KeySigner, Signers, Thresholds, TrustRoots } from '../../domain/signer.ts'
import { parseBundle } from './bundle.ts'
import { KeptCertificate } from './certificate.ts'
import { hasCertificate, readLayer, type CosignLayer } from './cosign-layer.ts'
import { identityOf, type Identity } from './identity.ts'
import { leafProblem } from './leaf.ts'
import { entryProblem, isOldIntoto, oldIntotoProblem, type SigningMaterial } from './log-entry.ts'
import { COSIGN_SIGN, readStatement, simpleSigningProblem } from './payload.ts'
import { prepareCrypto, type Buffer } from './platform.ts'
import { reject, rejectedFact, rejectionOf, type Rejection } from './rejection.ts'
import { entityOf, isDigestOf } from './signed-content.ts'
import { difference } from './signers.ts'
import { readTrustRoot, staleness, type ReadTrustRoot } from './trust-root.ts'

export type SigstoreQuestion = {
  /** The digest that everything has to be about. */
  readonly subject: Digest
  /** All that are configured, by name; those of Notation are passed over. */
  readonly signers: Signers
  readonly trustRoots: TrustRoots
  readonly now: number
  /** The bytes that the digest names: a bundle that signs a message, not a statement, is about them. */
  readonly artifact?: Uint8Array
}
export type SigstoreFact = SignatureFact | AttestationFact | RejectedFact

type Format = 'sigstore-bundle' | 'cosign-tag-layer'
/** What came from outside, read. */
type Signed = {
  readonly format: Format
  readonly source: string
  readonly bundle: Bundle
  readonly artifact: Uint8Array | undefined
  readonly payload: Uint8Array | null
  readonly envelope: Uint8Array | null
}
/** What a trusted root, or a key, proves of it. */
type Proven = { readonly at: number | null; readonly log: string | null; readonly identity: Identity | null }
type Named<T> = T & { readonly name: string }

/** A bundle, versions 0.1 to 0.3. Never throws for what is in it. */
export function verifySigstoreBundle(
  material: { readonly source: string; readonly bytes: Uint8Array },
  question: SigstoreQuestion,
): Promise<SigstoreFact> {
  const format = 'sigstore-bundle'
  return answer({ format, source: material.source }, () => {
    const bundle = parseBundle(material.bytes)
    if (!bundle.ok) return bundle
    const { artifact } = question
    return verify(
      { format, source: material.source, bundle: bundle.value, artifact, payload: null, envelope: null },
      question,
    )
  })
}

/** A layer of cosign's `.sig` and `.att` tags, or the same layer in a referrer. */
export function verifyCosignLayer(
  material: { readonly source: string } & CosignLayer,
  question: SigstoreQuestion,
): Promise<SigstoreFact> {
  const format = 'cosign-tag-layer'
  return answer({ format, source: material.source }, () => {
    const attempts = hasCertificate(material) ? [false, true] : [true]
    let last: Result<SignatureFact | AttestationFact, Rejection> = err(reject('malformed', 'nothing is signed'))
    for (const isKeyed of attempts) {
      const layer = readLayer(material, isKeyed)
      const { source } = material
      last = layer.ok
        ? verify({ format, source, artifact: layer.value.payload ?? undefined, ...layer.value }, question)
        : layer
      if (last.ok) break
    }
    return last
  })
}

function answer(
  { format, source }: { readonly format: Format; readonly source: string },
  work: () => Result<SignatureFact | AttestationFact, Rejection>,
): Promise<SigstoreFact> {
  prepareCrypto()
  try {
    const fact = work()
    return Promise.resolve(fact.ok ? fact.value : rejectedFact({ format, source }, fact.error))
  } catch (error) {
    // What it holds was written by an attacker, and parsers have holes: whatever they throw proves nothing.
    return Promise.resolve(rejectedFact({ format, source }, rejectionOf(error)))
  }
}

function verify(signed: Signed, question: SigstoreQuestion): Result<SignatureFact | AttestationFact, Rejection> {
  const isKeyed = signed.bundle.verificationMaterial.content.$case === 'publicKey'
  const proven = isKeyed ? byKeys(signed, question) : byCertificate(signed, question)
  if (!proven.ok) return proven
  const { signers, at, log, identity } = proven.value
  const said = contentOf(signed, question.subject)
  if (!said.ok) return said
  const fact = {
    format: signed.format,
    source: signed.source,
    subject: question.subject,
    signers,
    by: identity?.subject ?? `the key of ${signers.join(', ')}`,
    log,
    at,
    claims: { ...identity?.claims },
  }
  if (said.value === null || said.value.predicateType === COSIGN_SIGN) return ok({ kind: 'signature', ...fact })
  return ok({ kind: 'attestation', ...fact, ...said.value })
}

type ProvenSigners = Proven & { readonly signers: string[] }

/** Each trusted root is asked once, however many signers rely on it. */
function byCertificate(signed: Signed, question: SigstoreQuestion): Result<ProvenSigners, Rejection> {
  const signers = signersOf<KeylessSigner>(question.signers, 'keyless')
  if (signers.length === 0)
    return err(reject('wrong-material', 'it was made with a certificate, and every signer here has a key'))
  let why = reject('wrong-identity', 'no signer')
  for (const trust of new Set(signers.map((signer) => signer.trust))) {
    const root = rootOf(trust, question)
    const proven = root.ok ? proveCertificate(signed, root.value) : root
    if (!proven.ok) {
      why = proven.error
      continue
    }
    const { identity } = proven.value
    const candidates = signers.filter((signer) => signer.trust === trust)
    const differences = candidates.map((signer) => difference(signer, identity))
    const names = candidates.filter((_, at) => differences[at] === null).map(({ name }) => name)
    if (names.length > 0) return ok({ ...proven.value, signers: names })
    why = reject('wrong-identity', `signed by another: ${[...new Set(differences)].join('; ')}`)
  }
  return err(why)
}

function byKeys(signed: Signed, question: SigstoreQuestion): Result<ProvenSigners, Rejection> {
  const signers = signersOf<KeySigner>(question.signers, 'key')
  if (signers.length === 0)
    return err(reject('wrong-material', 'it was made with a key, and every signer here has a certificate'))
  let why = reject('wrong-key', 'no signer')
  const proofs: Proven[] = []
  const names: string[] = []
  for (const signer of signers) {
    const proven = proveKey(signed, signer, question)
    if (!proven.ok) why = proven.error
    else {
      names.push(signer.name)
      proofs.push(proven.value)
    }
  }
  // The same key may be in two signers, one of whom asks for the log: what is known of the time is then said.
  const best = proofs.find(({ at }) => at !== null) ?? proofs[0]
  return best === undefined ? err(why) : ok({ ...best, signers: names })
}

function signersOf<T extends KeylessSigner | KeySigner>(signers: Signers, kind: T['kind']): Named<T>[] {
  return Object.entries(signers).flatMap(([name, signer]) => (signer.kind === kind ? [{ ...(signer as T), name }] : []))
}

function rootOf(trust: string, { trustRoots, now }: SigstoreQuestion): Result<ReadTrustRoot, Rejection> {
  const configured = Object.hasOwn(trustRoots, trust) ? trustRoots[trust] : undefined
  if (configured === undefined) return err(reject('no-trust-root', `there is no trusted root named ${trust}`))
  const root = readTrustRoot(configured)
  if (!root.ok) return err(reject('no-trust-root', root.error))
  const stale = staleness(root.value, now)
  return stale === null ? root : err(reject('stale-trust-root', stale))
}

function proveCertificate(
  signed: Signed,
  root: ReadTrustRoot,
): Result<Proven & { readonly identity: Identity }, Rejection> {
  const parsed = entityOf(signed.bundle, signed.artifact)
  const der = certificateOf(signed.bundle)
  if (der === null) return err(reject('wrong-material', 'no certificate came with it'))
  const leaf = new KeptCertificate(der)
  const entity: SignedEntity = { ...parsed, key: { $case: 'certificate', certificate: leaf } }
  const proven = prove(signed, entity, {
    material: root.material,
    require: root.require,
    ours: { kind: 'certificate', der },
  })
  if (!proven.ok) return proven
  const unfit = leafProblem(leaf)
  if (unfit !== null) return err(unfit)
  const identity = identityOf(leaf)
  return identity.ok ? ok({ ...proven.value, identity: identity.value }) : identity
}

const NOTHING: Thresholds = { log: 0, sct: 0, timestamp: 0 }
const NO_MATERIAL: TrustMaterial = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
  publicKey: () => {
    throw new Error('no key')
  },
}

/** The key is the signer's; what the bundle hints at is not asked. */
function proveKey(signed: Signed, signer: KeySigner, question: SigstoreQuestion): Result<Proven, Rejection> {
  const publicKey = keyOf(signer.pem)
  if (publicKey === null) return err(reject('wrong-key', 'the PEM of the signer is not a public key'))
  const ours: SigningMaterial = { kind: 'key', der: publicKey.export({ format: 'der', type: 'spki' }) }
  const withKey = (material: TrustMaterial): TrustMaterial => ({
    ...material,
    publicKey: () => ({ publicKey, validFor: () => true }),
  })
  const entity = entityOf(signed.bundle, signed.artifact)
  if (signer.log === 'ignore') {
    // Nothing is concluded from a log or a clock that nobody trusts: they are left out, not looked at half.
    const bare = { ...signed, bundle: withoutProofs(signed.bundle) }
    return prove(
      bare,
      { ...entity, tlogEntries: [], timestamps: [] },
      { material: withKey(NO_MATERIAL), require: NOTHING, ours },
    )
  }
  const root = rootOf(signer.trust, question)
  if (!root.ok) return root
  const require = { log: Math.max(1, root.value.require.log), sct: 0, timestamp: 0 }
  return prove(signed, entity, { material: withKey(root.value.material), require, ours })
}

/** Only a public key in PEM: the platform would take a certificate or a private key too, and nobody means that. */
function keyOf(pem: string): ReturnType<typeof crypto.createPublicKey> | null {
  const text = pem.trim()
  if (!text.startsWith('-----BEGIN PUBLIC KEY-----')) return null
  try {
    return crypto.createPublicKey(text)
  } catch {
    return null
  }
}

function withoutProofs(bundle: Bundle): Bundle {
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [] } }
}

type Against = { readonly material: TrustMaterial; readonly require: Thresholds; readonly ours: SigningMaterial }

/** Times, chain, log and signature by the library; then that the log entries are this signature's own. */
function prove(signed: Signed, entity: SignedEntity, { material, require, ours }: Against): Result<Proven, Rejection> {
  const tlogEntries: TransparencyLogEntry[] = signed.bundle.verificationMaterial.tlogEntries
  const times = timesOf(entity)
  // The library looks at a log key's validity for promises only; a checkpoint by a retired key is worth nothing either.
  const tlogs = material.tlogs.filter(({ validFor }) => times.every((at) => validFor.start <= at && at <= validFor.end))
  const stranger = tlogEntries.find(({ logId }) => !tlogs.some(({ logID }) => logID.equals(logId.keyId)))
  if (stranger !== undefined) return err(unknownLog(material))
  const old = tlogEntries.filter(isOldIntoto)
  for (const entry of old) {
    const { bundle, envelope } = signed
    const problem = oldIntotoProblem({ entry, bundle, envelope: envelope ?? new Uint8Array(), logs: tlogs })
    if (problem !== null) return err(problem)
  }
  const thresholds = {
    // Those of the old kind are proven above, and the library would not know them.
    tlogThreshold: Math.max(0, require.log - distinct(old)),
    ctlogThreshold: require.sct,
    timestampThreshold: require.timestamp,
  }
  const others = tlogEntries.filter((entry) => !isOldIntoto(entry))
  try {
    new Verifier({ ...material, tlogs }, thresholds).verify({ ...entity, tlogEntries: others })
  } catch (error) {
    return err(rejectionOf(error))
  }
  for (const entry of tlogEntries) {
    const problem = entryProblem(entry, ours)
    if (problem !== null) return err(problem)
  }
  const [first] = tlogEntries
  return ok({
    at: times.length === 0 ? null : Math.min(...times.map((at) => at.getTime())),
    log:
      first === undefined
        ? null
        : describeEntry(
            first.logIndex,
            tlogs.find(({ logID }) => logID.equals(first.logId.keyId)),
          ),
    identity: null,
  })
}

/** Only times that the library then verifies: with a promise, or by a timestamp authority. */
function timesOf({ timestamps }: SignedEntity): readonly Date[] {
  return timestamps.flatMap((timestamp) => {
    if (timestamp.$case === 'timestamp-authority') return [timestamp.timestamp.signingTime]
    const { inclusionPromise, integratedTime } = timestamp.tlogEntry
    return inclusionPromise === undefined ? [] : [new Date(Number(integratedTime) * 1000)]
  })
}

/** An old entry twice is one entry. */
function distinct(entries: readonly TransparencyLogEntry[]): number {
  return new Set(entries.map(({ canonicalizedBody }) => canonicalizedBody.toString('base64'))).size
}

function unknownLog({ tlogs }: TrustMaterial): Rejection {
  const known = tlogs.map(({ baseURL }) => baseURL).join(', ') || 'none'
  return reject(
    'unknown-log',
    `the trusted root has no key for this log at that time (it knows ${known}). Logs get new keys about once a year: if this one should be trusted, update the root (drayage trust update)`,
  )
}

function describeEntry(index: string, log: TrustMaterial['tlogs'][number] | undefined): string {
  return `entry ${index} of ${log?.baseURL.replace(/^https?:\/\//u, '') ?? 'an unnamed log'}`
}

function certificateOf({ verificationMaterial: { content } }: Bundle): Buffer | null {
  switch (content.$case) {
    case 'certificate':
      return content.certificate.rawBytes
    case 'x509CertificateChain':
      return content.x509CertificateChain.certificates[0]?.rawBytes ?? null
    case 'publicKey':
      return null
  }
}

/** Null: it signs the digest itself. */
function contentOf(
  signed: Signed,
  subject: Digest,
): Result<{ predicateType: string; predicate: unknown } | null, Rejection> {
  const { content } = signed.bundle
  if (content.$case === 'dsseEnvelope') return readStatement(content.dsseEnvelope, subject)
  if (signed.payload !== null) {
    const problem = simpleSigningProblem(signed.payload, subject)
    return problem === null ? ok(null) : err(problem)
  }
  const { artifact } = signed
  if (artifact === undefined) return err(reject('wrong-payload', 'it signs bytes that are not at hand'))
  if (!isDigestOf(signed.bundle, artifact)) return err(reject('wrong-subject', 'its digest is not that of the bytes'))
  const [algorithm = ''] = subject.split(':')
  const isSubject = `${algorithm}:${crypto.digest(algorithm, artifact).toString('hex')}` === subject
  return isSubject ? ok(null) : err(reject('wrong-subject', 'it signs other bytes'))
}
