/** `drayage check`: everything that is wrong with a configuration, or in plain words what it does. */

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadConfigFile, loadFirstPart, loadSecondPart } from '../config/files.ts'
import type { ConfigFile } from '../config/include.ts'
import type { Loaded, LoadOptions } from '../config/load.ts'
import { formatProblem, type ConfigProblem } from '../config/problem.ts'
import type { Config, LoadedConfig, RegistryConfig, StateConfig } from '../domain/config.ts'
import { formatDuration } from '../domain/duration.ts'
import { formatImage } from '../domain/image.ts'
import { formatImages } from '../domain/release.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Stage, Subscription } from '../domain/subscription.ts'
import type { Target } from '../domain/target.ts'
import { escapeForTerminal } from '../escape.ts'
import { poll } from '../receivers/poll.ts'
import { against, tellAgainst } from './against.ts'
import { platformOptions, printBundle, readDeployment } from './bundle.ts'
import { describeDemands } from './check/demands.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { configOptions } from './config-options.ts'
import { printJson } from './output.ts'

const FILE = 'drayage.yaml'

const help = `
Checks a configuration and says what it does. Touches nothing, reads no secret, asks nobody.

Usage: drayage check [FILE] [--first FILE] [--against REF] [--platform PLATFORM] [--bundle [--out FILE]]

  FILE      the configuration; drayage.yaml where it is left out. Files that it includes are read too
  --json    {"ok": …, "problems": [{"severity", "reason", "file", "line", "column", "key", "message",
            "expected"?, "found"?, "hint"?}], "hash", "subscriptions"}

  --first FILE   FILE stands in a repository that the service follows (server.config): it is
                 checked together with this, the part that the service is started with

  --against REF  what the change would do to what runs and waits, compared with a commit of the
            file's Git repository; exit code 1 where it weakens what protects a stage. Where
            DRAYAGE_URL and DRAYAGE_TOKEN name a service, also what is under way there

  --platform node, container, cloudflare or aws: refuses what cannot work there, each with its
             remedy
  --bundle   prints the configuration as it is compiled into what is deployed: validated JSON;
             the platform is node where none is named
  --out FILE  writes the bundle there

All problems are printed at once, one on each line, as compilers do: file:line:column: error: …
Exit code: 0 fine (there may be warnings), 1 it has errors, 2 misuse.

Example:
  $ drayage check drayage.yaml
  drayage.yaml:9:5: error: subscriptions.payments.tag: unknown key. Did you mean tags?
`

const options = {
  json: { type: 'boolean' },
  against: { type: 'string' },
  first: { type: 'string' },
  ...platformOptions,
} as const

export const command: Command = { name: 'check', summary: 'check a configuration and say what it does', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  if (positionals.length > 1) {
    io.stderr('drayage check: expected one file\nTry: drayage check --help\n')
    return 2
  }
  const deployment = readDeployment(values)
  if (!deployment.ok) {
    io.stderr(`drayage check: ${deployment.error}\nTry: drayage check --help\n`)
    return 2
  }
  if (values.first !== undefined && deployment.value.bundle !== null) {
    io.stderr('drayage check: what is deployed is the first part alone: leave out --first\nTry: drayage check --help\n')
    return 2
  }
  const file = positionals[0] ?? FILE
  const result = await loadParts(file, values.first, { ...configOptions, ...deployment.value.load })
  const problems = result.ok ? result.value.warnings : result.error
  const loaded = result.ok ? result.value.loaded : null
  const first = result.ok ? result.value.first : null
  if (deployment.value.bundle !== null) return printBundle(problems, loaded, deployment.value.bundle, io)
  if (values.against !== undefined && loaded !== null) {
    return checkAgainst(values.against, { file, first, loaded, isJson: values.json === true }, io)
  }
  if (values.json === true) printAsJson(io, problems, loaded)
  else printForPeople(io, problems, loaded)
  return loaded === null ? 1 : 0
}

type Parts = Loaded & { readonly first: readonly ConfigFile[] | null }

