/** `verify:` resolved: short forms worked in, names looked up; what a shared stage demands is added, never taken away. */

import type { Signers } from '../domain/signer.ts'
import type {
  AttestationRule,
  FieldCondition,
  Policy,
  Requirement,
  VerificationPolicy,
} from '../domain/verification-policy.ts'
import type { Path } from './problem.ts'
import { refuse, type Reading } from './reading.ts'
import { patternAt } from './signers.ts'
import { entriesOf, treeAt } from './tree.ts'
import type { RawPolicy, RawRequirement, RawVerify } from './verification-schema.ts'

export const WAIT_DEFAULT_MS = 15 * 60_000
export const FRESH_DEFAULT_MS = 15 * 60_000
const DAY_MS = 86_400_000

/** Any of these stands for the name. */
const PREDICATES: Readonly<Record<string, readonly string[]>> = {
  'slsa-provenance': ['https://slsa.dev/provenance/v1'],
  'slsa-provenance-v0.2': ['https://slsa.dev/provenance/v0.2'],
  vuln: [
    'https://cosign.sigstore.dev/attestation/vuln/v1',
    'https://in-toto.io/attestation/vulns/v0.1',
    'https://in-toto.io/attestation/vulns/v0.2',
  ],
  spdx: ['https://spdx.dev/Document', 'https://spdx.dev/Document/*'],
  cyclonedx: ['https://cyclonedx.org/bom', 'https://cyclonedx.org/bom/*'],
  openvex: ['https://openvex.dev/ns', 'https://openvex.dev/ns/*'],
  vsa: ['https://slsa.dev/verification_summary/v1', 'https://slsa.dev/verification_summary/v0.2'],
}

type Written = { readonly path: Path; readonly raw: RawVerify }

/** Undefined where a part does not hold; its problems are reported. `demanded`: what a shared stage asks of all. */
export function resolveVerify(
  reading: Reading,
  signers: Signers,
  own: readonly Written[],
  demanded: Written | undefined,
): VerificationPolicy | undefined {
  const policies = own.flatMap(({ path, raw }) => (raw === 'none' ? [] : [policyAt(reading, signers, path, raw)]))
  const nones = own.filter(({ raw }) => raw === 'none')
  const floor = demanded === undefined || demanded.raw === 'none' ? undefined : demanded
  const [none] = nones
  if (floor !== undefined && policies.length === 0) {
    const what = `none is less than the shared stage demands (stages.${String(floor.path[1])}.verify)`
    if (none !== undefined) refuse(reading, none.path, 'conflict', what)
    return undefined
  }
  const late = nones.find(({ path }) => path !== own[0]?.path)
  if (late !== undefined && policies.length > 0) {
    refuse(reading, late.path, 'conflict', 'none is less than what the subscription demands: a stage may only add')
    return undefined
  }
  if (floor !== undefined && floor.raw !== 'none') policies.unshift(policyAt(reading, signers, floor.path, floor.raw))
  const [first, ...others] = policies
  if (first === undefined) return 'none'
  return others.reduce(combined, first)
}

/** All that both demand; the longer wait (it lets nothing in), the shorter freshness; looked at again only where both say so. */
function combined(a: Policy, b: Policy): Policy {
  const known = new Set(a.require.map((one) => JSON.stringify(one)))
  return {
    require: [...a.require, ...b.require.filter((one) => !known.has(JSON.stringify(one)))],
    wait: Math.max(a.wait, b.wait),
    fresh: Math.min(a.fresh, b.fresh),
    reconsider: a.reconsider && b.reconsider,
  }
}

function policyAt(reading: Reading, signers: Signers, path: Path, raw: RawPolicy): Policy {
  const { require: list = [], wait, fresh, reconsider, ...short } = raw
  const parts = [{ path, raw: short }, ...list.map((one, index) => ({ path: [...path, 'require', index], raw: one }))]
  const signatories = parts.flatMap(({ raw: { signature } }) =>
    signature === undefined ? [] : typeof signature === 'string' ? [signature] : signature.anyOf,
  )
  list.forEach((one, index) => {
    if (Object.keys(one).length > 0) return
    refuse(reading, [...path, 'require', index], 'missing', 'expected signature, attestation, scan, source or image')
  })
  const demands = parts.flatMap((part) => requirementsOf(reading, signers, part, [...new Set(signatories)]))
  if (demands.length === 0) {
    refuse(reading, path, 'missing', 'nothing is demanded: write signature:, or none to say that nothing is proven')
  }
  return {
    require: demands,
    wait: wait ?? WAIT_DEFAULT_MS,
    fresh: fresh ?? FRESH_DEFAULT_MS,
    reconsider: reconsider ?? false,
  }
}

type Part = { readonly path: Path; readonly raw: RawRequirement }

