/** Which of the configured signers a proven identity is. Texts are compared whole; a pattern is anchored by us. */

import { RE2JS } from 're2js'
import type { KeylessSigner, TextMatch } from '../../domain/signer.ts'
import type { Identity } from './identity.ts'

const PATTERNS_KEPT_MAX = 256
const compiled = new Map<string, RE2JS | null>()

/** Null where it is this signer; else what differs, for a person. */
export function difference(signer: KeylessSigner, { subject, issuer, claims }: Identity): string | null {
  if (!matches(signer.issuer, issuer)) return `issuer ${issuer}`
  if (!matches(signer.subject, subject)) return `subject ${subject}`
  for (const [name, expected] of Object.entries(signer.claims)) {
    const found = Object.hasOwn(claims, name) ? claims[name] : undefined
    if (found === undefined) return `no claim ${name}`
    if (!matches(expected, found)) return `${name} ${found}`
  }
  return null
}

function matches(expected: TextMatch, found: string): boolean {
  if ('equals' in expected) return expected.equals === found
  return patternOf(expected.pattern)?.testExact(found) ?? false
}

/** Linear time, the whole text. Null: no pattern; the configuration refuses such a one, and here it matches nothing. */
function patternOf(source: string): RE2JS | null {
  const known = compiled.get(source)
  if (known !== undefined) return known
  const pattern = compile(source)
  const oldest = compiled.size >= PATTERNS_KEPT_MAX ? compiled.keys().next().value : undefined
  if (oldest !== undefined) compiled.delete(oldest)
  compiled.set(source, pattern)
  return pattern
}

function compile(source: string): RE2JS | null {
  try {
    return RE2JS.compile(source)
  } catch {
    return null
  }
}
