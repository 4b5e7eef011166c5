/** Builders for configurations: the smallest valid text, and what reading a text gives. */

import { configOptions } from '../../src/cli/config-options.ts'
import type { Include } from '../../src/config/include.ts'
import { loadConfig, type Loaded } from '../../src/config/load.ts'
import { formatProblem, type ConfigProblem } from '../../src/config/problem.ts'
import type { Result } from '../../src/domain/result.ts'

export const SMALLEST = `version: 1
registries:
  local: { host: "localhost:5000", events: { type: distribution, secret: env:HOOK } }
git:
  repo: { url: /srv/repo.git }
subscriptions:
  shop:
    image: localhost:5000/shop
    tags: { semver: "*" }
    verify: none
    stages:
      prod: { git: repo, file: app.yaml }
`

export function load(text: string, include?: Include): Promise<Result<Loaded, readonly ConfigProblem[]>> {
  return loadConfig(text, { ...configOptions, path: 'drayage.yaml', ...(include && { include }) })
}

export async function loaded(text: string): Promise<Loaded> {
  const result = await load(text)
  if (!result.ok) throw new Error(result.error.map(formatProblem).join('\n'))
  return result.value
}

/** Errors and warnings, whether or not the text could be loaded, as `line:column reason key`. */
export async function problemsOf(text: string, include?: Include): Promise<readonly string[]> {
  return (await problems(text, include)).map(({ line, column, reason, key }) => `${line}:${column} ${reason} ${key}`)
}

export async function problems(text: string, include?: Include): Promise<readonly ConfigProblem[]> {
  const result = await load(text, include)
  return result.ok ? result.value.warnings : result.error
}
