/** What a platform cannot do is said before anything is deployed there. */

import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import type { Platform } from '../../../src/config/platform.ts'
import { configOptions } from '../../../src/cli/config-options.ts'

const REGISTRIES = 'registries: { hub: { host: docker.io, events: { type: dockerhub, secret: env:HOOK } } }'
const TOKENS = 'server: { api: { tokens: [{ person: ann, role: operator, token: env:TOKEN }] } }'
const GITHUB = 'git: { gitops: { github: acme/gitops, token: env:GIT } }'

function aText(parts: Partial<Record<'registries' | 'server' | 'git' | 'clusters' | 'stage', string>> = {}): string {
  return `version: 1
${parts.registries ?? REGISTRIES}
${parts.server ?? TOKENS}
${parts.git ?? GITHUB}
${parts.clusters ?? ''}
subscriptions:
  shop:
    image: docker.io/acme/shop
    tags: { semver: "*" }
    verify: none
    stages: { prod: ${parts.stage ?? '{ git: gitops, file: app.yaml }'} }
`
}

async function problems(text: string, platform: Platform): Promise<readonly string[]> {
  const result = await loadConfig(text, { ...configOptions, platform })
  const found = result.ok ? result.value.warnings : result.error
  return found.map(({ line, column, reason, key }) => `${line}:${column} ${reason} ${key}`)
}

const onCluster = (cluster: string) => ({
  clusters: `clusters: { prod: ${cluster} }`,
  stage: '{ cluster: prod, namespace: shop, workload: deployment/shop, container: app }',
})

describe.each(['cloudflare', 'aws'] as const)('on %s', (platform) => {
  it('takes what needs neither files nor programs', async () => {
    expect(await problems(aText(), platform)).toEqual([])
  })

  it('takes a cluster by its address and a token', async () => {
    const cluster = onCluster('{ server: "https://k8s.example.com", token: env:K8S }')
    expect(await problems(aText(cluster), platform)).toEqual([])
  })

  it.each([
    ['a plain Git repository', { git: 'git: { gitops: { url: https://git.example.com/x } }' }, 'git.gitops.url'],
    [
      'a secret in a file',
      { git: 'git: { gitops: { github: acme/gitops, token: file:/run/token } }' },
      'git.gitops.token',
    ],
    [
      'a secret in a file, of a receiver that has two',
      {
        registries:
          'registries: { hub: { host: docker.io, events: { type: dockerhub, secret: [env:HOOK, file:/run/old] } } }',
      },
      'registries.hub.events.secret[1]',
    ],
    ['a kubeconfig', onCluster('{ kubeconfig: file:/etc/kubeconfig }'), 'clusters.prod.kubeconfig'],
    ['the cluster around it', onCluster('{ inCluster: true }'), 'clusters.prod.inCluster'],
    ['a state of its own', { server: 'server: { state: /var/state.db, api: { tokens: [] } }' }, 'server.state'],
    ['an address to listen at', { server: 'server: { listen: "0.0.0.0:80", api: { tokens: [] } }' }, 'server.listen'],
    [
      'an address for the API',
      { server: 'server: { api: { listen: "0.0.0.0:81", tokens: [] } }' },
      'server.api.listen',
    ],
  ])('refuses %s', async (_title, parts, key) => {
    const refused = (await problems(aText(parts), platform)).filter((problem) => problem.includes('not-on-platform'))
    expect(refused).toEqual([expect.stringMatching(new RegExp(` not-on-platform ${RegExp.escape(key)}$`, 'u'))])
  })

  it('warns where nobody could ask or act', async () => {
    expect(await problems(aText({ server: '' }), platform)).toEqual([
      expect.stringContaining('missing server.api.tokens'),
    ])
  })

  const most = { cloudflare: 95, aws: 200 }[platform]
  it.each([
    [most - 1, 0],
    [most, 0],
    [most + 1, 1],
    [most + 60, 1],
  ])('takes %i first stages of one image with %i refusals', async (count, refusals) => {
    const one = (name: string): string =>
      `  ${name}: { image: docker.io/acme/shop, tags: { semver: "*" }, verify: none, stages: { dev: { git: gitops, file: ${name}.yaml }, prod: { after: dev, git: gitops, file: ${name}-prod.yaml } } }\n`
    const [head = ''] = aText().split('subscriptions:')
    const all = Array.from({ length: count }, (_, index) => one(`s${index}`)).join('')
    const refused = await problems(`${head}subscriptions:\n${all}`, platform)
    expect(refused.filter((problem) => problem.includes('not-on-platform'))).toHaveLength(refusals)
  })
})

describe('a Workers VPC service', () => {
  const cluster = onCluster('{ server: "https://kubernetes.default.svc", token: env:K8S, vpc: CLUSTER_PROD }')

  it('is taken on Cloudflare', async () => {
    expect(await problems(aText(cluster), 'cloudflare')).toEqual([])
  })

  it.each(['node', 'aws'] as const)('is refused on %s', async (platform) => {
    expect(await problems(aText(cluster), platform)).toEqual([
      expect.stringMatching(/ not-on-platform clusters\.prod\.vpc$/u),
    ])
  })
})

describe.each([
  ['eks', '{ name: prod, region: eu-west-1 }'],
  ['gke', '{ project: acme-prod, location: europe-west1, name: prod }'],
  ['aks', '{ subscription: 33333333-3333-4333-8333-333333333333, resourceGroup: rg, name: prod }'],
])('a managed cluster, %s', (key, value) => {
  it.each(['node', 'aws'] as const)('is taken on %s', async (platform) => {
    expect(await problems(aText(onCluster(`{ ${key}: ${value} }`)), platform)).toEqual([])
  })

  it('is taken on Cloudflare behind a Workers VPC service, and only there', async () => {
    const behind = aText(onCluster(`{ ${key}: ${value}, vpc: CLUSTER_PROD }`))
    expect(await problems(behind, 'cloudflare')).toEqual([])
    expect(await problems(behind, 'aws')).toEqual([expect.stringMatching(/ not-on-platform clusters\.prod\.vpc$/u)])
    expect(await problems(aText(onCluster(`{ ${key}: ${value} }`)), 'cloudflare')).toEqual([
      expect.stringMatching(new RegExp(` not-on-platform clusters\\.prod\\.${key}$`, 'u')),
    ])
  })
})

describe('on node', () => {
  it.each([
    ['a plain Git repository', { git: 'git: { gitops: { url: /srv/repo.git } }' }],
    ['a kubeconfig', onCluster('{ kubeconfig: file:/etc/kubeconfig }')],
    ['a secret in a file', { git: 'git: { gitops: { github: acme/gitops, token: file:/run/token } }' }],
    ['a state of its own', { server: 'server: { state: /var/state.db }' }],
  ])('takes %s', async (_title, parts) => {
    expect(await problems(aText(parts), 'node')).toEqual([])
  })
})

describe('in a container', () => {
  it('takes files, clusters and PostgreSQL', async () => {
    const parts = {
      server: 'server: { state: { postgres: file:/etc/drayage/database } }',
      git: 'git: { gitops: { github: acme/gitops, token: file:/etc/drayage/token } }',
      ...onCluster('{ inCluster: true }'),
    }
    expect(await problems(aText(parts), 'container')).toEqual([])
  })

  it('refuses plain Git, for want of the program', async () => {
    const parts = { git: 'git: { gitops: { url: https://git.example.com/x } }' }
    expect(await problems(aText(parts), 'container')).toEqual(['4:18 not-on-platform git.gitops.url'])
    expect(await problems(aText(parts), 'node')).toEqual([])
  })
})
