import { describe, expect, it } from 'vitest'
import { load, problems, SMALLEST } from '../../helpers/config.ts'

const MINUTE = 60_000
const stage = (health: string) => SMALLEST.replace('file: app.yaml', `file: app.yaml, health: ${health}`)
const CLUSTERS = 'clusters: { dev: { inCluster: true } }\n'
const healthOf = async (text: string) => {
  const result = await load(text)
  if (!result.ok) throw new Error(result.error.map(({ message }) => message).join('\n'))
  return result.value.loaded.config.subscriptions[0]?.stages[0].health
}

describe('health of a stage', () => {
  it('is its own checks and those of the shared stage', async () => {
    const own = '{ checks: [{ http: { url: "https://a.example/healthz" } }], for: 5m, timeout: 20m }'
    const shared =
      'stages: { prod: { health: { checks: [{ argocd: { cluster: dev, application: shop } }], for: 2m, timeout: 10m } } }\n'
    expect(await healthOf(stage(own) + shared + CLUSTERS)).toEqual({
      checks: [
        { kind: 'argocd', cluster: 'dev', namespace: 'argocd', application: 'shop' },
        { kind: 'http', url: 'https://a.example/healthz', status: 200 },
      ],
      watchMs: 5 * MINUTE,
      timeoutMs: 10 * MINUTE,
    })
  })

  it('has a patience that is longer than its watch', async () => {
    expect(await healthOf(stage('{ for: 2h }'))).toEqual({ checks: [], watchMs: 120 * MINUTE, timeoutMs: 120 * MINUTE })
  })

  it('names a workload that another applies from Git', async () => {
    const workload = { cluster: 'dev', namespace: 'shop', workload: 'deployment/web', container: 'app' }
    const found = await healthOf(stage(JSON.stringify({ checks: [{ workload }] })) + CLUSTERS)
    expect(found?.checks).toEqual([{ kind: 'workload', ...workload }])
  })

  it('is the rollout alone where nothing is written', async () => {
    expect(await healthOf(SMALLEST)).toBeUndefined()
  })

  it.each<[string, RegExp]>([
    ['{ checks: [{ pigeon: {} }] }', /pigeon/u],
    ['{ checks: [{ http: { url: "ftp://x" } }] }', /https:/u],
    ['{ checks: [{ http: { url: "https://user:word@x" } }] }', /without a name or password/u],
    ['{ checks: [{ prometheus: { url: "https://p", query: up, is: "=", value: 1 } }] }', /./u],
    ['{ checks: [{ flux: { cluster: dev } }] }', /one of kustomization and helmRelease/u],
    ['{ checks: [{ argocd: { cluster: nowhere, application: shop } }] }', /nowhere/u],
    [
      '{ checks: [{ workload: { cluster: nowhere, namespace: shop, workload: deployment/web, container: app } }] }',
      /nowhere/u,
    ],
    [
      '{ checks: [{ workload: { cluster: dev, namespace: shop, workload: deployment/web } }] }',
      /one of container and field/u,
    ],
    ['{ checks: [{ workload: { cluster: dev, namespace: shop, workload: web, container: app } }] }', /kind\/name/u],
    ['{ for: 5 }', /duration/u],
  ])('%s is refused', async (health, why) => {
    const found = await problems(stage(health) + CLUSTERS)
    expect(found.map(({ message }) => message).join('\n')).toMatch(why)
  })
})
