/** Times, chain, log and signature by the library, then what it leaves to its caller: whose log entry it is, and when its log was trusted. */

import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle'
import { Verifier, type SignedEntity, type TrustMaterial } from '@sigstore/verify'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Thresholds } from '../../domain/signer.ts'
import { entryProblem, isOldIntoto, oldIntotoProblem, type SigningMaterial } from './log-entry.ts'
import { reject, rejectionOf, type Rejection } from './rejection.ts'
import { timestampProblem } from './timestamp.ts'

export type Against = {
  readonly bundle: Bundle
  /** An attestation's envelope as it was uploaded; null for all else. */
  readonly envelope: Uint8Array | null
  readonly material: TrustMaterial
  readonly require: Thresholds
  readonly ours: SigningMaterial
}
/** When it was signed, as verified, and where it is logged. */
export type Proof = { readonly at: number | null; readonly log: string | null }

export function prove(
  entity: SignedEntity,
  { bundle, envelope, material, require, ours }: Against,
): Result<Proof, Rejection> {
  const tlogEntries: TransparencyLogEntry[] = bundle.verificationMaterial.tlogEntries
  const times = timesOf(entity)
  // The library looks at a log key's validity for promises only; a checkpoint by a retired key is worth nothing either.
  const tlogs = material.tlogs.filter(({ validFor }) => times.every((at) => validFor.start <= at && at <= validFor.end))
  const early = entryAndTokenProblem(entity, tlogEntries, tlogs)
  if (early !== null) return err(early)
  const old = tlogEntries.filter(isOldIntoto)
  for (const entry of old) {
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
    const problem = entryProblem(entry, bundle, ours)
    if (problem !== null) return err(problem)
  }
  return ok({
    at: times.length === 0 ? null : Math.min(...times.map((at) => at.getTime())),
    log: describeEntry(tlogEntries[0], tlogs),
  })
}

function entryAndTokenProblem(
  { timestamps }: SignedEntity,
  entries: readonly TransparencyLogEntry[],
  logs: TrustMaterial['tlogs'],
): Rejection | null {
  const stranger = entries.find(({ logId }) => !logs.some(({ logID }) => logID.equals(logId.keyId)))
  if (stranger !== undefined) return unknownLog(logs)
  for (const timestamp of timestamps) {
    const problem = timestamp.$case === 'timestamp-authority' ? timestampProblem(timestamp.timestamp) : null
    if (problem !== null) return problem
  }
  return null
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

function unknownLog(logs: TrustMaterial['tlogs']): Rejection {
  const known = logs.map(({ baseURL }) => baseURL).join(', ') || 'none'
  return reject(
    'unknown-log',
    `the trusted root has no key of this log for that time (it knows ${known}). Logs get new keys about once a year: "drayage trust show" says how old the root is, "drayage trust update" fetches the current one`,
  )
}

function describeEntry(entry: TransparencyLogEntry | undefined, logs: TrustMaterial['tlogs']): string | null {
  if (entry === undefined) return null
  const log = logs.find(({ logID }) => logID.equals(entry.logId.keyId))
  return `entry ${entry.logIndex} of ${log?.baseURL.replace(/^https?:\/\//u, '') ?? 'an unnamed log'}`
}
