/** What a stage holds a candidate to, as a fingerprint: when it changes, proof and votes of the old terms are void. */

import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { policyForBreakGlass, policyForRollback, type Policy } from '../domain/verification-policy.ts'
import { brokenGlassOf } from './broken-glass.ts'

const known = new WeakMap<Stage, string>()

/** The configuration writes it, nobody who would look for collisions. */
export function termsOf(stage: Stage): string {
  const before = known.get(stage)
  if (before !== undefined) return before
  const text = JSON.stringify([stage.verify, stage.gates])
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  const terms = `${(a >>> 0).toString(16)}${(b >>> 0).toString(16)}`
  known.set(stage, terms)
  return terms
}

/** What must be proven of this promotion; null: nothing, as the configuration says in so many words. */
export function policyOf(
  stage: Stage,
  promotion: Pick<Promotion, 'purpose' | 'breakGlass'>,
  now: number,
): Policy | null {
  const { verify } = stage
  if (verify === 'none') return null
  if (promotion.purpose === 'rollback') return backPolicyOf(stage)
  return brokenGlassOf(stage, promotion, now) === null ? verify : nothingAsNull(policyForBreakGlass(verify))
}

/** What a way back has to prove; null: nothing, where scans and image rules are all that is demanded. */
export function backPolicyOf({ verify }: Stage): Policy | null {
  if (verify === 'none') return null
  return nothingAsNull(policyForRollback(verify))
}

function nothingAsNull(policy: Policy): Policy | null {
  return policy.require.length === 0 ? null : policy
}
