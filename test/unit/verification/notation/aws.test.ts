/** What AWS says of its own signatures: revocation, and signing that is still under way. */

import { afterEach, describe, expect, it } from 'vitest'
import type { RegistryConfig } from '../../../../src/domain/config.ts'
import { Digest, Registry, Repository } from '../../../../src/domain/image.ts'
import type { Signer } from '../../../../src/domain/signer.ts'
import { createSignedEcr } from '../../../../src/clients/aws/ecr.ts'
import { err, ok } from '../../../../src/domain/result.ts'
import { parseCertificate } from '../../../../src/verification/notation/certificate.ts'
import { createManagedSigning, findManagedSigning } from '../../../../src/verification/notation/managed-signing.ts'
import { createAwsSignerRevocation } from '../../../../src/verification/notation/revocation/aws-signer.ts'
import { createHash } from 'node:crypto'
import { guardedHttp, startPeer, type Answers } from '../../../helpers/cloud-peer.ts'
import { aChain, NOTATION_NOW } from '../../../helpers/notation-pki.ts'
import { headerSignature } from '../../../helpers/sigv4.ts'

const SECRET = 'CANARY-of-aws'
const PROFILE = 'arn:aws:signer:eu-west-1:111122223333:/signing-profiles/prod/ABCDEF1234'
const JOB = 'arn:aws:signer:eu-west-1:111122223333:/signing-jobs/1'
const { chain } = aChain()
const parsed = chain.map(({ der }) => parseCertificate(Uint8Array.from(der))).filter((one) => one !== null)

let close: (() => Promise<void>) | undefined
afterEach(async () => {
  await close?.()
  close = undefined
})

async function ask(answers: Answers, over: object = {}) {
  const peer = await startPeer(answers)
  close = peer.close
  const check = createAwsSignerRevocation({
    http: guardedHttp(),
    credentials: async () => ({ accessKeyId: 'AKIA', secretAccessKey: SECRET }),
    now: () => NOTATION_NOW,
    endpoint: peer.url,
  })
  const aws = { profileVersion: PROFILE, job: JOB, alias: null }
  const said = await check({
    chain: parsed,
    aws,
    signedAt: Date.parse('2026-11-01T00:00:00Z'),
    now: NOTATION_NOW,
    ...over,
  })
  return { said, asked: peer.asked }
}

describe('AWS Signer', () => {
  it('is asked about job, profile, time and each certificate with its issuer, in a signed request', async () => {
    const { said, asked } = await ask({ 'GET /revocations': () => ({ revokedEntities: [] }) })
    expect(said.state).toBe('good')
    const [one] = asked
    if (one === undefined) throw new Error('nobody asked')
    const { searchParams } = one.url
    expect(Object.fromEntries([...searchParams].filter(([name]) => name !== 'certificateHashes'))).toEqual({
      jobArn: JOB,
      platformId: 'Notation-OCI-SHA384-ECDSA',
      profileVersionArn: PROFILE,
      signatureTimestamp: '2026-11-01T00:00:00Z',
    })
    const hashes = parsed.map(({ signed }) => createHash('sha384').update(signed).digest('hex'))
    const [leaf, middle, root] = hashes
    expect(searchParams.getAll('certificateHashes')).toEqual([`${leaf}${middle}`, `${middle}${root}`, `${root}${root}`])
    const signature = headerSignature({ ...one, body: '' }, SECRET, 'signer')
    expect(one.headers['authorization']).toContain(signature)
  })

  it.each<[string, Answers, object, string]>([
    ['names something', { 'GET /revocations': () => ({ revokedEntities: [JOB] }) }, {}, 'revoked'],
    ['refuses us', { 'GET /revocations': () => 403 }, {}, 'unknown'],
    ['is away', { 'GET /revocations': () => 503 }, {}, 'unknown'],
    ['answers in another form', { 'GET /revocations': () => ({ revokedEntities: 'none' }) }, {}, 'unknown'],
    [
      'is asked about what others signed',
      { 'GET /revocations': () => ({ revokedEntities: [] }) },
      { aws: null },
      'unknown',
    ],
    ['is asked about no time', { 'GET /revocations': () => ({ revokedEntities: [] }) }, { signedAt: null }, 'unknown'],
    [
      'is asked about a profile of nowhere',
      { 'GET /revocations': () => ({ revokedEntities: [] }) },
      { aws: { profileVersion: 'x', job: JOB, alias: null } },
      'unknown',
    ],
  ])('that %s', async (_name, answers, over, state) => {
    expect((await ask(answers, over)).said.state).toBe(state)
  })
})

