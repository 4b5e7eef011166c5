/** The port of health checks: after delivery, is it running, is it well. */

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
