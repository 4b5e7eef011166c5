/** A whole Sigstore of our own, made when a test starts: certificate authority, CT log, both kinds of Rekor, timestamp authority. */

import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import {
  alternativeNames,
  authorityUsage,
  basicConstraints,
  certificate,
  claim,
  CODE_SIGNING,
  extendedUsage,
  extension,
  serialNumber,
  signatureUsage,
  spki,
  toBeSigned,
  type AlternativeName,
} from './certificates.ts'
import { name, octets, sequence, type Der } from './der.ts'
import { createLog, sha256, type Log } from './log.ts'
import { createStamper, type Stamper } from './stamp.ts'

const CLAIM_NUMBERS = {
  issuer: 8,
  runnerEnvironment: 11,
  sourceRepositoryURI: 12,
  sourceRepositoryDigest: 13,
  sourceRepositoryRef: 14,
  sourceRepositoryIdentifier: 15,
  buildTrigger: 20,
} as const
export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com'
export const WORKFLOW = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main'
const DAY_MS = 86_400_000

export type LeafOptions = {
  readonly names?: readonly AlternativeName[]
  readonly claims?: Partial<Record<keyof typeof CLAIM_NUMBERS, string>>
  readonly at?: Date
  readonly minutes?: number
  readonly uses?: readonly string[]
  readonly isAuthority?: boolean
  /** What its key may do. Default: sign. */
  readonly usage?: Der
  /** `none`: no promise of a CT log; `foreign`: one of a log that nobody trusts. */
  readonly sct?: 'ours' | 'none' | 'foreign'
  /** What a CT log may say beside its promise (RFC 6962 §3.2). */
  readonly sctExtensions?: Uint8Array
  readonly extra?: readonly Der[]
  /** Another authority's key under our name. */
  readonly issuerKey?: KeyObject
}
export type Instance = {
  readonly now: Date
  readonly logs: { readonly v1: Log; readonly v2: Log }
  readonly stamper: Stamper
  readonly chain: readonly Der[]
  /** Without changes, what `trusted_root.json` holds. */
  trustedRoot(change?: (root: TrustedRootJson) => TrustedRootJson): string
  leaf(key: KeyObject, options?: LeafOptions): Der
}
export type TrustedRootJson = {
  mediaType: string
  tlogs: KeyJson[]
  ctlogs: KeyJson[]
  certificateAuthorities: AuthorityJson[]
  timestampAuthorities: AuthorityJson[]
}
type Span = { start?: string; end?: string }
type KeyJson = {
  baseUrl: string
  hashAlgorithm: string
  publicKey: { rawBytes: string; keyDetails: string; validFor?: Span }
  logId: { keyId: string }
}
type AuthorityJson = {
  subject: object
  uri: string
  certChain: { certificates: { rawBytes: string }[] }
  validFor: Span
}

export type InstanceOptions = {
  readonly name?: string
  readonly now?: Date
  /** When the authority that issues ends. */
  readonly intermediateUntil?: Date
}

