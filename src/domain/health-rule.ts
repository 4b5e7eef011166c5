/** What else must be well after a delivery, resolved: beside the rollout of the workload itself. */

import * as z from 'zod'
import { WorkloadTarget } from './target.ts'

const NAME_LENGTH_MAX = 253
const TEXT_LENGTH_MAX = 4_096

const KubernetesName = z
  .string()
  .max(NAME_LENGTH_MAX)
  .regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/u, 'expected a name of Kubernetes, such as payments')
const HttpAddress = z
  .string()
  .max(TEXT_LENGTH_MAX)
  .regex(/^https?:\/\/[^\s\u0000-\u001f@#]+$/u, 'expected https://host/path, without a name or password in it')

export const COMPARISONS = ['<', '<=', '>', '>=', '=='] as const

/** An `Application` of Argo CD, read from the cluster that holds it. */
export const ArgoCdRule = z.strictObject({
  cluster: z.string().describe("The name under `clusters:` of the cluster that holds Argo CD's applications."),
  namespace: KubernetesName.default('argocd').describe('Where the application is. Default `argocd`.'),
  application: KubernetesName.describe('Its name.'),
})
export type ArgoCdRule = Readonly<z.infer<typeof ArgoCdRule>>

/** A `Kustomization` or a `HelmRelease` of Flux. */
export const FluxRule = z
  .strictObject({
    cluster: z.string().describe('The name under `clusters:`.'),
    namespace: KubernetesName.default('flux-system').describe('Where it is. Default `flux-system`.'),
    kustomization: KubernetesName.optional().describe('The name of a Kustomization; or'),
    helmRelease: KubernetesName.optional().describe('the name of a HelmRelease.'),
  })
  .refine(
    ({ kustomization, helmRelease }) => (kustomization === undefined) !== (helmRelease === undefined),
    'expected one of kustomization and helmRelease',
  )
export type FluxRule = Readonly<z.infer<typeof FluxRule>>

/** A workload that another applies from Git. */
export const WorkloadRule = WorkloadTarget.pick({
  cluster: true,
  namespace: true,
  workload: true,
  container: true,
  field: true,
  apiVersion: true,
})
  .strict()
  .refine(
    ({ container, field }) => (container === undefined) !== (field === undefined),
    'expected one of container and field',
  )
export type WorkloadRule = Readonly<z.infer<typeof WorkloadRule>>

export const HttpRule = z.strictObject({
  url: HttpAddress.describe('Asked by GET; a redirect is not followed.'),
  status: z.number().int().min(100).max(599).default(200).describe('The status that means well. Default 200.'),
})
export type HttpRule = Readonly<z.infer<typeof HttpRule>>

export const PrometheusRule = z.strictObject({
  url: HttpAddress.describe("Prometheus' own address: `https://prometheus.example.com`."),
  query: z
    .string()
    .min(1)
    .max(TEXT_LENGTH_MAX)
    .describe('An instant query. Each value that it gives must hold; none at all decides nothing.'),
  is: z.enum(COMPARISONS).describe('How each value compares:'),
  value: z.number().describe('with this one.'),
})
export type PrometheusRule = Readonly<z.infer<typeof PrometheusRule>>

/** One check beside the rollout, resolved. */
export const HealthRule = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('argocd'), ...ArgoCdRule.shape }),
  z.object({ kind: z.literal('flux'), ...FluxRule.shape }),
  z.object({ kind: z.literal('workload'), ...WorkloadRule.shape }),
  z.object({ kind: z.literal('http'), ...HttpRule.shape }),
  z.object({ kind: z.literal('prometheus'), ...PrometheusRule.shape }),
])
export type HealthRule = Readonly<z.infer<typeof HealthRule>>

/** What a stage calls well. */
export const HealthPolicy = z.object({
  checks: z.array(HealthRule),
  /** So long it must stay well before it counts as healthy, in milliseconds. */
  watchMs: z.number().int().min(0),
  /** What is not well by then has failed, in milliseconds from the delivery. */
  timeoutMs: z.number().int().positive(),
})
export type HealthPolicy = Readonly<z.infer<typeof HealthPolicy>>

/** Later than any rollout's own deadline (Kubernetes: ten minutes unless the workload says otherwise). */
export const HEALTH_TIMEOUT_DEFAULT_MS = 30 * 60_000
