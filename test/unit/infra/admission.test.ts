/** The admission policy lets Drayage write what it writes, and nothing else. CEL by an npm evaluator: an API server of 1.30 is not at hand here. */

import { describe, expect, it } from 'vitest'
import { createClusterOver } from '../../../src/clients/kubernetes.ts'
import { createKubernetesDelivery } from '../../../src/delivery/kubernetes.ts'
import { judge, readPolicy } from '../../helpers/admission.ts'
import { createMemoryCluster } from '../../helpers/memory-cluster.ts'
import { anApp, aPodTemplate, aWorkloadOrder, aWorkloadTarget, FIRST, pinned } from '../../helpers/workload.ts'

const DRAYAGE = 'system:serviceaccount:drayage:drayage'
const NEXT = pinned(anApp('1.1.0'))

type Tree = Record<string, unknown>

/** With everything that somebody might want to change. */
function aWorkload(image = FIRST): Tree {
  const template = aPodTemplate('web', image, {
    serviceAccountName: 'web',
    initContainers: [{ name: 'migrate', image: 'ghcr.io/acme/migrate:1' }],
    volumes: [{ name: 'cache', emptyDir: {} }],
  })
  const metadata = {
    name: 'web',
    uid: 'u',
    resourceVersion: '7',
    generation: 3,
    labels: { app: 'web' },
    annotations: { 'example.com/team': 'payments' },
    managedFields: [{ manager: 'kubectl' }],
  }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 2, selector: {}, template } }
}

function aCronJob(image = FIRST): Tree {
  const { spec, ...rest } = aWorkload(image)
  const { template } = spec as { template: unknown }
  return {
    ...rest,
    kind: 'CronJob',
    spec: { schedule: '* * * * *', jobTemplate: { metadata: {}, spec: { backoffLimit: 1, template } } },
  }
}

/** A copy in which the value at that path is another one; undefined takes it away. */
function changed(object: Tree, path: string, value: unknown): Tree {
  const copy = structuredClone(object)
  const steps = path.split('/')
  const last = steps.pop() ?? ''
  const parent = steps.reduce<Tree>((at, step) => at[step] as Tree, copy)
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}

const asDrayage = (oldObject: Tree, object: Tree) => judge({ user: DRAYAGE, operation: 'UPDATE', oldObject, object })
const POD = 'spec/template/spec'

describe('what Drayage itself writes', () => {
  it.each([
    { title: 'the first delivery', image: FIRST },
    { title: 'a later one', image: pinned(anApp('1.0.9')) },
  ])('is allowed: $title', async ({ image }) => {
    const path = '/apis/apps/v1/namespaces/payments/deployments/web'
    const memory = createMemoryCluster()
    memory.objects.set(path, aWorkload(image))
    const clusters = new Map([['here', createClusterOver(memory.send)]])
    const delivery = createKubernetesDelivery({
      clusters,
      runningOf: () => 'well',
      sleep: async () => {},
      random: () => 0,
    })
    expect(await delivery.deliver(aWorkloadOrder({ target: aWorkloadTarget({ takeover: true }) }))).toMatchObject({
      ok: true,
    })
    const after = memory.objects.get(path) ?? {}
    expect(JSON.stringify(after)).toContain(NEXT)
    expect(JSON.stringify(after)).toContain('drayage.dev/fence')
    expect(asDrayage(aWorkload(image), after)).toEqual([])
  })

  it.each([
    { title: 'an init container', before: aWorkload(), path: `${POD}/initContainers/0/image` },
    { title: 'a CronJob', before: aCronJob(), path: 'spec/jobTemplate/spec/template/spec/containers/1/image' },
    {
      title: 'a workload that has none of our annotations',
      before: changed(aWorkload(), 'metadata/annotations', undefined),
      path: `${POD}/containers/1/image`,
    },
  ])('is allowed in $title', ({ before, path }) => {
    expect(asDrayage(before, changed(before, path, NEXT))).toEqual([])
  })

  it('may leave as it is what is not pinned', () => {
    expect(
      asDrayage(aWorkload(), changed(aWorkload(), 'metadata/annotations/drayage.dev~1fence', 'web=2')),
    ).toHaveLength(1)
    const fenced = structuredClone(aWorkload()) as { metadata: { annotations: Tree } } & Tree
    fenced.metadata.annotations['drayage.dev/fence'] = 'web=2'
    expect(asDrayage(aWorkload(), fenced)).toEqual([])
  })
})

