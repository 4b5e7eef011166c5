/** The port of health checks: after delivery, is it running, is it well. */

import type { HealthRule } from '../domain/health-rule.ts'
import type { Target } from '../domain/target.ts'

export type Health =
  | { readonly state: 'healthy'; readonly detail: string }
  | { readonly state: 'progressing'; readonly detail: string }
  /** Final, or as good as: `reason` is the platform's own word (`ImagePullBackOff`), `detail` its message and a hint. */
  | { readonly state: 'failed'; readonly reason: string; readonly detail: string }
  /** There is nothing to look at: a file in Git, a CronJob. */
  | { readonly state: 'not-observed'; readonly detail: string }

export type HealthCheck = {
  /** `image` is what we delivered, as written: the answer is about that image, or `failed` with reason `moved`. */
  check(target: Target, image: string): Promise<Health>
}

/** A check that a stage names beside the rollout. Throws where what it asks cannot be reached. */
export type RuleCheck = {
  check(
    rule: HealthRule,
    /** What was delivered, as written, and where: a commit, a workload's generation. */
    delivered: { readonly image: string; readonly reference: string },
  ): Promise<Health>
}

const RANK = { failed: 3, progressing: 2, healthy: 1, 'not-observed': 0 } as const

/** The worst of them; where one was observed and is well, that is more than nothing to look at. */
export function worstOf(healths: readonly [Health, ...Health[]]): Health {
  return healths.reduce((worst, one) => (RANK[one.state] > RANK[worst.state] ? one : worst))
}
