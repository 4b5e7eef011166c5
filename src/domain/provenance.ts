/** The commit that an image was built from, as verified evidence names it; labels of the image are claims and say nothing here. */

import * as z from 'zod'
import type { AttestationFact, Evidence, SignatureFact } from './evidence.ts'
import { Commit } from './source.ts'
import type { Policy } from './verification-policy.ts'

const URL_LENGTH_MAX = 1_024
const DEPENDENCIES_MAX = 1_000
const PROVENANCE = /^https:\/\/slsa\.dev\/provenance\/v(?:0\.[12]|1)$/u

const Text = z.string().max(URL_LENGTH_MAX)
const ProvenanceV1 = z.object({
  buildDefinition: z.object({
    externalParameters: z.object({ workflow: z.object({ repository: Text }) }),
    resolvedDependencies: z
      .array(z.object({ uri: Text.catch(''), digest: z.object({ gitCommit: Text }).optional().catch(undefined) }))
      .max(DEPENDENCIES_MAX),
  }),
})
const ProvenanceV02 = z.object({
  invocation: z.object({ configSource: z.object({ uri: Text, digest: z.object({ sha1: Text }) }) }),
})

type Claim = { readonly repository: string; readonly id: string }

/** Null: nothing that the policy's signers signed says it, or they do not agree. */
export function builtFrom(evidence: readonly Evidence[], policy: Policy): Commit | null {
  const trusted = new Set(policy.require.flatMap((rule) => ('anyOf' in rule ? rule.anyOf : [])))
  const claims = evidence
    .filter((fact) => fact.kind === 'signature' || fact.kind === 'attestation')
    .filter(({ signers }) => signers.some((name) => trusted.has(name)))
    .flatMap((fact) => claimOf(fact) ?? [])
    .flatMap(({ repository, id }) => Commit.safeParse({ repository: normalised(repository), id }).data ?? [])
  const [first, ...others] = claims
  if (first === undefined) return null
  const agree = others.every(({ repository, id }) => repository === first.repository && id === first.id)
  return agree ? first : null
}

/** The certificate's claims; a key has none, so its provenance says it. */
function claimOf(fact: SignatureFact | AttestationFact): Claim | null {
  const { sourceRepositoryURI: repository, sourceRepositoryDigest: id } = fact.claims
  if (repository !== undefined && id !== undefined) return { repository, id }
  if (fact.kind === 'signature' || !PROVENANCE.test(fact.predicateType)) return null
  return fact.predicateType.endsWith('v1') ? statedV1(fact.predicate) : statedV02(fact.predicate)
}

/** The commit of the workflow's own repository, among all that was fetched for the build. */
function statedV1(predicate: unknown): Claim | null {
  const stated = ProvenanceV1.safeParse(predicate).data?.buildDefinition
  if (stated === undefined) return null
  const { repository } = stated.externalParameters.workflow
  const own = stated.resolvedDependencies.find(
    ({ uri }) => normalised(uri.split('@')[0] ?? '') === normalised(repository),
  )
  const id = own?.digest?.gitCommit
  return id === undefined ? null : { repository, id }
}

function statedV02(predicate: unknown): Claim | null {
  const stated = ProvenanceV02.safeParse(predicate).data?.invocation.configSource
  if (stated === undefined) return null
  return { repository: stated.uri.split('@')[0] ?? '', id: stated.digest.sha1 }
}

/** `git+https://github.com/Acme/payments.git` → `https://github.com/acme/payments`. */
function normalised(repository: string): string {
  return repository
    .replace(/^git\+/u, '')
    .replace(/\/$/u, '')
    .replace(/\.git$/u, '')
    .toLowerCase()
}
