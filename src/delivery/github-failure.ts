/** GitHub's refusals as reasons of a delivery. */

import type { GitHubProblem } from '../clients/github.ts'
import { err, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { DeliveryFailure } from './delivery.ts'

const FORBIDDEN_TYPES = new Set(['FORBIDDEN', 'INSUFFICIENT_SCOPES', 'UNAUTHORIZED'])

/** Throws where GitHub itself does not say what is wrong: that passes. */
export function refusedBy(problem: GitHubProblem, what: string): Result<never, DeliveryFailure> {
  const said = `GitHub says ${problem.status === 200 ? (problem.type ?? '') : problem.status}: ${problem.message}`
  if (problem.status === 200 && problem.type === null) throw new RetryLater(`${what}: ${said}`)
  if (problem.status === 401 || problem.status === 403 || FORBIDDEN_TYPES.has(problem.type ?? '')) {
    const remedy = 'check the App (contents and pull requests: write) or the token'
    return err({ reason: 'forbidden', detail: `${what} was refused; ${remedy}. ${said}` })
  }
  if (problem.status === 404 || problem.type === 'NOT_FOUND' || (problem.status >= 300 && problem.status < 400)) {
    const remedy = 'it is not there or hidden from us; check its name and that the App is installed on it'
    return err({ reason: 'target-missing', detail: `${what}: ${remedy}. ${said}` })
  }
  return err({ reason: 'refused-by-target', detail: `${what} was refused. ${said}` })
}
