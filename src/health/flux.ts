/** Health as Flux sees it: a `Kustomization` or `HelmRelease` that took our revision, and is ready with it. */

import * as z from 'zod'
import type { Cluster } from '../clients/kubernetes.ts'
import { oneLine } from '../clients/kubernetes-object.ts'
import type { FluxRule } from '../domain/health-rule.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Health } from './health.ts'

const MESSAGE_LENGTH_MAX = 400
/** Flux' own words for a try that ended badly and is not yet repeated. */
const FAILED: ReadonlySet<string> = new Set([
  'HealthCheckFailed',
  'InstallFailed',
  'UpgradeFailed',
  'TestFailed',
  'RollbackFailed',
  'RollbackSucceeded',
  'UninstallFailed',
  'RetriesExceeded',
])

const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
})
export const FluxObject = z.object({
  metadata: z.object({ generation: z.number().default(0) }),
  spec: z.object({ suspend: z.boolean().nullish() }).nullish(),
  status: z
    .object({
      observedGeneration: z.number().default(-1),
      conditions: z.array(Condition).default([]),
      lastAppliedRevision: z.string().default(''),
      lastAttemptedRevision: z.string().default(''),
    })
    .nullish(),
})
export type FluxObject = z.infer<typeof FluxObject>

type Kind = { readonly word: string; readonly name: string; readonly paths: readonly string[] }

/** `commit`: what we wrote, where that is known. The API's version differs from release to release: the newest that is there. */
export async function checkFlux(cluster: Cluster, rule: FluxRule, commit: string | null): Promise<Health> {
  const { word, name, paths } = kindOf(rule)
  for (const path of paths) {
    const found = await cluster.get(path, FluxObject)
    if (found.ok) return healthOfFlux(found.value, `${word} ${name}`, commit)
    if (found.error.reason !== 'not-found') {
      throw new RetryLater(`the ${word} ${name} cannot be read: ${found.error.detail}`)
    }
  }
  return { state: 'failed', reason: 'target-missing', detail: `there is no ${word} ${name} in ${rule.namespace}` }
}

function kindOf({ namespace, kustomization, helmRelease }: FluxRule): Kind {
  const name = kustomization ?? helmRelease ?? ''
  const isHelm = kustomization === undefined
  const [group, plural] = isHelm ? ['helm', 'helmreleases'] : ['kustomize', 'kustomizations']
  const versions = isHelm ? ['v2', 'v2beta2', 'v2beta1'] : ['v1', 'v1beta2']
  const paths = versions.map((version) => {
    return `/apis/${group}.toolkit.fluxcd.io/${version}/namespaces/${namespace}/${plural}/${name}`
  })
  return { word: isHelm ? 'HelmRelease' : 'Kustomization', name, paths }
}

/** What is ready with an older revision says nothing of ours. A HelmRelease names a chart's version, not a commit. Pure. */
export function healthOfFlux({ metadata, spec, status }: FluxObject, name: string, commit: string | null): Health {
  if (spec?.suspend === true) return { state: 'progressing', detail: `${name} is suspended: flux resume` }
  const ready = status?.conditions.find(({ type }) => type === 'Ready')
  if (
    status === undefined ||
    status === null ||
    ready === undefined ||
    status.observedGeneration < metadata.generation
  ) {
    return { state: 'progressing', detail: `${name} has not been looked at yet` }
  }
  const { lastAppliedRevision: applied, lastAttemptedRevision: attempted } = status
  const isOurs = (revision: string): boolean => commit === null || revision.endsWith(commit)
  const said = oneLine(ready.message, MESSAGE_LENGTH_MAX)
  const because = `${ready.reason}${said === '' ? '' : `: ${said}`}`
  if (ready.status === 'False' && FAILED.has(ready.reason) && isOurs(attempted)) {
    return { state: 'failed', reason: ready.reason, detail: `${name}: ${because}` }
  }
  if (!isOurs(applied)) {
    return {
      state: 'progressing',
      detail: `${name} has ${applied === '' ? 'applied nothing' : applied} so far; ${because}`,
    }
  }
  if (ready.status === 'True') return { state: 'healthy', detail: `${name} is ready` }
  return { state: 'progressing', detail: `${name}: ${because}` }
}
