/**
 * Answers on GitHub: a commit status, a deployment and its state, a comment under the pull request of the commit. Nothing is remembered
 * between two calls: what is there already is found and brought up to date, so a repeat after a crash changes nothing.
 */

import * as z from 'zod'
import type { FindSource } from '../clients/github-sources.ts'
import type { GitHub, GitHubProblem } from '../clients/github.ts'
import { formatImage } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Commit, Source } from '../domain/source.ts'
import type { SourceNews } from '../domain/source-news.ts'
import { escapeForMarkdown } from '../escape.ts'
import { COMMENTS } from './github-documents.ts'
import type { Teller, TellFailure, Telling } from './teller.ts'

/** GitHub's own. */
const DESCRIPTION_LENGTH_MAX = 140
const TEXT_LENGTH_MAX = 1_000
const PAGE = 100

const STATUS: Readonly<Record<SourceNews['state'], 'pending' | 'success' | 'failure' | 'error'>> = {
  waiting: 'pending',
  delivering: 'pending',
  well: 'success',
  refused: 'failure',
  over: 'error',
}
const DEPLOYMENT: Readonly<Record<SourceNews['state'], 'queued' | 'in_progress' | 'success' | 'failure' | 'inactive'>> =
  {
    waiting: 'queued',
    delivering: 'in_progress',
    well: 'success',
    refused: 'failure',
    over: 'inactive',
  }

type Told = Promise<Result<null, TellFailure>>
type At = { readonly github: GitHub; readonly sha: string; readonly telling: Telling }

export type TellerTools = {
  readonly find: FindSource
  /** The commit of this very repository that the image claims to be of, where nothing verified says it. */
  readonly claimedCommit: (telling: Telling, source: Source) => Promise<Commit | null>
}

export function createGitHubTeller({ find, claimedCommit }: TellerTools): Teller {
  return {
    async tell(telling, source) {
      const host = find(source)
      if (host === null) return err({ reason: 'refused', detail: `there is no way in to ${source.github}` })
      const commit = telling.commit ?? (await claimedCommit(telling, source))
      if (commit === null) {
        const detail = `nothing says which commit of ${source.github} ${formatImage(telling.image)} was built from`
        return err({ reason: 'no-commit', detail })
      }
      const at = { github: host.github, sha: commit.id, telling }
      // Each for itself: one right that is missing takes none of the others.
      const told = [
        source.status ? await setStatus(at) : ok(null),
        source.deployments ? await setDeployment(at) : ok(null),
        source.comments ? await setComment(at) : ok(null),
      ]
      return told.find((one) => !one.ok) ?? ok(null)
    },
  }
}

/** The subscription is a part of the name: several images may be built from one commit. */
function placeOf({ subscription, stage }: Telling): string {
  return `${subscription}/${stage}`
}

function describe({ image, news }: Telling): string {
  const line = `${image.tag}: ${news.text}`.replaceAll(/[\s\u0000-\u001f\u007f]+/gu, ' ')
  return line.length <= DESCRIPTION_LENGTH_MAX ? line : `${line.slice(0, DESCRIPTION_LENGTH_MAX - 1)}…`
}

async function setStatus({ github, sha, telling }: At): Told {
  const { news } = telling
  const parameters = {
    sha,
    state: STATUS[news.state],
    context: `drayage/${placeOf(telling)}`,
    description: describe(telling),
    ...(news.url !== null && { target_url: news.url }),
  }
  const set = await github.rest('POST /repos/{owner}/{repo}/statuses/{sha}', parameters)
  return set.ok ? ok(null) : refused(set.error, `setting the status of ${sha}`)
}

const Deployment = z.object({ id: z.number().int(), payload: z.unknown() })
const Payload = z.object({ promotion: z.string() })

/** What was only looked at, and what was refused before anything changed, is no deployment. */
async function setDeployment(at: At): Told {
  const { github, sha, telling } = at
  const { news } = telling
  const isOne = news.hasBegun || news.state === 'delivering' || news.state === 'well'
  if (!isOne) return ok(null)
  const environment = placeOf(telling)
  const known = await findDeployment(at, environment)
  if (!known.ok) return known
  const deployment = known.value === null ? await createDeployment(at, environment) : ok(known.value)
  if (!deployment.ok) return deployment
  const parameters = {
    deployment_id: deployment.value,
    state: DEPLOYMENT[news.state],
    description: describe(telling),
    ...(news.url !== null && { log_url: news.url }),
  }
  const set = await github.rest('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', parameters)
  return set.ok ? ok(null) : refused(set.error, `telling how the deployment of ${sha} is`)
}

