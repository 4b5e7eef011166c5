/** `drayage verify` and `verify-bundle`: files and images, with the exit codes that scripts rely on. */

import { createHash, sign } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry, type LocalRegistry } from '../../../src/cli/demo/registry.ts'
import { command as verifyBundle } from '../../../src/cli/verify-bundle.ts'
import { command as verify } from '../../../src/cli/verify.ts'
import { layersArtifact, pushArtifact, tagOf } from '../../helpers/artifacts.ts'
import { startHarborFront, type HarborFront } from '../../helpers/harbor-front.ts'
import { recordedIo } from '../../helpers/io.ts'
import { spki } from '../../helpers/sigstore/certificates.ts'
import { pem } from '../../helpers/sigstore/der.ts'
import { createSigstore, GITHUB_ISSUER, pair, WORKFLOW } from '../../helpers/sigstore/instance.ts'
import { SUBJECT } from '../../helpers/sigstore/question.ts'
import { signBundle, signLayer, statement } from '../../helpers/sigstore/signatures.ts'

const sigstore = createSigstore()
const signer = { keyless: { issuer: GITHUB_ISSUER, subject: WORKFLOW }, trust: 'own' }
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-verify-'))
  put('root.json', sigstore.trustedRoot())
  put('bundle.json', JSON.stringify(signBundle(sigstore, statement(SUBJECT))))
  put('policy.yaml', policyWith({ signature: 'ci' }))
})
afterAll(() => rmSync(folder, { recursive: true }))

