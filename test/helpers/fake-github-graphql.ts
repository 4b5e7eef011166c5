/** GitHub's GraphQL on real bare repositories: documents are validated and executed by graphql-js against GitHub's own schema. */

import { execute, GraphQLError, parse, validate } from 'graphql'
import {
  compareAndSwap,
  headOf,
  isFastForward,
  NO_OBJECT,
  refresh,
  type FakePull,
  type FakeReview,
  type FakeRepository,
} from './fake-github-state.ts'
import { graphqlSchema } from './github-schema.ts'

const TEXT_BYTES_MAX = 512_000
/** Beyond these GitHub shows only the beginning. */
export type GraphqlContext = {
  readonly repositories: readonly FakeRepository[]
  readonly login: string
  readonly mayWrite: boolean
  /** Shows files as GitHub would if it transcoded them: never with their own bytes. */
  readonly garbleText: boolean
}
export type GraphqlAnswer = {
  readonly data?: unknown
  readonly errors?: readonly { readonly type?: string; readonly message: string }[]
}
type RefUpdate = { name: string; beforeOid?: string; afterOid: string; force?: boolean }

/** `violations`: what GitHub itself would not have understood. */
export async function answerGraphql(
  request: { readonly query: string; readonly variables?: Record<string, unknown> },
  context: GraphqlContext,
): Promise<{ readonly answer: GraphqlAnswer; readonly violations: readonly string[] }> {
  const document = parse(request.query)
  const violations = validate(graphqlSchema, document).map((error) => error.message)
  if (violations.length > 0) return { answer: { errors: violations.map((message) => ({ message })) }, violations }
  const rootValue = rootOf(context)
  const result = await execute({ schema: graphqlSchema, document, rootValue, variableValues: request.variables ?? {} })
  const errors = (result.errors ?? []).map((error) => {
    const type = error.extensions['type']
    return { ...(typeof type === 'string' ? { type } : {}), message: error.message, path: error.path ?? [] }
  })
  const unknown = errors.filter((error) => error.type === undefined).map((error) => error.message)
  return { answer: { data: result.data, ...(errors.length > 0 ? { errors } : {}) }, violations: unknown }
}