function requirementsOf(
  reading: Reading,
  signers: Signers,
  { path, raw }: Part,
  signatories: readonly string[],
): readonly Requirement[] {
  const names = namesReader(reading, signers, signatories)
  const found: Requirement[] = []
  const { signature, attestation, scan, source, image } = raw
  if (typeof signature === 'string') {
    found.push({ kind: 'signature', anyOf: names([...path, 'signature'], [signature]), atLeast: 1 })
  } else if (signature !== undefined) {
    const { anyOf, atLeast = 1 } = signature
    found.push({ kind: 'signature', anyOf: names([...path, 'signature', 'anyOf'], anyOf), atLeast })
    checkAtLeast(reading, [...path, 'signature'], anyOf, atLeast)
  }
  if (attestation !== undefined) found.push(...attestationOf(reading, [...path, 'attestation'], attestation, names))
  if (scan !== undefined) found.push(scanOf(scan, [...path, 'scan'], names, signatories))
  if (source !== undefined) {
    const at = [...path, 'source']
    const { anyOf, atLeast = 1, repository, tag, notOlder = true } = source
    const url = repository === undefined || repository.includes('://') ? repository : `https://github.com/${repository}`
    found.push({
      kind: 'source',
      anyOf: names([...at, 'anyOf'], anyOf),
      atLeast,
      notOlder,
      ...(url === undefined ? {} : { repository: url }),
      ...(tag === undefined ? {} : { tag }),
    })
  }
  if (image !== undefined) found.push({ kind: 'image', rules: image })
  return found
}

type Names = (path: Path, names: readonly string[] | undefined) => string[]

/** Where nobody is named, whoever must have signed the image is meant. */
function namesReader(reading: Reading, signers: Signers, signatories: readonly string[]): Names {
  const known = new Set([
    ...Object.keys(signers),
    ...entriesOf(treeAt(reading.root, ['signers'])).map(([name]) => name),
  ])
  return (path, names) => {
    for (const name of names ?? []) if (!known.has(name)) reading.unknownName(path, name, [...known], 'signers:')
    const meant = [...(names ?? signatories)]
    if (meant.length === 0) {
      refuse(reading, path, 'missing', 'expected signers: nothing here says whose word counts')
      return ['']
    }
    return [...new Set(meant)]
  }
}

function attestationOf(
  reading: Reading,
  path: Path,
  raw: NonNullable<RawRequirement['attestation']>,
  names: Names,
): readonly Requirement[] {
  const { type, anyOf, atLeast = 1, where = [], maxAge, vulnerabilities } = raw
  const types = Object.hasOwn(PREDICATES, type) ? PREDICATES[type] : undefined
  if (types === undefined && !/^[a-z][a-z0-9+.-]*:\/\/\S+$/iu.test(type)) {
    const known = Object.keys(PREDICATES).join(', ')
    refuse(reading, [...path, 'type'], 'malformed', `expected ${known}, or the URI of a predicate type`)
  }
  const meant = names([...path, 'anyOf'], anyOf)
  checkAtLeast(reading, path, meant, atLeast)
  const rule: AttestationRule = {
    kind: 'attestation',
    name: type,
    types: [...(types ?? [type])],
    anyOf: meant,
    atLeast,
    where: where.map((one, index) => conditionOf(reading, [...path, 'where', index], one)),
    ...(maxAge === undefined ? {} : { maxAge }),
  }
  if (vulnerabilities === undefined) return [rule]
  if (type !== 'vuln') refuse(reading, [...path, 'vulnerabilities'], 'conflict', 'only a vuln attestation has findings')
  const { fail, ignoreUnfixed = false } = vulnerabilities
  const scan: Requirement = {
    kind: 'scan',
    maximum: Object.fromEntries(fail.map((severity) => [severity, 0])),
    fixableOnly: ignoreUnfixed,
    except: [],
    from: ['attestation'],
    signers: meant,
    vex: [],
    allowUnsupported: false,
    ...(maxAge === undefined ? {} : { newerThan: maxAge }),
  }
  return [rule, scan]
}

type RawCondition = NonNullable<NonNullable<RawRequirement['attestation']>['where']>[number]

function conditionOf(reading: Reading, path: Path, raw: RawCondition): FieldCondition {
  const { field } = raw
  if ('equals' in raw) return { field, is: { kind: 'equals', value: raw.equals } }
  if ('oneOf' in raw) return { field, is: { kind: 'one-of', values: raw.oneOf } }
  if ('matches' in raw)
    return { field, is: { kind: 'matches', ...patternAt(reading, [...path, 'matches'], raw.matches) } }
  if ('atLeast' in raw) return { field, is: { kind: 'at-least', value: raw.atLeast } }
  if ('atMost' in raw) return { field, is: { kind: 'at-most', value: raw.atMost } }
  return { field, is: { kind: 'exists' } }
}

function scanOf(
  raw: NonNullable<RawRequirement['scan']>,
  path: Path,
  names: Names,
  signatories: readonly string[],
): Requirement {
  const { except = [], signedBy, vex, newerThan, databaseNewerThan, from, platforms } = raw
  const signed = signedBy === undefined ? [...signatories] : names([...path, 'signedBy'], signedBy)
  return {
    kind: 'scan',
    maximum: raw.maximum,
    fixableOnly: raw.fixableOnly ?? false,
    // The last day counts whole, wherever on earth it ends last.
    except: except.map(({ id, until, reason }) => ({ id, reason, until: Date.parse(`${until}T12:00:00Z`) + DAY_MS })),
    signers: signed,
    vex: vex === undefined ? [] : names([...path, 'vex'], vex),
    allowUnsupported: raw.allowUnsupported ?? false,
    ...(newerThan === undefined ? {} : { newerThan }),
    ...(databaseNewerThan === undefined ? {} : { databaseNewerThan }),
    ...(from === undefined ? {} : { from }),
    ...(platforms === undefined ? {} : { platforms }),
  }
}

function checkAtLeast(reading: Reading, path: Path, names: readonly string[], atLeast: number): void {
  const different = new Set(names).size
  if (atLeast <= different) return
  const what = `expected at most ${different}, as many different signers as are named, found ${atLeast}`
  refuse(reading, [...path, 'atLeast'], 'conflict', what)
}
