/** Where the wish lives: a field of a file in Git, or a container of a workload. */

import * as z from 'zod'
import { formatImage, ImageName } from './image.ts'

const NAME_LENGTH_MAX = 253
const PATH_LENGTH_MAX = 1024

/** A path inside a repository that cannot leave it, and cannot become a workflow. */
export const FilePath = z
  .string()
  .min(1)
  .max(PATH_LENGTH_MAX)
  .refine(
    (path) => !/[\\\u0000-\u001f\u007f]/u.test(path),
    'expected a path without backslashes and control characters',
  )
  .refine((path) => !path.startsWith('/') && !path.startsWith('-'), 'expected a path relative to the repository')
  .refine(
    (path) =>
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git'),
    'expected a path without empty, ".", ".." or ".git" parts',
  )
  .refine(
    (path) => !path.toLowerCase().startsWith('.github/'),
    'expected a path outside .github/: Drayage never writes workflows',
  )

/** `a.b[0].c`; a key with dots is quoted: `a["b.c"]`. */
export const FieldPath = z.string().min(1).max(PATH_LENGTH_MAX)

/** `deployment/payments`, `rollouts.argoproj.io/payments`. */
export const Workload = z
  .string()
  .max(NAME_LENGTH_MAX * 2)
  .regex(/^[a-z][a-z0-9.-]*\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/u, 'expected kind/name, such as deployment/payments')

/** Which image of the release it takes, where that has several. Absent: the only one. */
const taken = { image: ImageName.optional() }

export const MergeRule = z.enum(['by-person', 'when-approved'])
export type MergeRule = z.infer<typeof MergeRule>

export const GitTarget = z.object({
  kind: z.literal('git'),
  git: z.string().describe("The repository's name under `git:`."),
  file: FilePath.describe('The file to edit, relative to the repository: `apps/payments/kustomization.yaml`.'),
  field: FieldPath.optional().describe(
    'The field that holds the image, such as `image.tag`. Left out: the image is found by its name.',
  ),
  merge: MergeRule,
  ...taken,
})
export type GitTarget = Readonly<z.infer<typeof GitTarget>>

export const WorkloadTarget = z.object({
  kind: z.literal('workload'),
  cluster: z.string().describe("The cluster's name under `clusters:`."),
  namespace: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u, 'expected a namespace, such as payments')
    .describe("The workload's namespace."),
  workload: Workload.describe('Kind and name: `deployment/payments`, `rollouts.argoproj.io/payments`.'),
  container: z
    .string()
    .max(NAME_LENGTH_MAX)
    .optional()
    .describe('A container or init container; required unless `field` names the place.'),
  field: FieldPath.optional().describe('For a custom resource whose image is not in a pod template: `spec.image`.'),
  apiVersion: z
    .string()
    .max(NAME_LENGTH_MAX)
    .optional()
    .describe('`apps/v1`: for a kind that Drayage does not know, or a cluster that has it under another version.'),
  /** Patch although a GitOps controller or a server-side applier owns the field. */
  takeover: z.boolean(),
  ...taken,
})
export type WorkloadTarget = Readonly<z.infer<typeof WorkloadTarget>>

export const Target = z.discriminatedUnion('kind', [GitTarget, WorkloadTarget])
export type Target = z.infer<typeof Target>

/** A target's identity within its stage: what it points at, not its place in a list; and what it takes, where there is a choice. */
export function targetId(target: Target): string {
  const { image } = target
  return image === undefined ? placeOf(target) : `${placeOf(target)}${takenAs(image)}`
}

/** How a target's id ends that takes this image of several. */
export function takenAs(image: ImageName): string {
  return `=${formatImage(image)}`
}

function placeOf(target: Target): string {
  return target.kind === 'git'
    ? `git/${target.git}/${target.file}${target.field === undefined ? '' : `#${target.field}`}`
    : `workload/${target.cluster}/${target.namespace}/${target.workload}/${target.container ?? target.field ?? ''}`
}
