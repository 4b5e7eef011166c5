/** Trusted roots: read once, checked when they are read, and kept parsed. What a root demands of a signature belongs to the root. */

import { TrustedRoot, type CertificateAuthority } from '@sigstore/protobuf-specs'
import { toTrustMaterial, type TrustMaterial } from '@sigstore/verify'
import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Thresholds, TrustRoot } from '../../domain/signer.ts'
import { KeptCertificate, TrustAnchor } from './certificate.ts'
import { extendedKeyUsesOf, TIME_STAMPING } from './leaf.ts'
import { prepareCrypto } from './platform.ts'
import { PUBLIC_GOOD_EXPIRES, publicGoodJson } from './public-good.ts'

const INSTANCES_MAX = 64
const CHAIN_MAX = 8
const KEPT_MAX = 32
const MEDIA_TYPE = /^application\/vnd\.dev\.sigstore\.trustedroot(?:\+json;version=0\.1|\.v0\.[12]\+json)$/u
const DAY_MS = 86_400_000

export type ReadTrustRoot = {
  readonly require: Thresholds
  readonly material: TrustMaterial
  /** After this instant nothing is proven by it any more. Null: whoever wrote it answers for its age. */
  readonly staleAt: number | null
  /** For a person: what the root is. */
  readonly name: string
}

/** What the protocol buffers' JSON has to show before the library reads it; it fills in what is missing. */
const Instance = z.object({
  publicKey: z.object({ rawBytes: z.string().min(1), validFor: z.object({ start: z.iso.datetime({ offset: true }) }) }),
})
const Authority = z.object({
  certChain: z.object({
    certificates: z
      .array(z.object({ rawBytes: z.string().min(1) }))
      .min(1)
      .max(CHAIN_MAX),
  }),
  validFor: z.object({ start: z.iso.datetime({ offset: true }) }),
})
const Shape = z.object({
  mediaType: z.string().regex(MEDIA_TYPE),
  tlogs: z.array(Instance).max(INSTANCES_MAX).optional(),
  ctlogs: z.array(Instance).max(INSTANCES_MAX).optional(),
  certificateAuthorities: z.array(Authority).max(INSTANCES_MAX).optional(),
  timestampAuthorities: z.array(Authority).max(INSTANCES_MAX).optional(),
})

const kept = new WeakMap<TrustRoot, Result<ReadTrustRoot, string>>()
const keptByText = new Map<string, Result<TrustMaterial, string>>()

/** The error is a sentence for the person who configured it. */
export function readTrustRoot(root: TrustRoot): Result<ReadTrustRoot, string> {
  const known = kept.get(root)
  if (known !== undefined) return known
  const read = readAnew(root)
  kept.set(root, read)
  return read
}

function readAnew(root: TrustRoot): Result<ReadTrustRoot, string> {
  const isBuiltin = root.kind === 'builtin'
  const material = materialOf(isBuiltin ? publicGoodJson() : root.json)
  if (!material.ok) return material
  return ok({
    require: root.require,
    material: material.value,
    staleAt: isBuiltin ? PUBLIC_GOOD_EXPIRES : null,
    name: isBuiltin ? 'the public-good root of this version' : 'the configured trusted root',
  })
}

/** Null while it may be used. */
export function staleness({ staleAt, name }: ReadTrustRoot, now: number): string | null {
  if (staleAt === null || now <= staleAt) return null
  const days = Math.floor((now - staleAt) / DAY_MS)
  return `${name} expired ${days} days ago: update Drayage, or run "drayage trust update --out FILE" and name that file under trust:`
}

function materialOf(json: string): Result<TrustMaterial, string> {
  const known = keptByText.get(json)
  if (known !== undefined) return known
  const oldest = keptByText.size >= KEPT_MAX ? keptByText.keys().next().value : undefined
  if (oldest !== undefined) keptByText.delete(oldest)
  const material = parse(json)
  keptByText.set(json, material)
  return material
}

function parse(json: string): Result<TrustMaterial, string> {
  prepareCrypto()
  const document = Json.safeParse(json)
  if (!document.success) return err('a trusted root has to be JSON')
  const shape = Shape.safeParse(document.data)
  if (!shape.success) {
    const { path = [], message = '' } = shape.error.issues[0] ?? {}
    return err(`the trusted root is not well formed at ${path.join('.') || 'its top'}: ${message}`)
  }
  try {
    const root = TrustedRoot.fromJSON(document.data)
    if (root.tlogs.length === 0 && root.timestampAuthorities.length === 0) {
      return err(
        'the trusted root has neither a log nor a timestamp authority: nothing could say when something was signed',
      )
    }
    return materialOfRoot(root)
  } catch (error) {
    return err(`the trusted root cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function materialOfRoot(root: TrustedRoot): Result<TrustMaterial, string> {
  const { tlogs, ctlogs } = toTrustMaterial({ ...root, certificateAuthorities: [], timestampAuthorities: [] })
  const timestampAuthorities = root.timestampAuthorities.map(authorityOf)
  const isStamping = timestampAuthorities.every(({ certChain: [leaf] }) => leaf !== undefined && mayStamp(leaf))
  if (!isStamping)
    return err('a timestamp authority of the trusted root has a certificate that is not for time stamping')
  const weak = [...tlogs, ...ctlogs].some(isWeak)
  if (weak) return err('the trusted root has an RSA key of less than 2048 bits')
  return ok({
    tlogs,
    ctlogs,
    certificateAuthorities: root.certificateAuthorities.map(authorityOf),
    timestampAuthorities,
    // A key comes from a signer of the configuration, never from here: a hint in a bundle is the attacker's word.
    publicKey: () => {
      throw new Error('a trusted root holds no keys of signers')
    },
  })
}

function authorityOf({ certChain, validFor }: CertificateAuthority): TrustMaterial['certificateAuthorities'][number] {
  const certificates = certChain?.certificates ?? []
  return {
    certChain: certificates.map(({ rawBytes }, index) =>
      index === certificates.length - 1 ? new TrustAnchor(rawBytes) : new KeptCertificate(rawBytes),
    ),
    validFor: { start: validFor?.start ?? new Date(8.64e15), end: validFor?.end ?? new Date(8.64e15) },
  }
}

/** The certificate that the token is checked with is this one, and no other (CVE-2026-39984). */
function mayStamp(leaf: TrustMaterial['timestampAuthorities'][number]['certChain'][number]): boolean {
  const uses = extendedKeyUsesOf(leaf)
  return uses.length === 1 && uses[0] === TIME_STAMPING
}

const RSA_BITS_MIN = 2_048

/** As the library read it, in whichever form it was written. */
function isWeak({ publicKey }: TrustMaterial['tlogs'][number]): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) < RSA_BITS_MIN
}