function put(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const at = (name: string): string => join(folder, name)

/** JSON is YAML. */
function policyWith(policy: unknown): string {
  return JSON.stringify({ trust: { own: { file: 'root.json' } }, signers: { ci: signer }, verify: policy })
}

async function run(args: readonly string[]) {
  const io = recordedIo()
  const code = await verify.run(args, io)
  return { code, out: io.out(), err: io.err() }
}

describe('verify --file', () => {
  const file = (change: readonly string[] = []): readonly string[] => [
    '--file',
    at('bundle.json'),
    '--kind',
    'sigstore-bundle',
    '--digest',
    SUBJECT,
    '--policy',
    at('policy.yaml'),
    ...change,
  ]

  it('is fine where the policy holds, and says who signed', async () => {
    const { code, out } = await run(file())
    expect(code).toBe(0)
    expect(out).toContain('trusted')
    expect(out).toContain(WORKFLOW)
    expect(out).toContain('rekor.offline.test')
  })

  it('has verdict and evidence for machines', async () => {
    const { out } = await run(file(['--json']))
    expect(JSON.parse(out)).toMatchObject({
      verdict: { state: 'trusted' },
      evidence: [{ kind: 'signature', signers: ['ci'] }],
    })
  })

  it.each<[string, readonly string[]]>([
    ['it is about another digest', ['--digest', `sha256:${'0'.repeat(64)}`]],
    ['it is read as something else', ['--kind', 'notation-jws']],
    ['it is read as a layer', ['--kind', 'cosign-tag-layer']],
  ])('is a no where %s', async (_title, change) => {
    expect(await run(file(change))).toMatchObject({ code: 1, out: expect.stringContaining('rejected') })
  })

  it('takes another trusted root in place of those that signers name', async () => {
    const foreign = put('foreign.json', createSigstore({ name: 'foreign' }).trustedRoot())
    expect((await run(file(['--trust-root', foreign]))).code).toBe(1)
    expect((await run(file(['--trust-root', at('root.json')]))).code).toBe(0)
  })

  it("reads a layer of cosign's tags", async () => {
    const { blob, ...layer } = signLayer(sigstore, SUBJECT)
    const name = put('layer.json', JSON.stringify({ ...layer, payload: blob.toString('base64') }))
    expect((await run(file(['--file', name, '--kind', 'cosign-tag-layer']))).code).toBe(0)
  })

  it('CVE-2025-25204: is a no where there is an attestation, and none of what is asked for', async () => {
    const attested = signBundle(sigstore, statement(SUBJECT, { predicateType: 'https://slsa.dev/provenance/v1' }))
    const name = put('attestation.json', JSON.stringify(attested))
    expect((await run(file(['--file', name]))).code).toBe(1)
  })

  it('shows nothing of a name as a terminal would obey it', async () => {
    const names = [{ kind: 'other', value: 'a\u009b31mred' }] as const
    const name = put('hostile.json', JSON.stringify(signBundle(sigstore, statement(SUBJECT), { leaf: { names } })))
    const { out } = await run(file(['--file', name]))
    expect(out).not.toContain('\u009b')
  })

  it.each<[string, string]>([
    ['a signer that is not there', policyWith({ signature: 'who' })],
    ['nothing demanded', policyWith('none')],
    ['an unknown key', JSON.stringify({ verify: { signature: 'ci' }, signer: {} })],
    ['no YAML', '{'],
  ])('says what is wrong with a policy that has %s', async (_title, text) => {
    const { code, err } = await run(file(['--policy', put('bad.yaml', text)]))
    expect(code).toBe(1)
    expect(err).toMatch(/bad\.yaml:\d+:\d+/u)
  })

  it.each([
    [[]],
    [['a', 'b']],
    [['--file', 'x']],
    [['--file', 'x', '--kind', 'pgp', '--digest', SUBJECT, '--policy', 'p']],
    [['--file', 'x', '--kind', 'sigstore-bundle', '--digest', 'abc', '--policy', 'p']],
    [['Image:1', '--policy', 'p']],
  ])('is told how it is used: %j', async (args) => {
    expect((await run(args)).code).toBe(2)
  })
})

describe('verify IMAGE', () => {
  let registry: LocalRegistry
  beforeAll(async () => {
    registry = await startRegistry()
  })
  afterAll(() => registry.close())

  it('reads the registry, and is fine once it is signed', async () => {
    const digest = await registry.pushImage('acme/app', '1.0.0')
    const image = `${registry.host}/acme/app:1.0.0`
    const before = await run([image, '--policy', at('policy.yaml')])
    expect(before.code).toBe(1)
    expect(before.out).toContain('no signature')
    await pushArtifact(registry.host, 'acme/app', layersArtifact([signLayer(sigstore, digest)]), tagOf(digest, '.sig'))
    expect(await run([image, '--policy', at('policy.yaml')])).toMatchObject({
      code: 0,
      out: expect.stringContaining(digest),
    })
  })

  it('takes what a configuration demands of it', async () => {
    const digest = await registry.pushImage('acme/shop', '1.0.0')
    const config = {
      version: 1,
      registries: { here: { host: registry.host, insecure: true } },
      git: { gitops: { url: 'https://git.example.com/gitops.git' } },
      trust: { own: { file: 'root.json' } },
      signers: { ci: signer },
      subscriptions: {
        shop: {
          image: `${registry.host}/acme/shop`,
          tags: { semver: '>=1' },
          verify: { signature: 'ci' },
          stages: { prod: { git: 'gitops', file: 'app.yaml' } },
        },
      },
    }
    const file = put('drayage.yaml', JSON.stringify(config))
    const image = `${registry.host}/acme/shop@${digest}`
    expect((await run([image, '--config', file])).code).toBe(1)
    await pushArtifact(registry.host, 'acme/shop', layersArtifact([signLayer(sigstore, digest)]), tagOf(digest, '.sig'))
    expect((await run([image, '--config', file])).code).toBe(0)
    expect((await run([image, '--config', file, '--stage', 'dev'])).code).toBe(2)
    expect((await run([`${registry.host}/acme/other:1`, '--config', file])).code).toBe(2)
  })
})

describe('verify IMAGE of a registry with a scanner', () => {
  let registry: LocalRegistry
  let front: HarborFront
  beforeAll(async () => {
    registry = await startRegistry()
    front = await startHarborFront(registry.host)
  })
  afterAll(async () => {
    await front.close()
    await registry.close()
  })

  async function verifyPushed(tag: string, findings: Parameters<HarborFront['found']['set']>[1] | null) {
    const digest = await registry.pushImage('acme/app', tag)
    if (findings !== null) front.found.set(digest, findings)
    const config = {
      version: 1,
      registries: { here: { host: front.host, insecure: true, scan: 'harbor' } },
      git: { gitops: { url: 'https://git.example.com/gitops.git' } },
      subscriptions: {
        app: {
          image: `${front.host}/acme/app`,
          tags: { semver: '>=1' },
          verify: { scan: { maximum: { critical: 0 } }, image: { maximumSize: '500MB' } },
          stages: { prod: { git: 'gitops', file: 'app.yaml' } },
        },
      },
    }
    const args = [`${front.host}/acme/app:${tag}`, '--config', put('scanned.yaml', JSON.stringify(config))]
    return { shown: await run(args), forMachines: JSON.parse((await run([...args, '--json'])).out) as unknown }
  }

  it('asks it, and shows what it says, which rule decided, and whose policy that is', async () => {
    const { shown, forMachines } = await verifyPushed('1.0.0', [
      { id: 'CVE-2026-1', severity: 'Critical' },
      { id: 'CVE-2026-2', severity: 'High' },
    ])
    expect(shown.code).toBe(1)
    expect(shown.out).toMatch(/^distrusted {2}.*\n.*decided by: scan\n.*policy: app\/prod\n/u)
    expect(shown.out).toMatch(/harbor +linux\/amd64 +finished +1 critical, 1 high +\d{4}-\d\d-\d\dT/u)
    expect(shown.out).toMatch(/held +image maximumSize/u)
    expect(forMachines).toMatchObject({
      policy: 'app/prod',
      decidedBy: ['scan'],
      verdict: { state: 'distrusted' },
      evidence: [{ kind: 'scan', scanner: 'harbor', findings: [{ id: 'CVE-2026-1' }, { id: 'CVE-2026-2' }] }],
    })
  })

  it('says nothing of counts where no scan was finished', async () => {
    const { shown } = await verifyPushed('1.1.0', null)
    expect(shown.out).toMatch(/^undecided {2}/u)
    expect(shown.out).toMatch(/harbor +linux\/amd64 +not-found +- +- +Harbor has not scanned it/u)
  })

  it('is fine where nothing was found', async () => {
    const { shown } = await verifyPushed('1.2.0', [])
    expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/finished +nothing +\d{4}-/u) })
  })
})