async function loadParts(
  file: string,
  firstFile: string | undefined,
  load: Omit<LoadOptions, 'path' | 'include'>,
): Promise<Result<Parts, readonly ConfigProblem[]>> {
  const first = firstFile === undefined ? ok(null) : await loadFirstPart(firstFile, load)
  if (!first.ok) return first
  const loaded = await (first.value === null ? loadConfigFile(file, load) : loadSecondPart(file, first.value, load))
  return loaded.ok ? ok({ ...loaded.value, first: first.value }) : loaded
}

type Asked = {
  readonly file: string
  readonly first: readonly ConfigFile[] | null
  readonly loaded: LoadedConfig
  readonly isJson: boolean
}

async function checkAgainst(ref: string, { file, first, loaded, isJson }: Asked, io: Io): Promise<ExitCode> {
  const found = await against(ref, { file, first, config: loaded.config }, io)
  if (!found.ok) {
    io.stderr(`drayage check: ${found.error}\n`)
    return 1
  }
  if (isJson) printJson(io, { against: ref, hash: loaded.hash, ...found.value }, true)
  else io.stdout(tellAgainst(ref, found.value))
  return found.value.changes.some(({ weakens }) => weakens) ? 1 : 0
}

function printAsJson(io: Io, problems: readonly ConfigProblem[], loaded: LoadedConfig | null): void {
  const { config, hash = null } = loaded ?? {}
  printJson(io, { ok: loaded !== null, problems, hash, subscriptions: config?.subscriptions ?? null }, true)
}

/** Problems are what was asked for, and so are data. */
function printForPeople(io: Io, problems: readonly ConfigProblem[], loaded: LoadedConfig | null): void {
  const texts = new Map<string, readonly string[]>()
  for (const problem of problems) {
    io.stdout(`${escapeForTerminal(formatProblem(problem))}\n`)
    if (io.isTTY) io.stdout(excerpt(problem, linesOf(texts, problem.file)[problem.line - 1] ?? ''))
  }
  if (loaded === null) {
    const errors = problems.filter(({ severity }) => severity === 'error').length
    io.stdout(`${errors} ${errors === 1 ? 'error' : 'errors'}\n`)
    return
  }
  for (const line of summary(loaded)) io.stdout(`${escapeForTerminal(line)}\n`)
}

const EXCERPT_LENGTH_MAX = 160
/** A secret in place of its reference, or within a URL: such a line is not shown. */
const MAY_HOLD_SECRET =
  /(?:secret|pas+|pwd|token|key|credential)[^:,]*:\s*(?!["']?(?:env:|file:\/)|[[{]|$)|\[\s*(?!["']?(?:env:|file:\/))[^[\]]*\]|@/iu

/** What stands there, and a caret below the column. Of a line with several values only the one in question: others may be secrets. */
function excerpt(problem: ConfigProblem, line: string): string {
  const at = problem.column - 1
  const start = Math.max(...['{', '[', ','].map((mark) => line.lastIndexOf(mark, at - 1))) + 1
  const end = endOf(problem, line)
  const shown = line.slice(start, end)
  if (at >= end || shown.length > EXCERPT_LENGTH_MAX || MAY_HOLD_SECRET.test(shown)) return ''
  const before = escapeForTerminal(`${start > 0 ? '…' : ''}${line.slice(start, at)}`)
  const after = escapeForTerminal(`${line.slice(at, end)}${end < line.length ? '…' : ''}`)
  return `    ${before}${after}\n    ${' '.repeat(before.length)}^\n`
}

/** What follows an unknown key is left out too: nobody knows what it is. */
function endOf({ reason, column, key }: ConfigProblem, line: string): number {
  if (reason === 'unknown-key') return column - 1 + (key.split('.').at(-1)?.length ?? 0)
  const next = line.slice(column).search(/[,}\]]/u)
  return next < 0 ? line.length : column + next
}

function linesOf(texts: Map<string, readonly string[]>, file: string): readonly string[] {
  const known = texts.get(file)
  if (known !== undefined) return known
  const lines = readLines(file)
  texts.set(file, lines)
  return lines
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/u)
  } catch {
    // It was read a moment ago; without it there is no excerpt, and the problem stands above.
    return []
  }
}

