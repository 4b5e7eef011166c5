/** What GitOps controllers say of a delivery, by their own objects. */

import { describe, expect, it } from 'vitest'
import { createClusterOver } from '../../../src/clients/kubernetes.ts'
import { FluxRule } from '../../../src/domain/health-rule.ts'
import { Application, checkArgoCd, healthOfApplication } from '../../../src/health/argocd.ts'
import { checkFlux, FluxObject, healthOfFlux } from '../../../src/health/flux.ts'
import { createMemoryCluster } from '../../helpers/memory-cluster.ts'

const DIGEST = `sha256:${'1'.repeat(64)}`
const IMAGE = `docker.io/acme/payments:1.4.3@${DIGEST}`
const COMMIT = 'c'.repeat(40)

describe('an application of Argo CD', () => {
  const application = (status: unknown) => healthOfApplication(Application.parse({ status }), 'payments', IMAGE)
  const ours = { summary: { images: [IMAGE] }, sync: { status: 'Synced' }, health: { status: 'Healthy' } }

  it.each<[string, unknown, string, RegExp]>([
    ['is well', ours, 'healthy', /synced and healthy/u],
    [
      'is well under the name of a mirror',
      { ...ours, summary: { images: [`mirror/payments@${DIGEST}`] } },
      'healthy',
      /./u,
    ],
    [
      'is well with another image',
      { ...ours, summary: { images: ['docker.io/acme/payments:1.4.2'] } },
      'progressing',
      /does not run it yet/u,
    ],
    [
      'is well with another digest of that tag',
      { ...ours, summary: { images: [IMAGE.replace('1111', '2222')] } },
      'progressing',
      /./u,
    ],
    [
      'cannot sync',
      { ...ours, summary: {}, operationState: { phase: 'Failed', message: 'quota\nexceeded' } },
      'progressing',
      /its last sync failed: quota exceeded/u,
    ],
    [
      'is degraded',
      { ...ours, health: { status: 'Degraded', message: 'exceeded its progress deadline' } },
      'failed',
      /degraded: exceeded/u,
    ],
    [
      'was degraded before us',
      { ...ours, summary: { images: [] }, health: { status: 'Degraded' } },
      'progressing',
      /./u,
    ],
    ['progresses', { ...ours, health: { status: 'Progressing' } }, 'progressing', /Synced, Progressing/u],
    ['is out of sync', { ...ours, sync: { status: 'OutOfSync' } }, 'progressing', /OutOfSync, Healthy/u],
    ['is new', undefined, 'progressing', /./u],
    ['has nulls', { summary: null, sync: null, health: null, operationState: null }, 'progressing', /./u],
  ])('%s', (_title, status, state, detail) => {
    expect(application(status)).toEqual(expect.objectContaining({ state, detail: expect.stringMatching(detail) }))
  })

  it('is read from its cluster', async () => {
    const { objects, send } = createMemoryCluster()
    const rule = { cluster: 'dev', namespace: 'argocd', application: 'payments' }
    expect(await checkArgoCd(createClusterOver(send), rule, IMAGE)).toMatchObject({ reason: 'target-missing' })
    objects.set('/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/payments', { status: ours })
    expect(await checkArgoCd(createClusterOver(send), rule, IMAGE)).toMatchObject({ state: 'healthy' })
  })

  it('that we may not read is no sign of a bad image', async () => {
    const { send } = createMemoryCluster({ before: () => ({ status: 403, body: '{}' }) })
    const rule = { cluster: 'dev', namespace: 'argocd', application: 'payments' }
    await expect(checkArgoCd(createClusterOver(send), rule, IMAGE)).rejects.toMatchObject({ name: 'RetryLater' })
  })
})

describe('an object of Flux', () => {
  const ready = (status: string, reason = 'ReconciliationSucceeded', message = '') => [
    { type: 'Ready', status, reason, message },
  ]
  const ours = {
    observedGeneration: 2,
    conditions: ready('True'),
    lastAppliedRevision: `main@sha1:${COMMIT}`,
    lastAttemptedRevision: `main@sha1:${COMMIT}`,
  }
  const health = (status: unknown, commit: string | null = COMMIT, spec: unknown = {}) =>
    healthOfFlux(FluxObject.parse({ metadata: { generation: 2 }, spec, status }), 'Kustomization apps', commit)

  it.each<[string, unknown, string, RegExp]>([
    ['is ready', ours, 'healthy', /is ready/u],
    [
      'is ready with an older revision',
      { ...ours, lastAppliedRevision: 'main@sha1:0000' },
      'progressing',
      /main@sha1:0000 so far/u,
    ],
    ['was not looked at since it changed', { ...ours, observedGeneration: 1 }, 'progressing', /not been looked at/u],
    ['has no conditions', { observedGeneration: 2 }, 'progressing', /./u],
    ['reconciles', { ...ours, conditions: ready('Unknown', 'Progressing') }, 'progressing', /Progressing/u],
    [
      'failed with our revision',
      { ...ours, conditions: ready('False', 'HealthCheckFailed', 'timeout') },
      'failed',
      /HealthCheckFailed: timeout/u,
    ],
    [
      'failed with an older revision',
      {
        ...ours,
        lastAppliedRevision: 'main@sha1:0',
        lastAttemptedRevision: 'main@sha1:0',
        conditions: ready('False', 'HealthCheckFailed'),
      },
      'progressing',
      /./u,
    ],
    [
      'waits for another',
      { ...ours, conditions: ready('False', 'DependencyNotReady') },
      'progressing',
      /DependencyNotReady/u,
    ],
    ['is new', undefined, 'progressing', /./u],
  ])('%s', (_title, status, state, detail) => {
    expect(health(status)).toEqual(expect.objectContaining({ state, detail: expect.stringMatching(detail) }))
  })

  it('that is suspended waits for a person', () => {
    expect(health(ours, COMMIT, { suspend: true })).toMatchObject({ state: 'progressing' })
  })

  it('is taken at its word where the commit is not known', () => {
    expect(health({ ...ours, lastAppliedRevision: '1.2.3' }, null)).toMatchObject({ state: 'healthy' })
  })

  it.each([
    [{ kustomization: 'apps' }, '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/apps'],
    [
      { helmRelease: 'payments', namespace: 'web' },
      '/apis/helm.toolkit.fluxcd.io/v2beta2/namespaces/web/helmreleases/payments',
    ],
  ])('%j is read from its cluster, whichever version that has', async (given, path) => {
    const { objects, send } = createMemoryCluster()
    const rule = FluxRule.parse({ cluster: 'dev', ...given })
    expect(await checkFlux(createClusterOver(send), rule, COMMIT)).toMatchObject({ reason: 'target-missing' })
    objects.set(path, { metadata: { generation: 2 }, status: ours })
    expect(await checkFlux(createClusterOver(send), rule, COMMIT)).toMatchObject({ state: 'healthy' })
  })

  it.each([{}, { kustomization: 'a', helmRelease: 'b' }])('%j is neither one nor the other', (given) => {
    expect(FluxRule.safeParse({ cluster: 'dev', ...given }).success).toBe(false)
  })
})
