/**
 * The configuration of a repository, while we run: read, validated, kept by its hash, in force. A commit that is bad, and a
 * repository that is away, change nothing: the last good one stays in force, and is there after a restart too.
 */

import { compareConfigs } from '../config/compare.ts'
import { loadFollowed, type Followed } from '../config/followed.ts'
import { hashOf } from '../config/hash.ts'
import type { LoadOptions } from '../config/load.ts'
import { formatProblem, type ConfigProblem } from '../config/problem.ts'
import { chainEntries } from '../domain/chain.ts'
import { Config, type ConfigSource, type LoadedConfig } from '../domain/config.ts'
import type { Note } from '../domain/history.ts'
import type { Log } from '../domain/log.ts'
import type { Measure } from '../domain/measure.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Journal } from '../state/journal.ts'
import type { Keep } from '../state/keep.ts'
import { readFirst } from './files.ts'
import { identityOf, NAME, NOTHING_YET, packed, readStanding, unpacked, type Standing } from './kept.ts'
import type { Snapshot, Source } from './source.ts'

/** What others wrote is seen this late. */
const KNOWN_MS = 5_000
const CONFLICTS_MAX = 10
const PROBLEMS_TOLD_MAX = 20
const TEXT_LENGTH_MAX = 2_000

export type LookOutcome = 'unchanged' | 'applied' | 'refused' | 'unreachable'

export type Follower = {
  /** What is in force. Throws `RetryLater` where nothing good was ever read. */
  current(): Promise<LoadedConfig>
  /** Reads the repository, and puts in force what is good. Throws only where the store fails. */
  look(): Promise<LookOutcome>
  /** In words, what is wrong; empty where nothing is. */
  problems(): Promise<readonly string[]>
}

export type FollowOptions = {
  /** As the program was started or deployed: with the files that it was read from. */
  readonly first: LoadedConfig
  readonly source: Source
  readonly load: Omit<LoadOptions, 'path' | 'include'>
  readonly keep: Keep
  readonly journal: Pick<Journal, 'append'>
  readonly now: () => number
  readonly log: Log
  readonly measure: Measure
}

type Judged =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'good'; readonly snapshot: Snapshot; readonly followed: Followed; readonly body: string }
  | { readonly kind: 'bad'; readonly commit: string; readonly problem: string }
  | { readonly kind: 'unread'; readonly detail: string }

