/** Reads a workload's pods and their events, and says what keeps the delivered image from running. */

import * as z from 'zod'
import type { Cluster } from '../clients/kubernetes.ts'
import type { RolloutKind } from '../clients/kubernetes-kinds.ts'
import { oneLine, valueAt, type KubernetesObject } from '../clients/kubernetes-object.ts'
import { ageMs, isCreating, Pod, podsWith, troubleOf, type Patience, type PodTrouble } from './pod-trouble.ts'

export type Subject = {
  readonly namespace: string
  readonly kind: RolloutKind | null
  readonly object: KubernetesObject
  /** The delivered image, as written. */
  readonly image: string
  readonly now: number
  readonly patience: Patience
}

const MESSAGE_LENGTH_MAX = 400
/** Pods whose events are read at one look. */
const CREATING_PODS_MAX = 3

/** Pods and events are a help, not a need: without the right to list them the rollout's own deadline still tells. */
export async function findTrouble(cluster: Cluster, subject: Subject): Promise<PodTrouble | null> {
  const selector = selectorOf(subject.object)
  if (selector === null) return null
  const pods = await cluster.list(`/api/v1/namespaces/${subject.namespace}/pods`, { labelSelector: selector }, Pod)
  if (!pods.ok) return null
  const ours = podsWith(subject.image, pods.value)
  const trouble = troubleOf(ours, subject.now, subject.patience)
  if (trouble?.isFinal === true) return trouble
  return (await findInEvents(cluster, subject, ours)) ?? trouble ?? findOldPod(subject, pods.value)
}

/**
 * A StatefulSet replaces its pods in order and waits for each, also for one of an earlier revision that never becomes
 * ready; then the next image cannot help itself, and only a person can (Kubernetes: "Forced rollback").
 */
function findOldPod({ kind, image, now, patience, namespace }: Subject, pods: readonly Pod[]): PodTrouble | null {
  if (kind !== 'statefulset') return null
  const ours = new Set(podsWith(image, pods))
  const old = pods.filter((pod) => !ours.has(pod) && pod.metadata.deletionTimestamp === undefined)
  const trouble = troubleOf(old, now, patience)
  if (trouble === null || !trouble.isFinal) return null
  const remedy = `it is of an earlier revision, and the StatefulSet waits for it: kubectl delete pod -n ${namespace} ${trouble.pod}`
  return { ...trouble, isFinal: false, detail: `${trouble.detail}; ${remedy}` }
}

const Event = z.object({
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
})
type Event = z.infer<typeof Event>

/** What a pod may wait for before its containers exist; the kubelet says it in events only. */
const PREPARATION = new Set(['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox', 'FailedBinding'])

async function findInEvents(cluster: Cluster, subject: Subject, pods: readonly Pod[]): Promise<PodTrouble | null> {
  const { namespace, now, patience } = subject
  const waiting = pods.filter((pod) => isCreating(pod) && ageMs(pod, now) >= patience.startMs)
  for (const pod of waiting.slice(0, CREATING_PODS_MAX)) {
    const fieldSelector = `involvedObject.uid=${pod.metadata.uid}`
    const events = await cluster.list(`/api/v1/namespaces/${namespace}/events`, { fieldSelector }, Event)
    const latest = events.ok
      ? events.value
          .filter(({ reason }) => reason === 'Pulling' || PREPARATION.has(reason))
          .toSorted((a, b) => timeOf(a) - timeOf(b))
          .at(-1)
      : undefined
    const trouble = troubleOfCreation(pod, latest, subject)
    if (trouble !== null) return trouble
  }
  return null
}

function troubleOfCreation(pod: Pod, latest: Event | undefined, { now, patience }: Subject): PodTrouble | null {
  const { name } = pod.metadata
  const age = ageMs(pod, now)
  const seconds = Math.floor(age / 1000)
  if (latest === undefined) {
    const detail = `pod ${name} is in ContainerCreating for ${seconds} s: see kubectl describe pod ${name}`
    return { pod: name, reason: 'ContainerCreating', detail, isFinal: age >= patience.createMs }
  }
  const said = oneLine(latest.message, MESSAGE_LENGTH_MAX)
  if (latest.reason === 'Pulling') {
    return { pod: name, reason: latest.reason, detail: `pod ${name} pulls for ${seconds} s: ${said}`, isFinal: false }
  }
  const detail = `pod ${name} cannot start: ${latest.reason}: ${said}`
  return { pod: name, reason: latest.reason, detail, isFinal: age >= patience.mountMs }
}

function timeOf({ lastTimestamp, eventTime }: Event): number {
  return Date.parse(lastTimestamp ?? eventTime ?? '') || 0
}

const Selector = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }))
    .default([]),
})

/** A label selector as the API takes it in a query; null where the workload has none. */
function selectorOf(object: KubernetesObject): string | null {
  const selector = Selector.safeParse(valueAt(object, ['spec', 'selector']))
  if (!selector.success) return null
  const { matchLabels, matchExpressions } = selector.data
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`)
  const expressions = matchExpressions.map(({ key, operator, values }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
  })
  return [...labels, ...expressions].join(',') || null
}
