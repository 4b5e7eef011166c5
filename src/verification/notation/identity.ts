/** Who signed, against whom the configuration trusts: parts of a distinguished name, or an ARN of AWS Signer. */

import { err, ok, type Result } from '../../domain/result.ts'
import type { SignedAttributes } from './attributes.ts'
import type { Name, NamePart } from './certificate.ts'

const SUBJECT = 'x509.subject:'
const COMPULSORY = ['C', 'ST', 'O']
const ARN =
  /^arn:aws[a-z-]*:signer:[a-z0-9-]+:\d{12}:\/(?:signing-profiles\/[A-Za-z0-9_]{2,64}(?:\/[A-Za-z0-9]{10})?|(?:aliases|aliased-signing-profiles)\/[A-Za-z0-9_/-]{1,128})$/u

type Identity =
  | { readonly kind: 'any' }
  | { readonly kind: 'subject'; readonly parts: readonly NamePart[] }
  | { readonly kind: 'arn'; readonly arn: string }

/** All of them, or what is wrong with one; two that one certificate could match are a mistake, says the specification. */
export function readIdentities(texts: readonly string[]): Result<readonly Identity[], string> {
  const identities: Identity[] = []
  for (const text of texts) {
    const identity = readIdentity(text)
    if (!identity.ok) return identity
    identities.push(identity.value)
  }
  if (identities.length === 0) return err('no identity is trusted')
  if (identities.length > 1 && texts.includes('*'))
    return err("the identity '*' stands alone: it takes everybody that the trust stores vouch for")
  const subjects = identities.flatMap((one) => (one.kind === 'subject' ? [one.parts] : []))
  const overlap = subjects.some((one, at) => subjects.some((other, index) => index !== at && isPartOf(one, other)))
  return overlap ? err('one identity includes another') : ok(identities)
}

function readIdentity(text: string): Result<Identity, string> {
  if (text === '*') return ok({ kind: 'any' })
  if (ARN.test(text)) return ok({ kind: 'arn', arn: text })
  if (!text.startsWith(SUBJECT))
    return err(`${text}: expected x509.subject: C=…, ST=…, O=…, an ARN of AWS Signer, or *`)
  const parts = parseDistinguishedName(text.slice(SUBJECT.length))
  if (parts === null) return err(`${text}: not a distinguished name`)
  const types = parts.map(({ type }) => type)
  if (new Set(types).size !== types.length) return err(`${text}: an attribute stands twice`)
  const missing = COMPULSORY.filter((type) => !types.includes(type))
  return missing.length === 0 ? ok({ kind: 'subject', parts }) : err(`${text}: ${missing.join(', ')} missing`)
}

/** RFC 4514 as people write it; a value in quotes, in hex, or several in one place are none of it. */
export function parseDistinguishedName(text: string): readonly NamePart[] | null {
  const parts = splitUnescaped(text).map(parsePart)
  return parts.every((part) => part !== null) ? parts : null
}

/** At commas without a backslash before them. */
function splitUnescaped(text: string): readonly string[] {
  const parts = ['']
  for (const [token] of text.matchAll(/\\.|[^\\]|\\$/gsu)) {
    if (token === ',') parts.push('')
    else parts.push(`${parts.pop() ?? ''}${token}`)
  }
  return parts
}

function parsePart(text: string): NamePart | null {
  const equals = text.indexOf('=')
  const type = text.slice(0, Math.max(equals, 0)).trim().toUpperCase()
  const written = text
    .slice(equals + 1)
    .replace(/^ +/u, '')
    .replace(/(?<!\\) +$/u, '')
  const isEscapedRightly = /^(?:\\[0-9A-Fa-f]{2}|\\[ ",#+;<=>\\]|[^\\"+;<>])*$/u.test(written)
  if (!/^[A-Z][A-Z0-9.-]*$/u.test(type) || written === '' || written.startsWith('#') || !isEscapedRightly) return null
  const value = unescaped(written)
  return value === null ? null : { type: type === 'S' ? 'ST' : type, value }
}

/** `\2C` is a byte of UTF-8, `\,` a character. */
function unescaped(text: string): string | null {
  const bytes = [...text.matchAll(/\\(?<hex>[0-9A-Fa-f]{2})|\\(?<escaped>.)|(?<plain>[^\\]+)/gsu)].flatMap(
    ({ groups }) =>
      groups?.['hex'] === undefined
        ? [...new TextEncoder().encode(groups?.['escaped'] ?? groups?.['plain'] ?? '')]
        : [Number.parseInt(groups['hex'], 16)],
  )
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))
  } catch {
    return null
  }
}

function isPartOf(wanted: readonly NamePart[], found: readonly NamePart[]): boolean {
  return wanted.every(({ type, value }) => found.some((part) => part.type === type && part.value === value))
}

/** Null where one of the identities is the signer's; else what was found, for a person. */
export function identityProblem(
  identities: readonly Identity[],
  subject: Name,
  aws: SignedAttributes['aws'],
): string | null {
  if (aws !== null) {
    const isTrusted = identities.some((one) => one.kind === 'arn' && isArnOf(one.arn, aws))
    return isTrusted ? null : `the signing profile is ${aws.profileVersion}`
  }
  const types = subject.parts.map(({ type }) => type)
  if (new Set(types).size !== types.length && identities[0]?.kind !== 'any') {
    return `an attribute stands twice in the subject ${describeName(subject)}`
  }
  const isTrusted = identities.some(
    (one) => one.kind === 'any' || (one.kind === 'subject' && isPartOf(one.parts, subject.parts)),
  )
  return isTrusted ? null : `the subject is ${describeName(subject)}`
}

/** A profile includes its versions; an alias is written by AWS under its own attribute. */
function isArnOf(arn: string, { profileVersion, alias }: NonNullable<SignedAttributes['aws']>): boolean {
  const wanted = arn.toLowerCase()
  const found = profileVersion.toLowerCase()
  if (wanted.includes(':/aliases/')) return alias?.toLowerCase() === wanted
  const isWholeProfile = /:\/signing-profiles\/[^/]+$/u.test(wanted)
  return wanted === (isWholeProfile ? found.slice(0, found.lastIndexOf('/')) : found)
}

export function describeName({ parts }: Name): string {
  return parts.map(({ type, value }) => `${type}=${value.replaceAll(/[,\\]/gu, String.raw`\$&`)}`).join(', ')
}
