/** What the roles of `infra/aws` allow at DynamoDB, as `GetItem documents` and `Query journal/index/time`. */

import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

type Statement = { readonly Action: readonly string[]; readonly Resource: string | readonly string[] }

type Role = {
  readonly Properties: {
    readonly Policies: readonly { PolicyName: string; PolicyDocument: { Statement: Statement[] } }[]
  }
}

export function rolesOf(file: string): Readonly<Record<string, ReadonlySet<string>>> {
  // Tags of CloudFormation: the values behind them are all that is asked for.
  const { Resources } = parse(readFileSync(file, 'utf8'), { logLevel: 'error' }) as { Resources: Record<string, Role> }
  const policies = Object.values(Resources).flatMap(({ Properties }) => Properties.Policies)
  return Object.fromEntries(
    policies.map(({ PolicyName, PolicyDocument }) => [
      PolicyName,
      new Set(PolicyDocument.Statement.filter((one) => !Array.isArray(one)).flatMap(callsOf)),
    ]),
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
