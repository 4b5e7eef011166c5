/** Source repositories: whoever is to be told or asked something there needs a way in. */

import type { Config, GitConfig, GitHubRepository } from '../domain/config.ts'
import type { Gate } from '../domain/gate.ts'
import { isSameRepository, isTold, type Source } from '../domain/source.ts'
import type { Stage } from '../domain/subscription.ts'
import { isPlainHttp } from './conflicts.ts'
import { problemAt, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { keyPlaceOf, type Tree } from './tree.ts'

type Reader = { readonly root: Tree; readonly report: Report }
type Whole = Pick<Config, 'git' | 'registries' | 'subscriptions'>

const REMEDY = 'Write app: and key:, or token:, or describe the repository under git:'

export function checkSources(reader: Reader, config: Whole): void {
  for (const { name, source, stages } of config.subscriptions) {
    const path = ['subscriptions', name, 'source']
    if (source !== undefined) checkSource(reader, path, source, config.git)
    for (const stage of stages) checkGates(reader, ['subscriptions', name, 'stages', stage.name], stage, source, config)
  }
  checkHookNames(reader, config)
}

function checkSource(reader: Reader, path: Path, source: Source, git: Whole['git']): void {
  const { app, key, token, api } = source
  if (api !== undefined && (isPlainHttp(api) || /^https?:\/\/[^/?#]*@/u.test(api))) {
    return refuse(
      reader,
      [...path, 'api'],
      'conflict',
      'expected https:// without a name or password: a token goes there',
    )
  }
  if (token !== undefined && (app !== undefined || key !== undefined)) {
    return refuse(reader, [...path, 'token'], 'conflict', 'expected either a token, or app and key, found both')
  }
  if (app !== undefined && key === undefined) {
    return refuse(reader, [...path, 'key'], 'missing', 'missing: expected the private key of the GitHub App')
  }
  if (key !== undefined && app === undefined) {
    return refuse(reader, [...path, 'app'], 'missing', 'missing: expected the id of the GitHub App')
  }
  if (isTold(source) && credentialOf(source, git) === null) {
    refuse(reader, path, 'missing', `there is no way in to ${source.github}`, REMEDY)
  }
}

/** A check that could never be asked would wait for ever. */
function checkGates(
  reader: Reader,
  path: Path,
  { gates }: Stage,
  source: Source | undefined,
  { git }: Pick<Whole, 'git'>,
): void {
  for (const gate of gates) {
    const repository = repositoryOf(gate)
    if (repository === undefined) continue
    const name = repository ?? source?.github
    if (name === undefined) {
      refuse(reader, path, 'missing', 'a check asks GitHub about the source, and the subscription has no source:')
      continue
    }
    const isOwn = source !== undefined && isSameRepository(source.github, name)
    if (credentialOf(isOwn ? source : { github: name }, git) === null) {
      refuse(reader, path, 'missing', `a check asks GitHub, and there is no way in to ${name}`, REMEDY)
    }
  }
}

/** Undefined: another gate. */
function repositoryOf(gate: Gate): string | null | undefined {
  return gate.kind === 'check' && gate.how.by === 'github' ? gate.how.repository : undefined
}

function credentialOf(source: Pick<Source, 'github' | 'app' | 'token'>, git: Whole['git']): true | null {
  if (source.app !== undefined || source.token !== undefined) return true
  return Object.values(git).some((entry) => isGitHub(entry) && isSameRepository(entry.github, source.github))
    ? true
    : null
}

function isGitHub(entry: GitConfig): entry is GitHubRepository {
  return 'github' in entry
}

/** `/hooks/git/<name>` is the Git host's, and would be a registry's with a secret in its URL. */
function checkHookNames(reader: Reader, { git, registries }: Whole): void {
  const hasHook = Object.values(git).some((entry) => isGitHub(entry) && entry.webhook !== undefined)
  if (!hasHook || registries['git'] === undefined) return
  refuse(reader, ['registries', 'git'], 'conflict', '/hooks/git/ is where Git hosts post: give it another name')
}

function refuse(reader: Reader, path: Path, reason: 'missing' | 'conflict', what: string, hint?: string): void {
  reader.report(problemAt(keyPlaceOf(reader.root, path), { reason, path, what, hint }), path)
}
