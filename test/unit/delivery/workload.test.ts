import { describe, expect, it } from 'vitest'
import { KubernetesObject } from '../../../src/clients/kubernetes-object.ts'
import { findImage, runsAsAt, type ImagePlace } from '../../../src/clients/kubernetes-workload.ts'
import type { Order } from '../../../src/delivery/delivery.ts'
import { formatFences, parseFences } from '../../../src/delivery/fence.ts'
import { planDelivery, type WorkloadOrder } from '../../../src/delivery/workload.ts'
import { findOwner } from '../../../src/delivery/workload-owner.ts'
import { ImageName, PinnedImage } from '../../../src/domain/image.ts'
import type { WorkloadTarget } from '../../../src/domain/target.ts'
import { anApp, APP, aDeployment, aWorkloadOrder, aWorkloadTarget, FIRST, pinned } from '../../helpers/workload.ts'

const FENCE = '/metadata/annotations/drayage.dev~1fence'
const IMAGE = '/spec/template/spec/containers/1/image'

function object(image = FIRST, metadata: object = {}): KubernetesObject {
  return KubernetesObject.parse(aDeployment('web', image, {}, { uid: 'u', resourceVersion: '5', ...metadata }))
}

function placeIn(from: KubernetesObject, target: WorkloadTarget): ImagePlace {
  const place = findImage(from, target)
  if (!place.ok) throw new Error(place.error.detail)
  return place.value
}

function plan(from: KubernetesObject, order: Partial<Order> = {}, target: Partial<WorkloadTarget> = {}) {
  const full = { ...aWorkloadOrder(order), target: aWorkloadTarget(target) } satisfies WorkloadOrder
  return planDelivery(from, placeIn(from, full.target), full)
}

describe('the patch of a delivery', () => {
  it('tests all that was read, then writes the image, the fence and the cause', () => {
    const answer = plan(object(FIRST, { annotations: { 'drayage.dev/fence': 'web=3' } }), { fence: 4 })
    expect(answer.ok && answer.value.patch).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'u' },
      { op: 'test', path: '/spec/template/spec/containers/1/name', value: 'app' },
      { op: 'test', path: IMAGE, value: FIRST },
      { op: 'test', path: FENCE, value: 'web=3' },
      { op: 'replace', path: IMAGE, value: pinned(anApp('1.1.0')) },
      { op: 'add', path: FENCE, value: 'web=4' },
      { op: 'add', path: '/metadata/annotations/drayage.dev~1promotion', value: aWorkloadOrder().promotion },
      {
        op: 'add',
        path: '/metadata/annotations/kubernetes.io~1change-cause',
        value: `drayage: a push said that 1.1.0 is new (${aWorkloadOrder().promotion})`,
      },
    ])
  })

  it('tests the version where no fence was there, and makes the annotations where there are none', () => {
    const answer = plan(object())
    const patch = answer.ok ? answer.value.patch : []
    expect(patch).toContainEqual({ op: 'test', path: '/metadata/resourceVersion', value: '5' })
    const create = patch.findIndex(({ path }) => path === '/metadata/annotations')
    const first = patch.findIndex(({ path }) => path.startsWith('/metadata/annotations/'))
    expect(create).toBeGreaterThan(0)
    expect(create).toBeLessThan(first)
  })

  it('writes the fence alone where the wish stands there, and nothing where that stands there too', () => {
    const image = pinned(anApp('1.1.0'))
    const writes = (from: KubernetesObject): unknown => {
      const answer = plan(from, { fence: 4 })
      return answer.ok ? answer.value.patch.filter(({ op }) => op !== 'test') : answer.error
    }
    expect(writes(object(image, { annotations: { 'drayage.dev/fence': 'web=3' } }))).toEqual([
      { op: 'add', path: FENCE, value: 'web=4' },
    ])
    expect(writes(object(image, { annotations: { 'drayage.dev/fence': 'web=4' } }))).toEqual([])
  })

  it('says the cause on one line of bounded length', () => {
    const answer = plan(object(), { reason: `a\nb\u001b[31m${'x'.repeat(5000)}` })
    const cause = answer.ok ? answer.value.patch.at(-1)?.value : ''
    expect(cause).toHaveLength(1024)
    expect(cause).toMatch(/^drayage: a b \[31mx/u)
  })
})

