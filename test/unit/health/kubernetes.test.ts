import { describe, expect, it } from 'vitest'
import { createClusterOver, type ClusterRequest } from '../../../src/clients/kubernetes.ts'
import type { Health } from '../../../src/health/health.ts'
import { createKubernetesHealth } from '../../../src/health/kubernetes.ts'
import { PATIENCE } from '../../../src/health/pod-trouble.ts'
import { anApp, aDeployment, aPodTemplate, aWorkloadTarget, FIRST, pinned } from '../../helpers/workload.ts'

const NOW = Date.parse('2026-11-21T10:00:00Z')
const IMAGE = pinned(anApp('1.1.0'))

type Container = {
  readonly waiting?: string
  readonly message?: string
  readonly restarts?: number
  readonly last?: object
  readonly running?: object
}
type PodRow = Container & {
  readonly ageMs?: number
  readonly image?: string
  readonly leaving?: boolean
  readonly conditions?: object[]
}

function aPod({ ageMs = 1000, image = IMAGE, leaving, conditions = [], ...container }: PodRow): object {
  const { waiting, message = '', restarts = 0, last, running } = container
  const state = {
    ...(waiting === undefined ? {} : { waiting: { reason: waiting, message } }),
    ...(running && { running }),
  }
  return {
    metadata: {
      name: 'web-1',
      uid: 'p',
      resourceVersion: '1',
      creationTimestamp: new Date(NOW - ageMs).toISOString(),
      ...(leaving ? { deletionTimestamp: '2026-11-21T09:59:59Z' } : {}),
    },
    ...aPodTemplateOf(image),
    status: {
      conditions,
      containerStatuses: [
        { name: 'app', ready: false, restartCount: restarts, state, lastState: last ? { terminated: last } : {} },
      ],
    },
  }
}

function aPodTemplateOf(image: string): object {
  const { spec } = aPodTemplate('web', image)
  return { spec }
}

type World = {
  readonly pods?: readonly object[] | number
  readonly events?: readonly object[] | number
  readonly kind?: string
  readonly image?: string
}

function asking(
  { pods = [], events = [], kind = 'deployment', image = IMAGE }: World,
  requests: ClusterRequest[] = [],
) {
  const status = { observedGeneration: 1, replicas: 2, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 0 }
  const object = { ...aDeployment('web', image, {}, { uid: 'u', resourceVersion: '1', generation: 1 }), status }
  const listed = (items: readonly object[] | number): { status: number; body: string } =>
    typeof items === 'number' ? { status: items, body: '{}' } : { status: 200, body: JSON.stringify({ items }) }
  const cluster = createClusterOver((request) => {
    requests.push(request)
    const answer = request.path.includes('/pods?')
      ? listed(pods)
      : request.path.includes('/events?')
        ? listed(events)
        : { status: 200, body: JSON.stringify(object) }
    return Promise.resolve({ retryAfter: null, ...answer })
  })
  const health = createKubernetesHealth({ clusters: new Map([['here', cluster]]), now: () => NOW })
  return health.check(aWorkloadTarget({ workload: `${kind}/web` }), IMAGE)
}

function waiting(reason: string, more: PodRow = {}): Promise<Health> {
  return asking({ pods: [aPod({ waiting: reason, ...more })] })
}

