/** All evidence about one image: what its registry holds, proven, and what scanners say of each platform. */

import type { AttestationFact, Evidence, RejectedFact, ScanFact } from '../domain/evidence.ts'
import type { Digest, ImageName, PinnedImage } from '../domain/image.ts'
import type { ManifestBytes, RegistryContent } from '../domain/registry-content.ts'
import { RetryLater } from '../domain/retry.ts'
import type { NotationSigner, Signers, TrustRoots } from '../domain/signer.ts'
import { discover, newBudget, type Attached, type Budget } from './discover.ts'
import type { Material } from './material.ts'
import type { RevocationCheck } from './notation/notation.ts'
import type { ScanTarget } from './scans/judge.ts'
import { scanOfAttestation } from './scans/report.ts'
import { scanAll, type ScanSource } from './scans/source.ts'

export type Tools = {
  readonly content: RegistryContent
  readonly signers: Signers
  readonly trust: TrustRoots
  readonly revocation: Partial<Readonly<Record<NotationSigner['revocation'], RevocationCheck>>>
  readonly scanSources: readonly ScanSource[]
  /** Whether the registry itself is still signing; absent: it never does. */
  readonly managedSigning?: (image: ImageName, digest: Digest) => Promise<readonly RejectedFact[]>
  readonly now: () => number
}

export type Collected = {
  readonly evidence: readonly Evidence[]
  /** What else refers to it, unread; and what is left to spend on that. */
  readonly attached: Attached
}

/** What the registry holds about an image, and whether it is still signing it. */
export async function collectProofs(tools: Tools, image: PinnedImage, manifest: ManifestBytes): Promise<Collected> {
  const { evidence, attached } = await collectAbout(tools, image, manifest, newBudget(tools.now()))
  return { evidence: [...evidence, ...((await tools.managedSigning?.(image, image.digest)) ?? [])], attached }
}

/** Of any digest. A registry that will not say is asked again later: silence is no evidence. */
export async function collectAbout(
  tools: Tools,
  image: PinnedImage,
  manifest: ManifestBytes,
  budget: Budget,
): Promise<Collected> {
  const { content, now } = tools
  const found = await discover({ content, image, subject: image.digest, now, budget })
  if (!found.ok) throw new RetryLater(`${found.error.reason}: ${found.error.detail}`)
  const { materials, evidence, reports } = found.value
  const facts: Evidence[] = [...evidence]
  for (const material of materials) facts.push(await prove(material, tools, manifest))
  return { evidence: facts, attached: { image, reports, budget } }
}

/** The libraries that verify are heavy: loaded when something has to be verified. */
async function prove(material: Material, tools: Tools, { digest, bytes, mediaType }: ManifestBytes): Promise<Evidence> {
  const { signers, trust, revocation, now } = tools
  switch (material.kind) {
    case 'sigstore-bundle':
    case 'cosign-tag-layer': {
      const { verifyCosignLayer, verifySigstoreBundle } = await import('./sigstore/verify.ts')
      const question = { subject: digest, signers, trustRoots: trust, now: now(), artifact: bytes }
      return material.kind === 'sigstore-bundle'
        ? verifySigstoreBundle(material, question)
        : verifyCosignLayer(material, question)
    }
    case 'notation-jws':
    case 'notation-cose': {
      const { verifyNotation } = await import('./notation/notation.ts')
      const descriptor = { digest, size: bytes.byteLength, ...(mediaType === null ? {} : { mediaType }) }
      const type = material.kind === 'notation-jws' ? 'application/jose+json' : 'application/cose'
      const { source, bytes: envelope } = material
      const context = { descriptor, signers: notationSigners(signers), now: now(), revocation }
      return verifyNotation({ source, mediaType: type, bytes: envelope }, context)
    }
  }
}

function notationSigners(signers: Signers): Readonly<Record<string, NotationSigner>> {
  return Object.fromEntries(
    Object.entries(signers).flatMap(([name, signer]) => (signer.kind === 'notation' ? [[name, signer] as const] : [])),
  )
}

/** Scanners by digest, and reports that were attested: of the index they speak for none of its platforms, of a platform for it. */
export async function collectScans(
  tools: Tools,
  image: ImageName,
  targets: readonly ScanTarget[],
  proofs: readonly Evidence[],
): Promise<readonly ScanFact[]> {
  const asked = await scanAll(tools.scanSources, image, targets)
  const attested = proofs.filter((fact) => fact.kind === 'attestation').flatMap((fact) => attestedScans(fact, targets))
  return [...asked, ...attested]
}

function attestedScans(fact: AttestationFact, targets: readonly ScanTarget[]): readonly ScanFact[] {
  const platformOf = (subject: Digest): string | null =>
    targets.find(({ digest }) => digest === subject)?.platform ?? null
  const scan = scanOfAttestation(fact, platformOf(fact.subject))
  return scan === null ? [] : [scan]
}
