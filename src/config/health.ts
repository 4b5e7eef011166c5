/** `health:` of a stage: its shape, and resolved. */

import * as z from 'zod'
import { Duration } from '../domain/duration.ts'
import {
  ArgoCdRule,
  FluxRule,
  HEALTH_TIMEOUT_DEFAULT_MS,
  HttpRule,
  PrometheusRule,
  WorkloadRule,
  type HealthPolicy,
  type HealthRule,
} from '../domain/health-rule.ts'

const CHECKS_MAX = 16

const RawCheck = z.union(
  [
    z.strictObject({ argocd: ArgoCdRule.describe("Argo CD's own word, of an application that has synced it.") }),
    z.strictObject({ flux: FluxRule.describe("Flux' own word, of an object that has applied it.") }),
    z.strictObject({
      workload: WorkloadRule.describe('A workload that runs it, after another has applied it from Git.'),
    }),
    z.strictObject({ http: HttpRule.describe('An address that answers as it should.') }),
    z.strictObject({ prometheus: PrometheusRule.describe('A measurement.') }),
  ],
  { error: 'expected a check: argocd:, flux:, workload:, http: or prometheus:' },
)

export const RawHealth = z.strictObject({
  checks: z.array(RawCheck).max(CHECKS_MAX).optional().describe('What must be well beside the rollout.'),
  for: Duration.optional().describe('So long it must stay well before it counts as healthy: `5m`. Default: once.'),
  timeout: Duration.optional().describe(
    'What is not well by then has failed, and the old image comes back. Default `30m`.',
  ),
})
export type RawHealth = z.infer<typeof RawHealth>

/** The shared stage's checks and the subscription's own; of two times the longer watch and the shorter patience. */
export function resolveHealth(shared: RawHealth | undefined, own: RawHealth | undefined): HealthPolicy | undefined {
  if (shared === undefined && own === undefined) return undefined
  const checks = [...(shared?.checks ?? []), ...(own?.checks ?? [])].map(ruleOf)
  const timeouts = [shared?.timeout, own?.timeout].filter((one) => one !== undefined)
  const watchMs = Math.max(shared?.for ?? 0, own?.for ?? 0)
  const timeoutMs = timeouts.length === 0 ? HEALTH_TIMEOUT_DEFAULT_MS : Math.min(...timeouts)
  return { checks, watchMs, timeoutMs: Math.max(timeoutMs, watchMs) }
}

function ruleOf(raw: z.infer<typeof RawCheck>): HealthRule {
  if ('argocd' in raw) return { kind: 'argocd', ...raw.argocd }
  if ('flux' in raw) return { kind: 'flux', ...raw.flux }
  if ('workload' in raw) return { kind: 'workload', ...raw.workload }
  if ('http' in raw) return { kind: 'http', ...raw.http }
  return { kind: 'prometheus', ...raw.prometheus }
}