describe('a pod that does not start', () => {
  const { startMs, crashes } = PATIENCE
  it.each<{ reason: string; pod: PodRow; state: string; said: RegExp }>([
    { reason: 'InvalidImageName', pod: { ageMs: 0 }, state: 'failed', said: /InvalidImageName/u },
    { reason: 'ErrImageNeverPull', pod: { ageMs: 0 }, state: 'failed', said: /ErrImageNeverPull/u },
    { reason: 'ErrImagePull', pod: { ageMs: startMs - 1 }, state: 'progressing', said: /ErrImagePull/u },
    { reason: 'ErrImagePull', pod: { ageMs: startMs }, state: 'failed', said: /ErrImagePull/u },
    { reason: 'ImagePullBackOff', pod: { ageMs: startMs + 1 }, state: 'failed', said: /kubectl describe pod/u },
    {
      reason: 'ImagePullBackOff',
      pod: { ageMs: startMs, message: 'pull access denied, authorization failed' },
      state: 'failed',
      said: /imagePullSecret/u,
    },
    {
      reason: 'ErrImagePull',
      pod: { ageMs: startMs, message: 'manifest unknown' },
      state: 'failed',
      said: /does not have it/u,
    },
    {
      reason: 'ErrImagePull',
      pod: { ageMs: startMs, message: 'no match for platform in manifest' },
      state: 'failed',
      said: /platform/u,
    },
    {
      reason: 'CreateContainerConfigError',
      pod: { ageMs: startMs, message: 'secret "x" not found' },
      state: 'failed',
      said: /secret "x" not found/u,
    },
    { reason: 'CreateContainerConfigError', pod: { ageMs: 0 }, state: 'progressing', said: /ConfigMap/u },
    {
      reason: 'CrashLoopBackOff',
      pod: { restarts: crashes - 1, ageMs: 999_999 },
      state: 'progressing',
      said: /2 restarts/u,
    },
    {
      reason: 'CrashLoopBackOff',
      pod: { restarts: crashes, last: { reason: 'OOMKilled', exitCode: 137, message: 'no memory' } },
      state: 'failed',
      said: /OOMKilled with exit code 137, no memory; see kubectl logs --previous/u,
    },
    { reason: 'PodInitializing', pod: { ageMs: 9_999_999 }, state: 'progressing', said: /^1 old pods/u },
  ])('by $reason is $state', async ({ reason, pod, state, said }) => {
    const health = await waiting(reason, pod)
    expect(health).toMatchObject({ state, detail: expect.stringMatching(said) as string })
    if (health.state === 'failed') expect(health.reason).toBe(reason)
  })

  it.each<{ case: string; pod: PodRow }>([
    { case: 'of the old revision', pod: { image: FIRST } },
    { case: 'that is leaving', pod: { leaving: true } },
  ])('$case is not ours', async ({ pod }) => {
    expect(await waiting('InvalidImageName', pod)).toMatchObject({
      state: 'progressing',
      detail: '1 old pods are still there',
    })
  })

  it('is ours by its digest where a webhook renamed the image', async () => {
    const image = `mirror.example.com/acme/app@${anApp('1.1.0').digest}`
    expect(await waiting('InvalidImageName', { image })).toMatchObject({ state: 'failed' })
  })

  it('says what it said, on one bounded line', async () => {
    const health = await waiting('InvalidImageName', { message: `a\n\u001b[2J${'b'.repeat(9999)}` })
    expect(health.detail.length).toBeLessThan(600)
    expect(health.detail).toMatch(/: a \[2Jb+…$/u)
  })

  it('that finds no node is told, and not held against the image', async () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', message: '0/3 nodes are available: 3 Insufficient cpu.' },
    ]
    const health = await asking({ pods: [aPod({ conditions, ageMs: 9_999_999 })] })
    expect(health).toMatchObject({
      state: 'progressing',
      detail: expect.stringContaining('Insufficient cpu') as string,
    })
  })

  it('that runs without being ready is told', async () => {
    const health = await asking({ pods: [aPod({ running: { startedAt: 'x' } })] })
    expect(health).toMatchObject({ state: 'progressing', detail: expect.stringContaining('readiness probe') as string })
  })

  it('is the one that is told, of many', async () => {
    const pods = [aPod({ waiting: 'ErrImagePull', ageMs: 0 }), aPod({ waiting: 'InvalidImageName' })]
    expect(await asking({ pods })).toMatchObject({ state: 'failed', reason: 'InvalidImageName' })
  })
})

