/** The shapes of `signers:`, `trust:` and `verify:`, short forms included. */

import * as z from 'zod'
import { isClaim } from '../domain/fulcio-claims.ts'
import { Duration } from '../domain/duration.ts'
import { SEVERITIES } from '../domain/evidence.ts'
import { ImageRules, Platform } from '../domain/image-rules.ts'
import { Thresholds } from '../domain/signer.ts'
import { Name } from '../domain/subscription.ts'

const LIST_MAX = 64
const TEXT_LENGTH_MAX = 2_048
const PEM_LENGTH_MAX = 64 * 1024
const EXCEPTIONS_MAX = 1_000

const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
const FileName = z.string().min(1).max(TEXT_LENGTH_MAX)
const common = {
  images: z
    .array(Text)
    .min(1)
    .max(LIST_MAX)
    .optional()
    .describe('The images that it may sign: `docker.io/acme/payments`, `docker.io/acme/*`. Default: all that name it.'),
}
const trust = Name.optional().describe(
  'The trusted root that proves it, by its name under `trust:`. Default: `public-good`.',
)

const RawGitHubSigner = z.strictObject({
  github: z
    .strictObject({
      repository: z
        .string()
        .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9._-]{1,100}$/u, 'expected owner/name')
        .describe('The repository that the workflow runs for: `owner/name`.'),
      workflow: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,200}\.ya?ml$/u, 'expected the file name of a workflow, such as release.yml')
        .describe("The workflow's file in `.github/workflows`: `release.yml`."),
      ref: Text.optional().describe(
        'The Git ref that it runs on, exactly: `refs/heads/main`. Either this, or `refRegExp`.',
      ),
      refRegExp: Text.optional().describe('A regular expression for the whole ref: `refs/tags/v[0-9.]+`.'),
      reusable: z
        .string()
        .regex(
          /^[^@\s/]+\/[^@\s/]+\/\.github\/workflows\/[^@\s]+@[^@\s]+$/u,
          'expected owner/name/.github/workflows/file.yml@ref',
        )
        .optional()
        .describe('The reusable workflow that signs, with its ref: `acme/ci/.github/workflows/sign.yml@refs/tags/v3`.'),
      repositoryId: z
        .string()
        .regex(/^[0-9]{1,20}$/u, 'expected a number in quotes')
        .optional()
        .describe("The repository's number, which one that is made anew under the same name does not have."),
      event: Text.optional().describe('What triggered the run: `push`. Keeps `pull_request_target` out.'),
      issuer: z
        .url({ protocol: /^https$/u })
        .optional()
        .describe("The issuer of the tokens. Default: GitHub's."),
    })
    .describe("A workflow of GitHub Actions, by the certificate's exact identity."),
  ...common,
  trust,
})

const Claim = z.union([Text, z.strictObject({ regExp: Text.describe('A regular expression for the whole claim.') })], {
  error: 'expected a text, or regExp: with a regular expression',
})

const CLAIM_EXPECTED = 'expected the name of a claim, such as runnerEnvironment'
const ClaimName = z
  .string()
  .regex(/^[a-zA-Z]{1,64}$/u, CLAIM_EXPECTED)
  .refine(isClaim, CLAIM_EXPECTED)

const RawKeylessSigner = z.strictObject({
  keyless: z
    .strictObject({
      issuer: Text.optional().describe('Who issued the identity, exactly. Either this, or `issuerRegExp`.'),
      issuerRegExp: Text.optional().describe('A regular expression for the whole issuer.'),
      subject: Text.optional().describe(
        'The identity, exactly: a URI or an e-mail address. Either this, or `subjectRegExp`.',
      ),
      subjectRegExp: Text.optional().describe('A regular expression for the whole identity.'),
      claims: z
        .record(ClaimName, Claim)
        .optional()
        .describe('What else the certificate must say: `runnerEnvironment: github-hosted`.'),
    })
    .describe('A certificate of Fulcio: other CI systems, and people.'),
  ...common,
  trust,
})

const RawKeySigner = z.strictObject({
  key: z
    .strictObject({
      pem: z.string().min(1).max(PEM_LENGTH_MAX).optional().describe('The public key (PEM). Either this, or `file`.'),
      file: FileName.optional().describe('A file with the public key, beside this one.'),
      log: z
        .enum(['required', 'ignore'])
        .optional()
        .describe('`required` (default): the signature must be in a transparency log of the trusted root.'),
    })
    .describe('A key pair, as `cosign generate-key-pair` makes it.'),
  ...common,
  trust,
})

