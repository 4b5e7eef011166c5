/** A workload's object and an order → the JSON Patch that carries it out, or why not. Pure. */

import { oneLine, pointerOf, type KubernetesObject } from '../clients/kubernetes-object.ts'
import type { ImagePlace } from '../clients/kubernetes-workload.ts'
import { formatImage, isSameReference, parseImageReference, type ImageName } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { WorkloadTarget } from '../domain/target.ts'
import type { DeliveryFailure, Order, Wish } from './delivery.ts'
import { FENCE_ANNOTATION, formatFences, parseFences } from './fence.ts'
import { findOwner } from './workload-owner.ts'

type PatchOperation = {
  readonly op: 'test' | 'add' | 'replace'
  readonly path: string
  readonly value: unknown
}

export type WorkloadOrder = Order & { readonly target: WorkloadTarget }

export type Plan = {
  readonly status: 'changed' | 'unchanged'
  /** As written before and after. */
  readonly previous: string
  readonly now: string
  /** Empty where nothing is left to do. */
  readonly patch: readonly PatchOperation[]
}

const PROMOTION_ANNOTATION = 'drayage.dev/promotion'
/** `kubectl rollout history` shows it. */
const CHANGE_CAUSE_ANNOTATION = 'kubernetes.io/change-cause'
const CHANGE_CAUSE_LENGTH_MAX = 1024

/** Decides what to write. Everything that was read here is tested again by the server, in the same patch. */
export function planDelivery(
  object: KubernetesObject,
  place: ImagePlace,
  order: WorkloadOrder,
): Result<Plan, DeliveryFailure> {
  const wanted = writtenAs(place, order)
  if (!wanted.ok) return wanted
  const fences = nextFences(object, order)
  if (!fences.ok) return fences
  const isThere = isSameReference(place.image, wanted.value)
  if (!isThere && !isExpected(place.image, order.expected)) {
    const detail = `${order.target.workload} holds ${place.image}, which Drayage did not put there: somebody changed it`
    return err({ reason: 'moved', detail, found: place.image })
  }
  const obstacle = findObstacle(object, place, order.target)
  if (obstacle !== null) return err(obstacle)
  const now = isThere ? place.image : wanted.value
  const annotations = { [FENCE_ANNOTATION]: fences.value, ...(isThere ? {} : labelled(order)) }
  const isDone = isThere && object.metadata.annotations?.[FENCE_ANNOTATION] === fences.value
  const patch = isDone ? [] : [...tests(object, place), ...writes(object, place, now, annotations)]
  return ok({ status: isThere ? 'unchanged' : 'changed', previous: place.image, now, patch })
}

/** The image must be the one that we follow, in this or in another registry: a container's name alone proves little. */
export function checkRepository(
  place: ImagePlace,
  name: ImageName,
  target: WorkloadTarget,
): Result<null, DeliveryFailure> {
  const current = parseImageReference(place.image)
  if (current.ok && current.value.repository === name.repository) return ok(null)
  const where = target.container ?? target.field ?? ''
  const detail = `${target.workload} (${where}) runs ${oneLine(place.image, 256) || 'no image'}, not ${formatImage(name)}: name another container or field, or follow that image`
  return err({ reason: 'image-missing', detail, found: place.image })
}

/** Keeps the name as the workload writes it (`nginx`), so that a person's diff shows the tag and the digest only. */
function writtenAs(place: ImagePlace, { wish, target }: WorkloadOrder): Result<string, DeliveryFailure> {
  const name = nameOf(wish)
  const known = checkRepository(place, name, target)
  if (!known.ok) return known
  if (wish.kind === 'restore') return ok(wish.image)
  const current = parseImageReference(place.image)
  if (!current.ok || current.value.registry !== name.registry) return ok(formatImage(wish.image))
  const named = place.image.split('@')[0] ?? ''
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  return ok(`${colon < 0 ? named : named.slice(0, colon)}:${wish.image.tag}@${wish.image.digest}`)
}

function nameOf(wish: Wish): ImageName {
  return wish.kind === 'pinned' ? wish.image : wish.name
}

