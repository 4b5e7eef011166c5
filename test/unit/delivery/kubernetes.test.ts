import { describe, expect, it } from 'vitest'
import { createClusterOver } from '../../../src/clients/kubernetes.ts'
import type { Delivery } from '../../../src/delivery/delivery.ts'
import { createKubernetesDelivery } from '../../../src/delivery/kubernetes.ts'
import { createMemoryCluster, type Interference, type MemoryCluster } from '../../helpers/memory-cluster.ts'
import {
  anApp,
  APP,
  aDeployment,
  aPodTemplate,
  aWorkloadOrder,
  aWorkloadTarget,
  FIRST,
  pinned,
} from '../../helpers/workload.ts'

const PATH = '/apis/apps/v1/namespaces/payments/deployments/web'
const WISH = pinned(anApp('1.1.0'))

type Setting = { readonly memory: MemoryCluster; readonly delivery: Delivery; readonly pauses: number[] }

function setting(interference: Interference = {}, image = FIRST): Setting {
  const memory = createMemoryCluster(interference)
  memory.objects.set(PATH, aDeployment('web', image, {}, { uid: 'u', resourceVersion: '1', generation: 1 }) as never)
  const pauses: number[] = []
  const delivery = createKubernetesDelivery({
    clusters: new Map([['here', createClusterOver(memory.send)]]),
    runningOf: () => 'well',
    sleep: (ms) => {
      pauses.push(ms)
      return Promise.resolve()
    },
    random: () => 0.5,
  })
  return { memory, delivery, pauses }
}

function imageIn(memory: MemoryCluster): string | undefined {
  return /"(?<image>ghcr\.io[^"]+)"/u.exec(JSON.stringify(memory.objects.get(PATH)))?.groups?.['image']
}

function reject(memory: () => MemoryCluster, times: number): Interference {
  let left = times
  return {
    before: ({ method }) => {
      if (method !== 'PATCH' || left === 0) return undefined
      left -= 1
      // Somebody else writes first, something that is not ours
      const object = memory().objects.get(PATH) as { metadata: { resourceVersion: string } }
      object.metadata.resourceVersion += '1'
      return undefined
    },
  }
}