describe('AWS Signer, where AWS has it', () => {
  const check = (http: Parameters<typeof createAwsSignerRevocation>[0]['http'], partition: string) =>
    createAwsSignerRevocation({
      http,
      credentials: async () => ({ accessKeyId: 'AKIA', secretAccessKey: SECRET }),
      now: () => NOTATION_NOW,
    })({
      chain: parsed,
      aws: { profileVersion: PROFILE.replace('arn:aws:', `arn:${partition}:`), job: JOB, alias: null },
      signedAt: 0,
      now: NOTATION_NOW,
    })

  it.each([
    ['aws', 'data-signer.eu-west-1.amazonaws.com'],
    ['aws-cn', 'data-signer.eu-west-1.amazonaws.com.cn'],
  ])('is asked in the partition %s, and unknown where we may not', async (partition, host) => {
    const hosts: string[] = []
    const said = await check(async ({ url }) => {
      hosts.push(url.host)
      return err({ reason: 'address-refused', detail: 'not there' })
    }, partition)
    expect(said).toEqual({ state: 'unknown', detail: 'AWS Signer: not there' })
    expect(hosts).toEqual([host])
  })
})

describe("ECR's managed signing", () => {
  const image = {
    registryId: '111122223333',
    repository: Repository.parse('acme/app'),
    digest: Digest.parse(`sha256:${'a1'.repeat(32)}`),
  }
  const status = (of: string, more: object = {}) =>
    ok({ signingStatuses: [{ signingProfileArn: PROFILE, status: of, ...more }] })

  it('asks about the digest', async () => {
    const inputs: unknown[] = []
    await findManagedSigning(async (operation, input) => {
      inputs.push(operation, input)
      return ok({})
    }, image)
    expect(inputs).toEqual([
      'DescribeImageSigningStatus',
      { registryId: '111122223333', repositoryName: 'acme/app', imageId: { imageDigest: image.digest } },
    ])
  })

  it.each([
    ['that is done says nothing: the signature itself proves', status('COMPLETE'), []],
    ['that is under way', status('IN_PROGRESS'), ['signing-pending']],
    ['in a state that is new', status('QUEUED'), ['signing-pending']],
    ['that failed', status('FAILED', { failureCode: 'AccessDenied', failureReason: 'no' }), ['signing-failed']],
    ['that failed without a reason', status('FAILED'), ['signing-failed']],
    ['of an image that is not there', err({ code: 'ImageNotFoundException' }), []],
    ['of a repository that is not there', err({ code: 'RepositoryNotFoundException' }), []],
  ])('%s', async (_name, answer, reasons) => {
    const facts = await findManagedSigning(async () => answer, image)
    expect(facts.map(({ reason, format }) => [reason, format])).toEqual(
      reasons.map((reason) => [reason, 'ecr-managed-signing']),
    )
  })

  it.each([
    ['refuses', err({ code: 'AccessDeniedException' })],
    ['answers in another form', ok({ signingStatuses: 'x' })],
  ])('that %s is asked later', async (_name, answer) => {
    await expect(findManagedSigning(async () => answer, image)).rejects.toMatchObject({ name: 'RetryLater' })
  })

  it('that refuses says by which code', async () => {
    const refused = findManagedSigning(async () => err({ code: 'AccessDeniedException' }), image)
    await expect(refused).rejects.toThrow('AccessDeniedException')
  })

  it.each<[object, string]>([
    [{ failureCode: 'AccessDenied', failureReason: 'no role' }, 'ECR could not sign: AccessDenied: no role'],
    [{ failureCode: 'AccessDenied', failureReason: null }, 'ECR could not sign: AccessDenied'],
    [{ failureReason: 'no role' }, 'ECR could not sign: no role'],
    [{}, 'ECR could not sign: without a reason'],
  ])('that failed with %j says so', async (more, detail) => {
    const facts = await findManagedSigning(async () => status('FAILED', more), image)
    expect(facts).toMatchObject([{ detail, source: PROFILE }])
  })
})