describe('what a Drayage that was taken over might write', () => {
  it.each([
    ['replicas', 'spec/replicas', 0],
    ['a new member of the workload', 'spec/paused', true],
    ['the selector, taken away', 'spec/selector', undefined],
    ['labels', 'metadata/labels', { app: 'other' }],
    ['labels, taken away', 'metadata/labels', undefined],
    ['owners', 'metadata/ownerReferences', [{ kind: 'X' }]],
    ['finalizers', 'metadata/finalizers', ['x']],
    ["somebody's annotation", 'metadata/annotations', { 'example.com/team': 'mine' }],
    ["somebody's annotation, taken away", 'metadata/annotations', {}],
    ['an annotation like ours', 'metadata/annotations', { 'example.com/team': 'payments', 'drayage.dev/other': 'x' }],
    ["the pods' labels", 'spec/template/metadata/labels', { app: 'other' }],
    ["the pods' annotations", 'spec/template/metadata/annotations', { a: 'b' }],
    ['the service account', `${POD}/serviceAccountName`, 'cluster-admin'],
    ['the host network', `${POD}/hostNetwork`, true],
    ['a volume', `${POD}/volumes`, [{ name: 'x', secret: { secretName: 'tls' } }]],
    ['volumes, taken away', `${POD}/volumes`, undefined],
    ['a command', `${POD}/containers/1/command`, ['sh']],
    ['an argument', `${POD}/containers/1/args`, ['-c', 'x']],
    ['environment', `${POD}/containers/1/env`, [{ name: 'A', value: 'b' }]],
    ['a mount', `${POD}/containers/1/volumeMounts`, [{ name: 'cache', mountPath: '/x' }]],
    ['privileges', `${POD}/containers/0/securityContext`, { privileged: true }],
    ["a container's name", `${POD}/containers/1/name`, 'other'],
    ['one more container', `${POD}/containers/2`, { name: 'x', image: NEXT }],
    ['an ephemeral container', `${POD}/ephemeralContainers`, [{ name: 'x', image: NEXT }]],
    ['init containers, taken away', `${POD}/initContainers`, undefined],
    ['an image without a digest', `${POD}/containers/1/image`, 'ghcr.io/acme/app:1.1.0'],
    ['an image without a tag', `${POD}/containers/1/image`, `ghcr.io/acme/app@sha256:${'0'.repeat(64)}`],
    ['a digest cut short', `${POD}/containers/1/image`, `ghcr.io/acme/app:1@sha256:${'0'.repeat(63)}`],
    ['a digest and more', `${POD}/containers/1/image`, `${NEXT}0`],
    ['a line after the digest', `${POD}/containers/1/image`, `${NEXT}\nx`],
    ['no image', `${POD}/containers/1/image`, undefined],
  ])('is refused: %s', (_, path, value) => {
    expect(asDrayage(aWorkload(), changed(aWorkload(), path, value))?.length).toBeGreaterThan(0)
  })

  it.each([
    ['the schedule', 'spec/schedule', '0 0 * * *'],
    ["the job's own members", 'spec/jobTemplate/spec/backoffLimit', 9],
    ["the job's labels", 'spec/jobTemplate/metadata', { labels: { a: 'b' } }],
    ['a command', 'spec/jobTemplate/spec/template/spec/containers/1/command', ['sh']],
    ['an image without a digest', 'spec/jobTemplate/spec/template/spec/containers/1/image', 'ghcr.io/acme/app:2'],
  ])('is refused in a CronJob: %s', (_, path, value) => {
    expect(asDrayage(aCronJob(), changed(aCronJob(), path, value))?.length).toBeGreaterThan(0)
  })

  it('is refused where two containers change places', () => {
    const before = aWorkload()
    const [first, second] = (before as { spec: { template: { spec: { containers: unknown[] } } } }).spec.template.spec
      .containers
    expect(asDrayage(before, changed(before, `${POD}/containers`, [second, first]))?.length).toBeGreaterThan(0)
  })

  it.each([
    { operation: 'CREATE' as const, object: aWorkload(NEXT), oldObject: null },
    { operation: 'DELETE' as const, object: null, oldObject: aWorkload(NEXT) },
  ])('is refused: $operation', ({ operation, object, oldObject }) => {
    expect(judge({ user: DRAYAGE, operation, object, oldObject })).toEqual([
      'Drayage changes workloads, it neither makes nor removes them',
    ])
  })
})

describe('the policy', () => {
  it.each(['kubernetes-admin', 'system:serviceaccount:drayage:other', 'system:serviceaccount:other:drayage'])(
    'does not look at what %s does',
    (user) => {
      expect(judge({ user, operation: 'UPDATE', oldObject: aWorkload(), object: {} })).toBeNull()
    },
  )

  it('is in force, and looks at every kind that the role allows', () => {
    const { policy, binding } = readPolicy()
    expect(binding).toEqual({ policyName: 'drayage-only-images', validationActions: ['Deny', 'Audit'] })
    expect(policy.matchConstraints.resourceRules.flatMap(({ resources }) => resources)).toEqual([
      'deployments',
      'statefulsets',
      'daemonsets',
      'cronjobs',
      'rollouts',
    ])
  })
})
