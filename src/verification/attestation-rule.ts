/** What was attested: the type, by whom, what its fields say, and how old it is by verified time. */

import { RE2JS } from 're2js'
import { formatDuration } from '../domain/duration.ts'
import type { AttestationFact } from '../domain/evidence.ts'
import { parseFieldPath, type FieldStep } from '../domain/field-path.ts'
import type { RuleOutcome } from '../domain/verdict.ts'
import type { AttestationRule, FieldCondition } from '../domain/verification-policy.ts'
import type { Case } from './case.ts'
import { missing, namesOf, signersOf } from './signature-rule.ts'

const NAMED_MAX = 3
const SHOWN_LENGTH_MAX = 120

export function judgeAttestation(rule: AttestationRule, given: Case): RuleOutcome {
  const label = `attestation ${rule.name}: ${namesOf(rule.anyOf, rule.atLeast)}`
  const facts = given.evidence.filter((fact) => fact.kind === 'attestation')
  const ofType = facts.filter(({ predicateType }) => rule.types.some((type) => isOfType(predicateType, type)))
  const bySigner = ofType.filter((fact) => signersOf([fact], rule.anyOf, given).length > 0)
  const problems = bySigner.map((fact) => ({ fact, problem: problemOf(fact, rule, given.now) }))
  const good = problems.filter(({ problem }) => problem === null).map(({ fact }) => fact)
  const found = signersOf(good, rule.anyOf, given)
  if (found.length >= rule.atLeast) return { rule: label, state: 'held', detail: `attested by ${found.join(', ')}` }
  if (ofType.length === 0) return missing(label, given, 'no such attestation was found')
  if (bySigner.length === 0) {
    const by = [...new Set(ofType.map((fact) => fact.by))].slice(0, NAMED_MAX).join(', ')
    return missing(label, given, `attested by ${by}, who is not asked for here`)
  }
  const why = problems.flatMap(({ problem }) => problem ?? []).slice(0, NAMED_MAX)
  return missing(label, given, why.length > 0 ? why.join('; ') : `${found.length} of ${rule.atLeast} attested it`)
}

/** A type that ends in `*` stands for its versions. */
function isOfType(found: string, type: string): boolean {
  return type.endsWith('*') ? found.startsWith(type.slice(0, -1)) : found === type
}

/** Null: it says what it has to. */
function problemOf({ predicate, at }: AttestationFact, { where, maxAge }: AttestationRule, now: number): string | null {
  if (maxAge !== undefined) {
    if (at === null) return 'no verified time says how old it is'
    if (now - at > maxAge) return `it is ${formatDuration(now - at)} old, limit ${formatDuration(maxAge)}`
  }
  for (const condition of where) {
    const found = valueAt(predicate, condition.field)
    if (!holds(condition.is, found)) return `${condition.field} is ${shown(found)}, expected ${expected(condition.is)}`
  }
  return null
}

/** A missing field makes every condition false. */
function holds(is: FieldCondition['is'], found: unknown): boolean {
  switch (is.kind) {
    case 'equals':
      return found === is.value
    case 'one-of':
      return is.values.some((value) => found === value)
    case 'matches':
      return typeof found === 'string' && matches(is.pattern, found)
    case 'at-least':
      return typeof found === 'number' && found >= is.value
    case 'at-most':
      return typeof found === 'number' && found <= is.value
    case 'exists':
      return found !== undefined && found !== null
  }
}

/** The configuration refuses what does not compile; should it get here, it matches nothing. */
function matches(pattern: string, text: string): boolean {
  try {
    return RE2JS.compile(pattern).testExact(text)
  } catch {
    return false
  }
}

export function valueAt(value: unknown, path: string): unknown {
  const steps = parseFieldPath(path)
  return steps.ok ? steps.value.reduce(childOf, value) : undefined
}

function childOf(value: unknown, step: FieldStep): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return typeof step === 'number' ? (value as readonly unknown[])[step] : undefined
  return Object.hasOwn(value, step) ? (value as Readonly<Record<string, unknown>>)[step] : undefined
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_LENGTH_MAX)
}

function expected(is: FieldCondition['is']): string {
  switch (is.kind) {
    case 'equals':
      return JSON.stringify(is.value)
    case 'one-of':
      return `one of ${is.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'matches':
      return `something that matches ${is.pattern}`
    case 'at-least':
      return `at least ${is.value}`
    case 'at-most':
      return `at most ${is.value}`
    case 'exists':
      return 'something'
  }
}
