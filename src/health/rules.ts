/** A stage's own checks beside the rollout: each asked, the worst answer told. */

import type { Cluster } from '../clients/kubernetes.ts'
import type { Http } from '../clients/http.ts'
import type { HealthRule } from '../domain/health-rule.ts'
import { checkArgoCd } from './argocd.ts'
import { checkFlux } from './flux.ts'
import type { Health, RuleCheck } from './health.ts'
import { checkHttp } from './http.ts'
import type { KubernetesHealthOptions } from './kubernetes.ts'
import { checkPrometheus } from './prometheus.ts'
import { checkWorkload } from './workload.ts'

export type RuleParts = KubernetesHealthOptions & { readonly http: Http }

export function createRuleCheck({ http, ...kubernetes }: RuleParts): RuleCheck {
  return {
    async check(rule, delivered) {
      switch (rule.kind) {
        case 'http':
          return checkHttp(http, rule)
        case 'prometheus':
          return checkPrometheus(http, rule)
        case 'workload':
          return checkWorkload(kubernetes, rule, delivered.image)
        case 'argocd':
        case 'flux':
          return checkInCluster(kubernetes.clusters.get(rule.cluster), rule, delivered)
      }
    },
  }
}

async function checkInCluster(
  cluster: Cluster | undefined,
  rule: Extract<HealthRule, { kind: 'argocd' | 'flux' }>,
  { image, reference }: Parameters<RuleCheck['check']>[1],
): Promise<Health> {
  if (cluster === undefined) {
    return { state: 'failed', reason: 'target-missing', detail: `no cluster "${rule.cluster}" in the configuration` }
  }
  if (rule.kind === 'argocd') return checkArgoCd(cluster, rule, image)
  return checkFlux(cluster, rule, commitOf(reference))
}

/** Null where the delivery was no commit. */
function commitOf(reference: string): string | null {
  return /\b[0-9a-f]{40}\b/u.exec(reference)?.[0] ?? null
}
