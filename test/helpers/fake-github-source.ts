/** The REST operations on a source repository: checks and authors of commits, statuses, deployments. */

import { exampleOf } from './github-schema.ts'
import type { FakeRepository, FakeSource } from './fake-github-state.ts'
import type { Operation, RestAnswer, RestCall } from './fake-github-rest.ts'

export function newFakeSource(): FakeSource {
  return { authors: new Map(), checks: [], statuses: [], deployments: [] }
}

function has({ git }: FakeRepository, sha: string): boolean {
  try {
    return git.git(['cat-file', '-t', sha]) === 'commit'
  } catch {
    return false
  }
}

const missing = (sha: string): RestAnswer => [
  422,
  { message: `No commit found for SHA: ${sha}`, documentation_url: 'https://docs.github.com/rest', errors: [] },
]

function personOf(login: string | null): unknown {
  const [example] = exampleOf('pull-request-simple-items') as unknown as { user: Record<string, unknown> }[]
  return login === null ? null : { ...example?.user, login, type: 'User' }
}

const pick = ({ body }: RestCall, name: string): string => {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}

export const sourceOperations: Readonly<Record<string, Operation>> = {
  'get /repos/{owner}/{repo}/commits/{ref}': {
    needs: 'contents:read',
    answer({ repository, parameters: { ref = '' } }) {
      if (!has(repository, ref)) return missing(ref)
      const { author = null, committer = null } = repository.source.authors.get(ref) ?? {}
      return [
        200,
        { ...exampleOf('commit'), sha: ref, files: [], author: personOf(author), committer: personOf(committer) },
      ]
    },
  },
  'get /repos/{owner}/{repo}/commits/{ref}/check-runs': {
    needs: 'checks:read',
    answer({ repository, parameters: { ref = '' }, query }) {
      if (!has(repository, ref)) return missing(ref)
      const found = repository.source.checks.filter(({ sha, name }) => sha === ref && name === query.get('check_name'))
      const [example] = (exampleOf('check-run-paginated') as { check_runs: Record<string, unknown>[] }).check_runs
      const check_runs = found.map(({ name, status, conclusion }) => ({
        ...example,
        name,
        status,
        conclusion,
        head_sha: ref,
        pull_requests: [],
      }))
      return [200, { total_count: check_runs.length, check_runs }]
    },
  },
  'get /repos/{owner}/{repo}/commits/{ref}/status': {
    needs: 'statuses:read',
    answer({ repository, parameters: { ref = '' } }) {
      const example = exampleOf('combined-commit-status') as { statuses: Record<string, unknown>[] }
      const latest = new Map(
        repository.source.statuses.filter(({ sha }) => sha === ref).map((one) => [one.context, one]),
      )
      const statuses = [...latest.values()].map(({ context, state }) => ({ ...example.statuses[0], context, state }))
      return [200, { ...example, sha: ref, total_count: statuses.length, statuses }]
    },
  },
  'get /repos/{owner}/{repo}/commits/{commit_sha}/pulls': {
    needs: 'pull_requests:read',
    answer({ repository, parameters: { commit_sha: sha } }) {
      const [example] = exampleOf('pull-request-simple-items') as unknown as Record<string, unknown>[]
      const found = repository.pulls.filter(({ mergeCommit, headOid }) => mergeCommit === sha || headOid === sha)
      return [
        200,
        found.map(({ number, title, body, state, mergeCommit }) => ({
          ...example,
          requested_teams: [],
          number,
          title,
          body,
          state: state === 'OPEN' ? 'open' : 'closed',
          merge_commit_sha: mergeCommit,
        })),
      ]
    },
  },
  'post /repos/{owner}/{repo}/statuses/{sha}': {
    needs: 'statuses:write',
    answer(call) {
      const { repository, parameters } = call
      const { sha = '' } = parameters
      if (!has(repository, sha)) return missing(sha)
      const [state, context, description, url] = ['state', 'context', 'description', 'target_url'].map((name) =>
        pick(call, name),
      )
      if ((description ?? '').length > 140) {
        return [
          422,
          { message: 'description is too long (maximum is 140 characters)', documentation_url: '', errors: [] },
        ]
      }
      repository.source.statuses.push({
        sha,
        state: state ?? '',
        context: context ?? '',
        description: description ?? '',
        url: url ?? '',
      })
      return [201, { ...exampleOf('status'), state, context, description }]
    },
  },
  'get /repos/{owner}/{repo}/deployments': {
    needs: 'deployments:read',
    answer({ repository, query }) {
      const found = repository.source.deployments.filter(
        ({ sha, environment, task }) =>
          sha === query.get('sha') && environment === query.get('environment') && task === query.get('task'),
      )
      return [200, found.map((one) => shown(one))]
    },
  },
  'post /repos/{owner}/{repo}/deployments': {
    needs: 'deployments:write',
    answer(call) {
      const { repository, body } = call
      const sha = pick(call, 'ref')
      if (!has(repository, sha)) return missing(sha)
      const id = repository.source.deployments.length + 1
      const made = {
        id,
        sha,
        environment: pick(call, 'environment'),
        task: pick(call, 'task'),
        payload: body['payload'],
        states: [],
      }
      repository.source.deployments.push(made)
      return [201, shown(made)]
    },
  },
  'post /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': {
    needs: 'deployments:write',
    answer(call) {
      const { repository, parameters } = call
      const found = repository.source.deployments.find(({ id }) => `${id}` === parameters['deployment_id'])
      if (found === undefined) return [422, { message: 'no such deployment', documentation_url: '', errors: [] }]
      found.states.push({ state: pick(call, 'state'), description: pick(call, 'description') })
      return [201, { ...exampleOf('deployment-status'), state: pick(call, 'state') }]
    },
  },
}

function shown({ id, sha, environment, task, payload }: FakeSource['deployments'][number]): Record<string, unknown> {
  return { ...exampleOf('deployment-simple-example'), id, sha, ref: sha, environment, task, payload }
}
