import { describe, expect, it } from 'vitest'
import type { ConfigFile } from '../../../src/config/include.ts'
import { err, ok } from '../../../src/domain/result.ts'
import type { Signer } from '../../../src/domain/signer.ts'
import type { Policy, SignatureRule, VerificationPolicy } from '../../../src/domain/verification-policy.ts'
import { load, problems } from '../../helpers/config.ts'
import { aChain, authority, pem } from '../../helpers/notation-pki.ts'

const KEY = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'
const CERTIFICATE = pem(authority())
const LEAF = pem(aChain().signer)
const FILES: Readonly<Record<string, string>> = {
  'cosign.pub': KEY,
  'cosign.key': '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----',
  'ca.pem': CERTIFICATE,
  'leaf.pem': LEAF,
  'spoilt.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  'root.json': '{"mediaType":"x"}',
  'root.txt': 'no json',
}
const include = async (name: string) => {
  const text = FILES[name]
  return text === undefined ? err(`there is no file ${name}`) : ok([{ path: name, text } satisfies ConfigFile])
}

type Parts = {
  readonly trust?: string
  readonly signers?: string
  readonly shared?: string
  readonly verify?: string
  readonly stage?: string
}

const CI = 'ci: { github: { repository: acme/app, workflow: release.yml, ref: refs/heads/main } }'

function text({ trust = '{}', signers = `{ ${CI} }`, shared = '{}', verify = 'none', stage = '' }: Parts): string {
  return `version: 1
registries:
  local: { host: "localhost:5000", events: { type: distribution, secret: env:HOOK } }
git:
  repo: { url: /srv/repo.git }
trust: ${trust}
signers: ${signers}
stages: { prod: ${shared} }
subscriptions:
  shop:
    image: localhost:5000/shop
    tags: { semver: "*" }
    verify: ${verify}
    stages:
      prod: { git: repo, file: app.yaml${stage} }
`
}

async function configOf(parts: Parts) {
  const result = await load(text(parts), include)
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'))
  return result.value.loaded.config
}

async function signer(written: string, trust = '{}'): Promise<Signer | undefined> {
  return (await configOf({ signers: `{ one: ${written} }`, trust })).signers['one']
}

async function policyOf(parts: Parts): Promise<VerificationPolicy> {
  const config = await configOf(parts)
  return config.subscriptions[0]?.stages[0].verify ?? 'none'
}

async function messages(parts: Parts): Promise<readonly string[]> {
  return (await problems(text(parts), include)).map(({ message }) => message)
}

