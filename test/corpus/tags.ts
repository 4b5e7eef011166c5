/** Our peers' tables of tag choice: every row that has an equivalent here is asked, in every `*.json` of the folder that is such a table. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { Json } from '../../src/domain/json.ts'
import { type TagRule, tagsOtherwise, tagsUnasked } from './exceptions.ts'
import type { CorpusResult } from './kind.ts'
import { type Answers, Case, type Peer } from './tags/case.ts'
import { flux } from './tags/flux.ts'
import { imageUpdater } from './tags/image-updater.ts'
import { kargo } from './tags/kargo.ts'
import { keel } from './tags/keel.ts'
import { renovateDocker, renovateRegex } from './tags/renovate.ts'

const Table = z.looseObject({ source_repo: z.string(), cases: z.array(z.unknown()) })

/** By the repository that a table comes from; a table of another one is none of ours. */
const peers: Readonly<Record<string, { peer: Peer; answers(row: Case): Answers | undefined }>> = {
  'fluxcd/image-reflector-controller': { peer: 'flux', answers: () => flux },
  'argoproj-labs/argocd-image-updater': { peer: 'image-updater', answers: () => imageUpdater },
  'akuity/kargo': { peer: 'kargo', answers: () => kargo },
  'keel-hq/keel': { peer: 'keel', answers: () => keel },
  'renovatebot/renovate': {
    peer: 'renovate',
    answers: ({ versioning = '' }) => ({ docker: renovateDocker, regex: renovateRegex })[versioning],
  },
}
/** The same repositories have tables of edits and of secrets too. */
const TAG_TABLE = /polic|version|selector|tag/u

export async function corpus(directory: string): Promise<CorpusResult> {
  const result = { passed: 0, failures: [] as string[], excepted: {} as Record<string, number> }
  for (const file of tablesIn(directory)) {
    const table = Json.pipe(Table).safeParse(readFileSync(file, 'utf8'))
    const source = table.success ? peers[table.data.source_repo] : undefined
    if (!table.success || source === undefined) continue
    for (const [index, row] of table.data.cases.entries()) {
      const outcome = judge(row, source)
      if (outcome === 'passed') result.passed += 1
      else if ('excepted' in outcome) result.excepted[outcome.excepted] = (result.excepted[outcome.excepted] ?? 0) + 1
      else result.failures.push(`${basename(file)}[${index}] ${outcome.failure}`)
    }
  }
  if (result.passed + result.failures.length === 0) result.failures.push(`${directory} holds no table of tag choice`)
  return Promise.resolve(result)
}

type Outcome = 'passed' | { readonly excepted: string } | { readonly failure: string }

function judge(value: unknown, { peer, answers }: (typeof peers)[string]): Outcome {
  const row = Case.safeParse(value)
  if (!row.success) return { failure: `is no row that we can read: ${z.prettifyError(row.error)}` }
  const notAsked = ruleFor(tagsUnasked, peer, row.data)
  if (notAsked !== undefined) return { excepted: `${peer}: ${notAsked}` }
  const { check = 'pick', versioning } = row.data
  const answer = answers(row.data)?.[check]
  if (answer === undefined)
    return { excepted: `${peer}: asks ${[versioning ?? '', check].join(' ').trim()}, for which we have no filter` }
  const ours = answer(row.data)
  if (ours === undefined) return { failure: `lacks what ${check} needs: ${JSON.stringify(value)}` }
  if (isDeepStrictEqual(ours, row.data.expected)) return 'passed'
  const answered = ruleFor(tagsOtherwise, peer, row.data)
  if (answered !== undefined) return { excepted: `${peer}: ${answered}` }
  return { failure: `${JSON.stringify(value)}: ours is ${JSON.stringify(ours)}` }
}

function ruleFor(rules: readonly TagRule[], peer: Peer, row: Case): string | undefined {
  return rules.find((rule) => (rule.peer === 'any' || rule.peer === peer) && rule.applies(row))?.reason
}

function tablesIn(directory: string): readonly string[] {
  const folders = [directory, join(directory, 'suites')].filter((folder) => existsSync(folder))
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.json') && TAG_TABLE.test(name))
      .toSorted()
      .map((name) => join(folder, name)),
  )
}
