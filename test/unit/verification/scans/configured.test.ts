/** From the configuration to a question that a scanner takes: the right host, by the registry's own credentials. */

import { afterEach, describe, expect, it } from 'vitest'
import { createSignedEcr } from '../../../../src/clients/aws/ecr.ts'
import { createHttp } from '../../../../src/clients/http.ts'
import type { RegistryConfig } from '../../../../src/domain/config.ts'
import { Digest, Registry, Repository } from '../../../../src/domain/image.ts'
import { createRevocationChecks } from '../../../../src/verification/notation/revocation/configured.ts'
import { createScanSources } from '../../../../src/verification/scans/configured.ts'
import { scanAll } from '../../../../src/verification/scans/source.ts'

const ECR = '111122223333.dkr.ecr.eu-west-1.amazonaws.com'
const asked: { url: string; authorization: string; body: string }[] = []
afterEach(() => void asked.splice(0))

const AWS_KEYS = { aws: { keys: { id: 'AKIAAAAAAAAAAAAAAAAA', secret: 'env:S' } } }
const tools = {
  http: createHttp({
    fetch: async (url, { headers, body }) => {
      asked.push({ url: url.href, authorization: headers['authorization'] ?? '', body: String(body ?? '') })
      if (url.pathname === '/token')
        return Response.json({ access_token: 'TOKEN', token_type: 'Bearer', expires_in: 3600 })
      if (url.pathname.endsWith('/oauth2/v2.0/token'))
        return Response.json({ access_token: 'TOKEN', token_type: 'Bearer', expires_in: 3600 })
      return new Response('{}', { status: 404 })
    },
    now: Date.now,
    random: () => 0,
    sleep: async () => undefined,
  }),
  env: {},
  readFile: async () => '',
  now: Date.now,
  random: () => 0,
  secretOf: (reference: string) => async (): Promise<readonly [string]> => [`secret of ${reference}`],
  createEcr: createSignedEcr,
}

type Entry = Omit<RegistryConfig, 'insecure' | 'host'>

async function ask(entry: Entry, host: string, { insecure = false, env = {} } = {}) {
  const registry = Registry.parse(host)
  const sources = createScanSources({ main: { ...entry, host: registry, insecure } }, { ...tools, env })
  const facts = await scanAll(sources, { registry, repository: Repository.parse('acme/app') }, [
    { digest: Digest.parse(`sha256:${'a1'.repeat(32)}`), platform: null },
  ])
  return { facts, last: asked.at(-1) }
}

