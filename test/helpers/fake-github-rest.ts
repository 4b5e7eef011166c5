/** The REST operations that we use, on real bare repositories. */

import {
  compareAndSwap,
  headOf,
  isFastForward,
  NO_OBJECT,
  refresh,
  type FakePull,
  type FakeRepository,
} from './fake-github-state.ts'
import { sourceOperations } from './fake-github-source.ts'
import { exampleOf } from './github-schema.ts'

export type RestCall = {
  readonly repository: FakeRepository
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
  readonly login: string
}
export type RestAnswer = readonly [status: number, body: unknown]
export type Operation = { readonly needs: string; answer(call: RestCall): RestAnswer }

const BOT = {
  GIT_AUTHOR_NAME: 'drayage[bot]',
  GIT_AUTHOR_EMAIL: 'drayage[bot]@users.noreply.github.com',
  GIT_COMMITTER_NAME: 'GitHub',
  GIT_COMMITTER_EMAIL: 'noreply@github.com',
}

export function refusal(status: number, message: string): RestAnswer {
  return [status, { message, documentation_url: 'https://docs.github.com/rest', status: `${status}` }]
}

function unprocessable(resource: string, details: Record<string, string>): RestAnswer {
  const errors = [{ resource, code: 'custom', ...details }]
  return [422, { message: 'Validation Failed', documentation_url: 'https://docs.github.com/rest', errors }]
}

/** By `method path`, as GitHub writes it. */
export const restOperations: Readonly<Record<string, Operation>> = {
  'get /repos/{owner}/{repo}/git/blobs/{file_sha}': {
    needs: 'contents:read',
    answer({ repository, parameters: { file_sha: sha = '' } }) {
      const bytes = tryGit(() => repository.git.bytes(['cat-file', 'blob', sha]))
      if (bytes === null) return refusal(404, 'Not Found')
      // In lines of 60, as GitHub sends it.
      const content = bytes.toString('base64').replaceAll(/.{60}/gu, '$&\n')
      return [200, { ...exampleOf('blob'), sha, size: bytes.length, encoding: 'base64', content }]
    },
  },
  'post /repos/{owner}/{repo}/git/trees': {
    needs: 'contents:write',
    answer({ repository: { git }, body }) {
      const entries = body['tree'] as { path: string; mode: string; content: string }[]
      const index = { GIT_INDEX_FILE: `${git.path}/index-${process.hrtime.bigint()}` }
      const sha = tryGit(() => {
        git.git(['read-tree', String(body['base_tree'])], undefined, index)
        for (const { path, mode, content } of entries) {
          const blob = git.git(['hash-object', '-w', '--stdin'], content)
          git.git(['update-index', '--add', '--cacheinfo', `${mode},${blob},${path}`], undefined, index)
        }
        return git.git(['write-tree'], undefined, index)
      })
      if (sha === null) return unprocessable('Tree', { message: 'base_tree is not a tree' })
      return [201, { ...exampleOf('git-tree'), sha }]
    },
  },
  'post /repos/{owner}/{repo}/git/commits': {
    needs: 'contents:write',
    answer({ repository: { git }, body }) {
      const parents = body['parents'] as string[]
      const args = ['commit-tree', '-F', '-', ...parents.flatMap((parent) => ['-p', parent]), String(body['tree'])]
      const sha = tryGit(() => git.git(args, String(body['message']), BOT))
      if (sha === null) return unprocessable('Commit', { message: 'Tree SHA does not exist' })
      return [201, { ...exampleOf('git-commit'), sha, message: body['message'] }]
    },
  },
  'get /repos/{owner}/{repo}/pulls': {
    needs: 'pull_requests:read',
    answer({ repository, query }) {
      const state = query.get('state') ?? 'open'
      const found = repository.pulls
        .filter((pull) => state === 'all' || (pull.state === 'OPEN') === (state === 'open'))
        .filter(
          (pull) =>
            !query.has('head') || query.get('head') === `${pull.fromFork ? 'stranger' : repository.owner}:${pull.head}`,
        )
        .filter((pull) => !query.has('base') || query.get('base') === pull.base)
      const [example] = exampleOf('pull-request-simple-items') as unknown as Record<string, unknown>[]
      return [200, found.map((pull) => ({ ...example, ...shown(repository, pull) }))]
    },
  },
  'post /repos/{owner}/{repo}/pulls': {
    needs: 'pull_requests:write',
    answer({ repository, body }) {
      const [head, base] = [String(body['head']), String(body['base'])]
      const headOid = headOf(repository, head)
      if (headOid === NO_OBJECT) return unprocessable('PullRequest', { field: 'head', code: 'invalid' })
      if (
        repository.pulls.some(
          (pull) => pull.state === 'OPEN' && pull.head === head && pull.base === base && !pull.fromFork,
        )
      ) {
        return unprocessable('PullRequest', {
          message: `A pull request already exists for ${repository.owner}:${head}.`,
        })
      }
      if (isFastForward(repository, headOid, headOf(repository, base))) {
        return unprocessable('PullRequest', { message: `No commits between ${base} and ${head}` })
      }
      const pull = addPull(repository, {
        head,
        base,
        headOid,
        title: textOf(body['title']),
        body: textOf(body['body']),
      })
      return [201, { ...exampleOf('pull-request'), ...shown(repository, pull) }]
    },
  },
  'patch /repos/{owner}/{repo}/pulls/{pull_number}': {
    needs: 'pull_requests:write',
    answer({ repository, parameters, body, login }) {
      const pull = pullOf(repository, parameters['pull_number'])
      if (pull === null) return refusal(404, 'Not Found')
      if (body['title'] !== undefined) pull.title = textOf(body['title'])
      if (body['body'] !== undefined) pull.body = textOf(body['body'])
      if (body['state'] === 'closed' && pull.state === 'OPEN') Object.assign(pull, { state: 'CLOSED', closedBy: login })
      return [200, { ...exampleOf('pull-request'), ...shown(repository, pull) }]
    },
  },
  'put /repos/{owner}/{repo}/pulls/{pull_number}/merge': {
    needs: 'contents:write',
    answer({ repository, parameters, body, login }) {
      const pull = pullOf(repository, parameters['pull_number'])
      if (pull === null) return refusal(404, 'Not Found')
      if (pull.state !== 'OPEN') return refusal(405, 'Pull Request is not mergeable')
      const method = textOf(body['merge_method'], 'merge')
      if (!repository.mergeMethods.has(method as 'merge'))
        return refusal(405, `${method} is not allowed on this repository`)
      if (body['sha'] !== undefined && body['sha'] !== pull.headOid) {
        return refusal(409, 'Head branch was modified. Review and try the merge again.')
      }
      const sha = merge(repository, pull, method)
      if (sha === null) return refusal(405, 'Pull Request is not mergeable')
      Object.assign(pull, { state: 'MERGED', mergeCommit: sha, mergedBy: login })
      return [200, { sha, merged: true, message: 'Pull Request successfully merged' }]
    },
  },
  'post /repos/{owner}/{repo}/issues/{issue_number}/comments': {
    needs: 'pull_requests:write',
    answer({ repository, parameters, body, login }) {
      const pull = pullOf(repository, parameters['issue_number'])
      if (pull === null) return refusal(404, 'Not Found')
      const id = pull.number * 1_000 + pull.comments.length
      pull.comments.push({ id, body: textOf(body['body']), author: login })
      return [201, { ...exampleOf('issue-comment'), body: body['body'] }]
    },
  },
  'patch /repos/{owner}/{repo}/issues/comments/{comment_id}': {
    needs: 'pull_requests:write',
    answer({ repository, parameters, body }) {
      const comments = repository.pulls.flatMap((pull) => pull.comments)
      const found = comments.find(({ id }) => `${id}` === parameters['comment_id'])
      if (found === undefined) return refusal(404, 'Not Found')
      found.body = textOf(body['body'])
      return [200, { ...exampleOf('issue-comment'), body: found.body }]
    },
  },
  ...sourceOperations,
}