const Certificates = z.array(z.string().min(1).max(PEM_LENGTH_MAX)).min(1).max(LIST_MAX).optional()

const RawNotationSigner = z.strictObject({
  notation: z
    .strictObject({
      level: z
        .enum(['strict', 'permissive'])
        .optional()
        .describe('`strict` (default), or `permissive`: ages and revocation are only said.'),
      override: z
        .strictObject({
          authenticTimestamp: z.enum(['enforce', 'log']).optional().describe('Timestamps.'),
          expiry: z.enum(['enforce', 'log']).optional().describe("The signature's own end."),
          revocation: z.enum(['enforce', 'log', 'skip']).optional().describe('Whether certificates were revoked.'),
        })
        .optional()
        .describe('Single checks of the level, otherwise.'),
      trustStores: z
        .strictObject({
          ca: Certificates.describe('Root certificates of signers: PEM, or files beside this one.'),
          signingAuthority: Certificates.describe('Root certificates of signing authorities, such as AWS Signer.'),
          tsa: Certificates.describe('Root certificates of timestamp authorities.'),
        })
        .describe('What is trusted.'),
      identities: z
        .array(Text)
        .min(1)
        .max(LIST_MAX)
        .describe("`x509.subject: C=DE, ST=BE, O=Acme`, a signing profile's ARN of AWS Signer, or `*` alone."),
      verifyTimestamp: z
        .enum(['always', 'afterCertExpiry'])
        .optional()
        .describe('When a timestamp is looked at. Default `always`.'),
      revocation: z
        .enum(['network', 'aws-signer'])
        .optional()
        .describe(
          "Who is asked about revocation: the certificates' own OCSP and CRL addresses (default), or AWS Signer.",
        ),
    })
    .describe('A signature of the Notary Project, by its trust policy.'),
  ...common,
})

export const RawSigner = z.union([RawGitHubSigner, RawKeylessSigner, RawKeySigner, RawNotationSigner], {
  error: 'expected a signer: github:, keyless:, key: or notation:',
})
export type RawSigner = z.infer<typeof RawSigner>

const Counts = Thresholds.partial().strict().optional()
export const RawTrust = z.union(
  [
    z.strictObject({
      builtin: z.literal('sigstore').describe("Sigstore's public-good instance, as this version knows it."),
    }),
    z.strictObject({
      file: FileName.describe('A `trusted_root.json` beside this file.'),
      mode: z
        .enum(['public', 'github', 'private'])
        .optional()
        .describe(
          '`public` (default): log, certificate log and timestamp are demanded. `github`: a timestamp alone, as GitHub signs for private repositories. `private`: as `require` says.',
        ),
      require: Counts.describe('How many log entries, certificate timestamps and timestamps a signature must show.'),
    }),
  ],
  { error: 'expected a trusted root: builtin: sigstore, or file: trusted_root.json' },
)
export type RawTrust = z.infer<typeof RawTrust>

const Signers = z.array(Name).min(1).max(LIST_MAX)
const AtLeast = z.number().int().min(1).max(LIST_MAX).optional().describe('So many different ones of them. Default 1.')
const anyOf = Signers.describe('Names of signers: one of them is enough.')

const RawSignature = z.union([Name, z.strictObject({ anyOf, atLeast: AtLeast })], {
  error: "expected a signer's name, or anyOf: with a list of them",
})

const Value = z.union([z.string().max(TEXT_LENGTH_MAX), z.number(), z.boolean()])
const field = Text.describe('Where in the predicate: `buildDefinition.buildType`, `materials[0].uri`.')
const RawCondition = z.union(
  [
    z.strictObject({ field, equals: Value.describe('Exactly this.') }),
    z.strictObject({ field, oneOf: z.array(Value).min(1).max(LIST_MAX).describe('One of these.') }),
    z.strictObject({ field, matches: Text.describe('A regular expression for the whole text.') }),
    z.strictObject({ field, atLeast: z.number().describe('At least this number.') }),
    z.strictObject({ field, atMost: z.number().describe('At most this number.') }),
    z.strictObject({ field, exists: z.literal(true).describe('That it is there.') }),
  ],
  { error: 'expected a condition: field: and one of equals, oneOf, matches, atLeast, atMost, exists' },
)

const Severity = z.enum(SEVERITIES)

