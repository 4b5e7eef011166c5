/**
 * What the evidence comes to under a policy: pure. Every requirement must hold; nothing counts that is not about this digest, by a
 * signer who may sign this image. Whatever was not seen is not proven.
 */

import type { Evidence } from '../domain/evidence.ts'
import type { RuleOutcome, Verdict } from '../domain/verdict.ts'
import type { Policy, Requirement } from '../domain/verification-policy.ts'
import { judgeAttestation } from './attestation-rule.ts'
import { maySign, type Case } from './case.ts'
import { judgeImage } from './image-rules.ts'
import { judgeScan } from './scans/judge.ts'
import { UNCOUNTED } from './scans/report.ts'
import { describeRejected, judgeSignature } from './signature-rule.ts'
import { builtAtOf, judgeSource } from './source-rule.ts'

export type Judged = { readonly verdict: Verdict; readonly builtAt: number | null }

export function judgePolicy(given: Case): Judged {
  const { policy, now } = given
  const countable = { ...given, evidence: given.evidence.filter((fact) => isAbout(fact, given)) }
  const outcomes = policy.require.flatMap((requirement) => judge(requirement, countable))
  // A policy that demands nothing was never meant.
  if (outcomes.length === 0) outcomes.push({ rule: 'policy', state: 'failed', detail: 'it demands nothing' })
  return { verdict: { state: stateOf(outcomes), outcomes, at: now }, builtAt: builtAtOf(signersIn(policy), countable) }
}

function stateOf(outcomes: readonly RuleOutcome[]): Verdict['state'] {
  if (outcomes.some(({ state }) => state === 'failed')) return 'distrusted'
  return outcomes.some(({ state }) => state === 'waiting') ? 'undecided' : 'trusted'
}

function judge(requirement: Requirement, given: Case): readonly RuleOutcome[] {
  switch (requirement.kind) {
    case 'signature':
      return [judgeSignature(requirement, given)]
    case 'attestation':
      return [judgeAttestation(requirement, given)]
    case 'source':
      return [judgeSource(requirement, given)]
    case 'scan':
      return [judgeScans(requirement, given)]
    case 'image':
      if (given.facts === null) return [{ rule: 'image', state: 'failed', detail: 'the image could not be read' }]
      return judgeImage(requirement.rules, { ...given.facts, now: given.now })
  }
}

/**
 * A hidden report may be the one that says no, so what counts by who signed it needs all of it seen. Who may not sign this image may not
 * speak of its scans either.
 */
function judgeScans(written: Extract<Requirement, { kind: 'scan' }>, given: Case): RuleOutcome {
  const { evidence, platforms, now } = given
  const may = (names: readonly string[]): string[] => names.filter((name) => maySign(name, given))
  const rule = { ...written, signers: may(written.signers), vex: may(written.vex) }
  if (platforms === null) return { rule: 'scan', state: 'failed', detail: 'its platforms could not be read' }
  const unseen = evidence.find((fact) => fact.kind === 'indeterminate')
  if (unseen !== undefined && rule.signers.length > 0) {
    return { rule: 'scan', state: 'failed', detail: `indeterminate: ${unseen.detail}` }
  }
  const facts = evidence.filter((fact) => fact.kind === 'scan')
  const attestations = evidence.filter((fact) => fact.kind === 'attestation')
  const outcome = judgeScan({ facts, targets: platforms, attestations, rule, now })
  return outcome.state === 'waiting'
    ? { ...outcome, detail: `${outcome.detail}${describeRejected(evidence.filter(isReport))}` }
    : outcome
}

/** Found, and not counted: what whoever attached it wants to know. */
function isReport(fact: Evidence): boolean {
  return fact.kind === 'rejected' && Object.values<string>(UNCOUNTED).includes(fact.reason)
}

/** Its subject is this digest, and its signers may speak of this image: those who may not are taken off. */
function isAbout(fact: Evidence, { image, platforms }: Case): boolean {
  switch (fact.kind) {
    case 'signature':
    case 'attestation':
      return fact.subject === image.digest
    case 'scan':
      return fact.subject === image.digest || platforms?.some(({ digest }) => digest === fact.subject) === true
    case 'rejected':
    case 'indeterminate':
      return true
  }
}

function signersIn({ require }: Policy): readonly string[] {
  return [...new Set(require.flatMap((one) => ('anyOf' in one ? one.anyOf : [])))]
}