function rootOf(context: GraphqlContext): Record<string, unknown> {
  return {
    repository: ({ owner, name }: { owner: string; name: string }) => {
      const found = context.repositories.find((one) => one.owner === owner && one.name === name)
      if (found === undefined)
        throw failure('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`)
      return repositoryOf(found, context)
    },
    updateRefs: ({ input }: { input: { repositoryId: string; refUpdates: RefUpdate[] } }) => {
      const found = context.repositories.find((one) => one.id === input.repositoryId)
      if (found === undefined)
        throw failure('NOT_FOUND', `Could not resolve to a node with the global id of '${input.repositoryId}'`)
      if (!context.mayWrite) throw failure('FORBIDDEN', 'Resource not accessible by integration')
      for (const update of input.refUpdates) updateRef(found, update, context.login)
      return { clientMutationId: null }
    },
  }
}

function updateRef(repository: FakeRepository, { name, beforeOid, afterOid, force }: RefUpdate, login: string): void {
  const branch = name.replace(/^refs\/heads\//u, '')
  const now = headOf(repository, branch)
  const refuse = (message: string): GraphQLError => failure('UNPROCESSABLE', message)
  if (repository.protectedBranches.has(branch)) throw refuse(`Repository rule violations found for ${name}`)
  if (beforeOid !== undefined && beforeOid !== now) throw refuse(`${name} is at ${now} but expected ${beforeOid}`)
  const isAdvance = now === NO_OBJECT || (afterOid !== NO_OBJECT && isFastForward(repository, now, afterOid))
  if (force !== true && !isAdvance) throw refuse('Update is not a fast forward')
  if (!compareAndSwap(repository, branch, now, afterOid)) throw refuse(`cannot lock ref '${name}'`)
  refresh(repository, login)
}

function repositoryOf(repository: FakeRepository, context: GraphqlContext): Record<string, unknown> {
  refresh(repository, 'nobody')
  return {
    id: repository.id,
    mergeCommitAllowed: repository.mergeMethods.has('merge'),
    squashMergeAllowed: repository.mergeMethods.has('squash'),
    rebaseMergeAllowed: repository.mergeMethods.has('rebase'),
    ref: ({ qualifiedName }: { qualifiedName: string }) =>
      refOf(repository, qualifiedName.replace(/^refs\/heads\//u, ''), context),
    object: ({ oid }: { oid: string }) => commitOf(repository, oid, context),
    pullRequest: ({ number }: { number: number }) => {
      const pull = repository.pulls.find((one) => one.number === number)
      if (pull === undefined)
        throw failure('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${number}.`)
      return pullOf(repository, pull, context)
    },
    pullRequests: (filter: { headRefName?: string; baseRefName?: string; states?: string[]; first: number }) => ({
      nodes: repository.pulls
        .filter((pull) => filter.headRefName === undefined || pull.head === filter.headRefName)
        .filter((pull) => filter.baseRefName === undefined || pull.base === filter.baseRefName)
        .filter((pull) => filter.states === undefined || filter.states.includes(pull.state))
        .toReversed()
        .slice(0, filter.first)
        .map((pull) => pullOf(repository, pull, context)),
    }),
  }
}

function refOf(repository: FakeRepository, branch: string, context: GraphqlContext): Record<string, unknown> | null {
  const head = headOf(repository, branch)
  if (head === NO_OBJECT) return null
  return {
    target: () => commitOf(repository, head, context),
    compare: ({ headRef }: { headRef: string }) => {
      const other = headOf(repository, headRef.replace(/^refs\/heads\//u, ''))
      return other === NO_OBJECT ? null : { aheadBy: repository.git.count(`${head}..${other}`) }
    },
  }
}

function commitOf(repository: FakeRepository, oid: string, context: GraphqlContext): Record<string, unknown> {
  const { git } = repository
  const [tree = '', parents = '', ...message] = git.git(['log', '-1', '--format=%T%n%P%n%B', oid]).split('\n')
  return {
    __typename: 'Commit',
    oid,
    message: message.join('\n').trimEnd(),
    tree: { __typename: 'Tree', oid: tree },
    parents: ({ first }: { first: number }) => ({
      nodes: parents
        .split(' ')
        .filter((parent) => parent !== '')
        .slice(0, first)
        .map((parent) => ({ __typename: 'Commit', oid: parent })),
    }),
    file: ({ path }: { path: string }) => entryOf(repository, oid, path, context),
  }
}

function entryOf(repository: FakeRepository, oid: string, path: string, { garbleText }: GraphqlContext): unknown {
  const line = repository.git
    .bytes(['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', oid, '--', path])
    .toString('utf8')
    .split('\0')
    .find((one) => one.split('\t')[1] === path)
  if (line === undefined) return null
  const [mode = '', type = '', id = ''] = (line.split('\t')[0] ?? '').split(' ')
  if (type === 'tree') return { mode: Number.parseInt(mode, 8), object: { __typename: 'Tree', oid: id } }
  if (type === 'commit') return { mode: Number.parseInt(mode, 8), object: null }
  const bytes = repository.git.bytes(['cat-file', 'blob', id])
  const isBinary = bytes.includes(0)
  const shown = bytes.subarray(0, TEXT_BYTES_MAX).toString('utf8')
  const text = isBinary ? null : garbleText ? shown.replaceAll('\n', '\r\n') : shown
  const isTruncated = bytes.length > TEXT_BYTES_MAX
  const blob = { __typename: 'Blob', oid: id, byteSize: bytes.length, isBinary, isTruncated, text }
  return { mode: Number.parseInt(mode, 8), object: blob }
}

function pullOf(repository: FakeRepository, pull: FakePull, context: GraphqlContext): Record<string, unknown> {
  const actor = (login: string | null): unknown => (login === null ? null : { __typename: 'User', login })
  const head = pull.fromFork ? NO_OBJECT : headOf(repository, pull.head)
  return {
    number: pull.number,
    url: `https://github.test/${repository.owner}/${repository.name}/pull/${pull.number}`,
    title: pull.title,
    body: pull.body,
    state: pull.state,
    headRefName: pull.head,
    headRefOid: pull.headOid,
    isCrossRepository: pull.fromFork,
    headRef: head === NO_OBJECT ? null : { target: { __typename: 'Commit', oid: head } },
    mergeCommit: pull.mergeCommit === null ? null : { __typename: 'Commit', oid: pull.mergeCommit },
    mergedBy: actor(pull.mergedBy),
    timelineItems: {
      nodes: pull.state === 'CLOSED' ? [{ __typename: 'ClosedEvent', actor: actor(pull.closedBy) }] : [],
    },
    comments: {
      nodes: pull.comments.map(({ id, body, author }) => {
        return { fullDatabaseId: `${id}`, body, viewerDidAuthor: author === context.login }
      }),
    },
    latestOpinionatedReviews: ({ writersOnly }: { writersOnly?: boolean }) => ({
      nodes: latestOf(pull)
        .filter(({ isStranger }) => writersOnly !== true || isStranger !== true)
        .map(reviewOf),
    }),
  }
}

/** What somebody only remarks takes nothing of their opinion. */
function latestOf({ reviews }: FakePull): readonly FakeReview[] {
  const opinions = reviews.filter(({ state }) => state !== 'COMMENTED')
  return [...new Map(opinions.map((review) => [review.by, review])).values()]
}

function reviewOf({ id, by, state, body, commit, at, isBot }: FakeReview): Record<string, unknown> {
  const author = { __typename: isBot === true ? 'Bot' : 'User', login: by }
  return { id, state, body, submittedAt: at, author, commit: { __typename: 'Commit', oid: commit } }
}

function failure(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } })
}
