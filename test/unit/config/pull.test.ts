/** `pull:`: its forms, what cannot stand together, and what a platform does not have. */

import { describe, expect, it } from 'vitest'
import { configOptions } from '../../../src/cli/config-options.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Platform } from '../../../src/config/platform.ts'

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'
const GUID = '11111111-1111-4111-8111-111111111111'
const KEYS = 'keys: { id: AKIAIOSFODNN7EXAMPLE, secret: env:KEY }'
const APPLICATION = `application: { tenant: ${GUID}, client: ${GUID}, secret: env:KEY }`

async function load(host: string, pull: string, platform?: Platform) {
  const text = `version: 1\nregistries: { r: { host: "${host}", pull: ${pull} } }\n`
  return loadConfig(text, { ...configOptions, ...(platform === undefined ? {} : { platform }) })
}

async function problemsOf(host: string, pull: string, platform?: Platform): Promise<readonly string[]> {
  const result = await load(host, pull, platform)
  const found = result.ok ? result.value.warnings : result.error
  return found.filter(({ severity }) => severity === 'error').map(({ reason, key }) => `${reason} ${key}`)
}

it.each([
  [ECR, 'aws', { aws: {} }],
  ['public.ecr.aws', 'aws', { aws: {} }],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'aws', { aws: {} }],
  ['gcr.io', 'google', { google: {} }],
  ['europe-docker.pkg.dev', 'google', { google: {} }],
  ['acme.azurecr.cn', 'azure', { azure: {} }],
  ['ghcr.io', '{ dockerConfig: file:/config.json }', { dockerConfig: 'file:/config.json' }],
])('takes for %s pull: %s', async (host, pull, expected) => {
  const result = await load(host, pull)
  expect(result.ok && result.value.loaded.config.registries['r']?.pull).toEqual(expected)
})

it.each([
  // CVE-2025-27403: a cloud's token went to whatever registry an image named.
  ['acme.azurecr.io.evil.example', 'azure', ['conflict registries.r.pull']],
  ['evilazurecr.io', 'azure', ['conflict registries.r.pull']],
  ['pkg.dev.evil.example', 'google', ['conflict registries.r.pull']],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example', 'aws', ['conflict registries.r.pull']],
  ['ghcr.io', 'aws', ['conflict registries.r.pull']],
  ['127.0.0.1:5000', 'aws', ['conflict registries.r.pull.aws.region']],
  [ECR, '{ aws: { region: eu-west-1 } }', ['conflict registries.r.pull.aws.region']],
  [ECR, '{ aws: { externalId: acme } }', ['conflict registries.r.pull.aws.externalId']],
  [ECR, `{ aws: { ${KEYS}, profile: p } }`, ['conflict registries.r.pull.aws.profile']],
  [ECR, '{ aws: { role: admin } }', ['malformed registries.r.pull.aws.role']],
  [
    'acme.azurecr.io',
    `{ azure: { ${APPLICATION}, identity: ${GUID} } }`,
    ['conflict registries.r.pull.azure.identity'],
  ],
  ['acme.azurecr.io', '{ azure: { tenant: x } }', ['unknown-key registries.r.pull.azure.tenant']],
  ['acme.azurecr.io', '{ azure: {}, google: {} }', ['unknown-key registries.r.pull.azure']],
  ['acme.azurecr.io', 'entra', ['malformed registries.r.pull']],
])('refuses for %s pull: %s', async (host, pull, expected) => {
  expect(await problemsOf(host, pull)).toEqual(expected)
})

describe.each([
  ['cloudflare', ECR, 'aws', `{ aws: { ${KEYS} } }`],
  ['cloudflare', 'gcr.io', 'google', '{ google: { credentials: env:KEY } }'],
  ['cloudflare', 'acme.azurecr.io', 'azure', `{ azure: { ${APPLICATION} } }`],
  ['cloudflare', 'ghcr.io', '{ dockerConfig: file:/config.json }', '{ dockerConfig: env:CONFIG }'],
  ['aws', ECR, '{ aws: { profile: p } }', 'aws'],
  ['aws', 'gcr.io', 'google', '{ google: { credentials: env:KEY } }'],
  ['aws', 'acme.azurecr.io', 'azure', `{ azure: { ${APPLICATION} } }`],
] as const)('on %s, %s', (platform, host, refused, taken) => {
  it(`is refused with ${refused}, which is not there, and taken with ${taken}`, async () => {
    expect(await problemsOf(host, refused, platform)).toEqual([
      expect.stringMatching(/^not-on-platform registries\.r\.pull/u),
    ])
    expect(await problemsOf(host, taken, platform)).toEqual([])
  })
})