describe('verify-bundle', () => {
  const IDENTITY = ['--certificate-identity', WORKFLOW, '--certificate-oidc-issuer', GITHUB_ISSUER]

  async function bundle(args: readonly string[]): Promise<number> {
    return verifyBundle.run(args, recordedIo())
  }

  it('verifies a digest, and a file', async () => {
    const artifact = put('artifact', 'hello')
    const digest = `sha256:${createHash('sha256').update('hello').digest('hex')}`
    const signed = put('hello.json', JSON.stringify(signBundle(sigstore, statement(digest))))
    const args = ['--bundle', signed, ...IDENTITY, '--trusted-root', at('root.json')]
    expect(await bundle([...args, digest])).toBe(0)
    expect(await bundle([...args, artifact])).toBe(0)
    expect(await bundle([...args, SUBJECT])).toBe(1)
    expect(await bundle(['--bundle', signed, ...IDENTITY, digest])).toBe(1)
  })

  it('verifies by a key, message or statement', async () => {
    const keys = pair()
    const key = put('key.pub', pem('PUBLIC KEY', spki(keys.publicKey)))
    const signed = put('keyed.json', JSON.stringify(signBundle(sigstore, statement(SUBJECT), { keys, by: 'key' })))
    expect(await bundle(['--bundle', signed, '--key', key, '--trusted-root', at('root.json'), SUBJECT])).toBe(0)
    const unlogged = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint: '' }, tlogEntries: [] },
      messageSignature: {
        messageDigest: { algorithm: 'SHA2_256', digest: '' },
        signature: sign('sha256', Buffer.from('x'), keys.privateKey).toString('base64'),
      },
    }
    const name = put('unlogged.json', JSON.stringify(unlogged))
    expect(await bundle(['--bundle', name, '--key', key, '--trusted-root', at('root.json'), SUBJECT])).toBe(1)
  })

  it.each([
    [['a.txt']],
    [['--bundle', 'b']],
    [['--bundle', 'b', 'a.txt']],
    [['--bundle', 'b', '--certificate-identity', 'me', 'a.txt']],
    [['--staging', '--bundle', 'b', ...IDENTITY, 'a.txt']],
  ])('is told how it is used: %j', async (args) => {
    expect(await bundle(args)).toBe(2)
  })

  const suite = join(process.env['DRAYAGE_CORPUS'] ?? '', 'sigvectors/conformance')
  const isHere = process.env['DRAYAGE_CORPUS'] !== undefined && existsSync(suite)

  describe.skipIf(!isHere)("on the official suite's bundles (DRAYAGE_CORPUS)", () => {
    const cases = isHere ? readdirSync(suite).filter((name) => name !== 'a.txt') : []
    const identity =
      'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main'

    it.each(cases)('%s, as a file and as a digest', async (name) => {
      const path = (file: string): string => join(suite, name, file)
      const artifact = existsSync(path('artifact')) ? path('artifact') : join(suite, 'a.txt')
      const by = existsSync(path('key.pub'))
        ? ['--key', path('key.pub')]
        : ['--certificate-identity', identity, '--certificate-oidc-issuer', GITHUB_ISSUER]
      const root = existsSync(path('trusted_root.json')) ? ['--trusted-root', path('trusted_root.json')] : []
      const args = ['--bundle', path('bundle.sigstore.json'), ...by, ...root]
      const digest = `sha256:${createHash('sha256').update(readFileSync(artifact)).digest('hex')}`
      const expected = name.endsWith('_fail') ? 1 : 0
      expect([await bundle([...args, artifact]), await bundle([...args, digest])]).toEqual([expected, expected])
    })
  })
})