export function createFollower(options: FollowOptions): Follower {
  const { first, source, load, keep, journal, now, log, measure } = options
  const wanted = sourceOf(first)
  const { files } = first
  if (files === undefined) throw new Error('expected the files that the configuration was read from')
  let known: { readonly name: string; readonly loaded: LoadedConfig } | undefined
  let toldUpTo = ''
  let seen: { readonly until: number; readonly value: Standing } | undefined

  const standing = async (): Promise<{ readonly value: Standing; readonly version: number }> => {
    const kept = await keep.load(NAME)
    return kept === null
      ? { value: NOTHING_YET, version: 0 }
      : { value: readStanding(kept.text), version: kept.version }
  }
  const seenStanding = async (): Promise<Standing> => {
    // The value, not its promise: a Worker's request may not wait for what another one asks.
    if (seen === undefined || now() >= seen.until) seen = { until: now() + KNOWN_MS, value: (await standing()).value }
    return seen.value
  }

  /** As it was resolved then; anew, where the program's own part or its shapes are others now. */
  const open = async (hash: string): Promise<Result<LoadedConfig, string>> => {
    const text = (await keep.load(`${NAME}/${hash}`))?.text ?? ''
    const kept = await unpacked(text)
    if (kept === null) return err(`the configuration ${hash.slice(0, 12)} is not in the store, or cannot be read`)
    const config = Config.safeParse(kept.config)
    if (kept.first === (await identityOf(files)) && config.success && (await hashOf(config.data)) === hash) {
      return ok({ config: config.data, hash, files })
    }
    const [main, ...others] = kept.sources
    // They are what was included then, already found.
    const include = async () => ok(others)
    const loaded = await loadFollowed(files, { ...main, include }, load)
    if (!loaded.ok) return err(told(loaded.error))
    return ok(loaded.value.loaded)
  }

  const judge = async (snapshot: Snapshot, at: Standing): Promise<Judged> => {
    if (snapshot.commit === at.judged?.commit) return { kind: 'unchanged' }
    const bad = (problem: string): Judged => ({ kind: 'bad', commit: snapshot.commit, problem: cut(problem) })
    const found = await readFirst(snapshot, wanted.file)
    if (!found.ok) return bad(found.error)
    const followed = await loadFollowed(files, found.value, load)
    if (!followed.ok) return bad(told(followed.error))
    const { config } = followed.value.loaded
    const [main, ...more] = followed.value.sources
    if (main === undefined) return bad('there is no file')
    const body = await packed({
      commit: snapshot.commit,
      first: await identityOf(files),
      sources: [main, ...more],
      config,
    })
    return body.ok ? { kind: 'good', snapshot, followed: followed.value, body: body.value } : bad(body.error)
  }

  const read = async (at: Standing): Promise<Judged> => {
    try {
      const judged = await source.read((snapshot) => judge(snapshot, at))
      return judged.ok ? judged.value : { kind: 'unread', detail: cut(judged.error) }
    } catch (error) {
      return { kind: 'unread', detail: cut(error instanceof Error ? error.message : 'unknown failure') }
    }
  }

  /** Null: somebody else changed it meanwhile. */
  const save = async (
    was: { readonly value: Standing; readonly version: number },
    changed: Partial<Standing>,
    notes: readonly Note[],
  ): Promise<'saved' | 'conflict'> => {
    const { value } = was
    if (value.tail.length > 0) await journal.append(value.tail)
    const hash = changed.inForce?.hash ?? value.inForce?.hash ?? first.hash
    const tail = await chainEntries(value, notes, now(), hash)
    const newest = tail.at(-1) ?? value
    const next: Standing = { ...value, ...changed, seq: newest.seq, hash: newest.hash, tail }
    const outcome = await keep.save(NAME, JSON.stringify(next), was.version)
    seen = undefined
    if (outcome === 'saved') await journal.append(tail)
    return outcome
  }

  /** Null: looked at something that changed meanwhile. */
  const lookOnce = async (): Promise<LookOutcome | null> => {
    const was = await standing()
    const { inForce, unread } = was.value
    const judged = await read(was.value)
    const [at, place] = [now(), `${wanted.git}, ${wanted.file}`]
    switch (judged.kind) {
      case 'unchanged':
        // Whoever saved them may have died before it could tell.
        if (toldUpTo !== was.value.hash) await journal.append(was.value.tail)
        toldUpTo = was.value.hash
        if (unread !== null && (await save(was, { unread: null }, [])) === 'conflict') return null
        return 'unchanged'
      case 'unread': {
        log.warn('configuration not read', { detail: judged.detail, inForce: inForce?.hash })
        if (unread?.detail === judged.detail) return 'unreachable'
        const changed = { unread: { since: unread?.since ?? at, detail: judged.detail } }
        return (await save(was, changed, [])) === 'conflict' ? null : 'unreachable'
      }
      case 'bad': {
        const { commit, problem } = judged
        const detail = cut(`commit ${commit.slice(0, 12)} of ${place} is not used: ${problem}`)
        const note: Note = { kind: 'configuration-refused', reason: 'invalid', detail, reference: commit }
        const changed = { judged: { commit, at, problem }, unread: null }
        if ((await save(was, changed, [note])) === 'conflict') return null
        log.error('configuration refused', { commit, detail: problem, inForce: inForce?.hash })
        return 'refused'
      }
      case 'good': {
        const { snapshot, followed, body } = judged
        const { commit, isProtected } = snapshot
        const { hash } = followed.loaded
        await keep.save(`${NAME}/${hash}`, body, 0)
        const before = inForce === null ? null : await open(inForce.hash)
        const detail = cut(`commit ${commit.slice(0, 12)} of ${place}: ${changesOf(before, followed.loaded)}`)
        const note: Note = { kind: 'configured', reason: 'applied', detail, reference: commit }
        const changed = {
          inForce: { hash, commit, at, isProtected },
          judged: { commit, at, problem: null },
          unread: null,
        }
        if ((await save(was, changed, [note])) === 'conflict') return null
        log.info('configuration applied', { commit, config: hash, detail })
        if (isProtected === false) log.warn('branch not protected', { git: wanted.git, ref: wanted.ref })
        for (const warning of followed.warnings) log.warn('configuration warning', { detail: formatProblem(warning) })
        return 'applied'
      }
    }
  }

  return {
    async current() {
      const { inForce } = await seenStanding()
      if (inForce === null) {
        throw new RetryLater(`no configuration was read yet from ${wanted.git}, ${wanted.file}`)
      }
      if (known?.name === inForce.hash) return known.loaded
      const opened = await open(inForce.hash)
      if (opened.ok) known = { name: inForce.hash, loaded: opened.value }
      else if (known === undefined) throw new RetryLater(opened.error)
      // Else with what this program knows: said once for each.
      else {
        log.error('configuration cannot be used', { config: inForce.hash, detail: opened.error })
        known = { name: inForce.hash, loaded: known.loaded }
      }
      return known.loaded
    },
    async look() {
      for (let tries = 0; tries < CONFLICTS_MAX; tries += 1) {
        const outcome = await lookOnce()
        if (outcome === null) continue
        measure({ kind: 'configuration', outcome })
        return outcome
      }
      throw new RetryLater('what is kept of the followed configuration was changed by others again and again')
    },
    async problems() {
      const { judged, unread, inForce } = await seenStanding()
      const bad =
        judged?.problem === null || judged === null
          ? []
          : [`the configuration at ${judged.commit.slice(0, 12)} is not used: ${judged.problem}`]
      const away =
        unread === null
          ? []
          : [`the configuration cannot be read since ${new Date(unread.since).toISOString()}: ${unread.detail}`]
      const open_ =
        inForce?.isProtected === false ? [`the branch that ${wanted.git} is followed at is not protected`] : []
      return [...bad, ...away, ...open_]
    },
  }
}

export function sourceOf({ config }: LoadedConfig): ConfigSource {
  if (config.server.config === undefined) throw new Error('expected server.config: nothing is followed')
  return config.server.config
}

function changesOf(before: Result<LoadedConfig, string> | null, after: LoadedConfig): string {
  if (before === null) return `the first one, with ${after.config.subscriptions.length} subscriptions`
  if (!before.ok) return 'the one before cannot be read'
  const changes = compareConfigs(before.value.config, after.config)
  if (changes.length === 0) return 'nothing changes'
  return changes.map(({ where, detail, weakens }) => `${weakens ? 'WEAKENS ' : ''}${where}: ${detail}`).join('; ')
}

function told(problems: readonly ConfigProblem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const more = errors.length > PROBLEMS_TOLD_MAX ? `; ${errors.length - PROBLEMS_TOLD_MAX} more` : ''
  return cut(`${errors.slice(0, PROBLEMS_TOLD_MAX).map(formatProblem).join('; ')}${more}`)
}

function cut(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`
}