function isExpected(image: string, expected: readonly string[] | null): boolean {
  return expected === null || expected.some((each) => isSameReference(each, image))
}

function nextFences(object: KubernetesObject, { subscription, fence, target }: Order): Result<string, DeliveryFailure> {
  const written = object.metadata.annotations?.[FENCE_ANNOTATION] ?? ''
  const fences = parseFences(written)
  const remedy = `if this is not so (a store that was lost), remove the annotation ${FENCE_ANNOTATION}`
  if (fences === null) {
    const detail = `the annotation ${FENCE_ANNOTATION} is "${oneLine(written, 100)}", which Drayage did not write; ${remedy}`
    return err({ reason: 'fenced', detail })
  }
  const seen = fences.get(subscription) ?? 0
  if (seen <= fence) return ok(formatFences(new Map([...fences, [subscription, fence]])))
  const where = target.kind === 'workload' ? target.workload : target.file
  const detail = `${where} has seen attempt ${seen} of ${subscription}, and this is ${fence}: a newer one acted; ${remedy}`
  return err({ reason: 'fenced', detail })
}

function findObstacle(object: KubernetesObject, place: ImagePlace, target: WorkloadTarget): DeliveryFailure | null {
  if (object.metadata.deletionTimestamp !== undefined) {
    return { reason: 'target-missing', detail: `${target.workload} is being deleted` }
  }
  const owner = target.takeover ? null : findOwner(object, place.steps)
  if (owner?.reason === 'owned-by-gitops') {
    const detail = `${target.workload} is kept by ${owner.name}, which would put the old image back: deliver to its Git repository (git, file) instead, or write takeover: true here`
    return { reason: owner.reason, detail }
  }
  if (owner?.reason === 'owned-by-applier') {
    const detail = `the image of ${target.workload} is kept by "${owner.name}" through server-side apply, whose next apply would fail or put the old one back: change it at that source, or write takeover: true here`
    return { reason: owner.reason, detail }
  }
  if (place.container?.imagePullPolicy !== 'Never') return null
  const detail = `container ${place.container.name} of ${target.workload} has imagePullPolicy: Never, so a new image would never start: make it IfNotPresent`
  return { reason: 'never-pulls', detail }
}

function labelled({ reason, promotion }: Order): Readonly<Record<string, string>> {
  return {
    [PROMOTION_ANNOTATION]: promotion,
    [CHANGE_CAUSE_ANNOTATION]: oneLine(`drayage: ${reason} (${promotion})`, CHANGE_CAUSE_LENGTH_MAX),
  }
}

/** Uid: the same object, not a new one of its name. Name: list items move. Image: nobody else's change is lost. */
function tests(object: KubernetesObject, { steps, container, image }: ImagePlace): readonly PatchOperation[] {
  const { uid, resourceVersion, annotations } = object.metadata
  const fence = annotations?.[FENCE_ANNOTATION]
  return [
    test(['metadata', 'uid'], uid),
    ...(container === null ? [] : [test([...steps.slice(0, -1), 'name'], container.name)]),
    test(steps, image),
    // JSON Patch cannot test that something is absent; that nothing at all was written since says so too
    fence === undefined
      ? test(['metadata', 'resourceVersion'], resourceVersion)
      : test(['metadata', 'annotations', FENCE_ANNOTATION], fence),
  ]
}

function test(steps: ImagePlace['steps'], value: unknown): PatchOperation {
  return { op: 'test', path: pointerOf(steps), value }
}

function writes(
  object: KubernetesObject,
  place: ImagePlace,
  image: string,
  annotations: Readonly<Record<string, string>>,
): readonly PatchOperation[] {
  const at = ['metadata', 'annotations']
  const create: readonly PatchOperation[] =
    object.metadata.annotations === undefined ? [{ op: 'add', path: pointerOf(at), value: {} }] : []
  const replace: readonly PatchOperation[] =
    image === place.image ? [] : [{ op: 'replace', path: pointerOf(place.steps), value: image }]
  const add = Object.entries(annotations).map(([key, value]): PatchOperation => ({
    op: 'add',
    path: pointerOf([...at, key]),
    value,
  }))
  return [...replace, ...create, ...add]
}
