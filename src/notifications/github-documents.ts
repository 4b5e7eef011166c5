/** The GraphQL that answers to developers need: GitHub's own schema is the judge of it in tests (`scripts/github-schema.ts`). */

/** The latest words under a pull request, and which are ours. */
export const COMMENTS = `query Comments($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(last: 30) { nodes { fullDatabaseId body viewerDidAuthor } }
    }
  }
}`