describe('the image that is written', () => {
  const nginx = PinnedImage.parse({ ...anApp('1.27.0'), registry: 'docker.io', repository: 'library/nginx' })
  it.each([
    { found: 'nginx', written: 'nginx:1.27.0' },
    { found: 'nginx:1.25.0', written: 'nginx:1.27.0' },
    { found: 'library/nginx:1.25.0', written: 'library/nginx:1.27.0' },
    { found: 'docker.io/library/nginx:1.25.0', written: 'docker.io/library/nginx:1.27.0' },
    { found: `nginx@${anApp('1').digest}`, written: 'nginx:1.27.0' },
    { found: `index.docker.io/library/nginx:1@${anApp('1').digest}`, written: 'index.docker.io/library/nginx:1.27.0' },
    { found: 'mirror.example.com:5000/library/nginx:1.25.0', written: 'docker.io/library/nginx:1.27.0' },
  ])('keeps the name of $found', ({ found, written }) => {
    const answer = plan(object(found), { wish: { kind: 'pinned', image: nginx } })
    expect(answer).toMatchObject({ ok: true, value: { previous: found, now: `${written}@${nginx.digest}` } })
  })

  it('is exactly what the first look found, where that is put back', () => {
    const wish = { kind: 'restore', name: APP, image: 'ghcr.io/acme/app:latest' } as const
    const answer = plan(object(pinned(anApp('1.1.0'))), { wish })
    expect(answer).toMatchObject({ ok: true, value: { status: 'changed', now: 'ghcr.io/acme/app:latest' } })
  })

  it.each(['ghcr.io/acme/other:1.0.0', 'ghcr.io/acme/app/worker:1.0.0', ' x y', ''])(
    'never replaces another one: %j',
    (found) => {
      expect(plan(object(found))).toMatchObject({ ok: false, error: { reason: 'image-missing' } })
    },
  )
})

describe('what a target may hold', () => {
  it.each([
    { expected: null, reason: null },
    { expected: [FIRST], reason: null },
    { expected: ['ghcr.io:443/acme/app:1.0.0'], reason: null },
    { expected: ['ghcr.io/acme/app:0.9.0', FIRST], reason: null },
    { expected: ['ghcr.io/acme/app:0.9.0'], reason: 'moved' },
    { expected: [`${FIRST}@${anApp('1.0.0').digest}`], reason: 'moved' },
    { expected: [], reason: 'moved' },
  ])('$expected: $reason', ({ expected, reason }) => {
    const answer = plan(object(), { expected })
    expect(answer.ok ? null : answer.error.reason).toBe(reason)
  })

  it('is also the wish itself, whatever was expected', () => {
    const answer = plan(object(pinned(anApp('1.1.0'))), { expected: [FIRST] })
    expect(answer).toMatchObject({ ok: true, value: { status: 'unchanged' } })
  })
})

describe('the fence', () => {
  it.each([
    { seen: undefined, fence: 1, reason: null },
    { seen: '', fence: 1, reason: null },
    { seen: 'web=1', fence: 1, reason: null },
    { seen: 'web=1', fence: 2, reason: null },
    { seen: 'web=3', fence: 2, reason: 'fenced' },
    { seen: 'web=9007199254740993', fence: 2, reason: 'fenced' },
    { seen: 'other=9', fence: 2, reason: null },
    { seen: 'other=9 web=3', fence: 2, reason: 'fenced' },
    { seen: 'by hand', fence: 2, reason: 'fenced' },
  ])('$seen against $fence: $reason', ({ seen, fence, reason }) => {
    const annotations = seen === undefined ? {} : { 'drayage.dev/fence': seen }
    const answer = plan(object(FIRST, { annotations }), { fence })
    expect(answer.ok ? null : answer.error.reason).toBe(reason)
  })

  it('of others is kept, in the order of names', () => {
    const fences = parseFences('web=3 api=9')
    expect(fences === null ? '' : formatFences(fences)).toBe('api=9 web=3')
  })

  it('that is in the way can be removed by hand, and the refusal says how', () => {
    const answer = plan(object(FIRST, { annotations: { 'drayage.dev/fence': 'web=3' } }), { fence: 2 })
    expect(answer.ok ? '' : answer.error.detail).toMatch(/remove the annotation drayage\.dev\/fence/u)
  })
})