describe('a signer', () => {
  it('of GitHub is its exact identity, with the repository and the ref as claims', async () => {
    expect(await signer('{ github: { repository: acme/app, workflow: release.yml, ref: refs/heads/main } }')).toEqual({
      kind: 'keyless',
      issuer: { equals: 'https://token.actions.githubusercontent.com' },
      subject: { equals: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main' },
      claims: {
        sourceRepositoryURI: { equals: 'https://github.com/acme/app' },
        sourceRepositoryRef: { equals: 'refs/heads/main' },
      },
      trust: 'public-good',
    })
  })

  it('of GitHub by a pattern of refs escapes all else', async () => {
    const found = await signer('{ github: { repository: acme/a.b, workflow: r.yml, refRegExp: "refs/tags/v[0-9.]+" } }')
    expect(found).toMatchObject({
      subject: { pattern: String.raw`https://github\.com/acme/a\.b/\.github/workflows/r\.yml@(?:refs/tags/v[0-9.]+)` },
    })
  })

  it('of a reusable workflow still has to name the caller', async () => {
    const written =
      '{ github: { repository: acme/app, workflow: r.yml, ref: refs/heads/main, reusable: acme/ci/.github/workflows/s.yml@v1, repositoryId: "42", event: push } }'
    expect(await signer(written)).toMatchObject({
      subject: { equals: 'https://github.com/acme/ci/.github/workflows/s.yml@v1' },
      claims: {
        sourceRepositoryURI: { equals: 'https://github.com/acme/app' },
        sourceRepositoryIdentifier: { equals: '42' },
        buildTrigger: { equals: 'push' },
        buildConfigURI: { equals: 'https://github.com/acme/app/.github/workflows/r.yml@refs/heads/main' },
      },
    })
  })

  it.each([
    ['{ keyless: { issuer: "https://i", subject: ann@acme.example } }', { kind: 'keyless', claims: {} }],
    [
      '{ keyless: { issuer: "https://i", subjectRegExp: "ann@.*" }, images: [docker.io/acme/*] }',
      { images: ['docker.io/acme/*'] },
    ],
    ['{ key: { file: cosign.pub } }', { kind: 'key', pem: KEY, log: 'required', trust: 'public-good' }],
    ['{ key: { file: cosign.pub, log: ignore }, trust: corp }', { log: 'ignore', trust: 'corp' }],
    [
      '{ notation: { trustStores: { ca: [ca.pem] }, identities: ["*"] } }',
      { kind: 'notation', level: 'strict', trustStores: { ca: [CERTIFICATE], signingAuthority: [], tsa: [] } },
    ],
  ])('is read: %s', async (written, expected) => {
    expect(await signer(written, '{ corp: { file: root.json, mode: github } }')).toMatchObject(expected)
  })

  it.each([
    ['{ keyless: { issuer: "https://i" } }', 'expected either subject: or subjectRegExp:'],
    ['{ keyless: { subject: ann } }', 'expected either issuer: or issuerRegExp:'],
    ['{ keyless: { issuer: a, issuerRegExp: b, subject: c } }', 'expected either issuer: or issuerRegExp:'],
    ['{ keyless: { issuer: a, subjectRegExp: "(" } }', 'expected a regular expression'],
    ['{ keyless: { issuer: a, subjectRegExp: "(a+)+(?=b)" } }', 'expected a regular expression'],
    ['{ keyless: { issuer: a, subject: b, claim: {} } }', 'unknown key. Did you mean claims?'],
    ['{ github: { repository: acme/app, workflow: r.yml } }', 'expected either ref: or refRegExp:'],
    ['{ key: {} }', 'expected either pem: or file:'],
    ['{ key: { file: cosign.key } }', 'expected a public key, found a private one'],
    ['{ key: { file: none.pub } }', 'there is no file none.pub'],
    ['{ key: { file: cosign.pub }, trust: corq }', 'trust: has no entry "corq"'],
    ['{ notation: { trustStores: {}, identities: ["*"] } }', 'expected ca: or signingAuthority:'],
    [
      '{ notation: { trustStores: { ca: [ca.pem] }, identities: ["*", "x509.subject: C=DE, ST=BE, O=A"] } }',
      'stands alone',
    ],
    ['{ notation: { level: audit, trustStores: { ca: [ca.pem] }, identities: ["*"] } }', 'strict or permissive'],
    ['{ github: { repository: acme/app, workflow: r.yml, ref: x }, key: { file: cosign.pub } }', 'cannot stand beside'],
  ])('is refused: %s', async (written, message) => {
    expect((await messages({ signers: `{ one: ${written} }` })).join('\n')).toContain(message)
  })

  /** The place of what is wrong, as `drayage check` shows it. */
  it.each([
    ['ca: [ca.pem, spoilt.pem]', '"*"', 'trustStores.ca[1]', 'cannot be read'],
    ['signingAuthority: [spoilt.pem]', '"*"', 'trustStores.signingAuthority[0]', 'cannot be read'],
    ['ca: [ca.pem], tsa: [ca.pem, leaf.pem]', '"*"', 'trustStores.tsa[1]', 'is no root'],
    ['ca: [ca.pem]', '"*", "x509.subject: C=DE, O=Acme"', 'identities[1]', 'ST missing'],
    ['ca: [ca.pem]', '"CN=ci"', 'identities[0]', 'expected x509.subject:'],
    ['ca: [ca.pem]', '"x509.subject: C=DE, C=DE, ST=BE, O=A"', 'identities[0]', 'stands twice'],
    ['ca: [ca.pem]', '"arn:aws:signer:eu-west-1:1:/signing-profiles/x"', 'identities[0]', 'an ARN of AWS Signer'],
    [
      'ca: [ca.pem]',
      '"x509.subject: C=DE, ST=BE, O=A", "x509.subject: C=DE, ST=BE, O=A, OU=x"',
      'identities',
      'includes another',
    ],
  ])('is a trust policy of Notation that cannot work: %s %s', async (stores, identities, place, message) => {
    const written = `{ one: { notation: { trustStores: { ${stores} }, identities: [${identities}] } } }`
    const found = (await messages({ signers: written })).join('\n')
    expect(found).toContain(`signers.one.notation.${place}`)
    expect(found).toContain(message)
  })

  it('is warned of a dot that takes any character', async () => {
    const loose = await messages({
      signers: '{ one: { keyless: { issuer: a, subjectRegExp: "https://github.com/acme/.*" } } }',
    })
    expect(loose).toEqual([expect.stringContaining('a dot stands for any character')])
    const tight = String.raw`'https://github\.com/acme/[^.]+/x.*'`
    expect(await messages({ signers: `{ one: { keyless: { issuer: a, subjectRegExp: ${tight} } } }` })).toEqual([])
  })
})

describe('a trusted root', () => {
  it.each([
    ['{ corp: { file: root.json } }', { log: 1, sct: 1, timestamp: 1 }],
    ['{ corp: { file: root.json, mode: github } }', { log: 0, sct: 0, timestamp: 1 }],
    [
      '{ corp: { file: root.json, mode: private, require: { log: 2, timestamp: 0 } } }',
      { log: 2, sct: 0, timestamp: 0 },
    ],
  ])('demands what its mode says: %s', async (trust, require) => {
    expect((await configOf({ trust })).trust['corp']).toEqual({ kind: 'custom', json: FILES['root.json'], require })
  })

  it.each([
    ['{ corp: { file: root.txt } }', 'is no JSON'],
    ['{ corp: { file: other.json } }', 'there is no file other.json'],
    ['{ corp: { builtin: github } }', 'sigstore'],
    ['{ corp: { file: root.json, require: { log: 0, timestamp: 0 } } }', 'nothing says when a certificate was used'],
  ])('is refused: %s', async (trust, message) => {
    expect((await messages({ trust })).join('\n')).toContain(message)
  })
})

const bySignature: SignatureRule = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }

describe('what must be proven', () => {
  it('is a signature, in short, with the usual patience', async () => {
    expect(await policyOf({ verify: '{ signature: ci }' })).toEqual({
      require: [bySignature],
      wait: 900_000,
      fresh: 900_000,
      reconsider: false,
    } satisfies Policy)
  })

  it('is a list, all of it', async () => {
    const verify =
      '{ wait: 10m, reconsider: true, require: [{ signature: { anyOf: [ci, qa], atLeast: 2 } }, { attestation: { type: slsa-provenance, anyOf: [ci], maxAge: 24h, where: [{ field: a.b, equals: x }, { field: c, atMost: 3 }] } }] }'
    expect(await policyOf({ signers: `{ ${CI}, qa: { key: { file: cosign.pub } } }`, verify })).toMatchObject({
      wait: 600_000,
      reconsider: true,
      require: [
        { kind: 'signature', anyOf: ['ci', 'qa'], atLeast: 2 },
        {
          kind: 'attestation',
          types: ['https://slsa.dev/provenance/v1'],
          maxAge: 86_400_000,
          where: [
            { field: 'a.b', is: { kind: 'equals', value: 'x' } },
            { field: 'c', is: { kind: 'at-most', value: 3 } },
          ],
        },
      ],
    })
  })

  it('takes whoever must have signed where an attestation or a source names nobody', async () => {
    const verify =
      '{ signature: ci, attestation: { type: "https://acme.example/test/v1" }, source: { repository: acme/app, tag: auto } }'
    expect(await policyOf({ verify })).toMatchObject({
      require: [
        bySignature,
        { kind: 'attestation', types: ['https://acme.example/test/v1'], anyOf: ['ci'] },
        { kind: 'source', anyOf: ['ci'], repository: 'https://github.com/acme/app', tag: 'auto', notOlder: true },
      ],
    })
  })

  it('is a scan with its limits and exceptions', async () => {
    const verify =
      '{ scan: { maximum: { critical: 0, high: 5 }, newerThan: 24h, except: [{ id: CVE-2026-1, until: 2026-12-31, reason: unused }] } }'
    expect(await policyOf({ verify })).toMatchObject({
      require: [
        {
          kind: 'scan',
          maximum: { critical: 0, high: 5 },
          newerThan: 86_400_000,
          allowUnsupported: false,
          except: [{ id: 'CVE-2026-1', until: Date.UTC(2027, 0, 1, 12), reason: 'unused' }],
        },
      ],
    })
  })

  it('of a vuln attestation is both the attestation and its findings', async () => {
    const verify =
      '{ attestation: { type: vuln, anyOf: [ci], maxAge: 24h, vulnerabilities: { fail: [critical], ignoreUnfixed: true } } }'
    expect(await policyOf({ verify })).toMatchObject({
      require: [
        { kind: 'attestation', name: 'vuln' },
        {
          kind: 'scan',
          maximum: { critical: 0 },
          fixableOnly: true,
          from: ['attestation'],
          signers: ['ci'],
          newerThan: 86_400_000,
        },
      ],
    })
  })

  it.each([
    ['{}', 'nothing is demanded'],
    ['{ require: [] }', 'at least 1'],
    ['{ require: [{}] }', 'expected signature, attestation, scan, source or image'],
    ['{ wait: 5m }', 'nothing is demanded'],
    ['{ signature: ce }', 'signers: has no entry "ce"'],
    ['{ signature: { anyOf: [] } }', 'at least 1'],
    ['{ signature: { anyOf: [ci], atLeast: 2 } }', 'expected at most 1, as many different signers as are named'],
    ['{ signature: { anyOf: [ci, ci], atLeast: 2 } }', 'expected at most 1, as many different signers as are named'],
    ['{ signatur: ci }', 'Did you mean signature?'],
    ['{ attestation: { type: sbom, anyOf: [ci] } }', 'or the URI of a predicate type'],
    ['{ attestation: { type: spdx } }', 'nothing here says whose word counts'],
    ['{ attestation: { type: spdx, anyOf: [ci], where: [{ field: a }] } }', 'expected'],
    ['{ scan: {} }', 'missing'],
    ['{ scan: { maximum: { critical: -1 } } }', 'at least 0'],
    ['{ scan: { maximum: { crit: 0 } } }', 'crit'],
    ['yes', 'expected none'],
    ['{ signature: ci, wait: soon }', 'expected a duration'],
  ])('is refused: %s', async (verify, message) => {
    expect((await messages({ verify })).join('\n')).toContain(message)
  })
})