describe('a configured scanner', () => {
  it.each<[string, Entry, string, string, RegExp]>([
    [
      'ECR',
      { scan: 'ecr', pull: AWS_KEYS },
      ECR,
      'https://api.ecr.eu-west-1.amazonaws.com/',
      /^AWS4-HMAC-SHA256 Credential=AKIAAAAAAAAAAAAAAAAA\/\d{8}\/eu-west-1\/ecr\//u,
    ],
    [
      'Inspector',
      { scan: 'inspector2', pull: AWS_KEYS },
      ECR,
      'https://inspector2.eu-west-1.amazonaws.com/coverage/list',
      /^AWS4-HMAC-SHA256 Credential=AKIAAAAAAAAAAAAAAAAA\/\d{8}\/eu-west-1\/inspector2\//u,
    ],
    [
      'Harbor',
      { scan: 'harbor', pull: { username: 'robot', password: 'env:P' } },
      'harbor.example.com',
      'https://harbor.example.com/api/v2.0/projects/acme/repositories/app/artifacts/',
      new RegExp(`^Basic ${btoa('robot:secret of env:P')}$`, 'u'),
    ],
    [
      'Harbor without credentials',
      { scan: 'harbor' },
      'harbor.example.com',
      'https://harbor.example.com/api/v2.0/',
      /^$/u,
    ],
    ['Quay', { scan: 'quay' }, 'quay.io', 'https://quay.io/api/v1/repository/acme/app/manifest/', /^$/u],
    [
      'Quay with a token',
      { scan: { quay: { token: 'env:Q' } } },
      'quay.io',
      'https://quay.io/api/v1/repository/acme/app/manifest/',
      /^Bearer secret of env:Q$/u,
    ],
    [
      'Artifact Analysis',
      { scan: { 'artifact-analysis': { project: 'acme' } }, pull: { username: 'token', password: 'env:P' } },
      'europe-docker.pkg.dev',
      'https://containeranalysis.googleapis.com/v1/projects/acme/occurrences?',
      /^Bearer secret of env:P$/u,
    ],
    [
      'Artifact Analysis without credentials',
      { scan: { 'artifact-analysis': { project: 'acme' } } },
      'europe-docker.pkg.dev',
      'https://containeranalysis.googleapis.com/v1/projects/acme/occurrences?',
      /^Bearer ?$/u,
    ],
    [
      'Defender',
      {
        scan: { defender: { subscriptions: ['s'] } },
        pull: { azure: { application: { tenant: 't', client: 'c', secret: 'env:A' } } },
      },
      'acme.azurecr.io',
      'https://management.azure.com/providers/Microsoft.ResourceGraph/resources',
      /^Bearer TOKEN$/u,
    ],
  ])('%s is asked at its own place, as itself', async (_name, entry, host, url, authorization) => {
    const { facts, last } = await ask(entry, host)
    expect(facts).toHaveLength(1)
    expect(facts[0]?.state).not.toBe('finished')
    expect(last?.url.startsWith(url)).toBe(true)
    expect(last?.authorization).toMatch(authorization)
  })

  it.each<[string, Entry, object, string | null]>([
    ['that is named', { pull: { azure: { identity: 'own' } } }, { AZURE_CLIENT_ID: 'other' }, 'own'],
    ['of its surroundings', { pull: { azure: {} } }, { AZURE_CLIENT_ID: 'other' }, 'other'],
    ['of the machine', {}, {}, null],
    ['of the machine, whatever else pulls', { pull: { username: 'x', password: 'env:P' } }, {}, null],
  ])('Defender is asked by the identity %s', async (_name, entry, env, client) => {
    const scan = { defender: { subscriptions: ['s'] } }
    const { last } = await ask({ scan, ...entry }, 'acme.azurecr.io', { env })
    const url = new URL(last?.url ?? '')
    expect(url.host).toBe('169.254.169.254')
    expect(url.searchParams.get('client_id')).toBe(client)
  })

  it('Inspector is asked where the environment has it', async () => {
    const env = { AWS_ENDPOINT_URL_INSPECTOR2: 'https://inspector.internal/' }
    const { last } = await ask({ scan: 'inspector2', pull: AWS_KEYS }, ECR, { env })
    expect(last?.url).toBe('https://inspector.internal/coverage/list')
  })

  it.each<[string, Entry, string]>([
    ['of another registry', { scan: 'ecr', pull: AWS_KEYS }, 'quay.io'],
    ['without keys', { scan: 'ecr' }, ECR],
    ['with the password of somebody', { scan: 'inspector2', pull: { username: 'x', password: 'env:P' } }, ECR],
  ])('of ECR cannot be made %s', (_name, entry, host) => {
    const registry = { ...entry, host: Registry.parse(host), insecure: false }
    expect(() => createScanSources({ registry }, tools)).toThrow('no registry of ECR')
  })

  it.each<[string, Entry]>([
    ['Harbor', { scan: 'harbor', pull: { username: 'robot', password: 'env:P' } }],
    ['Quay', { scan: 'quay' }],
    ['Quay with a token', { scan: { quay: { token: 'env:Q' } } }],
  ])('%s is asked by plain HTTP where that is written, and only there', async (_name, entry) => {
    expect((await ask(entry, 'scans.internal', { insecure: true })).last?.url).toMatch(
      /^http:\/\/scans\.internal\/api\//u,
    )
    expect((await ask(entry, 'scans.internal')).last?.url).toMatch(/^https:\/\/scans\.internal\/api\//u)
  })

  it('is none where a registry names none, or no host', () => {
    const entry = { host: Registry.parse('quay.io'), insecure: false }
    expect(createScanSources({ one: entry, two: { ...entry, host: null, scan: 'quay' } }, tools)).toEqual([])
  })
})

it('revocation can be asked in both ways', () => {
  expect(Object.keys(createRevocationChecks(tools)).toSorted()).toEqual(['aws-signer', 'network'])
})