export function createSigstore({
  name: organisation = 'offline',
  now = new Date(),
  intermediateUntil,
}: InstanceOptions = {}): Instance {
  const [from, until] = [new Date(now.getTime() - 30 * DAY_MS), new Date(now.getTime() + 3_650 * DAY_MS)]
  const [root, issuer, ct, stranger] = [pair(), pair(), pair(), pair()]
  const [rootName, issuerName] = [name(organisation, 'root'), name(organisation, 'intermediate')]
  const authority = {
    from,
    issuer: rootName,
    issuerKey: root.privateKey,
    extensions: [basicConstraints(true), authorityUsage()],
  }
  const rootTbs = toBeSigned({ ...authority, until, subject: rootName, subjectKey: root.publicKey }, serialNumber())
  const issuerTbs = toBeSigned(
    { ...authority, until: intermediateUntil ?? until, subject: issuerName, subjectKey: issuer.publicKey },
    serialNumber(),
  )
  const chain = [certificate(issuerTbs, root.privateKey), certificate(rootTbs, root.privateKey)]
  const logs = {
    v1: createLog(1, `rekor.${organisation}.test`),
    v2: createLog(2, `log2026.rekor.${organisation}.test`),
  }
  const stamper = createStamper(organisation, from, until)

  function leaf(key: KeyObject, options: LeafOptions = {}): Der {
    const {
      at = now,
      minutes = 10,
      uses = [CODE_SIGNING],
      sct = 'ours',
      extra = [],
      issuerKey = issuer.privateKey,
    } = options
    const claims = { issuer: GITHUB_ISSUER, ...options.claims }
    const names = options.names ?? [{ kind: 'uri', value: WORKFLOW } as const]
    const extensions = [
      options.usage ?? signatureUsage(),
      ...(uses.length > 0 ? [extendedUsage(...uses)] : []),
      ...(options.isAuthority === true ? [basicConstraints(true)] : []),
      ...(names.length > 0 ? [alternativeNames(...names)] : []),
      ...Object.entries(claims).map(([key, text]) => claim(CLAIM_NUMBERS[key as keyof typeof CLAIM_NUMBERS], text)),
      ...extra,
    ]
    const serial = serialNumber()
    const issue = {
      issuer: issuerName,
      subject: sequence(),
      subjectKey: key,
      issuerKey,
      from: at,
      until: new Date(at.getTime() + minutes * 60_000),
    }
    const before = toBeSigned({ ...issue, extensions }, serial)
    if (sct === 'none') return certificate(before, issuerKey)
    const log = sct === 'ours' ? ct : stranger
    const promise = extension(
      '1.3.6.1.4.1.11129.2.4.2',
      octets(promiseOf(before, log, { at, said: options.sctExtensions ?? Buffer.alloc(0) })),
    )
    return certificate(toBeSigned({ ...issue, extensions: [...extensions, promise] }, serial), issuerKey)
  }

  /** RFC 6962 §3.2: a list of one signed certificate timestamp. */
  function promiseOf(tbs: Der, log: Keys, { at, said }: { readonly at: Date; readonly said: Uint8Array }): Buffer {
    const time = uint(at.getTime(), 8)
    const issuerHash = sha256(spki(issuer.publicKey))
    const signed = Buffer.concat([
      Buffer.from([0, 0]),
      time,
      uint(1, 2),
      issuerHash,
      uint(tbs.length, 3),
      tbs,
      uint(said.length, 2),
      said,
    ])
    const signature = sign('sha256', signed, log.privateKey)
    const sct = Buffer.concat([
      Buffer.from([0]),
      sha256(spki(log.publicKey)),
      time,
      uint(said.length, 2),
      said,
      Buffer.from([4, 3]),
      uint(signature.length, 2),
      signature,
    ])
    return Buffer.concat([uint(sct.length + 2, 2), uint(sct.length, 2), sct])
  }

  function trustedRoot(change = (json: TrustedRootJson) => json): string {
    const validFor = { start: from.toISOString() }
    const key = (host: string, publicKey: KeyObject, keyId: Buffer): KeyJson => ({
      baseUrl: `https://${host}`,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: spki(publicKey).toString('base64'),
        keyDetails: publicKey.asymmetricKeyType === 'ed25519' ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256',
        validFor: { ...validFor },
      },
      logId: { keyId: keyId.toString('base64') },
    })
    const by = (uri: string, certificates: readonly Der[]): AuthorityJson => ({
      subject: { organization: organisation, commonName: uri },
      uri: `https://${uri}`,
      certChain: { certificates: certificates.map((der) => ({ rawBytes: der.toString('base64') })) },
      validFor: { ...validFor },
    })
    return JSON.stringify(
      change({
        mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
        tlogs: [logs.v1, logs.v2].map(({ host, publicKey, keyId }) => key(host, publicKey, keyId)),
        ctlogs: [key(`ct.${organisation}.test`, ct.publicKey, sha256(spki(ct.publicKey)))],
        certificateAuthorities: [by(`fulcio.${organisation}.test`, chain)],
        timestampAuthorities: [by(`tsa.${organisation}.test`, stamper.chain)],
      }),
    )
  }

  return { now, logs, stamper, chain, leaf, trustedRoot }
}

type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

export function pair(curve: 'P-256' | 'P-384' | 'P-521' = 'P-256'): Keys {
  return generateKeyPairSync('ec', { namedCurve: curve })
}

function uint(value: number, bytes: number): Buffer {
  const hex = value.toString(16).padStart(bytes * 2, '0')
  return Buffer.from(hex, 'hex')
}
