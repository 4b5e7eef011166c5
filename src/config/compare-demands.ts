/** Where a change of the configuration demands less of an image than before: proof, gates, and whose word counts. Pure. */

import type { Config } from '../domain/config.ts'
import type { Gate } from '../domain/gate.ts'
import type { Stage } from '../domain/subscription.ts'
import type { Policy, Requirement } from '../domain/verification-policy.ts'
import type { Change } from './compare.ts'

/** What is not there any more word for word counts as given up: a person looks whether what took its place is as strong. */
export function compareDemands(where: string, before: Stage, after: Stage): readonly Change[] {
  const changes: Change[] = []
  const say = (detail: string, weakens: boolean): void => void changes.push({ kind: 'changed', where, detail, weakens })
  if (before.needs !== after.needs && before.after.length > 0) {
    say(
      after.needs === 'any' ? 'any one of its stages before is enough' : 'waits for all of them',
      after.needs === 'any',
    )
  }
  compareProof(before, after, say)
  const [lost, gained] = difference(before.gates, after.gates)
  if (lost.length > 0) say(`no longer has these gates: ${lost.map(describeGate).join(', ')}; votes are void`, true)
  if (gained.length > 0) say(`has these gates too: ${gained.map(describeGate).join(', ')}; votes are void`, false)
  compareBreakGlass(before.breakGlass, after.breakGlass, say)
  return changes
}

type Say = (detail: string, weakens: boolean) => void

function compareBreakGlass(was: Stage['breakGlass'], is: Stage['breakGlass'], say: Say): void {
  if (JSON.stringify(was) === JSON.stringify(is)) return
  if (is === undefined) return say('nobody may break the glass any more', false)
  const wasThere = (name: string): boolean => was?.from.includes(name) ?? false
  const isWider = !is.from.every(wasThere) || is.expires > (was?.expires ?? 0)
  say(`any two of ${is.from.join(', ')} may break the glass, for ${is.expires / 60_000} min`, isWider)
}

function compareProof({ verify: was }: Stage, { verify: is }: Stage, say: Say): void {
  if (was === 'none' && is === 'none') return
  if (is === 'none') return say('demands no proof any more (verify: none)', true)
  if (was === 'none') return say(`demands proof: ${describeAll(is.require)}; what waits is verified`, false)
  const [lost, gained] = difference(was.require, is.require)
  if (lost.length > 0) say(`no longer demands, as it was written: ${describeAll(lost)}`, true)
  if (gained.length > 0) say(`demands: ${describeAll(gained)}; what waits is verified anew`, false)
  comparePatience(was, is, say)
}

function comparePatience(was: Policy, is: Policy, say: Say): void {
  if (was.fresh !== is.fresh) {
    say(`a verdict counts for ${is.fresh / 1_000} s, before for ${was.fresh / 1_000} s`, is.fresh > was.fresh)
  }
  if (was.wait !== is.wait) say(`waits ${is.wait / 1_000} s for proof, before ${was.wait / 1_000} s`, false)
  if (was.reconsider !== is.reconsider) {
    say(is.reconsider ? 'what was denied may come again' : 'what was denied stays denied', is.reconsider)
  }
}

/** Of those before, the ones that are gone; of those after, the ones that are new. */
function difference<T>(before: readonly T[], after: readonly T[]): readonly [readonly T[], readonly T[]] {
  const has = (all: readonly T[], one: T): boolean => all.some((other) => JSON.stringify(other) === JSON.stringify(one))
  return [before.filter((one) => !has(after, one)), after.filter((one) => !has(before, one))]
}

function describeAll(requirements: readonly Requirement[]): string {
  return requirements
    .map((one) => ('anyOf' in one ? `${one.kind} (${one.atLeast} of ${one.anyOf.join(', ')})` : one.kind))
    .join(', ')
}

function describeGate(gate: Gate): string {
  return gate.kind === 'check' ? `check ${gate.name}` : gate.kind
}

/** The same name for another signer, or another root: every stage that asks for it believes somebody else. */
export function compareTrust(before: Config, after: Config): readonly Change[] {
  const sections = [
    { section: 'signers', was: before.signers, is: after.signers },
    { section: 'trust', was: before.trust, is: after.trust },
  ] as const
  return sections.flatMap(({ section, was, is }) =>
    Object.entries(is).flatMap(([name, one]): Change[] => {
      const old = was[name]
      const where = `${section}.${name}`
      if (old === undefined) return [{ kind: 'added', where, detail: 'may be named in verify:', weakens: false }]
      if (JSON.stringify(old) === JSON.stringify(one)) return []
      return [{ kind: 'changed', where, detail: 'stands for somebody else, or for another proof', weakens: true }]
    }),
  )
}