/** A person says something of a pull request as it stands now. */
export function addReview(
  pull: FakePull,
  review: Pick<FakePull['reviews'][number], 'by' | 'state'> & Partial<FakePull['reviews'][number]>,
): void {
  const number = pull.reviews.length + 1
  pull.reviews.push({
    id: `PRR_${pull.number}_${number}`,
    body: '',
    commit: pull.headOid,
    at: new Date().toISOString(),
    ...review,
  })
}

/** A pull request of this repository, or of a stranger's fork. */
export function addPull(
  repository: FakeRepository,
  pull: Pick<FakePull, 'head' | 'base' | 'headOid' | 'title' | 'body'> & { readonly fromFork?: boolean },
): FakePull {
  const open = { state: 'OPEN', mergeCommit: null, mergedBy: null, closedBy: null, comments: [], reviews: [] } as const
  const added: FakePull = {
    fromFork: false,
    ...pull,
    ...open,
    comments: [],
    reviews: [],
    number: repository.pulls.length + 1,
  }
  repository.pulls.push(added)
  return added
}

/** Null: it conflicts. */
export function merge(repository: FakeRepository, pull: FakePull, method: string): string | null {
  const { git } = repository
  const base = headOf(repository, pull.base)
  const tree = tryGit(() => git.git(['merge-tree', '--write-tree', base, pull.headOid]))
  if (tree === null) return null
  const parents = method === 'merge' ? [base, pull.headOid] : [base]
  const message = `${pull.title} (#${pull.number})`
  const sha = git.git(['commit-tree', '-m', message, ...parents.flatMap((one) => ['-p', one]), tree], undefined, BOT)
  return compareAndSwap(repository, pull.base, base, sha) ? sha : null
}

function pullOf(repository: FakeRepository, number: string | undefined): FakePull | null {
  refresh(repository, 'nobody')
  return repository.pulls.find((pull) => `${pull.number}` === number) ?? null
}

function shown(repository: FakeRepository, pull: FakePull): Record<string, unknown> {
  const url = `https://github.test/${repository.owner}/${repository.name}/pull/${pull.number}`
  const { number, title, body } = pull
  // GitHub's own example has teams that its schema refuses.
  return { requested_teams: [], number, title, body, html_url: url, state: pull.state === 'OPEN' ? 'open' : 'closed' }
}

function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

function tryGit<T>(act: () => T): T | null {
  try {
    return act()
  } catch {
    return null
  }
}
