/** Delivery to, and health of, workloads on a real API server: whichever `KUBECONFIG` names. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createCluster } from '../../src/clients/kubernetes-configured.ts'
import type { Cluster } from '../../src/clients/kubernetes.ts'
import { KubernetesObject } from '../../src/clients/kubernetes-object.ts'
import type { Delivered, Delivery, DeliveryFailure, Order } from '../../src/delivery/delivery.ts'
import { createKubernetesDelivery } from '../../src/delivery/kubernetes.ts'
import type { Result } from '../../src/domain/result.ts'
import type { WorkloadTarget } from '../../src/domain/target.ts'
import type { Health, HealthCheck } from '../../src/health/health.ts'
import { createKubernetesHealth } from '../../src/health/kubernetes.ts'
import { PATIENCE } from '../../src/health/pod-trouble.ts'
import { runningOf } from '../../src/health/rollout.ts'
import { clusterOptions, openTestCluster, until, type TestCluster } from '../helpers/kubernetes.ts'
import {
  anApp,
  APP,
  aDeployment,
  aPodTemplate,
  aWorkloadOrder,
  aWorkloadTarget,
  FIRST,
  pinned,
} from '../helpers/workload.ts'

const kubeconfig = process.env['KUBECONFIG'] ?? ''
const APPLY = 'application/apply-patch+yaml'
const MERGE = 'application/merge-patch+json'
const RACERS = 20

describe.skipIf(kubeconfig === '')('Kubernetes (skipped without KUBECONFIG)', () => {
  let test: TestCluster
  let delivery: Delivery
  let health: HealthCheck
  let deployments: string
  let count = 0

  beforeAll(async () => {
    test = await openTestCluster(kubeconfig)
    delivery = deliveryTo(test.cluster)
    health = createKubernetesHealth({
      clusters: new Map([['here', test.cluster]]),
      now: Date.now,
      patience: { ...PATIENCE, startMs: 0 },
    })
    deployments = `/apis/apps/v1/namespaces/${test.namespace}/deployments`
  })
  afterAll(() => test.close())

  async function deploy(spec: object = {}, metadata: object = {}): Promise<WorkloadTarget> {
    count += 1
    const name = `web-${count}`
    await test.demand('POST', deployments, aDeployment(name, FIRST, spec, metadata))
    return at(`deployment/${name}`)
  }
  function at(workload: string, target: Partial<WorkloadTarget> = {}): WorkloadTarget {
    return aWorkloadTarget({ namespace: test.namespace, workload, ...target })
  }
  function order(target: WorkloadTarget, tag: string, more: Partial<Order> = {}): Order {
    return aWorkloadOrder({ target, wish: { kind: 'pinned', image: anApp(tag) }, ...more })
  }
  async function objectOf(target: WorkloadTarget): Promise<KubernetesObject> {
    return KubernetesObject.parse(await test.demand('GET', `${deployments}/${target.workload.split('/')[1]}`))
  }
  async function imageOf(target: WorkloadTarget): Promise<string> {
    const found = await delivery.observe(target, APP)
    return found.ok ? found.value.image : found.error.reason
  }
  function settled(target: WorkloadTarget, image: string): Promise<Health> {
    return until(
      () => health.check(target, image),
      ({ state }) => state !== 'progressing',
    )
  }
  function setImage(target: WorkloadTarget, image: string): Promise<unknown> {
    return test.demand(
      'PATCH',
      `${deployments}/${target.workload.split('/')[1]}?fieldManager=a-person`,
      { spec: { template: { spec: { containers: [{ name: 'app', image }] } } } },
      'application/strategic-merge-patch+json',
    )
  }

  describe('a Deployment', () => {
    it('gets tag and digest in the named container, and becomes healthy', async () => {
      const target = await deploy()
      await settled(target, FIRST)
      const found = await delivery.observe(target, APP)
      expect(found).toMatchObject({ ok: true, value: { image: FIRST, running: 'well' } })

      const wish = pinned(anApp('1.1.0'))
      const delivered = value(await delivery.deliver(order(target, '1.1.0', { expected: [FIRST], fence: 7 })))
      expect(delivered).toEqual({ status: 'changed', previous: FIRST, now: wish, reference: 'generation/2' })
      expect(await settled(target, wish)).toMatchObject({ state: 'healthy' })

      const { metadata, ...object } = await objectOf(target)
      expect(object).toMatchObject({
        spec: { template: { spec: { containers: [{ image: 'envoyproxy/envoy:v1.30.0' }, { image: wish }] } } },
      })
      expect(metadata.annotations).toMatchObject({
        'drayage.dev/fence': 'web=7',
        'drayage.dev/promotion': `web/prod/${anApp('1.1.0').digest}#1`,
        'kubernetes.io/change-cause': expect.stringContaining('a push said that 1.1.0 is new') as string,
      })
      expect(metadata.managedFields.map(({ manager }) => manager)).toContain('drayage')
    })

    it('is left alone where it holds the wish, but takes the fence', async () => {
      const target = await deploy()
      await delivery.deliver(order(target, '1.1.0', { fence: 1 }))
      const { spec } = await objectOf(target)
      const repeated = value(await delivery.deliver(order(target, '1.1.0', { fence: 2, expected: [FIRST] })))
      expect(repeated).toMatchObject({ status: 'unchanged', now: pinned(anApp('1.1.0')) })
      const after = await objectOf(target)
      expect(after['spec']).toEqual(spec)
      expect(after.metadata.annotations?.['drayage.dev/fence']).toBe('web=2')
    })

    it('is only looked at in a preview', async () => {
      const target = await deploy()
      const preview = value(await delivery.preview(order(target, '1.1.0')))
      expect(preview).toMatchObject({ status: 'changed', previous: FIRST, now: pinned(anApp('1.1.0')) })
      expect(await imageOf(target)).toBe(FIRST)
    })

    it('that is paused takes the image and says that it keeps its pods', async () => {
      const target = await deploy({ paused: true })
      expect(value(await delivery.deliver(order(target, '1.1.0'))).status).toBe('changed')
      const { state, detail } = await health.check(target, pinned(anApp('1.1.0')))
      expect({ state, detail }).toEqual({
        state: 'progressing',
        detail: expect.stringContaining('kubectl rollout resume') as string,
      })
    })

    it('that somebody changed in between is not touched', async () => {
      const target = await deploy()
      await setImage(target, 'ghcr.io/acme/app:hotfix')
      const delivered = await delivery.deliver(order(target, '1.1.0', { expected: [FIRST] }))
      expect(failure(delivered)).toMatchObject({ reason: 'moved', found: 'ghcr.io/acme/app:hotfix' })
      expect(await imageOf(target)).toBe('ghcr.io/acme/app:hotfix')
      expect(await health.check(target, FIRST)).toMatchObject({ state: 'failed', reason: 'moved' })
    })
  })

  describe('racing writers', () => {
    it('land once where all expect the same', async () => {
      const target = await deploy()
      const answers = await race((each) => order(target, `2.0.${each}`, { expected: [FIRST], fence: 5 }))
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
      const others = answers.filter((answer) => !answer.ok).map((answer) => failure(answer).reason)
      expect(new Set(others)).toEqual(new Set(['moved']))
    })

    it('all land where none expects anything', async () => {
      const target = await deploy()
      const answers = await race((each) => order(target, `2.0.${each}`, { fence: 5 }))
      expect(answers.every(({ ok }) => ok)).toBe(true)
    })

    it('end with the highest fence', async () => {
      const target = await deploy()
      const answers = await race((each) => order(target, `2.0.${each}`, { fence: RACERS - each }))
      expect(answers[0]?.ok).toBe(true)
      expect(await imageOf(target)).toBe(pinned(anApp('2.0.0')))
      const refused = answers.filter((answer) => !answer.ok).map((answer) => failure(answer).reason)
      expect([...new Set(refused)].filter((reason) => reason !== 'fenced')).toEqual([])
    })

    it('of two subscriptions share a workload without fencing each other', async () => {
      const target = await deploy()
      value(await delivery.deliver(order(target, '1.1.0', { subscription: 'other', fence: 900 })))
      value(await delivery.deliver(order(target, '1.2.0', { subscription: 'web', fence: 3 })))
      expect((await objectOf(target)).metadata.annotations?.['drayage.dev/fence']).toBe('other=900 web=3')
    })

    it('that stalled between reading and writing change nothing when they wake', async () => {
      const target = await deploy()
      const { cluster, wake, stalled } = stallingCluster(test.cluster)
      const zombie = deliveryTo(cluster).deliver(order(target, '1.1.0', { fence: 1 }))
      await stalled
      value(await delivery.deliver(order(target, '1.2.0', { fence: 2 })))
      wake()
      expect(failure(await zombie).reason).toBe('fenced')
      expect(await imageOf(target)).toBe(pinned(anApp('1.2.0')))
    })

    it('whose newer attempt found nothing to do change nothing either', async () => {
      const target = await deploy()
      value(await delivery.deliver(order(target, '1.0.1', { fence: 1 })))
      const { cluster, wake, stalled } = stallingCluster(test.cluster)
      const zombie = deliveryTo(cluster).deliver(order(target, '1.1.0', { fence: 2 }))
      await stalled
      expect(value(await delivery.deliver(order(target, '1.0.1', { fence: 3 }))).status).toBe('unchanged')
      wake()
      expect(failure(await zombie).reason).toBe('fenced')
      expect(await imageOf(target)).toBe(pinned(anApp('1.0.1')))
    })

    it('whose lease ran out write nothing', async () => {
      const target = await deploy()
      const answer = await delivery.deliver(order(target, '1.1.0', { stillHeld: () => false }))
      expect(failure(answer).reason).toBe('fenced')
      expect(await imageOf(target)).toBe(FIRST)
    })

    async function race(make: (each: number) => Order): Promise<readonly Result<Delivered, DeliveryFailure>[]> {
      return Promise.all(Array.from({ length: RACERS }, (_, each) => delivery.deliver(make(each))))
    }
  })

  describe('an image that does not run', () => {
    it.each([
      { tag: '1.1.0-bad', reason: 'ImagePullBackOff', said: 'Back-off pulling image' },
      { tag: '1.1.0-crash', reason: 'CrashLoopBackOff', said: 'kubectl logs --previous' },
    ])('is noticed by $reason, and the former one is put back', async ({ tag, reason, said }) => {
      const target = await deploy()
      await settled(target, FIRST)
      const delivered = value(await delivery.deliver(order(target, tag, { expected: [FIRST] })))
      const unwell = await settled(target, delivered.now)
      expect(unwell).toMatchObject({ state: 'failed', reason, detail: expect.stringContaining(said) as string })

      const wish = { kind: 'restore', name: APP, image: FIRST } as const
      const back = value(await delivery.deliver(order(target, tag, { wish, expected: [delivered.now], fence: 2 })))
      expect(back.now).toBe(FIRST)
      expect(await settled(target, FIRST)).toMatchObject({ state: 'healthy' })
    })

    it('stays where somebody moved on: a rollback never fights', async () => {
      const target = await deploy()
      const delivered = value(await delivery.deliver(order(target, '1.1.0-bad')))
      await setImage(target, 'ghcr.io/acme/app:1.0.9')
      const wish = { kind: 'restore', name: APP, image: FIRST } as const
      const back = await delivery.deliver(order(target, '1.1.0-bad', { wish, expected: [delivered.now], fence: 2 }))
      expect(failure(back)).toMatchObject({ reason: 'moved', found: 'ghcr.io/acme/app:1.0.9' })
    })

    it('fails at the deadline where pods may not be listed, and its deadline is not held against the next', async () => {
      const target = await deploy({ progressDeadlineSeconds: 2 })
      await settled(target, FIRST)
      const blind = createKubernetesHealth({
        clusters: new Map([['here', withoutLists(test.cluster)]]),
        now: Date.now,
      })
      const bad = value(await delivery.deliver(order(target, '1.1.0-bad')))
      const unwell = await until(
        () => blind.check(target, bad.now),
        ({ state }) => state !== 'progressing',
      )
      expect(unwell).toMatchObject({ state: 'failed', reason: 'ProgressDeadlineExceeded' })
      const back = value(await delivery.deliver(order(target, '1.0.0', { fence: 2 })))
      const states = new Set<string>()
      await until(
        async () => {
          const { state } = await blind.check(target, back.now)
          states.add(state)
          return state
        },
        (state) => state === 'healthy',
      )
      expect([...states].filter((state) => state !== 'progressing')).toEqual(['healthy'])
    })

    it('whose volume is missing is named by the pod’s event', async () => {
      const target = await deploy()
      await settled(target, FIRST)
      const { now } = value(await delivery.deliver(order(target, '1.1.0-bad')))
      const pod = await waitForPod(target, now)
      await test.demand('PATCH', `${pods()}/${pod.metadata.name}/status`, creating(), MERGE)
      const impatient = createKubernetesHealth({
        clusters: new Map([['here', test.cluster]]),
        now: () => Date.now() + PATIENCE.mountMs,
      })
      expect(await impatient.check(target, now)).toMatchObject({
        state: 'progressing',
        detail: expect.stringContaining('ContainerCreating') as string,
      })
      await test.demand('POST', `/api/v1/namespaces/${test.namespace}/events`, mountEvent(pod))
      expect(await impatient.check(target, now)).toMatchObject({
        state: 'failed',
        reason: 'FailedMount',
        detail: expect.stringContaining('secret "tls" not found') as string,
      })
    })

    function pods(): string {
      return `/api/v1/namespaces/${test.namespace}/pods`
    }
    async function waitForPod(target: WorkloadTarget, image: string): Promise<KubernetesObject> {
      const label = target.workload.split('/')[1]
      const found = await until(
        async () => {
          const list = await test.demand('GET', `${pods()}?labelSelector=app=${label}`)
          return (list['items'] as object[]).find((pod) => JSON.stringify(pod).includes(`"waiting"`))
        },
        (pod) => pod !== undefined && JSON.stringify(pod).includes(image),
      )
      return KubernetesObject.parse(found)
    }
    function creating(): object {
      const state = { waiting: { reason: 'ContainerCreating' } }
      const status = { name: 'app', image: 'x', imageID: '', ready: false, restartCount: 0, state }
      return { status: { containerStatuses: [status] } }
    }
    function mountEvent({ metadata }: KubernetesObject): object {
      const involvedObject = { kind: 'Pod', namespace: test.namespace, name: metadata.name, uid: metadata.uid }
      return {
        metadata: { name: `${metadata.name}.1` },
        involvedObject,
        reason: 'FailedMount',
        message: 'MountVolume.SetUp failed for volume "tls": secret "tls" not found',
        type: 'Warning',
        lastTimestamp: new Date().toISOString().replace(/\.\d+Z$/u, 'Z'),
      }
    }
  })

  describe('a workload that another keeps', () => {
    async function applied(): Promise<WorkloadTarget> {
      count += 1
      const name = `web-${count}`
      await test.demand('PATCH', `${deployments}/${name}?fieldManager=ci`, aDeployment(name), APPLY)
      return at(`deployment/${name}`)
    }

    it('by server-side apply is refused with the remedy', async () => {
      const target = await applied()
      const answer = failure(await delivery.deliver(order(target, '1.1.0')))
      expect(answer).toMatchObject({
        reason: 'owned-by-applier',
        detail: expect.stringMatching(/"ci".*takeover: true/u) as string,
      })
      expect(await imageOf(target)).toBe(FIRST)
    })

    it('is taken over where this is written; then its applier meets a conflict', async () => {
      const target = { ...(await applied()), takeover: true }
      value(await delivery.deliver(order(target, '1.1.0')))
      const name = target.workload.split('/')[1] ?? ''
      const again = await test.ask('PATCH', `${deployments}/${name}?fieldManager=ci`, aDeployment(name), APPLY)
      expect(again).toMatchObject({ status: 409, body: { message: expect.stringContaining('drayage') as string } })
    })

    it('only in other fields is ours to patch', async () => {
      const target = await deploy()
      const name = target.workload.split('/')[1] ?? ''
      const replicas = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas: 1 } }
      await test.demand('PATCH', `${deployments}/${name}?fieldManager=hpa&force=true`, replicas, APPLY)
      expect(value(await delivery.deliver(order(target, '1.1.0'))).status).toBe('changed')
    })

    it('by a GitOps controller is refused with the remedy', async () => {
      const target = await deploy({}, { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } })
      expect(failure(await delivery.deliver(order(target, '1.1.0')))).toMatchObject({
        reason: 'owned-by-gitops',
        detail: expect.stringMatching(/Flux Kustomization "apps".*Git repository/u) as string,
      })
    })
  })

  describe('other kinds', () => {
    it('a CronJob is patched at the version that the server has', async () => {
      const versions = (await test.demand('GET', '/apis/batch/v1'))['resources'] as { name: string }[]
      const version = versions.some(({ name }) => name === 'cronjobs') ? 'v1' : 'v1beta1'
      const path = `/apis/batch/${version}/namespaces/${test.namespace}/cronjobs`
      const template = aPodTemplate('report', FIRST, { restartPolicy: 'Never' })
      const job = { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } }
      await test.demand('POST', path, { metadata: { name: 'report' }, spec: job })
      const target = at('cronjob/report')
      const { now } = value(await delivery.deliver(order(target, '1.1.0', { expected: [FIRST] })))
      expect(JSON.stringify(await test.demand('GET', `${path}/report`))).toContain(now)
      expect(await health.check(target, now)).toMatchObject({ state: 'not-observed' })
    })

    it('a StatefulSet rolls out', async () => {
      await statefulSet('db')
      const target = at('statefulset/db')
      await settled(target, FIRST)
      const { now } = value(await delivery.deliver(order(target, '1.1.0')))
      expect(await settled(target, now)).toMatchObject({ state: 'healthy' })
    })

    it('a StatefulSet that waits for a bad pod of an earlier revision says which to delete', async () => {
      await statefulSet('stuck')
      const target = at('sts/stuck')
      await settled(target, FIRST)
      const bad = value(await delivery.deliver(order(target, '1.1.0-bad')))
      expect(await settled(target, bad.now)).toMatchObject({ state: 'failed', reason: 'ImagePullBackOff' })
      const { now } = value(await delivery.deliver(order(target, '1.0.0', { fence: 2 })))
      const told = await until(
        () => health.check(target, now),
        ({ detail }) => detail.includes('kubectl delete pod'),
      )
      expect(told).toMatchObject({
        state: 'progressing',
        detail: expect.stringContaining(`kubectl delete pod -n ${test.namespace} stuck-0`) as string,
      })
      await test.demand('DELETE', `/api/v1/namespaces/${test.namespace}/pods/stuck-0`)
      expect(await settled(target, now)).toMatchObject({ state: 'healthy' })
    })

    it('a DaemonSet rolls out, by an init container too', async () => {
      const template = aPodTemplate('agent', 'envoyproxy/envoy:v1.30.0', {
        initContainers: [{ name: 'migrate', image: FIRST }],
        tolerations: [{ operator: 'Exists' }],
      })
      await test.demand('POST', `/apis/apps/v1/namespaces/${test.namespace}/daemonsets`, {
        metadata: { name: 'agent' },
        spec: { selector: { matchLabels: { app: 'agent' } }, template },
      })
      const target = at('ds/agent', { container: 'migrate' })
      const { now } = value(await delivery.deliver(order(target, '1.1.0')))
      expect(await settled(target, now)).toMatchObject({ state: 'healthy' })
    })

    it('a custom resource is patched at the field that the target names', async () => {
      const group = `${test.namespace}.example.com`
      await defineCustomResource(group, 'tenant', 'tenants')
      const path = `/apis/${group}/v1alpha1/namespaces/${test.namespace}/tenants`
      const spec = { pools: [{ image: FIRST }], template: 'none' }
      await until(
        () =>
          test.ask('POST', path, { apiVersion: `${group}/v1alpha1`, kind: 'Tenant', metadata: { name: 'one' }, spec }),
        ({ status }) => status === 201,
      )
      const { container: _, ...nameless } = at(`tenant.${group}/one`, { field: 'spec.pools[0].image' })
      const { now } = value(await delivery.deliver(order(nameless, '1.1.0', { expected: [FIRST] })))
      expect(await test.demand('GET', `${path}/one`)).toMatchObject({ spec: { pools: [{ image: now }] } })
      expect(await health.check(nameless, now)).toMatchObject({ state: 'not-observed' })
      await test.demand('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tenants.${group}`)
    })

    it('a custom resource with a pod template is patched at its container, and its applier is found', async () => {
      const group = `apps.${test.namespace}.example.com`
      await defineCustomResource(group, 'cloneset', 'clonesets')
      const path = `/apis/${group}/v1alpha1/namespaces/${test.namespace}/clonesets/one`
      const object = {
        apiVersion: `${group}/v1alpha1`,
        kind: 'Cloneset',
        metadata: { name: 'one' },
        spec: { template: aPodTemplate('one') },
      }
      await until(
        () => test.ask('PATCH', `${path}?fieldManager=ci`, object, APPLY),
        ({ status }) => status === 201,
      )
      const target = at(`clonesets.${group}/one`)
      expect(failure(await delivery.deliver(order(target, '1.1.0'))).reason).toBe('owned-by-applier')
      const { now } = value(await delivery.deliver(order({ ...target, takeover: true }, '1.1.0')))
      expect(await imageOf(target)).toBe(now)
      await test.demand('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clonesets.${group}`)
    })

    it('an Argo Rollout is patched at its container', async () => {
      // Left there: the cluster may have it for others
      await test.ask(
        'POST',
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
        definition('argoproj.io', 'rollout', 'rollouts'),
      )
      const path = `/apis/argoproj.io/v1alpha1/namespaces/${test.namespace}/rollouts`
      const selector = { matchLabels: { app: 'canary' } }
      const spec = { replicas: 1, selector, strategy: { canary: {} }, template: aPodTemplate('canary') }
      await until(
        () =>
          test.ask('POST', path, {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'Rollout',
            metadata: { name: 'canary' },
            spec,
          }),
        ({ status }) => status === 201,
      )
      const target = at('rollout/canary')
      const { now } = value(await delivery.deliver(order(target, '1.1.0', { expected: [FIRST] })))
      expect(await imageOf(target)).toBe(now)
      expect(await health.check(target, now)).toMatchObject({ state: 'progressing' })
    })

    async function statefulSet(name: string): Promise<void> {
      await test.demand('POST', `/apis/apps/v1/namespaces/${test.namespace}/statefulsets`, {
        metadata: { name },
        spec: { serviceName: name, selector: { matchLabels: { app: name } }, template: aPodTemplate(name) },
      })
    }
    async function defineCustomResource(group: string, singular: string, plural: string): Promise<void> {
      await test.demand(
        'POST',
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
        definition(group, singular, plural),
      )
    }
    function definition(group: string, singular: string, plural: string): object {
      const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
      const kind = singular.replace(/^./u, (letter) => letter.toUpperCase())
      return {
        metadata: { name: `${plural}.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { kind, plural, singular },
          versions: [{ name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema } }],
        },
      }
    }
  })

  describe('a target that is not as the configuration says', () => {
    it.each<{ case: string; target: Partial<WorkloadTarget>; reason: string; detail: RegExp }>([
      {
        case: 'no such workload',
        target: { workload: 'deployment/none' },
        reason: 'target-missing',
        detail: /not found/u,
      },
      {
        case: 'no such container',
        target: { container: 'ap' },
        reason: 'target-missing',
        detail: /it has: proxy, app/u,
      },
      { case: 'another image', target: { container: 'proxy' }, reason: 'image-missing', detail: /envoyproxy/u },
      {
        case: 'an unknown kind',
        target: { workload: 'tenant/x' },
        reason: 'target-missing',
        detail: /with its group/u,
      },
      { case: 'no such kind', target: { workload: 'x.example.org/x' }, reason: 'target-missing', detail: /CRD/u },
      { case: 'a Job', target: { workload: 'job/x' }, reason: 'refused-by-target', detail: /CronJob/u },
      {
        case: 'no such field',
        target: { field: 'spec.image' },
        reason: 'target-missing',
        detail: /nothing at spec.image/u,
      },
      { case: 'no such cluster', target: { cluster: 'there' }, reason: 'target-missing', detail: /"there"/u },
    ])('is told: $case', async ({ target, reason, detail }) => {
      const known = await deploy()
      const answer = failure(await delivery.deliver(order({ ...known, ...target }, '1.1.0')))
      expect(answer).toMatchObject({ reason, detail: expect.stringMatching(detail) as string })
    })

    it('is told: imagePullPolicy Never', async () => {
      const template = aPodTemplate('never', FIRST, {
        containers: [{ name: 'app', image: FIRST, imagePullPolicy: 'Never' }],
      })
      const target = await deploy({ selector: { matchLabels: { app: 'never' } }, template })
      expect(failure(await delivery.deliver(order(target, '1.1.0'))).reason).toBe('never-pulls')
    })

    it('is told: a new registry host that no pull secret covers', async () => {
      const target = await deploy()
      const image = { ...anApp('1.1.0'), registry: anImageAt('registry.example.com').registry }
      const wish = { kind: 'pinned', image } as const
      const refused = failure(await delivery.deliver(order(target, '1.1.0', { wish })))
      expect(refused).toMatchObject({
        reason: 'pull-secret-missing',
        detail: expect.stringMatching(/service account "default".*registry\.example\.com/u) as string,
      })
      const account = `/api/v1/namespaces/${test.namespace}/serviceaccounts/default`
      await test.demand('PATCH', account, { imagePullSecrets: [{ name: 'pull' }] }, MERGE)
      expect(value(await delivery.deliver(order(target, '1.1.0', { wish }))).now).toBe(pinned(image))
      await test.demand('PATCH', account, { imagePullSecrets: null }, MERGE)
    })
  })

  describe('the Role of infra/kubernetes', () => {
    let folder: string
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'drayage-kube-'))
      const { namespace } = test
      const account = { ...fromInfra('account/service-account'), metadata: { name: 'drayage' } }
      await test.demand('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, account)
      const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
      await test.demand('POST', `${rbac}/roles`, fromInfra('access/role'))
      const subjects = [{ kind: 'ServiceAccount', name: 'drayage', namespace }]
      await test.demand('POST', `${rbac}/rolebindings`, { ...fromInfra('access/role-binding'), subjects })
      await test.demand('POST', deployments, aDeployment('payments'))
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    it('suffices for delivery and health, and for nothing else', async () => {
      const cluster = await clusterAs('drayage')
      const limited = deliveryTo(cluster)
      const watch = createKubernetesHealth({ clusters: new Map([['here', cluster]]), now: Date.now })
      const target = at('deployment/payments')
      const { now } = value(await limited.deliver(order(target, '1.1.0-bad')))
      const told = await until(
        () => watch.check(target, now),
        ({ detail }) => detail.includes('ImagePullBackOff'),
      )
      expect(told.detail).toContain('ImagePullBackOff')

      const other = await deploy()
      expect(failure(await limited.deliver(order(other, '1.1.0')))).toMatchObject({
        reason: 'forbidden',
        detail: expect.stringMatching(/cannot get resource "deployments".*infra\/kubernetes/u) as string,
      })
      const secrets = await cluster.get(`/api/v1/namespaces/${test.namespace}/secrets`, KubernetesObject)
      const scale = await cluster.patch(`${deployments}/payments/scale`, [], {}, KubernetesObject)
      expect([secrets, scale]).toMatchObject([{ error: { reason: 'forbidden' } }, { error: { reason: 'forbidden' } }])
    })

    it('is asked for as inCluster: true from the files that a pod has', async () => {
      const saved = { ...process.env }
      const server = new URL(serverOf(kubeconfig))
      const files = join(folder, 'root/var/run/secrets/kubernetes.io/serviceaccount')
      mkdirSync(files, { recursive: true })
      writeFileSync(join(files, 'token'), await tokenOf('drayage'))
      writeFileSync(join(files, 'ca.crt'), authorityOf(kubeconfig))
      process.env['KUBERNETES_SERVICE_HOST'] = server.hostname
      process.env['KUBERNETES_SERVICE_PORT'] = server.port || '443'
      try {
        const inside = createCluster(
          { inCluster: true },
          { ...clusterOptions, serviceAccountRoot: join(folder, 'root') },
        )
        const found = await deliveryTo(inside).observe(at('deployment/payments'), APP)
        expect(found).toMatchObject({ ok: true })
      } finally {
        process.env['KUBERNETES_SERVICE_HOST'] = saved['KUBERNETES_SERVICE_HOST']
        process.env['KUBERNETES_SERVICE_PORT'] = saved['KUBERNETES_SERVICE_PORT']
      }
    })

    async function tokenOf(account: string): Promise<string> {
      const path = `/api/v1/namespaces/${test.namespace}/serviceaccounts/${account}/token`
      const answer = await test.demand('POST', path, { spec: { expirationSeconds: 600 } })
      return (answer['status'] as { token: string }).token
    }
    /** A kubeconfig with a relative path to its authority, as people write them. */
    async function clusterAs(account: string): Promise<Cluster> {
      writeFileSync(join(folder, 'ca.crt'), authorityOf(kubeconfig))
      const config = {
        clusters: [{ name: 'c', cluster: { server: serverOf(kubeconfig), 'certificate-authority': 'ca.crt' } }],
        users: [{ name: 'u', user: { token: await tokenOf(account) } }],
        contexts: [{ name: 'limited', context: { cluster: 'c', user: 'u' } }],
      }
      writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config))
      return createCluster({ kubeconfig: `file:${folder}/kubeconfig`, context: 'limited' }, clusterOptions)
    }
  })
})

