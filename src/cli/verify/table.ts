/** What was found and what it comes to, for a person and for machines. */

import {
  SEVERITIES,
  type AttestationFact,
  type Evidence,
  type ScanFact,
  type SignatureFact,
} from '../../domain/evidence.ts'
import type { RuleOutcome, Verdict } from '../../domain/verdict.ts'
import { escapeForTerminal } from '../../escape.ts'
import type { Io } from '../command.ts'
import { printJson } from '../output.ts'

export type Shown = {
  readonly name: string
  /** Whose policy it is: `payments/prod`, or a file. */
  readonly under: string
  readonly verdict: Verdict
  /** The earliest verified time of what proves its source. */
  readonly builtAt: number | null
  readonly evidence: readonly Evidence[]
}

type Row = readonly string[]

/** In words of its own beside ours: whoever sees this for the first time knows neither. */
const MEANING: Readonly<Record<Verdict['state'], string>> = {
  trusted: 'every rule holds',
  undecided: 'what is missing may still come',
  distrusted: 'waiting does not mend it',
}

export function printVerified(io: Io, shown: Shown, isForMachine: boolean): void {
  const { name, under, verdict, builtAt, evidence } = shown
  const decidedBy = decidingOf(verdict).map(({ rule }) => rule)
  if (isForMachine) return printJson(io, { image: name, policy: under, verdict, decidedBy, builtAt, evidence }, true)
  const proofs = evidence.filter((fact) => fact.kind === 'signature' || fact.kind === 'attestation')
  const scans = evidence.filter((fact) => fact.kind === 'scan')
  const rest = evidence.flatMap(leftOutOf)
  io.stdout(
    [
      aligned([
        [verdict.state, name],
        ['', `${MEANING[verdict.state]}; decided by: ${decidedBy.join(', ')}`],
        ['', `policy: ${under}`],
      ]),
      section('Rules, all of which have to hold', verdict.outcomes.map(rowOfRule)),
      section('Signatures and attestations', proofs.length === 0 ? [['none was found']] : proofs.flatMap(rowsOfProof)),
      section('Scans', scans.length === 0 ? [] : [SCAN_HEADS, ...scans.map(rowOfScan)]),
      section('Found, and not counted', rest),
    ].join(''),
  )
}

/** Of a no, the rules that say no; of a not yet, those that wait; of a yes, all of them. */
function decidingOf({ outcomes }: Verdict): readonly RuleOutcome[] {
  for (const state of ['failed', 'waiting'] as const) {
    const deciding = outcomes.filter((one) => one.state === state)
    if (deciding.length > 0) return deciding
  }
  return outcomes
}

function section(title: string, rows: readonly Row[]): string {
  return rows.length === 0 ? '' : `\n${title}\n${aligned(rows, '  ')}`
}

/** Columns in line but for the last one; escaped, for whoever may push may write all of it. */
function aligned(rows: readonly Row[], indent = ''): string {
  const safe = rows.map((row) => row.map(escapeForTerminal))
  const widths = safe.reduce<readonly number[]>((so, row) => {
    const here = row.slice(0, -1).map((cell) => cell.length)
    return Array.from({ length: Math.max(so.length, here.length) }, (_, at) => Math.max(so[at] ?? 0, here[at] ?? 0))
  }, [])
  const lined = safe.map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))))
  return lined.map((row) => `${`${indent}${row.join('  ')}`.trimEnd()}\n`).join('')
}

function rowOfRule({ rule, state, detail }: RuleOutcome): Row {
  return [state, rule, detail]
}

/** One under the other: identities are too long for columns. */
function rowsOfProof(fact: SignatureFact | AttestationFact): readonly Row[] {
  const what = fact.kind === 'signature' ? [] : [['', 'type', fact.predicateType]]
  const at = fact.at === null ? 'nothing verified says when' : `${new Date(fact.at).toISOString()} (verified)`
  return [
    [fact.kind, 'by', `${fact.signers.join(', ')}: ${fact.by}`],
    ...what,
    ['', 'when', at],
    ['', 'logged', fact.log ?? 'in no log'],
    ['', 'found', `${fact.source} (${fact.format})`],
  ]
}

const SCAN_HEADS: Row = ['scanner', 'platform', 'state', 'found', 'when', 'says']

function rowOfScan(fact: ScanFact): Row {
  const { scanner, platform, state, scannedAt, detail } = fact
  const when = scannedAt === null ? '-' : new Date(scannedAt).toISOString()
  return [scanner, platform ?? 'all', state, foundIn(fact), when, detail]
}

/** Nothing is said of what was not finished: an empty list there is no clean one. */
function foundIn({ state, counts }: ScanFact): string {
  if (state !== 'finished') return '-'
  const found = SEVERITIES.flatMap((severity) => {
    const count = counts[severity] ?? 0
    return count > 0 ? [`${count} ${severity}`] : []
  })
  return found.join(', ') || 'nothing'
}

function leftOutOf(fact: Evidence): readonly Row[] {
  if (fact.kind === 'rejected')
    return [
      ['rejected', `${fact.reason}: ${fact.detail}`],
      ['', fact.source],
    ]
  if (fact.kind === 'indeterminate')
    return [
      ['indeterminate', fact.detail],
      ['', fact.source],
    ]
  return []
}
