/** A configured signer as a trust policy: what is enforced, which certificates are trusted, whose name counts. */

import type { NotationSigner } from '../../domain/signer.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { decodeBase64 } from './encoding.ts'
import { readIdentities } from './identity.ts'
import type { Check } from './problem.ts'
import { sameBytes } from './der.ts'

type Action = 'enforce' | 'log' | 'skip'
export type Actions = Readonly<Record<Exclude<Check, 'integrity' | 'authenticity'>, Action>>

/** `audit` and `skip` prove nothing, so they are no levels of a signer. */
const LEVELS: Readonly<Record<NotationSigner['level'], Actions>> = {
  strict: { authenticTimestamp: 'enforce', expiry: 'enforce', revocation: 'enforce' },
  permissive: { authenticTimestamp: 'log', expiry: 'log', revocation: 'log' },
}

export type TrustPolicy = {
  readonly actions: Actions
  readonly stores: Readonly<Record<keyof NotationSigner['trustStores'], readonly Certificate[]>>
  readonly identities: Extract<ReturnType<typeof readIdentities>, { ok: true }>['value']
  readonly verifyTimestamp: NotationSigner['verifyTimestamp']
  readonly revocation: NotationSigner['revocation']
}

/** One thing that is wrong, with its place below the signer. */
export type TrustPolicyProblem = { readonly path: readonly (string | number)[]; readonly what: string }

/** All that is wrong with it, for whoever writes the configuration. */
export function trustPolicyProblems(signer: NotationSigner): readonly TrustPolicyProblem[] {
  const { identities, trustStores } = signer
  const found = identities.flatMap((text, at): TrustPolicyProblem[] => {
    const identity = readIdentities([text])
    return identity.ok ? [] : [{ path: ['identities', at], what: identity.error }]
  })
  for (const name of ['ca', 'signingAuthority', 'tsa'] as const) {
    for (const [at, text] of trustStores[name].entries()) {
      const what = storeProblem(name, text)
      if (what !== null) found.push({ path: ['trustStores', name, at], what })
    }
  }
  // What only shows in all of it together: two identities that overlap, stores that are empty.
  const whole = found.length > 0 ? null : readTrustPolicy(signer)
  if (whole?.ok !== false) return found
  return [{ path: [readIdentities(identities).ok ? 'trustStores' : 'identities'], what: whole.error }]
}

function storeProblem(name: 'ca' | 'signingAuthority' | 'tsa', text: string): string | null {
  const store = readStore([text])
  if (!store.ok) return store.error
  return name === 'tsa' && store.value.some(isNoRoot) ? NO_ROOT : null
}

const kept = new WeakMap<NotationSigner, Result<TrustPolicy, string>>()

/** What is wrong with it, for a person; for the configuration as well. The answer is kept for as long as the signer is. */
export function readTrustPolicy(signer: NotationSigner): Result<TrustPolicy, string> {
  const known = kept.get(signer)
  if (known !== undefined) return known
  const read = readAnew(signer)
  kept.set(signer, read)
  return read
}

function readAnew(signer: NotationSigner): Result<TrustPolicy, string> {
  const { trustStores, level, override, verifyTimestamp, revocation } = signer
  const identities = readIdentities(signer.identities)
  if (!identities.ok) return identities
  const [ca, signingAuthority, tsa] = [trustStores.ca, trustStores.signingAuthority, trustStores.tsa].map(readStore)
  for (const store of [ca, signingAuthority, tsa]) if (store?.ok === false) return store
  if (!ca?.ok || !signingAuthority?.ok || !tsa?.ok) return err('a trust store cannot be read')
  if (tsa.value.some(isNoRoot)) return err(NO_ROOT)
  if (ca.value.length + signingAuthority.value.length === 0) return err('its trust stores are empty')
  return ok({
    actions: actionsOf(level, override),
    stores: { ca: ca.value, signingAuthority: signingAuthority.value, tsa: tsa.value },
    identities: identities.value,
    verifyTimestamp,
    revocation,
  })
}

function actionsOf(level: NotationSigner['level'], override: NotationSigner['override']): Actions {
  const { authenticTimestamp, expiry, revocation } = LEVELS[level]
  return {
    authenticTimestamp: override.authenticTimestamp ?? authenticTimestamp,
    expiry: override.expiry ?? expiry,
    revocation: override.revocation ?? revocation,
  }
}

const NO_ROOT = 'the trust store tsa holds a certificate that is no root'

function isNoRoot(certificate: Certificate): boolean {
  return certificate.basicConstraints?.ca !== true || !isSelfIssued(certificate)
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return sameBytes(issuer.raw, subject.raw)
}

const PEM = /-----BEGIN CERTIFICATE-----(?<body>[A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/gu

function readStore(texts: readonly string[]): Result<readonly Certificate[], string> {
  const store: Certificate[] = []
  for (const text of texts) {
    const bodies = [...text.matchAll(PEM)].map(({ groups }) => groups?.['body'] ?? '')
    if (bodies.length === 0) return err('a trust store holds something that is no certificate in PEM')
    for (const body of bodies) {
      const der = decodeBase64(body.replaceAll(/\s/gu, ''))
      const certificate = der === null ? null : parseCertificate(der)
      if (certificate === null) return err('a trust store holds a certificate that cannot be read')
      store.push(certificate)
    }
  }
  return ok(store)
}
