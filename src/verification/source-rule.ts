/**
 * Signed, and for this: a signature says who, not what. The verified provenance has to name the source repository, the tag must be
 * what was built from it, and an old build under a new tag is refused. Labels of the image are the builder's claims and decide nothing.
 */

import type { AttestationFact, SignatureFact } from '../domain/evidence.ts'
import type { Tag } from '../domain/image.ts'
import type { RuleOutcome } from '../domain/verdict.ts'
import type { SourceRule } from '../domain/verification-policy.ts'
import { valueAt } from './attestation-rule.ts'
import type { Case } from './case.ts'
import { missing, namesOf, signersOf } from './signature-rule.ts'

const COMMIT = /(?:^|[-_.])g?(?<hash>[0-9a-f]{7,40})$/u
const PROVENANCE = /^https:\/\/slsa\.dev\/provenance\/v(?:0\.[12]|1)$/u

/** What a verified fact says of where the image comes from; null: it does not say. */
export type Source = { readonly repository: string | null; readonly ref: string | null; readonly commit: string | null }

export function judgeSource(rule: SourceRule, given: Case): RuleOutcome {
  const label = `source${rule.repository === undefined ? '' : ` ${rule.repository}`}: ${namesOf(rule.anyOf, rule.atLeast)}`
  const facts = provenFacts(given).filter((fact) => signersOf([fact], rule.anyOf, given).length > 0)
  const checked = facts.map((fact) => ({ fact, problem: problemOf(rule, sourceOf(fact), given.image.tag) }))
  const good = checked.filter(({ problem }) => problem === null).map(({ fact }) => fact)
  const found = signersOf(good, rule.anyOf, given)
  if (found.length < rule.atLeast) {
    const why = [...new Set(checked.flatMap(({ problem }) => problem ?? []))].slice(0, 3).join('; ')
    return missing(label, given, why === '' ? 'nothing verified says where it comes from' : why)
  }
  const old = rule.notOlder ? whyTooOld(given, builtAtOf(rule.anyOf, given)) : null
  if (old !== null) return { rule: label, state: 'failed', detail: old }
  return { rule: label, state: 'held', detail: describe(good.map(sourceOf)[0]) }
}

/** The earliest verified time of those that count: nothing is built after it was signed. */
export function builtAtOf(signers: readonly string[], given: Case): number | null {
  const times = provenFacts(given)
    .filter((fact) => signersOf([fact], signers, given).length > 0)
    .flatMap(({ at }) => at ?? [])
  return times.length === 0 ? null : Math.min(...times)
}

function provenFacts({ evidence }: Case): readonly (SignatureFact | AttestationFact)[] {
  return evidence.filter((fact) => fact.kind === 'signature' || fact.kind === 'attestation')
}

/** Null: what runs is not newer, or nobody knows how old that is. */
function whyTooOld({ runningBuiltAt }: Case, builtAt: number | null): string | null {
  if (runningBuiltAt === null) return null
  if (builtAt === null) return 'nothing verified says when it was built, and what runs there has such a time'
  if (builtAt >= runningBuiltAt) return null
  const [was, is] = [new Date(builtAt).toISOString(), new Date(runningBuiltAt).toISOString()]
  return `it was built by ${was}, before what runs there (${is}): an older image under a newer tag`
}

function problemOf({ repository, tag: how }: SourceRule, source: Source, tag: Tag): string | null {
  if (repository !== undefined && normalised(source.repository) !== normalised(repository)) {
    return `it was built from ${source.repository ?? 'a repository that nothing names'}`
  }
  if (how === undefined) return null
  const hash = COMMIT.exec(tag)?.groups?.['hash']
  const byCommit = how === 'commit' || (how === 'auto' && hash !== undefined)
  return byCommit ? commitProblem(tag, hash, source) : refProblem(tag, source)
}

function commitProblem(tag: Tag, hash: string | undefined, { commit }: Source): string | null {
  if (hash === undefined) return `the tag ${tag} names no commit`
  if (commit === null) return 'nothing verified names the commit'
  return commit.startsWith(hash) ? null : `the tag ${tag} names ${hash}, it was built from the commit ${commit}`
}

/** `1.4.2` of `refs/tags/1.4.2` or `refs/tags/v1.4.2`, and the other way round. */
function refProblem(tag: Tag, { ref }: Source): string | null {
  const name = /^refs\/tags\/(?<name>.+)$/u.exec(ref ?? '')?.groups?.['name']
  if (name === tag || name === `v${tag}` || `v${name}` === tag) return null
  return `the tag is ${tag}, it was built from ${ref ?? 'a Git ref that nothing names'}`
}

/** The certificate's claims; a key has none, so its provenance says it. */
export function sourceOf(fact: SignatureFact | AttestationFact): Source {
  const { sourceRepositoryURI, sourceRepositoryRef, sourceRepositoryDigest } = fact.claims
  const claimed = {
    repository: sourceRepositoryURI ?? null,
    ref: sourceRepositoryRef ?? null,
    commit: sourceRepositoryDigest ?? null,
  }
  if (fact.kind === 'signature' || !PROVENANCE.test(fact.predicateType)) return claimed
  const stated = fact.predicateType.endsWith('v1') ? provenanceV1(fact.predicate) : provenanceV02(fact.predicate)
  return {
    repository: claimed.repository ?? stated.repository,
    ref: claimed.ref ?? stated.ref,
    commit: claimed.commit ?? stated.commit,
  }
}

function provenanceV1(predicate: unknown): Source {
  const workflow = 'buildDefinition.externalParameters.workflow'
  return {
    repository: textAt(predicate, `${workflow}.repository`),
    ref: textAt(predicate, `${workflow}.ref`),
    commit: textAt(predicate, 'buildDefinition.resolvedDependencies[0].digest.gitCommit'),
  }
}

function provenanceV02(predicate: unknown): Source {
  const uri = textAt(predicate, 'invocation.configSource.uri')
  const [repository = null, ref = null] = uri?.split('@') ?? []
  return { repository, ref, commit: textAt(predicate, 'invocation.configSource.digest.sha1') }
}

function textAt(value: unknown, path: string): string | null {
  const found = valueAt(value, path)
  return typeof found === 'string' ? found : null
}

function normalised(repository: string | null): string | null {
  return repository === null
    ? null
    : repository
        .replace(/^git\+/u, '')
        .replace(/\/$/u, '')
        .replace(/\.git$/u, '')
        .toLowerCase()
}

function describe(source: Source | undefined): string {
  const { repository, ref, commit } = source ?? {}
  return ['built from', repository ?? 'its repository', ref ?? '', commit ?? ''].filter((part) => part !== '').join(' ')
}