function deliveryTo(cluster: Cluster): Delivery {
  return createKubernetesDelivery({
    clusters: new Map([['here', cluster]]),
    runningOf,
    sleep: (ms) => sleep(ms),
    random: Math.random,
  })
}

/** Its first patch waits until `wake`. */
function stallingCluster(cluster: Cluster): { cluster: Cluster; wake: () => void; stalled: Promise<void> } {
  const sleepers = Promise.withResolvers<void>()
  const arrival = Promise.withResolvers<void>()
  const patch: Cluster['patch'] = async (...parameters) => {
    arrival.resolve()
    await sleepers.promise
    return cluster.patch(...parameters)
  }
  return { cluster: { ...cluster, patch }, wake: sleepers.resolve, stalled: arrival.promise }
}

function withoutLists(cluster: Cluster): Cluster {
  return {
    ...cluster,
    list: () => Promise.resolve({ ok: false, error: { reason: 'forbidden', detail: 'may not list' } }),
  }
}

function anImageAt(registry: string): typeof APP {
  return { ...APP, registry: registry as (typeof APP)['registry'] }
}

function value(answer: Result<Delivered, DeliveryFailure>): Delivered {
  if (!answer.ok) throw new Error(`${answer.error.reason}: ${answer.error.detail}`)
  return answer.value
}

function failure(answer: Result<Delivered, DeliveryFailure>): DeliveryFailure {
  if (answer.ok) throw new Error(`expected a failure, and it was ${answer.value.status}`)
  return answer.error
}

function fromInfra(name: string): Record<string, unknown> {
  return parse(readFileSync(`infra/kubernetes/${name}.yaml`, 'utf8')) as Record<string, unknown>
}

type KubeConfigFile = {
  clusters: { cluster: { server: string; 'certificate-authority'?: string; 'certificate-authority-data'?: string } }[]
}

function clusterIn(file: string): KubeConfigFile['clusters'][number]['cluster'] {
  const [first] = (parse(readFileSync(file, 'utf8')) as KubeConfigFile).clusters
  if (first === undefined) throw new Error(`${file} has no cluster`)
  return first.cluster
}

function serverOf(file: string): string {
  return clusterIn(file).server
}

function authorityOf(file: string): string {
  const { 'certificate-authority': path, 'certificate-authority-data': data } = clusterIn(file)
  return data === undefined ? readFileSync(path ?? '', 'utf8') : Buffer.from(data, 'base64').toString()
}
