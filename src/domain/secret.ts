/** Secrets stand in the configuration as references, never as values, and are read when they are used. */

import * as z from 'zod'

/** `env:NAME` or `file:/absolute/path`. */
export const SecretReference = z
  .string()
  .max(1024)
  .regex(
    /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:\/[^\u0000]*)$/u,
    'expected a reference, env:NAME or file:/path, never the secret itself',
  )
export type SecretReference = z.infer<typeof SecretReference>

/** One reference, or the current and the previous one while a secret is being rotated. */
export const SecretReferences = z.union([SecretReference, z.tuple([SecretReference, SecretReference])])
export type SecretReferences = z.infer<typeof SecretReferences>

/**
 * The values in force, best first: read again with a short cache, so that rotation needs no restart.
 * Throws where a reference leads nowhere or to an empty value: an absent secret authenticates nobody.
 */
export type Secret = () => Promise<readonly [string, ...string[]]>

const COMPARISON_KEY_BYTES = 32

/** The one comparison of secrets: both sides under a key of the moment, so neither content nor length shows in the time. */
export async function isSameSecret(
  given: Uint8Array<ArrayBuffer>,
  expected: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (expected.length === 0) return false
  const material = crypto.getRandomValues(new Uint8Array(COMPARISON_KEY_BYTES))
  const key = await crypto.subtle.importKey('raw', material, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ])
  return crypto.subtle.verify('HMAC', key, await crypto.subtle.sign('HMAC', key, expected), given)
}

/** A reference, and where in the configuration it stands. */
export type FoundReference = { readonly at: string; readonly reference: SecretReference }

/** Receivers name their secrets as they like, so whatever reads like a reference is one. */
export function* referencesIn(node: unknown, at = ''): Generator<FoundReference> {
  if (typeof node === 'string') {
    const reference = SecretReference.safeParse(node)
    if (reference.success) yield { at, reference: reference.data }
  } else if (typeof node === 'object' && node !== null) {
    for (const [key, child] of Object.entries(node)) yield* referencesIn(child, at === '' ? key : `${at}.${key}`)
  }
}
