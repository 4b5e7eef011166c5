/** Pods of the new revision → what keeps them from running, long before a rollout's deadline says so. Pure. */

import * as z from 'zod'
import { Metadata, oneLine } from '../clients/kubernetes-object.ts'
import { parseImageReference } from '../domain/image.ts'

/** How long a trouble may last before it is called final: registries hiccup, volumes arrive late. */
export type Patience = {
  /** Pulling, and creating containers: secrets and configuration may come a moment after the workload. */
  readonly startMs: number
  /** Mounting volumes: one that moves between nodes takes minutes. */
  readonly mountMs: number
  /** In ContainerCreating, where no event says why. */
  readonly createMs: number
  /** Restarts of one container: a program may wait for its database by ending. */
  readonly crashes: number
}

export const PATIENCE: Patience = { startMs: 20_000, mountMs: 120_000, createMs: 300_000, crashes: 3 }

export type PodTrouble = {
  readonly pod: string
  readonly reason: string
  readonly detail: string
  readonly isFinal: boolean
}

const State = z.object({
  waiting: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
  running: z.unknown().optional(),
  terminated: z
    .object({ reason: z.string().default(''), message: z.string().default(''), exitCode: z.number().default(0) })
    .optional(),
})
const ContainerStatus = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: State.prefault({}),
  lastState: State.prefault({}),
})
type ContainerStatus = z.infer<typeof ContainerStatus>
const Containers = z.array(z.object({ name: z.string(), image: z.string().default('') })).default([])

export const Pod = z.object({
  metadata: Metadata,
  spec: z.object({ containers: Containers, initContainers: Containers }),
  status: z
    .object({
      containerStatuses: z.array(ContainerStatus).default([]),
      initContainerStatuses: z.array(ContainerStatus).default([]),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .prefault({}),
})
export type Pod = Readonly<z.infer<typeof Pod>>

const MESSAGE_LENGTH_MAX = 400
/** Never right however long one waits. */
const HOPELESS = new Set(['InvalidImageName', 'ErrImageNeverPull'])
const PULL = new Set(['ErrImagePull', 'ImagePullBackOff', 'ImageInspectError', 'RegistryUnavailable'])
const CREATE = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'PostStartHookError',
])

/** Pods that run the delivered image: troubles of older ones are not ours. A webhook may have renamed it, not its digest. */
export function podsWith(image: string, pods: readonly Pod[]): readonly Pod[] {
  const digest = digestOf(image)
  return pods.filter(({ metadata, spec }) => {
    if (metadata.deletionTimestamp !== undefined) return false
    const images = [...spec.containers, ...spec.initContainers].map((container) => container.image)
    return images.some((each) => each === image || (digest !== null && digestOf(each) === digest))
  })
}

/** The worst trouble of these pods: a final one first. */
export function troubleOf(pods: readonly Pod[], now: number, patience: Patience): PodTrouble | null {
  const troubles = pods.flatMap((pod) => troublesOfPod(pod, now, patience))
  return troubles.find(({ isFinal }) => isFinal) ?? troubles[0] ?? null
}

/** Containers are being made: the image is pulled, volumes are mounted. */
export function isCreating({ status }: Pod): boolean {
  return [...status.initContainerStatuses, ...status.containerStatuses].some(
    ({ state }) => state.waiting?.reason === 'ContainerCreating',
  )
}

/** How long a pod has existed, by its server's clock and ours. */
export function ageMs(pod: Pod, now: number): number {
  const created = Date.parse(pod.metadata.creationTimestamp)
  return Number.isNaN(created) ? 0 : now - created
}

function troublesOfPod(pod: Pod, now: number, patience: Patience): readonly PodTrouble[] {
  const { name } = pod.metadata
  const unscheduled = pod.status.conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (unscheduled !== undefined) {
    const detail = `pod ${name} waits for a node: ${oneLine(unscheduled.message, MESSAGE_LENGTH_MAX)}`
    return [{ pod: name, reason: 'Unschedulable', detail, isFinal: false }]
  }
  const isPatient = ageMs(pod, now) < patience.startMs
  return [...pod.status.initContainerStatuses, ...pod.status.containerStatuses].flatMap((container) => {
    const trouble = troubleOfContainer(container, isPatient, patience)
    return trouble === null ? [] : [{ ...trouble, pod: name, detail: `pod ${name}, ${trouble.detail}` }]
  })
}

function troubleOfContainer(
  container: ContainerStatus,
  isPatient: boolean,
  patience: Patience,
): Pick<PodTrouble, 'reason' | 'detail' | 'isFinal'> | null {
  const { waiting } = container.state
  const said = oneLine(waiting?.message ?? '', MESSAGE_LENGTH_MAX)
  const of = (reason: string, isFinal: boolean, hint: string): ReturnType<typeof troubleOfContainer> => ({
    reason,
    isFinal,
    detail: `container ${container.name}: ${reason}${said === '' ? '' : `: ${said}`}${hint === '' ? '' : ` (${hint})`}`,
  })
  if (waiting === undefined) {
    const isSlow = container.state.running !== undefined && !container.ready
    return isSlow ? of('NotReady', false, 'it runs, and its readiness probe does not hold yet') : null
  }
  if (HOPELESS.has(waiting.reason)) return of(waiting.reason, true, '')
  if (PULL.has(waiting.reason)) return of(waiting.reason, !isPatient, pullHint(said))
  if (CREATE.has(waiting.reason)) return of(waiting.reason, !isPatient, 'does the Secret or ConfigMap exist?')
  if (waiting.reason !== 'CrashLoopBackOff') return null
  return of(waiting.reason, container.restartCount >= patience.crashes, crashHint(container))
}

function pullHint(message: string): string {
  if (/unauthorized|denied|forbidden|authenticat|\b40[13]\b/iu.test(message)) {
    return 'the node may not pull it: is there an imagePullSecret for this registry?'
  }
  if (/no match for platform|no matching manifest/iu.test(message))
    return "the image has no variant for this node's platform"
  if (/not found|manifest unknown|\b404\b/iu.test(message)) return 'the registry that the node asks does not have it'
  return "see the pod's events: kubectl describe pod"
}

function crashHint({ restartCount, lastState }: ContainerStatus): string {
  const last = lastState.terminated
  const how = last === undefined ? '' : `: ${last.reason || 'ended'} with exit code ${last.exitCode}`
  const why = last?.message ? `, ${oneLine(last.message, MESSAGE_LENGTH_MAX)}` : ''
  return `${restartCount} restarts${how}${why}; see kubectl logs --previous`
}

function digestOf(image: string): string | null {
  const reference = parseImageReference(image)
  return reference.ok ? reference.value.digest : null
}
