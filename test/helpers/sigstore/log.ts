/** Transparency logs: Rekor as it was (promises, ECDSA) and as it is (checkpoints alone, Ed25519), over a real Merkle tree. */

import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { json } from '@sigstore/core'
import { spki } from './certificates.ts'

export type Log = {
  readonly generation: 1 | 2
  readonly host: string
  readonly publicKey: KeyObject
  readonly keyId: Buffer
  append(body: object, options?: AppendOptions): Entry
}
export type AppendOptions = {
  readonly at?: Date
  /** Another log's key, for what must not be believed. */
  readonly key?: KeyObject
  readonly promise?: boolean
  readonly proof?: boolean
}
/** As bundles have it. */
export type Entry = Record<string, unknown> & {
  readonly canonicalizedBody: string
  readonly logIndex: string
  readonly integratedTime?: string
  readonly inclusionPromise?: { readonly signedEntryTimestamp: string }
}

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

const leafHash = (body: Uint8Array): Buffer => sha256(Buffer.from([0]), body)
const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.from([1]), left, right)

/** RFC 6962 §2.1. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (only !== undefined && leaves.length === 1) return only
  const at = splitOf(leaves.length)
  return nodeHash(rootOf(leaves.slice(0, at)), rootOf(leaves.slice(at)))
}

function proofOf(index: number, leaves: readonly Buffer[]): readonly Buffer[] {
  if (leaves.length === 1) return []
  const at = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, at), leaves.slice(at)]
  return index < at ? [...proofOf(index, left), rootOf(right)] : [...proofOf(index - at, right), rootOf(left)]
}

function splitOf(length: number): number {
  let at = 1
  while (at * 2 < length) at *= 2
  return at
}

export function createLog(generation: 1 | 2, host: string): Log {
  const keys = generation === 1 ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  const der = spki(keys.publicKey)
  // The first Rekor names its key by its hash; the second one as signed notes do (C2SP signed-note).
  const keyId =
    generation === 1 ? sha256(der) : sha256(Buffer.from(`${host}\n`), Buffer.from([1]), der.subarray(der.length - 32))
  const leaves = Array.from({ length: 5 }, () => leafHash(randomBytes(40)))

  return {
    generation,
    host,
    publicKey: keys.publicKey,
    keyId,
    append(body, { at = new Date(), key = keys.privateKey, promise = generation === 1, proof = true } = {}) {
      const canonical = Buffer.from(json.canonicalize(body))
      leaves.push(leafHash(canonical), leafHash(randomBytes(40)), leafHash(randomBytes(40)))
      const index = leaves.length - 3
      const time = Math.floor(at.getTime() / 1000)
      const kind = body as { readonly kind: string; readonly apiVersion: string }
      const entry = {
        logIndex: String(index),
        logId: { keyId: keyId.toString('base64') },
        kindVersion: { kind: kind.kind, version: kind.apiVersion },
        canonicalizedBody: canonical.toString('base64'),
      }
      const promised = {
        body: entry.canonicalizedBody,
        integratedTime: time,
        logIndex: index,
        logID: keyId.toString('hex'),
      }
      return {
        ...entry,
        ...(generation === 1 ? { integratedTime: String(time) } : {}),
        ...(promise ? { inclusionPromise: { signedEntryTimestamp: signed(json.canonicalize(promised), key) } } : {}),
        ...(proof ? { inclusionProof: proofFor(index, key) } : {}),
      }
    },
  }

  function proofFor(index: number, key: KeyObject): object {
    const root = rootOf(leaves).toString('base64')
    const note = `${generation === 1 ? `${host} - 1234` : host}\n${leaves.length}\n${root}\n`
    const signature = Buffer.concat([keyId.subarray(0, 4), Buffer.from(signed(note, key), 'base64')])
    return {
      logIndex: String(index),
      rootHash: root,
      treeSize: String(leaves.length),
      hashes: proofOf(index, leaves).map((hash) => hash.toString('base64')),
      checkpoint: { envelope: `${note}\n\u2014 ${host} ${signature.toString('base64')}\n` },
    }
  }
}

function signed(text: string, key: KeyObject): string {
  return sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.from(text), key).toString('base64')
}
