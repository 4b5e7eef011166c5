/** Which kinds of workload there are, where the API has them, and where their pod templates are. */

import * as z from 'zod'
import { err, ok, type Ok, type Result } from '../domain/result.ts'
import type { WorkloadTarget } from '../domain/target.ts'
import type { Cluster, ClusterProblem } from './kubernetes.ts'

/** Kinds whose rollout we can read; of any other only the image is known. `rollout` is Argo's. */
export type RolloutKind = 'deployment' | 'statefulset' | 'daemonset' | 'cronjob' | 'rollout'

export type Located = {
  /** `/apis/apps/v1/namespaces/payments/deployments/web` */
  readonly path: string
  readonly rollout: RolloutKind | null
}

export type KindProblem = { readonly reason: 'unknown-kind' | 'immutable-kind'; readonly detail: string }

type Kind = {
  readonly group: string
  /** Best first. With one version there is nothing to ask the server. */
  readonly versions: readonly [string, ...string[]]
  readonly plural: string
  readonly short: string
}

const KINDS: Readonly<Record<RolloutKind, Kind>> = {
  deployment: { group: 'apps', versions: ['v1'], plural: 'deployments', short: 'deploy' },
  statefulset: { group: 'apps', versions: ['v1'], plural: 'statefulsets', short: 'sts' },
  daemonset: { group: 'apps', versions: ['v1'], plural: 'daemonsets', short: 'ds' },
  cronjob: { group: 'batch', versions: ['v1', 'v1beta1'], plural: 'cronjobs', short: 'cj' },
  rollout: { group: 'argoproj.io', versions: ['v1alpha1'], plural: 'rollouts', short: 'ro' },
}
/** What these run is fixed when they are created. */
const IMMUTABLE: Readonly<Record<string, string>> = {
  job: 'the CronJob that creates it',
  jobs: 'the CronJob that creates it',
  pod: 'the workload that owns it',
  pods: 'the workload that owns it',
  replicaset: 'the Deployment that owns it',
  replicasets: 'the Deployment that owns it',
}
/** `apps/v1` is a group and a version; `v1` is the core group's. */
const API_VERSION = /^(?:(?<group>[a-z0-9.-]+)\/)?(?<version>v[a-z0-9]+)$/u
const VERSIONS_MAX = 8

/** Finds the target's path on this server; asks the server only where more than one answer is possible. */
export async function locate(
  cluster: Cluster,
  target: WorkloadTarget,
): Promise<Result<Located, KindProblem | ClusterProblem>> {
  const wanted = read(target)
  if (!wanted.ok) return wanted
  const served = certain(wanted.value) ?? (await discover(cluster, wanted.value))
  if (!served.ok) return served
  const { group, version, plural } = served.value
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const name = target.workload.slice(target.workload.indexOf('/') + 1)
  return ok({ path: `${root}/namespaces/${target.namespace}/${plural}/${name}`, rollout: wanted.value.known })
}

type Wanted = {
  readonly word: string
  readonly group: string | undefined
  readonly versions: readonly string[] | undefined
  readonly known: RolloutKind | null
}

/** `deployment`, `deployments.apps`, `cloneset.apps.kruise.io`; `apiVersion` rules over what the word says. */
function read(target: WorkloadTarget): Result<Wanted, KindProblem> {
  const [word = '', ...rest] = target.workload.slice(0, target.workload.indexOf('/')).split('.')
  const api = target.apiVersion === undefined ? null : API_VERSION.exec(target.apiVersion)?.groups
  if (api === undefined) {
    const detail = `apiVersion "${target.apiVersion}": expected a group and a version, such as batch/v1beta1`
    return err({ reason: 'unknown-kind', detail })
  }
  const group = api === null ? (rest.length === 0 ? undefined : rest.join('.')) : (api['group'] ?? '')
  const owner = IMMUTABLE[word]
  if (owner !== undefined && ['', 'apps', 'batch', undefined].includes(group)) {
    return err({ reason: 'immutable-kind', detail: `the image of a ${word} cannot be changed: name ${owner}` })
  }
  const known = knownKind(word, group)
  const versions = api === null ? (known === null ? undefined : KINDS[known].versions) : [api['version'] ?? '']
  return ok({ word, group: group ?? (known === null ? undefined : KINDS[known].group), versions, known })
}

/** Known without asking: one kind, one version. */
function certain({ known, versions }: Wanted): Ok<Served> | null {
  const [version, ...others] = versions ?? []
  if (known === null || version === undefined || others.length > 0) return null
  return ok({ group: KINDS[known].group, version, plural: KINDS[known].plural })
}

function knownKind(word: string, group: string | undefined): RolloutKind | null {
  for (const [name, kind] of Object.entries(KINDS)) {
    const isNamed = word === name || word === kind.plural || word === kind.short
    if (isNamed && (group === undefined || group === kind.group)) return name as RolloutKind
  }
  return null
}

const Group = z.object({
  versions: z.array(z.object({ version: z.string() })),
  preferredVersion: z.object({ version: z.string() }).optional(),
})
const Resources = z.object({
  resources: z.array(
    z.object({
      name: z.string(),
      singularName: z.string().default(''),
      kind: z.string().default(''),
      namespaced: z.boolean(),
      shortNames: z.array(z.string()).default([]),
    }),
  ),
})

type Served = { readonly group: string; readonly version: string; readonly plural: string }

async function discover(cluster: Cluster, wanted: Wanted): Promise<Result<Served, KindProblem | ClusterProblem>> {
  const { word, group } = wanted
  if (group === undefined) {
    const detail = `"${word}" is not a kind that Drayage knows: write it with its group, such as ${word}.example.com, or set apiVersion`
    return err({ reason: 'unknown-kind', detail })
  }
  const versions = wanted.versions === undefined ? await versionsOf(cluster, group) : ok(wanted.versions)
  if (!versions.ok) return versions
  for (const version of versions.value.slice(0, VERSIONS_MAX)) {
    const list = await cluster.get(group === '' ? `/api/${version}` : `/apis/${group}/${version}`, Resources)
    if (!list.ok && list.error.reason !== 'not-found') return list
    const served = list.ok ? list.value.resources.find((resource) => isNamed(resource, word)) : undefined
    if (served?.namespaced === true) return ok({ group, version, plural: served.name })
  }
  return err(notServed(word, group))
}

async function versionsOf(
  cluster: Cluster,
  group: string,
): Promise<Result<readonly string[], KindProblem | ClusterProblem>> {
  if (group === '') return ok(['v1'])
  const found = await cluster.get(`/apis/${group}`, Group)
  if (!found.ok) return found.error.reason === 'not-found' ? err(notServed('it', group)) : found
  const preferred = found.value.preferredVersion?.version
  const all = found.value.versions.map(({ version }) => version)
  return ok(preferred === undefined ? all : [preferred, ...all.filter((version) => version !== preferred)])
}

function notServed(word: string, group: string): KindProblem {
  const detail = `this cluster has no namespaced "${word}" in the group ${group || 'core'}: is its CRD installed?`
  return { reason: 'unknown-kind', detail }
}

function isNamed(resource: z.infer<typeof Resources>['resources'][number], word: string): boolean {
  const { name, singularName, kind, shortNames } = resource
  return [name, singularName, kind.toLowerCase(), ...shortNames].includes(word)
}
