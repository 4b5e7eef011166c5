/** Where in a workload's object the image is: a container of its pod template, or a field that the target names. */

import * as z from 'zod'
import { parseFieldPath, type FieldStep } from '../domain/field-path.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { RunsAs } from '../domain/runs-as.ts'
import type { WorkloadTarget } from '../domain/target.ts'
import { valueAt, type KubernetesObject } from './kubernetes-object.ts'

/** What cannot be read is not set: then the image's own user decides. */
const SecurityContext = z
  .object({
    runAsUser: z.number().int().min(0).optional().catch(undefined),
    runAsNonRoot: z.boolean().optional().catch(undefined),
  })
  .default({})
  .catch({})

/** The members of a pod that we read. */
const PodSpec = z.object({
  securityContext: SecurityContext,
  containers: z.array(z.unknown()).default([]),
  initContainers: z.array(z.unknown()).default([]),
  imagePullSecrets: z.array(z.unknown()).default([]),
  serviceAccountName: z.string().default('default'),
})
type PodSpec = Readonly<z.infer<typeof PodSpec>>

const Container = z.object({
  name: z.string(),
  image: z.string().default(''),
  imagePullPolicy: z.string().default(''),
  securityContext: SecurityContext,
})
type Container = Readonly<z.infer<typeof Container>>

export type ImagePlace = {
  readonly steps: readonly FieldStep[]
  /** As written. */
  readonly image: string
  /** Null where the target names a field. */
  readonly container: Container | null
  /** Null where there is no pod template. */
  readonly podSpec: PodSpec | null
}

export type PlaceProblem = { readonly reason: 'target-missing' | 'image-missing'; readonly detail: string }

/** Kinds that we do not know usually have their template where the known ones have it. */
const POD_SPECS: readonly (readonly string[])[] = [
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
]

/** What the container sets wins over its pod's. Null: the image is not in a container that we know. */
export function runsAsAt({ container, podSpec }: ImagePlace, where: string): RunsAs | null {
  if (container === null || podSpec === null) return null
  const { runAsUser, runAsNonRoot } = { ...podSpec.securityContext, ...defined(container.securityContext) }
  return { where, user: runAsUser ?? null, mustNotBeRoot: runAsNonRoot ?? false }
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Partial<T>
}

/** Finds the image that the target means; what is there instead, where it is not. */
export function findImage(object: KubernetesObject, target: WorkloadTarget): Result<ImagePlace, PlaceProblem> {
  const at = POD_SPECS.find((steps) => valueAt(object, steps) !== undefined) ?? null
  const podSpec = at === null ? null : PodSpec.safeParse(valueAt(object, at))
  const pod = podSpec?.success === true ? podSpec.data : null
  if (target.field !== undefined) return findField(object, target, target.field, pod)
  if (at === null || pod === null) {
    const detail = `${target.workload} has no pod template: name the image's place by \`field\`, such as spec.image`
    return err({ reason: 'target-missing', detail })
  }
  return findContainer(target, at, pod)
}

function findField(
  object: KubernetesObject,
  target: WorkloadTarget,
  field: string,
  podSpec: PodSpec | null,
): Result<ImagePlace, PlaceProblem> {
  const steps = parseFieldPath(field)
  if (!steps.ok) return err({ reason: 'target-missing', detail: `field "${field}": expected ${steps.error.expected}` })
  const image = valueAt(object, steps.value)
  if (typeof image === 'string') return ok({ steps: steps.value, image, container: null, podSpec })
  const found = image === undefined ? 'nothing' : 'something that is not a text'
  const detail = `${target.workload} has ${found} at ${field}: expected an image, such as example.com/app:1.0.0`
  return err({ reason: image === undefined ? 'target-missing' : 'image-missing', detail })
}

function findContainer(
  target: WorkloadTarget,
  at: readonly string[],
  podSpec: PodSpec,
): Result<ImagePlace, PlaceProblem> {
  const names: string[] = []
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, entry] of podSpec[list].entries()) {
      const container = Container.safeParse(entry)
      if (!container.success) continue
      names.push(container.data.name)
      if (container.data.name !== target.container) continue
      const steps = [...at, list, index, 'image']
      return ok({ steps, image: container.data.image, container: container.data, podSpec })
    }
  }
  const wanted =
    target.container === undefined ? 'no container is named' : `there is no container "${target.container}"`
  const detail = `in ${target.workload} ${wanted}; it has: ${names.join(', ') || 'none'}`
  return err({ reason: 'target-missing', detail })
}
