/** Who else writes a workload's image: patched behind the back of a GitOps controller, it would only be put back. */

import * as z from 'zod'
import { valueAt, type KubernetesObject } from '../clients/kubernetes-object.ts'
import type { FieldStep } from '../domain/field-path.ts'
import { Json } from '../domain/json.ts'

export type Owner = { readonly reason: 'owned-by-gitops' | 'owned-by-applier'; readonly name: string }

const GITOPS_LABELS: readonly (readonly [string, string])[] = [
  ['kustomize.toolkit.fluxcd.io/name', 'the Flux Kustomization'],
  ['helm.toolkit.fluxcd.io/name', 'the Flux HelmRelease'],
]
const ARGO_TRACKING = 'argocd.argoproj.io/tracking-id'
const GITOPS_MANAGERS: Readonly<Record<string, string>> = {
  'argocd-controller': 'Argo CD',
  'argocd-application-controller': 'Argo CD',
  'kustomize-controller': 'Flux',
  'helm-controller': 'Flux',
}

const Keys = Json.pipe(z.record(z.string(), z.unknown()))

/** The one who would undo, or be broken by, a patch of the value at `steps`. */
export function findOwner(object: KubernetesObject, steps: readonly FieldStep[]): Owner | null {
  const gitops = findGitOps(object)
  if (gitops !== null) return { reason: 'owned-by-gitops', name: gitops }
  const applier = object.metadata.managedFields.find(
    ({ operation, fieldsV1 }) => operation === 'Apply' && owns(fieldsV1, object, steps),
  )
  return applier === undefined ? null : { reason: 'owned-by-applier', name: applier.manager }
}

function findGitOps({ metadata }: KubernetesObject): string | null {
  for (const [label, who] of GITOPS_LABELS) {
    const name = metadata.labels[label]
    if (name !== undefined) return `${who} "${name}"`
  }
  const tracking = metadata.annotations?.[ARGO_TRACKING]
  if (tracking !== undefined) return `the Argo CD Application "${tracking.split(':')[0] ?? ''}"`
  // A controller that only reports status does not own the wish
  const manager = metadata.managedFields.find(
    (entry) => entry.subresource === '' && Object.hasOwn(GITOPS_MANAGERS, entry.manager),
  )
  return manager === undefined ? null : `${GITOPS_MANAGERS[manager.manager]} (${manager.manager})`
}

/**
 * Walks `fieldsV1`: `f:name` is a member, `k:{…}` the list item with these keys, `i:0` the item at a place.
 * A set that ends before our path does owns all below it (a list that is applied whole, as in most custom resources).
 */
function owns(fields: unknown, value: unknown, steps: readonly FieldStep[]): boolean {
  const [step, ...rest] = steps
  if (step === undefined) return true
  if (typeof fields !== 'object' || fields === null) return false
  const child = valueAt(value, [step])
  return Object.entries(fields).some(([key, below]: [string, unknown]) => {
    if (!leadsTo(key, step, child)) return false
    const isWhole = typeof below === 'object' && below !== null && Object.keys(below).length === 0
    return isWhole || owns(below, child, rest)
  })
}

function leadsTo(key: string, step: FieldStep, child: unknown): boolean {
  if (typeof step === 'string') return key === `f:${step}`
  if (key === `i:${step}`) return true
  if (!key.startsWith('k:')) return false
  const keys = Keys.safeParse(key.slice('k:'.length))
  return keys.success && Object.entries(keys.data).every(([name, wanted]) => valueAt(child, [name]) === wanted)
}
