/** What the roles of `infra/aws` allow at DynamoDB, as `GetItem documents` and `Query journal/index/time`. */

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

type Statement = { readonly Action: readonly string[]; readonly Resource: string | readonly string[] }

export function rolesOf(file: string): Readonly<Record<string, ReadonlySet<string>>> {
  const tags = ['!Sub', '!GetAtt', '!Ref', '!If', '!Not', '!Equals'].map((tag) => ({
    tag,
    resolve: (text: string) => text,
  }))
  const { Resources } = parse(readFileSync(file, 'utf8'), { customTags: tags }) as {
    Resources: Record<
      string,
      { Properties: { Policies: { PolicyName: string; PolicyDocument: { Statement: Statement[] } }[] } }
    >
  }
  const policies = Object.values(Resources).flatMap(({ Properties }) => Properties.Policies)
  return Object.fromEntries(
    policies.map(({ PolicyName, PolicyDocument }) => [PolicyName, new Set(PolicyDocument.Statement.flatMap(callsOf))]),
  )
}

function callsOf({ Action, Resource }: Statement): readonly string[] {
  const operations = Action.filter((action) => action.startsWith('dynamodb:')).map((action) =>
    action.slice('dynamodb:'.length),
  )
  // `Journal.Arn` of !GetAtt, `${Journal.Arn}/index/time` of !Sub.
  const places = [Resource].flat().map((resource) => resource.replace(/^\$\{?|\.Arn\}?/gu, '').toLowerCase())
  return operations.flatMap((operation) => places.map((place) => `${operation} ${place}`))
}
