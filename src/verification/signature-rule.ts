/** Who signed: distinct signers of those that are named. An attestation is no signature. */

import type { AttestationFact, Evidence, SignatureFact } from '../domain/evidence.ts'
import type { RuleOutcome } from '../domain/verdict.ts'
import type { SignatureRule } from '../domain/verification-policy.ts'
import { maySign, type Case } from './case.ts'

const NAMED_MAX = 5

export function judgeSignature({ anyOf, atLeast }: SignatureRule, given: Case): RuleOutcome {
  const rule = `signature: ${namesOf(anyOf, atLeast)}`
  const facts = given.evidence.filter((fact) => fact.kind === 'signature')
  const found = signersOf(facts, anyOf, given)
  if (found.length < atLeast) return missing(rule, given, `${countOf(found, atLeast)}${strangers(facts, anyOf, given)}`)
  const by = facts.filter(({ signers }) => signers.some((name) => found.includes(name))).map((fact) => fact.by)
  return {
    rule,
    state: 'held',
    detail: `signed by ${found.join(', ')} (${[...new Set(by)].slice(0, NAMED_MAX).join(', ')})`,
  }
}

type Proven = SignatureFact | AttestationFact

/** The named signers that any of these satisfies: each once, however often it signed. */
export function signersOf(facts: readonly Proven[], anyOf: readonly string[], given: Case): readonly string[] {
  return [...new Set(anyOf)].filter(
    (name) => maySign(name, given) && facts.some(({ signers }) => signers.includes(name)),
  )
}

/** Not found, but what was not seen may hold it: then nobody can say, and that is no yes. */
export function missing(rule: string, { evidence }: Case, detail: string): RuleOutcome {
  const unseen = evidence.find((fact) => fact.kind === 'indeterminate')
  if (unseen !== undefined) return { rule, state: 'failed', detail: `indeterminate: ${unseen.detail}; ${detail}` }
  return { rule, state: 'waiting', detail: `${detail}${describeRejected(evidence)}` }
}

export function namesOf(anyOf: readonly string[], atLeast: number): string {
  if (anyOf.length === 1) return anyOf[0] ?? ''
  return atLeast === 1 ? `any of ${anyOf.join(', ')}` : `${atLeast} of ${anyOf.join(', ')}`
}

function countOf(found: readonly string[], atLeast: number): string {
  if (found.length === 0) return 'no signature was found'
  return `${found.length} of ${atLeast} were found, by ${found.join(', ')}`
}

/** Signed, but by somebody else: what the developer who pushed wants to know. */
function strangers(facts: readonly SignatureFact[], anyOf: readonly string[], given: Case): string {
  const others = facts.filter(({ signers }) => !signers.some((name) => anyOf.includes(name) && maySign(name, given)))
  if (others.length === 0) return ''
  return `; signed by ${[...new Set(others.map(({ by }) => by))].slice(0, NAMED_MAX).join(', ')}, who is not asked for here`
}

/** Each reason once: ten thousand forgeries are one line. */
export function describeRejected(evidence: readonly Evidence[]): string {
  const reasons = new Map<string, string>()
  for (const fact of evidence) {
    if (fact.kind === 'rejected' && !reasons.has(fact.reason)) reasons.set(fact.reason, fact.detail)
  }
  if (reasons.size === 0) return ''
  const told = [...reasons].slice(0, NAMED_MAX).map(([reason, detail]) => `${reason} (${detail})`)
  return `; found and not counted: ${told.join(', ')}`
}