async function findDeployment(
  { github, sha, telling }: At,
  environment: string,
): Promise<Result<number | null, TellFailure>> {
  const parameters = { sha, environment, task: TASK, per_page: PAGE }
  const listed = await github.rest('GET /repos/{owner}/{repo}/deployments', parameters)
  if (!listed.ok) return refused(listed.error, `reading the deployments of ${sha}`)
  const found = z
    .array(Deployment)
    .parse(listed.value)
    .find(({ payload }) => Payload.safeParse(payload).data?.promotion === telling.promotion)
  return ok(found?.id ?? null)
}

const TASK = 'drayage'

async function createDeployment(
  { github, sha, telling }: At,
  environment: string,
): Promise<Result<number, TellFailure>> {
  const made = await github.rest('POST /repos/{owner}/{repo}/deployments', {
    ref: sha,
    task: TASK,
    environment,
    auto_merge: false,
    // Whether it may be deployed was decided by our gates, on the image and not on its source.
    required_contexts: [],
    description: `${telling.image.tag} to ${environment}`.slice(0, DESCRIPTION_LENGTH_MAX),
    payload: { promotion: telling.promotion },
  })
  if (!made.ok) return refused(made.error, `making a deployment of ${sha}`)
  return ok(Deployment.parse(made.value).id)
}

const Pulls = z.array(z.object({ number: z.number().int(), state: z.string(), merge_commit_sha: z.string().nullish() }))
const Comments = z.object({
  repository: z.object({
    pullRequest: z
      .object({
        comments: z.object({
          nodes: z.array(
            z
              .object({ fullDatabaseId: z.coerce.string().nullable(), body: z.string(), viewerDidAuthor: z.boolean() })
              .nullable(),
          ),
        }),
      })
      .nullable(),
  }),
})

/** Said once, where it was refused; taken up again where a later attempt went well. */
async function setComment(at: At): Told {
  const { github, telling } = at
  if (telling.news.state !== 'refused' && telling.news.state !== 'well') return ok(null)
  const number = await pullOf(at)
  if (!number.ok || number.value === null) return number.ok ? ok(null) : number
  const marker = `<!-- drayage:${placeOf(telling)} -->`
  const body = `${marker}\n${wordsOf(telling)}`
  const known = await findComment(github, number.value, marker)
  if (!known.ok) return known
  if (known.value === null && telling.news.state !== 'refused') return ok(null)
  if (known.value?.body.trim() === body.trim()) return ok(null)
  const written =
    known.value === null
      ? await github.rest('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
          issue_number: number.value,
          body,
        })
      : await github.rest('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
          comment_id: known.value.id,
          body,
        })
  return written.ok ? ok(null) : refused(written.error, `commenting on pull request ${number.value}`)
}

/** The pull request that made the commit, else an open one that has it. */
async function pullOf({ github, sha }: At): Promise<Result<number | null, TellFailure>> {
  const parameters = { commit_sha: sha, per_page: PAGE }
  const listed = await github.rest('GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls', parameters)
  if (!listed.ok) return refused(listed.error, `looking for the pull request of ${sha}`)
  const pulls = Pulls.parse(listed.value)
  const made = pulls.find(({ merge_commit_sha }) => merge_commit_sha === sha)
  return ok((made ?? pulls.find(({ state }) => state === 'open') ?? pulls[0])?.number ?? null)
}

type Comment = { readonly id: number; readonly body: string }

async function findComment(
  github: GitHub,
  number: number,
  marker: string,
): Promise<Result<Comment | null, TellFailure>> {
  const { owner, name } = github
  const answer = await github.graphql(COMMENTS, { owner, name, number })
  if (!answer.ok) return refused(answer.error, `reading the comments of pull request ${number}`)
  const nodes = Comments.parse(answer.value).repository.pullRequest?.comments.nodes ?? []
  const own = nodes.findLast((one) => one?.viewerDidAuthor === true && one.body.startsWith(marker))
  return ok(own?.fullDatabaseId ? { id: Number(own.fullDatabaseId), body: own.body } : null)
}

/** Every value stands in a code span, where nothing comes to life and nobody is mentioned. */
function wordsOf({ image, stage, news }: Telling): string {
  const why = escapeForMarkdown(news.text.slice(0, TEXT_LENGTH_MAX))
  const sign = news.state === 'refused' ? '❌' : '✅'
  const url = news.url === null ? '' : `\n\nPull request: ${escapeForMarkdown(news.url)}`
  return `${sign} ${escapeForMarkdown(image.tag)} at ${escapeForMarkdown(stage)}: ${why}\n\n${escapeForMarkdown(formatImage(image))}${url}`
}

/** Throws where GitHub may take it later. */
function refused({ status, message }: GitHubProblem, what: string): Result<never, TellFailure> {
  if (status === 200) throw new RetryLater(`${what}: ${message}`)
  const remedy = status === 403 || status === 404 ? '; check what the App or token may do there' : ''
  return err({ reason: 'refused', detail: `${what}: GitHub says ${status}: ${message}${remedy}` })
}
