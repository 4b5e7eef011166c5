import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'

type Rule = {
  readonly apiGroups: string[]
  readonly resources: string[]
  readonly resourceNames?: string[]
  readonly verbs: string[]
}

const { rules } = parse(readFileSync('infra/kubernetes/access/role.yaml', 'utf8')) as {
  readonly rules: readonly Rule[]
}

it('CVE-2026-42880, CVE-2026-45737: the Role in infra/kubernetes reads no Secret, not by a wildcard either', () => {
  const readable = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs])
  expect(readable.filter((each) => each === '*' || each.startsWith('secret'))).toEqual([])
})

it('the Role in infra/kubernetes changes named workloads only, and creates and deletes nothing', () => {
  const verbs = new Set(rules.flatMap((rule) => rule.verbs))
  expect(verbs).toEqual(new Set(['get', 'patch', 'list']))
  const unnamed = rules.filter(({ resourceNames = [] }) => resourceNames.length === 0)
  expect(unnamed.map((rule) => rule.verbs)).toEqual([['list']])
})