describe('a pod in ContainerCreating', () => {
  const { startMs, mountMs, createMs } = PATIENCE
  const event = (reason: string, lastTimestamp: string | null = '2026-11-21T09:59:00Z', more: object = {}): object => ({
    reason,
    message: `because of ${reason}`,
    lastTimestamp,
    ...more,
  })
  it.each<{ case: string; ageMs: number; events: object[]; state: string; said: RegExp }>([
    {
      case: 'for a moment',
      ageMs: startMs - 1,
      events: [event('FailedMount')],
      state: 'progressing',
      said: /^1 old pods are still there$/u,
    },
    {
      case: 'without a volume',
      ageMs: mountMs - 1,
      events: [event('FailedMount')],
      state: 'progressing',
      said: /FailedMount/u,
    },
    {
      case: 'without a volume for long',
      ageMs: mountMs,
      events: [event('FailedMount')],
      state: 'failed',
      said: /because of FailedMount/u,
    },
    {
      case: 'without a network',
      ageMs: mountMs,
      events: [event('FailedCreatePodSandBox')],
      state: 'failed',
      said: /SandBox/u,
    },
    {
      case: 'for no known reason',
      ageMs: createMs - 1,
      events: [],
      state: 'progressing',
      said: /ContainerCreating for 299 s/u,
    },
    {
      case: 'for no known reason for long',
      ageMs: createMs,
      events: [],
      state: 'failed',
      said: /kubectl describe pod web-1/u,
    },
    {
      case: 'with a large image',
      ageMs: createMs * 9,
      events: [event('Pulling')],
      state: 'progressing',
      said: /pulls for/u,
    },
    {
      case: 'with a large image, its volume late',
      ageMs: createMs,
      events: [event('Pulling', null, { eventTime: '2026-11-21T09:59:59.000001Z' }), event('FailedMount')],
      state: 'progressing',
      said: /pulls for/u,
    },
  ])('$case is $state', async ({ ageMs, events, state, said }) => {
    const health = await asking({ pods: [aPod({ waiting: 'ContainerCreating', ageMs })], events })
    expect(health).toMatchObject({ state, detail: expect.stringMatching(said) as string })
  })
})

describe('a workload', () => {
  it('whose image was changed has moved', async () => {
    expect(await asking({ image: FIRST })).toMatchObject({
      state: 'failed',
      reason: 'moved',
      detail: expect.stringContaining(FIRST) as string,
    })
  })

  it('whose pods may not be listed is told by its rollout alone', async () => {
    expect(await asking({ pods: 403 })).toEqual({ state: 'progressing', detail: '1 old pods are still there' })
  })

  it('is asked for by its selector', async () => {
    const requests: ClusterRequest[] = []
    await asking({}, requests)
    expect(requests.map(({ path }) => path)).toEqual([
      '/apis/apps/v1/namespaces/payments/deployments/web',
      '/api/v1/namespaces/payments/pods?labelSelector=app%3Dweb&limit=200',
    ])
  })

  it('as a StatefulSet that waits for an old pod says which to delete', async () => {
    const health = await asking({ kind: 'statefulset', pods: [aPod({ image: FIRST, waiting: 'InvalidImageName' })] })
    expect(health).toMatchObject({
      state: 'progressing',
      detail: expect.stringContaining('kubectl delete pod -n payments web-1') as string,
    })
  })

  it.each([
    { status: 404, state: 'failed' },
    { status: 403, state: 'RetryLater' },
    { status: 503, state: 'RetryLater' },
  ])('that is answered $status is $state', async ({ status, state }) => {
    const cluster = createClusterOver(() => Promise.resolve({ status, retryAfter: null, body: '{}' }))
    const health = createKubernetesHealth({ clusters: new Map([['here', cluster]]), now: () => NOW })
    const told = await health.check(aWorkloadTarget(), IMAGE).catch((error: Error) => ({ state: error.name }))
    expect(told.state).toBe(state)
  })
})
