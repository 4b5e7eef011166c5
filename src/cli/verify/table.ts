/** What was found and what it comes to, for a person and for machines. */

import type { Evidence } from '../../domain/evidence.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { escapeForTerminal } from '../../escape.ts'
import type { Io } from '../command.ts'
import { printJson } from '../output.ts'

export type Shown = { readonly name: string; readonly verdict: Verdict; readonly evidence: readonly Evidence[] }
type Row = readonly [string, string]

export function printVerified(io: Io, { name, verdict, evidence }: Shown, isForMachine: boolean): void {
  if (isForMachine) return printJson(io, { image: name, verdict, evidence }, true)
  const rules = verdict.outcomes.map(({ rule, state, detail }): Row => [state, `${rule}  ${detail}`])
  const found = evidence.map(rowOf)
  const nothing: readonly Row[] = [['nothing', 'no signature, no attestation, no report']]
  for (const rows of [[[verdict.state, name] as const], rules, found.length > 0 ? found : nothing]) {
    io.stdout(`${aligned(rows)}\n`)
  }
}

/** Blocks with their first column in line; escaped, for whoever may push may write all of it. */
function aligned(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([first]) => first.length), 'distrusted'.length)
  return rows
    .map(([first, second]) => `${escapeForTerminal(first).padEnd(width)}  ${escapeForTerminal(second)}\n`)
    .join('')
}

function rowOf(fact: Evidence): Row {
  switch (fact.kind) {
    case 'signature':
      return ['signature', `${proofOf(fact)}  (${fact.format}, ${fact.source})`]
    case 'attestation':
      return ['attestation', `${fact.predicateType}  ${proofOf(fact)}  (${fact.format}, ${fact.source})`]
    case 'scan':
      return ['scan', `${fact.scanner}: ${fact.state}  ${fact.platform ?? ''}  ${fact.detail}`]
    case 'rejected':
      return ['rejected', `${fact.reason}: ${fact.detail}  (${fact.source})`]
    case 'indeterminate':
      return ['indeterminate', `${fact.detail}  (${fact.source})`]
  }
}

function proofOf({ by, log, at, signers }: Extract<Evidence, { kind: 'signature' | 'attestation' }>): string {
  const when = at === null ? 'no verified time' : new Date(at).toISOString()
  return `${signers.join(', ')}: ${by}  ${when}  ${log ?? 'in no log'}`
}
