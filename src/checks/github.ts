/** GitHub is asked about a verified source commit: whether a check of it succeeded, and who wrote it. */

import * as z from 'zod'
import type { FindSource } from '../clients/github-sources.ts'
import type { GitHub, GitHubProblem } from '../clients/github.ts'
import type { CheckGate } from '../domain/gate.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import { isIn, type Commit, type Source } from '../domain/source.ts'
import type { Asked, Probed } from './probe.ts'

/** GitHub's own page: more runs of one name on one commit than anybody has. */
const RUNS_MAX = 100
const TEXT_LENGTH_MAX = 64

const Text = z.string().max(1_024)
const Runs = z.object({
  check_runs: z.array(z.object({ status: Text, conclusion: Text.nullable() })).max(RUNS_MAX),
})
const Combined = z.object({ statuses: z.array(z.object({ context: Text, state: Text })) })
const Person = z.object({ login: Text, type: Text }).partial().nullish()
const Written = z.object({ author: Person, committer: Person })

type How = Extract<CheckGate['how'], { by: 'github' }>

/** Only a success on the very commit is a yes: what is neutral or skipped proves nothing. A failure may be run again. */
export async function askGitHub({ repository, check }: How, asked: Asked, find: FindSource): Promise<Probed> {
  const { commit, source } = asked
  const name = repository ?? source?.github
  if (name === undefined) return { state: 'waiting', detail: 'the subscription names no source repository' }
  const host = find(source !== undefined && source.github === name ? source : { github: name })
  if (host === null) return { state: 'waiting', detail: `there is no way in to ${name}` }
  if (commit === null) return { state: 'waiting', detail: 'nothing verified names the source commit' }
  if (!isIn(host.place, commit)) return { state: 'waiting', detail: `it was built from ${commit.repository}` }
  const found = await conclusionsOf(host.github, commit.id, check)
  if (!found.ok) return { state: 'waiting', detail: describe(found.error, `reading the checks of ${commit.id}`) }
  const short = `${check} on ${commit.id.slice(0, 12)}`
  if (found.value.length === 0) return { state: 'waiting', detail: `${short}: GitHub knows none` }
  const other = found.value.find((one) => one !== 'success')
  return other === undefined
    ? { state: 'held', detail: `${short}: success` }
    : { state: 'waiting', detail: `${short}: ${other.slice(0, TEXT_LENGTH_MAX)}` }
}

/** Check runs of that name, the latest of each suite; where there are none, the commit status of that name. */
async function conclusionsOf(
  github: GitHub,
  ref: string,
  check: string,
): Promise<Result<readonly string[], GitHubProblem>> {
  const parameters = { ref, check_name: check, filter: 'latest', per_page: RUNS_MAX }
  const runs = await github.rest('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', parameters)
  if (!runs.ok) return runs
  const { check_runs: all } = Runs.parse(runs.value)
  if (all.length > 0)
    return ok(all.map(({ status, conclusion }) => (status === 'completed' ? (conclusion ?? '') : status)))
  const combined = await github.rest('GET /repos/{owner}/{repo}/commits/{ref}/status', { ref, per_page: RUNS_MAX })
  if (!combined.ok) return combined
  return ok(
    Combined.parse(combined.value)
      .statuses.filter(({ context }) => context === check)
      .map(({ state }) => state),
  )
}

/** GitHub's own committer, of what was merged on its pages, is nobody. */
const NOBODY = new Set(['web-flow'])

/** Whom GitHub knows as author and committer. A commit whose address belongs to no account has an author that nobody knows. */
export async function askAuthors(
  commit: Commit,
  source: Source,
  find: FindSource,
): Promise<Result<readonly string[], { readonly detail: string }>> {
  const host = find(source)
  if (host === null) return err({ detail: `there is no way in to ${source.github}` })
  if (!isIn(host.place, commit)) return err({ detail: `it was built from ${commit.repository}` })
  const answer = await host.github.rest('GET /repos/{owner}/{repo}/commits/{ref}', { ref: commit.id, per_page: 1 })
  if (!answer.ok) return err({ detail: describe(answer.error, `reading ${commit.id}`) })
  const { author, committer } = Written.parse(answer.value)
  if (author?.login === undefined)
    return err({ detail: `GitHub knows no account of who wrote ${commit.id.slice(0, 12)}` })
  const logins = [author.login, committer?.login].flatMap((login) => login?.toLowerCase() ?? [])
  return ok([...new Set(logins)].filter((login) => !NOBODY.has(login)))
}

/** Throws where GitHub may know more later. */
function describe({ status, message }: GitHubProblem, what: string): string {
  if (status === 200) throw new RetryLater(`${what}: ${message}`)
  return `${what}: GitHub says ${status}: ${message}`
}
