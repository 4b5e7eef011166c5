/** `trust:` and `signers:` resolved: short forms worked in, files read, patterns looked at. */

import { quotedName, refuse, type Reading } from './reading.ts'
import {
  PUBLIC_GOOD,
  type Signer,
  type Signers,
  type TextMatch,
  type Thresholds,
  type TrustRoot,
  type TrustRoots,
} from '../domain/signer.ts'
import type { Path } from './problem.ts'
import { entriesOf, treeAt } from './tree.ts'
import type { RawSigner, RawTrust } from './verification-schema.ts'

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'
/** Compiled in; an entry of the same name takes its place. */
const DEFAULT_TRUST = 'public-good'

const MODES: Readonly<Record<'public' | 'github' | 'private', Thresholds>> = {
  public: { log: 1, sct: 1, timestamp: 1 },
  github: { log: 0, sct: 0, timestamp: 1 },
  private: { log: 1, sct: 0, timestamp: 1 },
}

export function resolveTrust(reading: Reading, raw: Readonly<Record<string, RawTrust>>): TrustRoots {
  const roots = Object.entries(raw).flatMap(([name, one]): [string, TrustRoot][] => {
    if ('builtin' in one) return [[name, PUBLIC_GOOD]]
    const path = ['trust', name, 'file']
    const json = fileAt(reading, path, one.file)
    if (json === undefined) return []
    if (!isJson(json)) {
      refuse(reading, path, 'malformed', `expected a trusted_root.json, and ${quotedName(one.file)} is no JSON`)
      return []
    }
    const { require = {} } = one
    const mode = MODES[one.mode ?? 'public']
    const thresholds = {
      log: require.log ?? mode.log,
      sct: require.sct ?? mode.sct,
      timestamp: require.timestamp ?? mode.timestamp,
    }
    if (thresholds.log + thresholds.timestamp === 0) {
      const what = 'neither a log nor a timestamp is demanded: then nothing says when a certificate was used'
      refuse(reading, ['trust', name], 'conflict', what)
    }
    return [[name, { kind: 'custom', json, require: thresholds }]]
  })
  return { [DEFAULT_TRUST]: PUBLIC_GOOD, ...Object.fromEntries(roots) }
}

export function resolveSigners(reading: Reading, raw: Readonly<Record<string, RawSigner>>, trust: TrustRoots): Signers {
  return Object.fromEntries(
    Object.entries(raw).flatMap(([name, one]): [string, Signer][] => {
      const path = ['signers', name]
      if ('trust' in one && one.trust !== undefined && !isKnownTrust(reading, one.trust, trust)) {
        reading.unknownName([...path, 'trust'], one.trust, Object.keys(trust), 'trust:')
      }
      const signer = signerOf(reading, path, one)
      return signer === undefined ? [] : [[name, one.images === undefined ? signer : { ...signer, images: one.images }]]
    }),
  )
}

/** An entry that has mistakes of its own is known all the same. */
function isKnownTrust({ root }: Reading, name: string, trust: TrustRoots): boolean {
  return Object.hasOwn(trust, name) || entriesOf(treeAt(root, ['trust'])).some(([known]) => known === name)
}

function signerOf(reading: Reading, path: Path, raw: RawSigner): Signer | undefined {
  if ('github' in raw) return gitHubSigner(reading, path, raw)
  if ('keyless' in raw) return keylessSigner(reading, path, raw)
  if ('key' in raw) return keySigner(reading, path, raw)
  return notationSigner(reading, path, raw)
}

/** Exact claims, as far as they go: a reusable workflow signs with its own name, and for whom stands in the claims. */
function gitHubSigner(
  reading: Reading,
  path: Path,
  { github, trust = DEFAULT_TRUST }: Extract<RawSigner, { github: unknown }>,
): Signer | undefined {
  const { repository, workflow, reusable, repositoryId, event, issuer } = github
  const ref = either(reading, [...path, 'github'], github, 'ref')
  if (ref === undefined) return undefined
  const file = `https://github.com/${repository}/.github/workflows/${workflow}`
  const own: TextMatch =
    'equals' in ref ? { equals: `${file}@${ref.equals}` } : { pattern: `${escaped(file)}@(?:${ref.pattern})` }
  return {
    kind: 'keyless',
    issuer: { equals: issuer ?? GITHUB_ISSUER },
    subject: reusable === undefined ? own : { equals: `https://github.com/${reusable}` },
    claims: {
      sourceRepositoryURI: { equals: `https://github.com/${repository}` },
      sourceRepositoryRef: ref,
      ...(repositoryId === undefined ? {} : { sourceRepositoryIdentifier: { equals: repositoryId } }),
      ...(event === undefined ? {} : { buildTrigger: { equals: event } }),
      // With another workflow's name in the subject, the caller's own has to be claimed.
      ...(reusable === undefined ? {} : { buildConfigURI: own }),
    },
    trust,
  }
}