describe("ECR's managed signing, as configured", () => {
  const host = Registry.parse('111122223333.dkr.ecr.eu-west-1.amazonaws.com')
  const digest = Digest.parse(`sha256:${'a1'.repeat(32)}`)
  const aws: Signer = {
    kind: 'notation',
    level: 'strict',
    override: {},
    trustStores: { ca: [], signingAuthority: [], tsa: [] },
    identities: ['arn:aws:signer:eu-west-1:111122223333:/signing-profiles/prod'],
    verifyTimestamp: 'always',
    revocation: 'aws-signer',
  }
  const registry: RegistryConfig = {
    host,
    insecure: false,
    pull: { aws: { keys: { id: 'AKIAAAAAAAAAAAAAAAAA', secret: 'env:S' } } },
  }

  async function ask(registries: Record<string, RegistryConfig>, signers: Record<string, Signer>, answer: unknown) {
    const peer = await startPeer({ 'POST /': () => answer })
    close = peer.close
    const find = createManagedSigning(registries, signers, {
      http: guardedHttp(),
      env: { AWS_ENDPOINT_URL_ECR: peer.url.href },
      readFile: async () => '',
      now: () => NOTATION_NOW,
      random: () => 0,
      secretOf: () => async () => [SECRET],
      createEcr: createSignedEcr,
    })
    const facts = await find({ registry: host, repository: Repository.parse('acme/app') }, digest)
    return { reasons: facts.map(({ reason }) => reason), asked: peer.asked.length }
  }
  const pending = { signingStatuses: [{ signingProfileArn: PROFILE, status: 'IN_PROGRESS' }] }

  it('is asked where a signer is AWS Signer’s and the registry is read by IAM', async () => {
    expect(await ask({ registry }, { aws }, pending)).toEqual({ reasons: ['signing-pending'], asked: 1 })
  })

  it('is asked where one signer of several, and one identity of several, is AWS Signer’s', async () => {
    const other = { ...aws, identities: ['x509.subject: C=DE, ST=BE, O=Acme'] }
    const both = { ...aws, identities: [...other.identities, ...aws.identities] }
    expect(await ask({ registry }, { other, aws }, pending)).toMatchObject({ asked: 1 })
    expect(await ask({ registry }, { both }, pending)).toMatchObject({ asked: 1 })
  })

  it('that is not to be had is told, and stops nothing', async () => {
    expect(await ask({ registry }, { aws }, 403)).toMatchObject({ reasons: ['signing-unknown'] })
  })

  it.each<[string, Record<string, RegistryConfig>, Record<string, Signer>]>([
    ['for other signers', { registry }, { other: { ...aws, identities: ['*'] } }],
    ['for registries that are read otherwise', { registry: { host, insecure: false } }, { aws }],
    ['for other registries', { registry: { ...registry, host: Registry.parse('registry.example.com') } }, { aws }],
    ['for registries of many hosts', { registry: { ...registry, host: null } }, { aws }],
  ])('is not asked %s', async (_name, registries, signers) => {
    expect(await ask(registries, signers, pending)).toEqual({ reasons: [], asked: 0 })
  })
})