const RawAttestation = z.strictObject({
  type: Text.describe(
    '`slsa-provenance`, `vuln`, `spdx`, `cyclonedx`, `openvex`, `vsa`, or the URI of a predicate type.',
  ),
  anyOf: anyOf.optional().describe('Signers, one of which must have signed it. Default: those of `signature`.'),
  atLeast: AtLeast,
  where: z.array(RawCondition).max(LIST_MAX).optional().describe('What its fields must say. All must hold.'),
  maxAge: Duration.optional().describe('How old it may be, from its verified time: `24h`.'),
  vulnerabilities: z
    .strictObject({
      fail: z.array(Severity).min(1).describe('Severities of which none may be found.'),
      ignoreUnfixed: z.boolean().optional().describe('`true`: only findings that have a fix count.'),
    })
    .optional()
    .describe('Of a `vuln` attestation: what it must not have found.'),
})

const RawScan = z.strictObject({
  maximum: z
    .partialRecord(Severity, z.number().int().min(0).max(1_000_000))
    .describe('How many findings of a severity pass: `{ critical: 0, high: 5 }`. Those not named have no limit.'),
  fixableOnly: z.boolean().optional().describe('`true`: only findings that have a fix count.'),
  except: z
    .array(
      z.strictObject({
        id: Text.describe('`CVE-2026-1234`.'),
        until: z.iso.date('expected a date, such as 2026-12-31').describe('The last day on which it is passed over.'),
        reason: Text.describe('Why.'),
      }),
    )
    .max(EXCEPTIONS_MAX)
    .optional()
    .describe('Findings that are passed over for a while.'),
  newerThan: Duration.optional().describe('How old the scan may be: `24h`.'),
  databaseNewerThan: Duration.optional().describe("How old the scanner's database may have been."),
  from: z
    .array(Text)
    .min(1)
    .max(LIST_MAX)
    .optional()
    .describe('Scanners that count: `ecr`, `inspector2`, `harbor`, `attestation` … Default: all that answer.'),
  signedBy: Signers.optional().describe('Whose signed reports count. Default: those of `signature`.'),
  vex: Signers.optional().describe('Whose signed VEX statements take findings away.'),
  allowUnsupported: z.boolean().optional().describe('`true`: what no scanner can read (scratch, Windows) passes.'),
  platforms: z.array(Platform).min(1).max(LIST_MAX).optional().describe('Of an index: only these. Default: all.'),
})

const RawSource = z.strictObject({
  anyOf: anyOf.optional().describe('Signers whose word on the source counts. Default: those of `signature`.'),
  atLeast: AtLeast,
  repository: Text.optional().describe('The source repository, as verified: `acme/payments` on GitHub, or its URL.'),
  tag: z
    .enum(['git-tag', 'commit', 'auto'])
    .optional()
    .describe(
      '`git-tag`: the image tag is the Git tag, with or without `v`. `commit`: it names the commit. `auto`: whichever it looks like.',
    ),
  notOlder: z
    .boolean()
    .optional()
    .describe('The build must not be older than that of what runs there. Default `true`.'),
})

const requirements = {
  signature: RawSignature.optional().describe('Who must have signed it: the name of a signer, or `anyOf`.'),
  attestation: RawAttestation.optional().describe('What must be attested.'),
  scan: RawScan.optional().describe('What a scan must not find.'),
  source: RawSource.optional().describe(
    'What it must have been built from: binds the signature to this image and tag.',
  ),
  image: ImageRules.optional().describe('What its manifest and configuration must show.'),
}
const RawRequirement = z.strictObject(requirements)
export type RawRequirement = z.infer<typeof RawRequirement>

const RawPolicy = z.strictObject({
  ...requirements,
  require: z.array(RawRequirement).min(1).max(LIST_MAX).optional().describe('More of these; all must hold.'),
  wait: Duration.optional().describe('How long a signature or a scan may still come after the push. Default `15m`.'),
  fresh: Duration.optional().describe(
    'How old a verdict may be when it is acted on; an older one is taken again right before. Default `15m`.',
  ),
  reconsider: z
    .boolean()
    .optional()
    .describe('`true`: what was denied is looked at again when it is signed or scanned later.'),
})
export type RawPolicy = z.infer<typeof RawPolicy>

export const RawVerify = z.union([z.literal('none'), RawPolicy], {
  error: 'expected what must be proven, such as { signature: ci }, or none, written out',
})
export type RawVerify = z.infer<typeof RawVerify>