function keylessSigner(
  reading: Reading,
  path: Path,
  { keyless, trust = DEFAULT_TRUST }: Extract<RawSigner, { keyless: unknown }>,
): Signer | undefined {
  const at = [...path, 'keyless']
  const issuer = either(reading, at, keyless, 'issuer')
  const subject = either(reading, at, keyless, 'subject')
  if (issuer === undefined || subject === undefined) return undefined
  const claims = Object.entries(keyless.claims ?? {}).map(([name, claim]): [string, TextMatch] => {
    if (typeof claim === 'string') return [name, { equals: claim }]
    return [name, patternAt(reading, [...at, 'claims', name, 'regExp'], claim.regExp)]
  })
  return { kind: 'keyless', issuer, subject, claims: Object.fromEntries(claims), trust }
}

function keySigner(
  reading: Reading,
  path: Path,
  { key, trust = DEFAULT_TRUST }: Extract<RawSigner, { key: unknown }>,
): Signer | undefined {
  const at = [...path, 'key']
  if ((key.pem === undefined) === (key.file === undefined)) {
    refuse(
      reading,
      at,
      key.pem === undefined ? 'missing' : 'conflict',
      'expected either pem: or file: with a public key',
    )
    return undefined
  }
  const pem = key.pem ?? fileAt(reading, [...at, 'file'], key.file ?? '')
  if (pem === undefined) return undefined
  if (!pem.includes('-----BEGIN PUBLIC KEY-----')) {
    const what = pem.includes('PRIVATE KEY')
      ? 'expected a public key, found a private one'
      : 'expected a public key (PEM)'
    refuse(reading, [...at, key.pem === undefined ? 'file' : 'pem'], 'malformed', what)
    return undefined
  }
  return { kind: 'key', pem, log: key.log ?? 'required', trust }
}

function notationSigner(
  reading: Reading,
  path: Path,
  { notation }: Extract<RawSigner, { notation: unknown }>,
): Signer | undefined {
  const at = [...path, 'notation']
  const { level = 'strict', override = {}, trustStores, identities, verifyTimestamp = 'always' } = notation
  const store = (name: 'ca' | 'signingAuthority' | 'tsa'): string[] =>
    (trustStores[name] ?? []).flatMap((text, index) => {
      if (text.includes('-----BEGIN CERTIFICATE-----')) return [text]
      const where = [...at, 'trustStores', name, index]
      const pem = fileAt(reading, where, text)
      if (pem !== undefined && !pem.includes('-----BEGIN CERTIFICATE-----')) {
        refuse(reading, where, 'malformed', `expected certificates (PEM) in ${quotedName(text)}`)
      }
      return pem === undefined ? [] : [pem]
    })
  const stores = { ca: store('ca'), signingAuthority: store('signingAuthority'), tsa: store('tsa') }
  if (trustStores.ca === undefined && trustStores.signingAuthority === undefined) {
    refuse(reading, [...at, 'trustStores'], 'missing', 'expected ca: or signingAuthority: with certificates')
    return undefined
  }
  const signer: Signer = {
    kind: 'notation',
    level,
    override,
    trustStores: stores,
    identities,
    verifyTimestamp,
    revocation: notation.revocation ?? 'network',
  }
  // A file that could not be read was told already, and would shift the places of those after it.
  const isWhole = (['ca', 'signingAuthority', 'tsa'] as const).every(
    (name) => stores[name].length === (trustStores[name] ?? []).length,
  )
  for (const { path: below, what } of isWhole ? reading.checkTrustPolicy(signer) : []) {
    refuse(reading, [...at, ...below], 'malformed', what)
  }
  return signer
}

/** `ref` or `refRegExp`: exactly one of them. */
function either<K extends string>(
  reading: Reading,
  path: Path,
  raw: { readonly [key in K | `${K}RegExp`]?: string | undefined },
  key: K,
): TextMatch | undefined {
  const regExpKey = `${key}RegExp` as const
  const [exact, pattern] = [raw[key], raw[regExpKey]]
  if ((exact === undefined) === (pattern === undefined)) {
    const reason = exact === undefined ? 'missing' : 'conflict'
    refuse(
      reading,
      exact === undefined ? path : [...path, regExpKey],
      reason,
      `expected either ${key}: or ${regExpKey}:`,
    )
    return undefined
  }
  if (exact !== undefined) return { equals: exact }
  return pattern === undefined ? undefined : patternAt(reading, [...path, regExpKey], pattern)
}

/** Holds for the whole text, so an anchor says nothing; a dot that stands for any character was hardly meant. */
export function patternAt(reading: Reading, path: Path, pattern: string): { pattern: string } {
  const problem = reading.checkPattern(pattern)
  if (problem !== null) refuse(reading, path, 'malformed', `expected ${problem}, found ${quotedName(pattern)}`)
  else if (/(?<!\\)\.(?![*+?{])/u.test(withoutClasses(pattern))) {
    const what = 'a dot stands for any character: write \\. for a dot'
    reading.warn(path, 'loose-pattern', what)
  }
  return { pattern }
}

function withoutClasses(pattern: string): string {
  return pattern.replaceAll(/\[[^\]]*\]/gu, '')
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)
}

function fileAt(reading: Reading, path: Path, name: string): string | undefined {
  const file = reading.files.get(name)
  if (file?.ok === true) return file.value
  refuse(reading, path, 'unreadable', file === undefined ? `${quotedName(name)} was not read` : file.error)
  return undefined
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}
