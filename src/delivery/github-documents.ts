/** The GraphQL that we send to GitHub: its own schema is the judge of it in tests (`scripts/github-schema.ts`). */

/** Compare-and-swap of branches. */
export const UPDATE_REFS =
  'mutation UpdateRefs($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }'

/** A pull request, its repository's rules for merging, and our last words. */
export const REVIEW = `query Review($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    id mergeCommitAllowed squashMergeAllowed
    pullRequest(number: $number) {
      state headRefName headRefOid isCrossRepository
      headRef { target { oid } }
      mergeCommit { oid }
      mergedBy { login }
      closings: timelineItems(itemTypes: [CLOSED_EVENT], last: 1) { nodes { ... on ClosedEvent { actor { login } } } }
      latestOpinionatedReviews(first: 100, writersOnly: true) {
        nodes { id state body submittedAt author { __typename login } commit { oid } }
      }
      comments(last: 20) { nodes { body viewerDidAuthor } }
    }
  }
}`

const ENTRY = 'mode object { oid ... on Blob { byteSize isBinary isTruncated text } }'

/** The base, `count` files in it, and our branch with its pull requests. */
export function lookDocument(count: number, withBranch: boolean): string {
  const branchVariables = withBranch ? ', $branch: String!, $head: String!, $into: String!' : ''
  const branch = withBranch
    ? `branch: ref(qualifiedName: $branch) { target { oid ... on Commit { message tree { oid } parents(first: 2) { nodes { oid } } } } }
       pullRequests(headRefName: $head, baseRefName: $into, states: [OPEN, CLOSED], first: 20, orderBy: { field: CREATED_AT, direction: DESC }) {
         nodes { number url title body state headRefOid isCrossRepository }
       }`
    : ''
  return `query Look($owner: String!, $name: String!, $base: String!${branchVariables}${pathParameters(count)}) {
    repository(owner: $owner, name: $name) {
      id
      base: ref(qualifiedName: $base) { target { oid ... on Commit { tree { oid } ${entries(count, ENTRY)} } } }
      ${branch}
    }
  }`
}

/** The files at a commit, and by how many commits our branch is ahead of the base. */
export function commitDocument(count: number): string {
  return `query LookAtCommit($owner: String!, $name: String!, $oid: GitObjectID!, $base: String!, $branch: String!${pathParameters(count)}) {
    repository(owner: $owner, name: $name) {
      base: ref(qualifiedName: $base) { compare(headRef: $branch) { aheadBy } }
      commit: object(oid: $oid) { oid ... on Commit { tree { oid } ${entries(count, ENTRY)} } }
    }
  }`
}

/** The modes of `count` paths at a commit. */
export function foldersDocument(count: number): string {
  return `query LookAtFolders($owner: String!, $name: String!, $oid: GitObjectID!${pathParameters(count)}) {
    repository(owner: $owner, name: $name) {
      commit: object(oid: $oid) { oid ... on Commit { ${entries(count, 'mode')} } }
    }
  }`
}

function pathParameters(count: number): string {
  return Array.from({ length: count }, (_, index) => `, $path${index}: String!`).join('')
}

function entries(count: number, fields: string): string {
  return Array.from({ length: count }, (_, index) => `file${index}: file(path: $path${index}) { ${fields} }`).join(' ')
}
