/** Verifies a Notary Project signature: an envelope, against the configured signers, to evidence. Offline but for revocation. */

import type { RejectedFact, SignatureFact } from '../../domain/evidence.ts'
import { Digest } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { NotationSigner } from '../../domain/signer.ts'
import { readAttributes, type SignedAttributes } from './attributes.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { chainProblem, validityProblem } from './chain.ts'
import { sameBytes, type Bytes } from './der.ts'
import { MEDIA_TYPES, parseEnvelope, type Envelope } from './envelope.ts'
import { describeName, identityProblem } from './identity.ts'
import { readPayload, type Descriptor } from './payload.ts'
import { problem, type Check, type Problem } from './problem.ts'
import { algorithmOf, verifyEnvelope } from './signature.ts'
import { verifyTimestamp, type Stamped } from './timestamp.ts'
import { readTrustPolicy, type TrustPolicy } from './trust.ts'

const CLAIM_LENGTH_MAX = 1_024

export type NotationMaterial = {
  /** The digest of its manifest or blob, or a file's name. */
  readonly source: string
  /** `application/jose+json` or `application/cose`, as the layer says. */
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** Whether a chain still counts. `unknown`: nobody could say; a strict signer refuses then. */
export type RevocationAnswer = { readonly state: 'good' | 'revoked' | 'unknown'; readonly detail: string }
export type RevocationQuestion = {
  /** From the signer to the root. */
  readonly chain: readonly Certificate[]
  readonly aws: SignedAttributes['aws']
  /** Proven by its signing authority; null: proven by nobody. */
  readonly signedAt: number | null
  readonly now: number
}
export type RevocationCheck = (question: RevocationQuestion) => Promise<RevocationAnswer>

export type NotationContext = {
  readonly descriptor: Descriptor
  /** By name; those of other kinds are of no concern here. */
  readonly signers: Readonly<Record<string, NotationSigner>>
  readonly now: number
  /** By the signer's `revocation`; one that is missing knows nothing. */
  readonly revocation: Partial<Readonly<Record<NotationSigner['revocation'], RevocationCheck>>>
}

/** What its signature and its own words come to, before anybody is trusted. */
type Proven = {
  readonly envelope: Envelope
  readonly chain: readonly Certificate[]
  readonly attributes: SignedAttributes
  readonly annotations: Readonly<Record<string, string>>
}
type Accepted = { readonly at: number | null; readonly notes: readonly string[] }

/** Never throws for what an attacker wrote; nor for a revocation service that is away: that is `revocation-unknown`. */
export async function verifyNotation(
  { source, mediaType, bytes }: NotationMaterial,
  context: NotationContext,
): Promise<SignatureFact | RejectedFact> {
  const format = formatOf(mediaType)
  const rejected = ({ reason, detail }: Problem): RejectedFact => ({ kind: 'rejected', source, format, reason, detail })
  const proven = await proveIntegrity(Uint8Array.from(bytes), mediaType, context.descriptor)
  if (!proven.ok) return rejected(proven.error)
  const subject = Digest.safeParse(context.descriptor.digest)
  if (format === null || !subject.success) return rejected(problem('wrong-subject', 'it was asked about no digest'))
  const accepted: [string, Accepted][] = []
  const problems: [string, Problem][] = []
  for (const [name, signer] of Object.entries(context.signers)) {
    const result = await acceptFor(signer, proven.value, context)
    if (result.ok) accepted.push([name, result.value])
    else problems.push([name, result.error])
  }
  const [first] = accepted
  if (first === undefined) return rejected(summaryOf(problems, proven.value))
  return {
    kind: 'signature',
    format,
    source,
    subject: subject.data,
    signers: accepted.map(([name]) => name),
    by: signerOf(proven.value),
    log: null,
    at: accepted.every(([, { at }]) => at !== null) ? first[1].at : null,
    claims: claimsOf(proven.value, accepted),
  }
}

function formatOf(mediaType: string): 'notation-jws' | 'notation-cose' | null {
  if (mediaType === MEDIA_TYPES.jws) return 'notation-jws'
  return mediaType === MEDIA_TYPES.cose ? 'notation-cose' : null
}

/** Enforced whatever the policy: nothing here may be only noted. */
async function proveIntegrity(bytes: Bytes, mediaType: string, wanted: Descriptor): Promise<Result<Proven, Problem>> {
  const parsed = parseEnvelope(bytes, mediaType)
  if (!parsed.ok) return parsed
  const envelope = parsed.value
  const chain = envelope.chain.map(parseCertificate)
  if (!chain.every((one) => one !== null)) return err(problem('bad-certificate', 'a certificate cannot be read'))
  const [leaf] = chain
  const chainFound = await chainProblem(chain)
  if (chainFound !== null || leaf === undefined) return err(chainFound ?? problem('bad-certificate', 'no certificate'))
  const algorithm = algorithmOf(leaf)
  if (algorithm === null || envelope.algorithm !== algorithm) {
    return err(problem('bad-signature', `signed with ${envelope.algorithm}, where the key demands ${algorithm}`))
  }
  const { signed: data, signature } = envelope
  if (!(await verifyEnvelope({ algorithm, data, signature }, leaf))) {
    return err(problem('bad-signature', 'the signature does not hold'))
  }
  const attributes = readAttributes(envelope)
  if (!attributes.ok) return attributes
  const annotations = readPayload(envelope, wanted)
  if (!annotations.ok) return annotations
  return ok({ envelope, chain, attributes: attributes.value, annotations: annotations.value })
}

async function acceptFor(
  signer: NotationSigner,
  proven: Proven,
  context: NotationContext,
): Promise<Result<Accepted, Problem>> {
  const policy = readTrustPolicy(signer)
  if (!policy.ok) return err(problem('bad-policy', policy.error))
  const notes: string[] = []
  /** Null: go on. */
  const refusalOf = (check: Exclude<Check, 'integrity' | 'authenticity'>, found: Problem | null): Problem | null => {
    if (found === null || policy.value.actions[check] === 'enforce') return found
    notes.push(`${found.reason}: ${found.detail}`)
    return null
  }
  const untrusted = authenticityProblem(policy.value, proven)
  if (untrusted !== null) return err(untrusted)
  const expired = refusalOf('expiry', expiryProblem(proven, context.now))
  if (expired !== null) return err(expired)
  const stamped = await provenTime(policy.value, proven, context.now)
  const untimely = refusalOf('authenticTimestamp', stamped.ok ? null : stamped.error)
  if (untimely !== null) return err(untimely)
  const time = stamped.ok ? stamped.value : { at: null, stamped: null }
  const revoked = refusalOf('revocation', await revocationProblem(policy.value, { ...proven, ...time }, context))
  if (revoked !== null) return err(revoked)
  if (policy.value.actions.revocation === 'skip') notes.push('revocation: not looked at, as configured')
  return ok({ at: time.at, notes })
}

function authenticityProblem({ stores, identities }: TrustPolicy, { chain, attributes }: Proven): Problem | null {
  const name = attributes.scheme === 'notary.x509' ? 'ca' : 'signingAuthority'
  // Byte by byte: another certificate for the same name and key is another certificate.
  const isTrusted = chain.some((one) => stores[name].some((anchor) => sameBytes(anchor.raw, one.raw)))
  if (!isTrusted) return problem('untrusted-chain', `no certificate of its chain is in the trust store ${name}`)
  const [leaf] = chain
  const found = leaf === undefined ? 'nobody' : identityProblem(identities, leaf.subject, attributes.aws)
  return found === null ? null : problem('wrong-identity', found)
}

function expiryProblem({ attributes: { expiry } }: Proven, now: number): Problem | null {
  if (expiry === null || now < expiry) return null
  return problem('signature-expired', `the signature was good until ${new Date(expiry).toISOString()}`)
}

type ProvenTime = { readonly at: number | null; readonly stamped: Stamped | null }

/** When it was signed, as somebody else vouches for; and that its certificates were valid then. */
async function provenTime(
  { stores, verifyTimestamp: when }: TrustPolicy,
  { chain, envelope, attributes }: Proven,
  now: number,
): Promise<Result<ProvenTime, Problem>> {
  if (attributes.scheme === 'notary.x509.signingAuthority') {
    const found = validityProblem(chain, attributes.signingTime)
    // A time that has not come is nobody's word for when it was signed.
    if (found === null && attributes.signingTime <= now) return ok({ at: attributes.signingTime, stamped: null })
    return err(problem('not-valid-then', found ?? 'it says that it is signed in the future'))
  }
  const foundNow = validityProblem(chain, now)
  const isExpired = chain.some(({ notAfter }) => now > notAfter)
  if (stores.tsa.length === 0 || (when === 'afterCertExpiry' && !isExpired)) {
    return foundNow === null ? ok({ at: null, stamped: null }) : err(problem('not-valid-then', foundNow))
  }
  if (envelope.timestamp === null) return err(problem('no-timestamp', 'it has no timestamp, and one is demanded'))
  const stamped = await verifyTimestamp(envelope.timestamp, envelope.signature, stores.tsa)
  if (!stamped.ok) return stamped
  const { earliest, latest } = stamped.value
  if (earliest > now) return err(problem('bad-timestamp', 'the timestamp is of the future'))
  const found = validityProblem(chain, earliest, latest)
  return found === null
    ? ok({ at: latest, stamped: stamped.value })
    : err(problem('not-valid-then', `when it was stamped: ${found}`))
}

/** Of the signer's chain, and of the timestamp's where one was needed. */
async function revocationProblem(
  { actions, revocation }: TrustPolicy,
  { chain, attributes, stamped }: Proven & ProvenTime,
  { revocation: checks, now }: NotationContext,
): Promise<Problem | null> {
  if (actions.revocation === 'skip') return null
  const check = checks[revocation]
  if (check === undefined) return problem('revocation-unknown', 'revocation has to be checked, and nothing here can')
  const signedAt = attributes.scheme === 'notary.x509' ? null : attributes.signingTime
  const own = await ask(check, { chain, aws: attributes.aws, signedAt, now })
  if (own !== null || stamped === null) return own
  return ask(check, { chain: stamped.chain, aws: null, signedAt: null, now })
}

async function ask(check: RevocationCheck, question: RevocationQuestion): Promise<Problem | null> {
  const { state, detail } = await check(question).catch((error: unknown): RevocationAnswer => ({
    state: 'unknown',
    detail: error instanceof Error ? error.message : 'the service was not there',
  }))
  if (state === 'good') return null
  return problem(state === 'revoked' ? 'revoked' : 'revocation-unknown', detail)
}

/** One signer's reason as it is; of several, each with its name. */
function summaryOf(problems: readonly [string, Problem][], proven: Proven): Problem {
  const [first] = problems
  if (first === undefined) return problem('wrong-identity', `no signer is configured for ${signerOf(proven)}`)
  if (problems.length === 1) return first[1]
  // Whoever came furthest says most: an identity that fits and is revoked is not "wrong identity".
  const order: readonly Problem['reason'][] = ['bad-policy', 'untrusted-chain', 'wrong-identity']
  const [, furthest] = problems.find(([, { reason }]) => !order.includes(reason)) ?? first
  return problem(furthest.reason, problems.map(([name, { detail }]) => `${name}: ${detail}`).join('; '))
}

function signerOf({ attributes: { aws }, chain }: Proven): string {
  if (aws !== null) return aws.profileVersion
  const [leaf] = chain
  return leaf === undefined ? '' : describeName(leaf.subject)
}

function claimsOf({ attributes, annotations }: Proven, accepted: readonly [string, Accepted][]) {
  const notes = accepted.flatMap(([name, { notes: own }]) => own.map((note) => `${name}: ${note}`))
  const claims: [string, string][] = [
    ['signingScheme', attributes.scheme],
    ['signingTime', new Date(attributes.signingTime).toISOString()],
    ...Object.entries(annotations).map(([name, value]): [string, string] => [`annotation:${name}`, value]),
    ...(attributes.aws === null ? [] : [['signingJob', attributes.aws.job] as [string, string]]),
    ...(notes.length === 0 ? [] : [['notEnforced', notes.join('; ')] as [string, string]]),
  ]
  return Object.fromEntries(claims.map(([name, value]) => [name, value.slice(0, CLAIM_LENGTH_MAX)]))
}