describe('a workload that another keeps', () => {
  const image = { 'f:containers': { 'k:{"name":"app"}': { '.': {}, 'f:image': {} } } }
  const applied = (fields: object, more: object = {}): object => ({
    managedFields: [{ manager: 'ci', operation: 'Apply', fieldsV1: { 'f:spec': fields }, ...more }],
  })
  const template = (fields: object): object => ({ 'f:template': { 'f:spec': fields } })

  it.each<{ case: string; metadata: object; reason: string | null }>([
    { case: 'nobody', metadata: {}, reason: null },
    { case: 'Flux', metadata: { labels: { 'helm.toolkit.fluxcd.io/name': 'x' } }, reason: 'owned-by-gitops' },
    {
      case: 'Argo CD by annotation',
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:a/web' } },
      reason: 'owned-by-gitops',
    },
    { case: 'Argo CD by manager', metadata: applied({}, { manager: 'argocd-controller' }), reason: 'owned-by-gitops' },
    {
      case: 'a controller of status only',
      metadata: applied({}, { manager: 'argocd-controller', operation: 'Update', subresource: 'status' }),
      reason: null,
    },
    { case: 'an applier of the image', metadata: applied(template(image)), reason: 'owned-by-applier' },
    {
      case: 'an applier of the whole list',
      metadata: applied(template({ 'f:containers': {} })),
      reason: 'owned-by-applier',
    },
    { case: 'an updater of the image', metadata: applied(template(image), { operation: 'Update' }), reason: null },
    { case: 'an applier of replicas', metadata: applied({ 'f:replicas': {} }), reason: null },
    {
      case: 'an applier of the sidecar',
      metadata: applied(template({ 'f:containers': { 'k:{"name":"proxy"}': { 'f:image': {} } } })),
      reason: null,
    },
    {
      case: 'an applier of the container’s environment',
      metadata: applied(template({ 'f:containers': { 'k:{"name":"app"}': { '.': {}, 'f:env': {} } } })),
      reason: null,
    },
    {
      case: 'an applier of a list without keys',
      metadata: applied(template({ 'f:containers': { 'i:1': { 'f:image': {} } } })),
      reason: 'owned-by-applier',
    },
    {
      case: 'fields that nobody can read',
      metadata: applied(template({ 'f:containers': { 'k:{': null } })),
      reason: null,
    },
  ])('by $case: $reason', ({ metadata, reason }) => {
    const answer = plan(object(FIRST, metadata))
    expect(answer.ok ? null : answer.error.reason).toBe(reason)
    expect(plan(object(FIRST, metadata), {}, { takeover: true }).ok).toBe(true)
  })

  it('names who it is', () => {
    const labels = { 'kustomize.toolkit.fluxcd.io/name': 'apps' }
    expect(findOwner(object(FIRST, { labels }), [])).toEqual({
      reason: 'owned-by-gitops',
      name: 'the Flux Kustomization "apps"',
    })
  })

  it('is told as somebody’s hand first, where its image is not the expected one', () => {
    const answer = plan(object(FIRST, applied(template(image))), { expected: [] })
    expect(answer).toMatchObject({ ok: false, error: { reason: 'moved' } })
  })
})

it('a workload that is being deleted is not a target', () => {
  const answer = plan(object(FIRST, { deletionTimestamp: '2026-11-21T00:00:00Z' }))
  expect(answer).toMatchObject({ ok: false, error: { reason: 'target-missing' } })
})

it('a name says what it follows', () => {
  const other = ImageName.parse({ registry: 'ghcr.io', repository: 'acme/other' })
  const answer = plan(object(), { wish: { kind: 'restore', name: other, image: 'ghcr.io/acme/other:1' } })
  expect(answer.ok ? '' : answer.error.detail).toMatch(/runs ghcr\.io\/acme\/app:1\.0\.0, not ghcr\.io\/acme\/other/u)
})

describe('as whom a workload runs it', () => {
  type Context = { runAsUser?: unknown; runAsNonRoot?: unknown } | null
  const said = (pod: Context, container: Context, target: Partial<WorkloadTarget> = {}) => {
    const spec = {
      securityContext: pod,
      containers: [{ name: 'app', image: FIRST, ...(container === null ? {} : { securityContext: container }) }],
    }
    const object = aDeployment('web', FIRST, { template: { metadata: {}, spec } }, { uid: 'u', resourceVersion: '5' })
    return runsAsAt(placeIn(KubernetesObject.parse(object), aWorkloadTarget(target)), 'deployment/web')
  }

  it.each<[string, Context, Context, number | null, boolean]>([
    ['nothing is set', null, null, null, false],
    ['the pod sets it', { runAsUser: 1000 }, null, 1000, false],
    ['the container sets it', null, { runAsUser: 1000 }, 1000, false],
    ['the container wins over its pod', { runAsUser: 1000 }, { runAsUser: 0 }, 0, false],
    ['each sets another member', { runAsNonRoot: true }, { runAsUser: 1000 }, 1000, true],
    ['the container may be root again', { runAsNonRoot: true, runAsUser: 1000 }, { runAsNonRoot: false }, 1000, false],
    ['it is no number', { runAsUser: '0' }, { runAsUser: -1 }, null, false],
  ])('%s', (_title, pod, container, user, mustNotBeRoot) => {
    expect(said(pod, container)).toEqual({ where: 'deployment/web', user, mustNotBeRoot })
  })

  it('is not known of a field of a custom resource', () => {
    expect(said({ runAsUser: 1000 }, null, { field: 'spec.template.spec.containers[0].image' })).toBeNull()
  })
})