function summary({ config, hash }: LoadedConfig): readonly string[] {
  const head =
    config.mode === 'observe'
      ? 'mode: observe. Everything is decided and recorded, nothing is touched.'
      : 'mode: act. What is decided is delivered.'
  const count = config.subscriptions.length
  return [
    head,
    ...describeState(config.server.state),
    ...Object.entries(config.registries).map(([name, registry]) => describeRegistry(name, registry)),
    ...(count === 0 ? ['No subscriptions: nothing is followed.'] : []),
    ...config.subscriptions.flatMap((subscription) => describeSubscription(config, subscription)),
    `configuration ${hash.slice(0, 12)}`,
  ]
}

/** The embedded store is what everybody has who writes nothing. */
function describeState(state: StateConfig): readonly string[] {
  if (typeof state === 'string') return []
  return [`state: PostgreSQL at ${state.postgres}, at most ${state.connections} connections of each process`]
}

function describeRegistry(name: string, { host, events, pull }: RegistryConfig): string {
  const where = host ?? 'any host that a subscription follows'
  const told = tellsHow(name, events)
  const proof = events?.['auth'] === 'none' ? ', AUTH: NONE: anybody may send' : ''
  const read = host === null ? '' : `, is read ${describePull(pull)}`
  return `${name}: ${where}, ${told}${proof}${read}`
}

function tellsHow(name: string, events: RegistryConfig['events']): string {
  if (events === undefined) return 'tells nothing'
  if (events.type === poll.type) return `is looked at every ${formatDuration(poll.everyMs(events))}`
  return `tells by ${events.type} at POST /hooks/${name}`
}

function describePull(pull: RegistryConfig['pull']): string {
  if (pull === undefined) return 'anonymously'
  if ('username' in pull) return `as ${pull.username}`
  if ('dockerConfig' in pull) return `by the login in ${pull.dockerConfig}`
  if ('google' in pull) return `by Google, as ${pull.google.credentials ?? 'the account of the process'}`
  if ('azure' in pull)
    return `by Entra, as ${pull.azure.application?.client ?? pull.azure.identity ?? 'the identity of the process'}`
  const { role, keys, profile } = pull.aws
  return `by IAM, as ${role ?? keys?.id ?? profile ?? 'the process itself'}`
}

function describeSubscription(config: Config, subscription: Subscription): readonly string[] {
  const { name, tags, stages, assurance, pushers, owners } = subscription
  const unverified = stages.some(({ verify }) => verify === 'none')
  return [
    `${name}: ${formatImages(subscription)}, tags ${JSON.stringify(tags)}`,
    ...(assurance === undefined ? [] : [`  of events of assurance ${assurance} or better`]),
    ...(pushers === undefined ? [] : [`  of pushes by ${pushers.join(', ')}`]),
    ...(owners === undefined ? [] : [`  owned by ${owners.join(', ')}`]),
    ...(unverified ? ['  VERIFY: NONE. Whatever is pushed under such a tag is delivered, whoever pushed it.'] : []),
    ...stages.flatMap((stage) => [
      ...stage.targets.map((target) => `  ${describeStage(stage)}: ${describeTarget(config, target)}`),
      ...describeDemands(stage).map((line) => `    ${line}`),
    ]),
  ]
}

function describeStage({ name, after, needs }: Stage): string {
  return after.length === 0 ? name : `${name}, after ${after.join(needs === 'any' ? ' or ' : ' and ')}`
}

function describeTarget(config: Config, target: Target): string {
  const taken = target.image === undefined ? '' : `: ${formatImage(target.image)}`
  return `${describePlace(config, target)}${taken}`
}

function describePlace(config: Config, target: Target): string {
  if (target.kind === 'workload') {
    const place = target.field === undefined ? `container ${target.container}` : `field ${target.field}`
    return `patch ${target.workload}, ${place}, in ${target.namespace} of ${target.cluster}`
  }
  const git = config.git[target.git]
  const place = `${target.file}${target.field === undefined ? '' : ` at ${target.field}`}`
  if (git === undefined) return place
  if (!('github' in git)) return `commit to ${git.url}, branch ${git.base}: ${place}`
  const merge = target.merge === 'by-person' ? 'merged by a person' : 'merged by Drayage'
  return `pull request in ${git.github} to ${git.base}, ${merge}: ${place}`
}
