/** Text → configuration: everything that is wrong with it at once, each with its place; or the whole, with its hash and warnings. */

import type { Config, LoadedConfig } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { Name } from '../domain/subscription.ts'
import { checkBatches } from './batches.ts'
import { checkGit, checkListeners, checkMerge, checkRollback, checkSource, checkTargets } from './conflicts.ts'
import { checkDocumentSize } from './document-size.ts'
import { hashOf } from './hash.ts'
import { readWithIncludes, type Include, type Whole } from './include.ts'
import { checkPlatform, type Platform } from './platform.ts'
import { formatPath, problemAt, type ConfigProblem, type Path } from './problem.ts'
import { checkReferences } from './references.ts'
import { createReading, readNamedFiles, type CheckPattern, type CheckTrustPolicy, type NamedFiles } from './reading.ts'
import { resolveSigners, resolveTrust } from './signers.ts'
import { readEvents, resolveRegistry, withOneReading, warnWithoutEvents, type EventType } from './registries.ts'
import { checkClaims } from './oidc-claims.ts'
import { readImages, resolveServer, resolveSubscription, type CheckFilter } from './resolve.ts'
import { SECTIONS, TOP_LEVEL, type Section } from './schema.ts'
import { checkSources } from './sources.ts'
import { checkTalk } from './talk.ts'
import { shapeOf, type Report } from './shape.ts'
import { entriesOf, keyPlaceOf, plainOf, treeAt, type Tree } from './tree.ts'
import type * as z from 'zod'

export type LoadOptions = {
  /** The file's name, for places. */
  readonly path?: string
  /** The receivers that this version has. */
  readonly receivers: readonly EventType[]
  /** Why a tag filter cannot work (a range or an expression that cannot be read), or null. */
  readonly checkFilter?: CheckFilter
  /** Why a regular expression cannot work, or null. */
  readonly checkPattern?: CheckPattern
  /** What cannot work of a Notation trust policy. */
  readonly checkTrustPolicy?: CheckTrustPolicy
  /** The files that an `include:` names. Absent: there are no other files. */
  readonly include?: Include
  /** Where it is to run: what cannot work there is refused. Absent: nobody asked. */
  readonly platform?: Platform
}

export type Loaded = { readonly loaded: LoadedConfig; readonly warnings: readonly ConfigProblem[] }

/** All problems in the order of the text, warnings among them, where one of them is an error. */
export async function loadConfig(
  text: string,
  options: LoadOptions,
): Promise<Result<Loaded, readonly ConfigProblem[]>> {
  const read = await readWithIncludes(text, options.path ?? 'drayage.yaml', options.include)
  if (!read.ok) return read
  return loadTree(read.value, options)
}

/** The same for what was read; `check` says what else is wrong with it. */
export async function loadTree(
  { root, files }: Whole,
  options: LoadOptions,
  check: (report: Report) => void = () => {},
): Promise<Result<Loaded, readonly ConfigProblem[]>> {
  const named = await readNamedFiles(root, options.include)
  const { config, problems } = resolveTree(root, { ...options, named }, check)
  const sorted = problems.toSorted(byPlace)
  if (config === null) return err(sorted)
  const own = config.server.config === undefined ? {} : { files }
  return ok({ loaded: { config, hash: await hashOf(config), ...own }, warnings: sorted })
}

type Options = LoadOptions & { readonly named: NamedFiles }

function resolveTree(
  root: Tree,
  options: Options,
  check: (report: Report) => void,
): { config: Config | null; problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = []
  const seen = new Set<string>()
  const report: Report = (problem, path) => {
    const id = `${formatPath(path)} ${problem.reason} ${problem.line}:${problem.column}`
    if (seen.has(id)) return
    seen.add(id)
    problems.push(problem)
  }
  check(report)
  const config = checkReferences(root, report) ? configOf(root, options, report) : null
  return { config: problems.some(({ severity }) => severity === 'error') ? null : config, problems }
}

