/** What a stage demands, in words: proof and gates, as `drayage check` shows them. */

import { formatDuration } from '../../domain/duration.ts'
import type { Gate } from '../../domain/gate.ts'
import type { Stage } from '../../domain/subscription.ts'
import type { Requirement } from '../../domain/verification-policy.ts'

/** One line for the proof, one for the gates; none where nothing is demanded. */
export function describeDemands({ verify, gates }: Stage): readonly string[] {
  const proof =
    verify === 'none'
      ? []
      : [`must prove: ${verify.require.map(describeRequirement).join(', ')}; within ${formatDuration(verify.wait)}`]
  const held = gates.length === 0 ? [] : [`waits for: ${gates.map(describeGate).join(', ')}`]
  return [...proof, ...held]
}

function describeRequirement(one: Requirement): string {
  switch (one.kind) {
    case 'signature':
      return `signature ${describeSigners(one)}`
    case 'attestation':
      return `attestation ${one.name} ${describeSigners(one)}`
    case 'source':
      return `source ${one.repository ?? 'of any repository'} ${describeSigners(one)}`
    case 'scan':
      return `scan with at most ${Object.entries(one.maximum)
        .map(([severity, most]) => `${most} ${severity}`)
        .join(' and ')}`
    case 'image':
      return `image rules (${Object.keys(one.rules).join(', ')})`
  }
}

function describeSigners({ anyOf, atLeast }: { readonly anyOf: readonly string[]; readonly atLeast: number }): string {
  if (anyOf.length === 1) return `by ${anyOf[0]}`
  return atLeast === 1 ? `by any of ${anyOf.join(', ')}` : `by ${atLeast} of ${anyOf.join(', ')}`
}

function describeGate(gate: Gate): string {
  switch (gate.kind) {
    case 'soak':
      return `soak ${formatDuration(gate.ms)}`
    case 'window': {
      const allow = gate.allow.length === 0 ? 'always' : gate.allow.map(({ text }) => text).join(', ')
      const deny = gate.deny.length === 0 ? '' : ` but ${gate.deny.map(({ text }) => text).join(', ')}`
      return `window ${allow}${deny} (${gate.timezone})`
    }
    case 'approval':
      return `${gate.votes} of ${gate.from.join(', ')} to approve`
    case 'check':
      return `check ${gate.name}`
    case 'budget':
      return `at most ${gate.changes} changes in ${formatDuration(gate.per)}`
    case 'hold':
      return `hold: ${gate.reason}`
  }
}