describe('delivery to a workload', () => {
  it('costs one read and one patch', async () => {
    const { memory, delivery } = setting()
    await delivery.deliver(aWorkloadOrder())
    expect(memory.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET ${PATH}`,
      `PATCH ${PATH}?fieldManager=drayage`,
    ])
  })

  it('that met another writer reads again and writes', async () => {
    const all: Setting = setting(reject(() => all.memory, 3))
    expect(await all.delivery.deliver(aWorkloadOrder())).toMatchObject({ ok: true, value: { now: WISH } })
    expect(all.pauses).toEqual([20, 40, 60])
  })

  it.each([
    { times: 11, ends: 'written' },
    { times: 12, ends: 'RetryLater' },
    { times: 13, ends: 'RetryLater' },
  ])('that met other writers $times times ends as $ends', async ({ times, ends }) => {
    const all: Setting = setting(reject(() => all.memory, times))
    const ended = await all.delivery.deliver(aWorkloadOrder()).then(
      ({ ok }) => (ok ? 'written' : 'refused'),
      (error: Error) => error.name,
    )
    expect(ended).toBe(ends)
  })

  it('whose answer was lost finds its own work the next time', async () => {
    let isLost = false
    const { memory, delivery } = setting({
      after: () => {
        if (isLost) return
        isLost = true
        throw new Error('the connection broke')
      },
    })
    await expect(delivery.deliver(aWorkloadOrder())).rejects.toThrow('the connection broke')
    const again = await delivery.deliver(aWorkloadOrder({ expected: [FIRST], fence: 2 }))
    expect(again).toMatchObject({ ok: true, value: { status: 'unchanged', now: WISH } })
    expect(imageIn(memory)).toBe(WISH)
  })

  it('asks for its lease after reading and before writing, each time', async () => {
    let asked = 0
    const all: Setting = setting(reject(() => all.memory, 1))
    const stillHeld = (): boolean => {
      asked += 1
      return asked < 2
    }
    expect(await all.delivery.deliver(aWorkloadOrder({ stillHeld }))).toMatchObject({ error: { reason: 'fenced' } })
    expect(imageIn(all.memory)).toBe(FIRST)
  })

  it.each([
    { status: 403, message: 'User "x" cannot patch resource "deployments"', reason: 'forbidden' },
    { status: 403, message: 'admission webhook "sign" denied the request', reason: 'refused-by-target' },
    { status: 400, message: 'no', reason: 'refused-by-target' },
    { status: 404, message: 'gone', reason: 'target-missing' },
  ])('that is answered $status is $reason', async ({ status, message, reason }) => {
    const body = JSON.stringify({ message })
    const { delivery } = setting({ before: ({ method }) => (method === 'PATCH' ? { status, body } : undefined) })
    expect(await delivery.deliver(aWorkloadOrder())).toMatchObject({ ok: false, error: { reason } })
  })

  it.each([429, 500, 503])('that is answered %i is for later', async (status) => {
    const { delivery } = setting({ before: () => ({ status }) })
    await expect(delivery.deliver(aWorkloadOrder())).rejects.toMatchObject({ name: 'RetryLater' })
  })

  it('says so where an admission webhook wrote other content', async () => {
    const other = aDeployment('web', pinned(anApp('6.6.6')), {}, { uid: 'u', resourceVersion: '2' })
    const { delivery } = setting({
      before: ({ method }) => (method === 'PATCH' ? { body: JSON.stringify(other) } : undefined),
    })
    expect(await delivery.deliver(aWorkloadOrder())).toMatchObject({
      error: { reason: 'refused-by-target', found: pinned(anApp('6.6.6')) },
    })
  })
})

describe('a preview', () => {
  it('is a dry run', async () => {
    const { memory, delivery } = setting()
    expect(await delivery.preview(aWorkloadOrder())).toMatchObject({
      ok: true,
      value: { status: 'changed', now: WISH },
    })
    expect(memory.requests.at(-1)?.path).toBe(`${PATH}?fieldManager=drayage&dryRun=All`)
    expect(imageIn(memory)).toBe(FIRST)
  })

  it('goes without the dry run where an admission webhook cannot do one', async () => {
    const body = JSON.stringify({ message: 'admission webhook "x" does not support dry run' })
    const { delivery } = setting({
      before: ({ method }) => (method === 'PATCH' ? { status: 400, body } : undefined),
    })
    expect(await delivery.preview(aWorkloadOrder())).toMatchObject({ ok: true, value: { now: WISH } })
  })
})

describe('a registry host that the workload did not use', () => {
  const MOVED = 'registry.example.com/acme/app:1.0.0'
  const ACCOUNT = '/api/v1/namespaces/payments/serviceaccounts/default'
  const forbidden = { status: 403, body: JSON.stringify({ message: 'cannot get resource' }) }

  it.each<{ case: string; to: string; account: object | null; answer?: object; reason: string | null }>([
    { case: 'no secret', to: 'registry.internal:5000', account: {}, reason: 'pull-secret-missing' },
    { case: 'no service account', to: 'registry.internal:5000', account: null, reason: 'pull-secret-missing' },
    {
      case: 'a secret of the service account',
      to: 'registry.internal:5000',
      account: { imagePullSecrets: [{ name: 'x' }] },
      reason: null,
    },
    {
      case: 'an account that we may not read',
      to: 'registry.internal:5000',
      account: null,
      answer: forbidden,
      reason: null,
    },
    { case: 'a host with public images', to: 'ghcr.io', account: {}, reason: null },
    {
      case: 'a host of the nodes’ cloud',
      to: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
      account: {},
      reason: null,
    },
    { case: 'the same host', to: 'registry.example.com', account: {}, reason: null },
  ])('with $case: $reason', async ({ to, account, answer, reason }) => {
    const { memory, delivery } = setting({ before: ({ path }) => (path === ACCOUNT ? answer : undefined) }, MOVED)
    if (account !== null) memory.objects.set(ACCOUNT, account as never)
    const image = { ...anApp('1.1.0'), registry: to } as ReturnType<typeof anApp>
    const delivered = await delivery.deliver(aWorkloadOrder({ wish: { kind: 'pinned', image } }))
    expect(delivered.ok ? null : delivered.error.reason).toBe(reason)
  })
})

describe('where a workload is', () => {
  const lists: Record<string, object> = {
    '/apis/batch/v1': { resources: [{ name: 'jobs', kind: 'Job', namespaced: true }] },
    '/apis/batch/v1beta1': { resources: [{ name: 'cronjobs', kind: 'CronJob', namespaced: true, shortNames: ['cj'] }] },
    '/apis/kruise.io': {
      versions: [{ version: 'v1alpha1' }, { version: 'v1beta1' }],
      preferredVersion: { version: 'v1beta1' },
    },
    '/apis/kruise.io/v1beta1': { resources: [{ name: 'clonesets', kind: 'CloneSet', namespaced: true }] },
    '/apis/kruise.io/v1alpha1': { resources: [{ name: 'clusterthings', kind: 'ClusterThing', namespaced: false }] },
    '/api/v1': { resources: [{ name: 'podtemplates', kind: 'PodTemplate', namespaced: true }] },
  }

  it.each<{ workload: string; apiVersion?: string; path: string }>([
    { workload: 'deployment/web', path: '/apis/apps/v1/namespaces/payments/deployments/web' },
    { workload: 'deploy/web', path: '/apis/apps/v1/namespaces/payments/deployments/web' },
    { workload: 'deployments.apps/web', path: '/apis/apps/v1/namespaces/payments/deployments/web' },
    { workload: 'sts/web', path: '/apis/apps/v1/namespaces/payments/statefulsets/web' },
    { workload: 'daemonset/web', path: '/apis/apps/v1/namespaces/payments/daemonsets/web' },
    { workload: 'cronjob/web', path: '/apis/batch/v1beta1/namespaces/payments/cronjobs/web' },
    { workload: 'cronjob/web', apiVersion: 'batch/v2', path: '/apis/batch/v2/namespaces/payments/cronjobs/web' },
    { workload: 'rollouts.argoproj.io/web', path: '/apis/argoproj.io/v1alpha1/namespaces/payments/rollouts/web' },
    { workload: 'cloneset.kruise.io/web', path: '/apis/kruise.io/v1beta1/namespaces/payments/clonesets/web' },
    { workload: 'podtemplate/web', apiVersion: 'v1', path: '/api/v1/namespaces/payments/podtemplates/web' },
  ])('$workload $apiVersion is at $path', async ({ workload, apiVersion, path }) => {
    const { memory, delivery } = setting()
    for (const [at, list] of Object.entries(lists)) memory.objects.set(at, list as never)
    const target = aWorkloadTarget({ workload, ...(apiVersion === undefined ? {} : { apiVersion }) })
    await delivery.observe(target, anApp('1.0.0'))
    expect(memory.requests.at(-1)?.path).toBe(path)
  })

  it.each([
    { workload: 'clusterthing.kruise.io/web', apiVersion: undefined, detail: /no namespaced "clusterthing"/u },
    { workload: 'tenant/web', apiVersion: undefined, detail: /with its group/u },
    { workload: 'deployment/web', apiVersion: '../../v1', detail: /expected a group and a version/u },
    { workload: 'tenant.example.com/web', apiVersion: undefined, detail: /is its CRD installed/u },
  ])('$workload $apiVersion is nowhere', async ({ workload, apiVersion, detail }) => {
    const { memory, delivery } = setting()
    for (const [at, list] of Object.entries(lists)) memory.objects.set(at, list as never)
    const target = aWorkloadTarget({ workload, ...(apiVersion === undefined ? {} : { apiVersion }) })
    expect(await delivery.observe(target, anApp('1.0.0'))).toMatchObject({
      ok: false,
      error: { reason: 'target-missing', detail: expect.stringMatching(detail) as string },
    })
  })
})

it('a look at a workload says as whom it runs', async () => {
  const { memory, delivery } = setting()
  const template = aPodTemplate('web', FIRST, { securityContext: { runAsUser: 1000 } })
  memory.objects.set(PATH, aDeployment('web', FIRST, { template }, { uid: 'u', resourceVersion: '1' }) as never)
  const runsAs = { where: 'deployment/web', user: 1000, mustNotBeRoot: false }
  expect(await delivery.observe(aWorkloadTarget(), APP)).toMatchObject({ ok: true, value: { image: FIRST, runsAs } })
})