function configOf(root: Tree, options: Options, report: Report): Config | null {
  const top = shapeOf(TOP_LEVEL, root, [], plainOf(root), report)
  const raw = {
    registries: sectionOf(root, 'registries', report),
    clusters: sectionOf(root, 'clusters', report),
    notifications: sectionOf(root, 'notifications', report),
    people: sectionOf(root, 'people', report),
    git: sectionOf(root, 'git', report),
    trust: sectionOf(root, 'trust', report),
    signers: sectionOf(root, 'signers', report),
    stages: sectionOf(root, 'stages', report),
    subscriptions: sectionOf(root, 'subscriptions', report),
  }
  const reader = { root, report, eventTypes: options.receivers }
  const events = readEvents(reader)
  const entries = mapped(raw.registries, (entry, name) => resolveRegistry(reader, name, entry, events.get(name)))
  const registries = withOneReading(reader, entries)
  const reading = createReading(root, report, {
    checkPattern: options.checkPattern,
    checkTrustPolicy: options.checkTrustPolicy,
    files: options.named,
  })
  const trust = resolveTrust(reading, raw.trust)
  const signers = resolveSigners(reading, raw.signers, trust)
  const resolving = { root, report, checkFilter: options.checkFilter ?? (() => null), reading, signers }
  const images = readImages(resolving)
  const subscriptions = Object.values(
    mapped(raw.subscriptions, (entry, name) =>
      resolveSubscription(resolving, name, entry, { images: images.get(name), shared: raw.stages }),
    ),
  )
  const server = resolveServer(top?.server)
  checkClaims(root, report)
  for (const [name, git] of Object.entries(raw.git)) checkGit(reader, name, git)
  for (const subscription of subscriptions) {
    warnWithoutEvents(reader, registries, subscription)
    checkMerge(reader, subscription, raw.git)
    checkRollback(reader, subscription, raw.git)
    checkDocumentSize(reader, subscription)
  }
  checkListeners(reader, server)
  checkTargets(reader, { ...raw, subscriptions })
  checkBatches(reader, { git: raw.git, subscriptions })
  checkSource(reader, server, raw.git)
  if (top === undefined) return null
  const { clusters, git, notifications, people } = raw
  const config: Config = {
    version: 1,
    mode: top.mode ?? 'act',
    registries,
    clusters,
    git,
    notifications,
    people,
    ...(top.slack === undefined ? {} : { slack: top.slack }),
    trust,
    signers,
    subscriptions,
    server,
  }
  checkTalk(reader, config)
  checkSources(reader, config)
  if (options.platform !== undefined) checkPlatform(reader, options.platform, config)
  return config
}

type Entries<S extends Section> = Readonly<Record<string, z.output<(typeof SECTIONS)[S]>>>

/** Entry by entry, so that a mistake in one hides nothing of the others. */
function sectionOf<S extends Section>(root: Tree, section: S, report: Report): Entries<S> {
  const entries = entriesOf(treeAt(root, [section])).flatMap(([name, { tree }]) => {
    const path: Path = [section, name]
    checkSectionName(root, path, name, report)
    const shape = shapeOf(SECTIONS[section], root, path, plainOf(tree), report)
    return shape === undefined ? [] : [[name, shape] as const]
  })
  return Object.fromEntries(entries) as Entries<S>
}

function checkSectionName(root: Tree, path: Path, name: string, report: Report): void {
  const shape = Name.safeParse(name)
  if (shape.success) return
  const expected = shape.error.issues[0]?.message.replace(/^expected /u, '')
  report(problemAt(keyPlaceOf(root, path), { reason: 'malformed', path, expected }), path)
}

function mapped<T, U>(
  entries: Readonly<Record<string, T>>,
  map: (entry: T, name: string) => U | undefined,
): Record<string, U> {
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, entry]) => {
      const value = map(entry, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column
}