describe('a shared stage is a floor', () => {
  it('whose demands come on top, with the longer wait and the shorter freshness', async () => {
    const shared = '{ verify: { signature: ci, scan: { maximum: { critical: 0 } }, wait: 20m, fresh: 5m } }'
    expect(await policyOf({ shared, verify: '{ signature: ci, wait: 1h, reconsider: true }' })).toMatchObject({
      require: [bySignature, { kind: 'scan' }],
      wait: 3_600_000,
      fresh: 300_000,
      reconsider: false,
    })
  })

  it('to which a stage of its own may add', async () => {
    const parts = { shared: '{ verify: none }', verify: 'none', stage: ', verify: { signature: ci }' }
    expect(await policyOf(parts)).toMatchObject({ require: [bySignature] })
  })

  it('that refuses none below it', async () => {
    expect(await messages({ shared: '{ verify: { signature: ci } }', verify: 'none' })).toEqual([
      'subscriptions.shop.verify: none is less than the shared stage demands (stages.prod.verify)',
    ])
  })

  it('and so is what the subscription demands', async () => {
    expect(await messages({ verify: '{ signature: ci }', stage: ', verify: none' })).toEqual([
      'subscriptions.shop.stages.prod.verify: none is less than what the subscription demands: a stage may only add',
    ])
  })
})
