/** OpenVEX: what a signer says about findings of one image. It subtracts findings; it never makes an unscanned image clean. */

import * as z from 'zod'
import type { AttestationFact, Finding } from '../../domain/evidence.ts'
import { Digest } from '../../domain/image.ts'

/** https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md */
export const VEX_TYPE = 'https://openvex.dev/ns'
const STATEMENTS_MAX = 10_000
const PRODUCTS_MAX = 1_000
const ALIASES_MAX = 64
const TEXT_LENGTH_MAX = 2_048

const JUSTIFICATIONS = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const

const Text = z.string().max(TEXT_LENGTH_MAX)
const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const Component = z.object({ '@id': Text.optional(), identifiers: z.object({ purl: Text.optional() }).optional() })
const Product = Component.extend({ subcomponents: z.array(Component).max(PRODUCTS_MAX).optional() })
const Statement = z.object({
  vulnerability: z.union([
    Text.transform((name) => ({ name, aliases: [] as string[] })),
    z.object({ name: Text, aliases: z.array(Text).max(ALIASES_MAX).default([]) }),
  ]),
  products: z.array(Product).max(PRODUCTS_MAX).default([]),
  status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
  justification: z.enum(JUSTIFICATIONS).optional(),
  impact_statement: Text.optional(),
  timestamp: Time.optional(),
})
const Document = z.object({
  '@context': z.string().startsWith(VEX_TYPE),
  author: Text,
  timestamp: Time,
  statements: z.array(Statement).max(STATEMENTS_MAX),
})

export type VexStatement = {
  readonly ids: readonly string[]
  readonly status: z.infer<typeof Statement>['status']
  /** Why it is not affected; for a person. */
  readonly why: string
  /** The manifests it is about, and of each the packages; none: all of them. */
  readonly products: readonly { readonly digest: Digest; readonly packages: readonly string[] }[]
  /** What the attestation is about: an index stands for its platforms. */
  readonly subject: Digest
  readonly by: string
  readonly at: number
}

/** By the name of the vulnerability. */
export type VexById = ReadonlyMap<string, readonly VexStatement[]>

/** Of the given signers alone; a document that is not well formed says nothing. */
export function readVex(attestations: readonly AttestationFact[], signers: readonly string[]): VexById {
  const statements = attestations
    .filter(({ predicateType }) => predicateType === VEX_TYPE || predicateType.startsWith(`${VEX_TYPE}/`))
    .filter((one) => one.signers.some((signer) => signers.includes(signer)))
    .flatMap(statementsOf)
  const byId = new Map<string, VexStatement[]>()
  for (const statement of statements) {
    for (const id of statement.ids) byId.set(id, [...(byId.get(id) ?? []), statement])
  }
  return byId
}

function statementsOf({ predicate, subject, signers, at: provenAt }: AttestationFact): readonly VexStatement[] {
  const read = Document.safeParse(predicate)
  if (!read.success) return []
  return read.data.statements.map(
    ({ vulnerability, products, status, justification, impact_statement, timestamp }) => ({
      ids: [vulnerability.name, ...vulnerability.aliases],
      // The standard demands one of the two; a bare "not affected" is an opinion without a ground.
      status: status === 'not_affected' && (justification ?? impact_statement) === undefined ? 'affected' : status,
      why: justification ?? impact_statement ?? status,
      products: products.flatMap((product) => {
        const digest = digestOf(product)
        return digest === null ? [] : [{ digest, packages: (product.subcomponents ?? []).map(nameOf) }]
      }),
      subject,
      by: signers.join(', '),
      // Later statements win; a claim of the future would win for ever, so that what was proven bounds it.
      at: Math.min(timestamp ?? read.data.timestamp, provenAt ?? Number.POSITIVE_INFINITY),
    }),
  )
}

type Component = z.infer<typeof Component>

/** `pkg:oci/app@sha256%3A…`. Without a digest it would be about every version there will ever be: it is about none here. */
function digestOf({ '@id': id, identifiers }: Component): Digest | null {
  for (const text of [identifiers?.purl, id]) {
    const version = /^pkg:oci\/[^@?#]+@(?<version>[^?#]+)/u.exec(text ?? '')?.groups?.['version']
    const digest = Digest.safeParse(version?.replace(/%3a/iu, ':'))
    if (digest.success) return digest.data
  }
  return null
}

/** `pkg:deb/debian/openssl@3.0` → `openssl`. */
function nameOf({ '@id': id, identifiers }: Component): string {
  const purl = identifiers?.purl ?? id ?? ''
  return /^pkg:(?:[^/@?#]+\/)+(?<name>[^/@?#]+)/u.exec(purl)?.groups?.['name'] ?? purl
}

/** Why a finding does not count; null: it does. Of each signer the latest statement counts; of several signers the strictest. */
export function isSubtracted(finding: Finding, subject: Digest, vex: VexById): string | null {
  const about = (vex.get(finding.id) ?? []).filter((one) => isAbout(one, finding, subject))
  const authors = [...new Set(about.map(({ by }) => by))]
  const latest = authors.flatMap((author) => {
    const own = about.filter(({ by }) => by === author)
    const newest = Math.max(...own.map(({ at }) => at))
    return own.filter(({ at }) => at === newest)
  })
  const [first] = latest
  const isClear = latest.every(({ status }) => status === 'not_affected' || status === 'fixed')
  return first === undefined || !isClear ? null : `${first.by} says ${first.status}: ${first.why}`
}

/** The product is the platform that was scanned, or the image that the attestation is about. What has no name is no named package. */
function isAbout({ products, subject: attested }: VexStatement, finding: Finding, subject: Digest): boolean {
  return products.some(
    ({ digest, packages }) =>
      (digest === subject || digest === attested) &&
      (packages.length === 0 || (finding.package !== '' && packages.includes(finding.package))),
  )
}
