/**
 * Delivery into plain Git repositories by the git program: one commit on the base branch, made without a working tree and
 * pushed as a fast-forward that is bound to the commit we read. Cloning is avoided: one commit deep, one file's content.
 */

import { createGitCaches } from '../clients/git-cache.ts'
import { remoteOf } from '../clients/git-remote.ts'
import { createGit, type Git, type Remote } from '../clients/git.ts'
import type { GitConfig, PlainRepository } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Secret, SecretReferences } from '../domain/secret.ts'
import type { GitTarget, Target } from '../domain/target.ts'
import { CONTENDED, jitteredPause, untilUncontended, type Pause } from './contention.ts'
import type { Cargos, Commits, Committed, Delivered, Delivery, DeliveryFailure, Order } from './delivery.ts'
import { pathsOfAll, planTogether } from './joint-plan.ts'
import {
  AUTHOR,
  ELSEWHERE,
  FENCED,
  FILE_BYTES_MAX,
  checkModes,
  checkPath,
  commitMessage,
  foldersAbove,
  pathsOf,
  planEdits,
  readImage,
  seenAt,
  writtenBy,
  type Author,
  type Brought,
  type FileChange,
  type FileMode,
} from './plan.ts'

const FETCH_TIMEOUT_MS = 120_000
const PUSH_TIMEOUT_MS = 120_000
const OBJECT_ID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/u

export type GitDeliverySettings = {
  /** `git:` of the configuration; entries for other hosts are passed over. */
  readonly git: Readonly<Record<string, GitConfig>>
  readonly secretOf: (reference: SecretReferences) => Secret
  /** A folder for caches; each process makes its own below it. */
  readonly tempDir: string
  readonly now: () => number
  readonly author?: Author
  /** This process's environment: proxies, certificates and PATH are used. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly pause?: Pause
}

/** Delivers by commits to the base branch; `close` removes the caches. */
export type GitDelivery = Delivery & Commits & { close(): Promise<void> }

type Repository = { readonly base: string; readonly remote: Remote; readonly gitDir: string }
type LookedFile = { readonly mode: FileMode; readonly bytes: Uint8Array }
/** What the base branch held when we looked. */
type Base = { readonly repository: Repository; readonly commit: string }
/** Of each file its mode and bytes, or why they cannot be had. */
type Look = Base & { readonly files: ReadonlyMap<string, Result<LookedFile, DeliveryFailure>> }
type Files = readonly [GitTarget, ...GitTarget[]]
type Answer<T> = Promise<Result<T, DeliveryFailure>>

export function createGitDelivery(settings: GitDeliverySettings): GitDelivery {
  const git = createGit(settings.environment)
  const caches = createGitCaches(git, settings.tempDir)

  /** One at a time per repository: the caches are not made for two, and two pushes to one branch would only meet. */
  const within = async <T>(
    { target, also = [] }: Pick<Order, 'target' | 'also'>,
    work: (repository: Repository, files: Files) => Answer<T>,
  ): Answer<T> => {
    const found = find(settings.git, target)
    if (!found.ok) return found
    const { entry, file } = found.value
    for (const other of also) {
      const path = other.git === file.git ? checkPath(other.file) : err(ELSEWHERE)
      if (!path.ok) return path
    }
    const remote = await remoteOf(entry, settings.secretOf)
    if (!remote.ok) return remote
    return caches.use(`${file.git}\n${entry.url}`, remote.value, (gitDir) =>
      work({ base: entry.base, remote: remote.value, gitDir }, [file, ...also]),
    )
  }

  const act = (
    order: Order,
    write: (look: Look, changes: readonly FileChange[]) => Promise<Pushed>,
  ): Answer<Delivered> =>
    within(order, (repository, files) =>
      untilUncontended(
        () => attempt(git, repository, files, order, write),
        repository.base,
        settings.pause ?? jitteredPause,
      ),
    )

  return {
    observe: (target, name) =>
      within({ target }, async (repository, files) => {
        const look = await read(git, repository, files)
        if (!look.ok) return look
        const [file] = files
        return readImage(look.value.bytes.get(file.file) ?? new Uint8Array(), file, name)
      }),
    preview: (order) => act(order, ({ commit }) => Promise.resolve(ok(commit))),
    deliver: (order) =>
      act(order, async (look, changes) => {
        const commit = await commitFiles(git, look, [order], changes, settings)
        return order.stillHeld() ? push(git, look, commit) : err(FENCED)
      }),
    commit: (cargos) =>
      within({ target: cargos[0].targets[0] }, (repository, [{ git: name }]) => {
        const stray = whyNotTogether(cargos, name)
        if (stray !== null) return Promise.resolve(err(stray))
        return untilUncontended(
          () => commitTogether(git, repository, cargos, settings),
          repository.base,
          settings.pause ?? jitteredPause,
        )
      }),
    close: () => caches.close(),
  }
}

/** The commit that the base branch has now. */
type Pushed = Result<string, DeliveryFailure> | typeof CONTENDED

async function attempt(
  git: Git,
  repository: Repository,
  files: Files,
  order: Order,
  write: (look: Look, changes: readonly FileChange[]) => Promise<Pushed>,
): Promise<Result<Delivered, DeliveryFailure> | typeof CONTENDED> {
  const look = await read(git, repository, files)
  if (!look.ok) return look
  if (!order.stillHeld()) return err(FENCED)
  const plan = planEdits(order, files, look.value.bytes)
  if (!plan.ok) return seenAt(plan.error, look.value.commit)
  const { changes, diff } = plan.value
  const written = writtenBy(plan.value)
  if (changes.length === 0) return ok({ status: 'unchanged', reference: look.value.commit, ...written })
  const pushed = await write(look.value, changes)
  if (pushed === CONTENDED || !pushed.ok) return pushed
  return ok({ status: 'changed', reference: pushed.value, ...written, diff })
}

/** All that can be brought, as one commit; the others with their reasons. */
async function commitTogether(
  git: Git,
  repository: Repository,
  cargos: Cargos,
  settings: GitDeliverySettings,
): Promise<Result<Committed, DeliveryFailure> | typeof CONTENDED> {
  const isHeld = (): boolean => cargos.every((cargo) => cargo.stillHeld())
  const read = await readAll(git, repository, pathsOfAll(cargos))
  if (!read.ok) return read
  const look = read.value
  if (!isHeld()) return err(FENCED)
  const bytes = [...look.files].map(([path, file]) => [path, file.ok ? ok(file.value.bytes) : file] as const)
  const plan = planTogether(cargos, new Map(bytes))
  if (!plan.ok) return seenAt(plan.error, look.commit)
  const { aboard, changes, fates } = plan.value
  const [first, ...others] = aboard.map(({ cargo }) => cargo)
  if (first === undefined) return ok({ commit: look.commit, fates })
  const commit = await commitFiles(git, look, [first, ...others], changes, settings)
  if (!isHeld()) return err(FENCED)
  const pushed = await push(git, look, commit)
  return pushed === CONTENDED || !pushed.ok ? pushed : ok({ commit: pushed.value, fates })
}

function whyNotTogether(cargos: Cargos, git: string): DeliveryFailure | null {
  for (const target of cargos.flatMap(({ targets }) => targets)) {
    if (target.git !== git) {
      return { reason: 'target-missing', detail: 'the targets of one commit are in one repository' }
    }
    const path = checkPath(target.file)
    if (!path.ok) return path.error
  }
  return null
}

function find(
  git: GitDeliverySettings['git'],
  target: Target,
): Result<{ entry: PlainRepository; file: GitTarget }, DeliveryFailure> {
  if (target.kind !== 'git') return err({ reason: 'target-missing', detail: 'not a target in a Git repository' })
  const entry = git[target.git]
  if (entry === undefined || !('url' in entry)) {
    return err({ reason: 'target-missing', detail: `git.${target.git} is not a plain repository with a url` })
  }
  const path = checkPath(target.file)
  return path.ok ? ok({ entry, file: target }) : path
}

/** The base branch as it is now, and all of these files. */
async function read(
  git: Git,
  repository: Repository,
  targets: Files,
): Answer<Look & { readonly bytes: ReadonlyMap<string, Uint8Array> }> {
  const look = await readAll(git, repository, pathsOf(targets))
  if (!look.ok) return look
  const bytes = new Map<string, Uint8Array>()
  for (const [path, file] of look.value.files) {
    if (!file.ok) return file
    bytes.set(path, file.value.bytes)
  }
  return ok({ ...look.value, bytes })
}

/** The base branch as it is now: its commit, and of each file its mode and bytes, or why they cannot be had. */
async function readAll(git: Git, repository: Repository, paths: readonly string[]): Answer<Look> {
  const fetched = await fetchBase(git, repository)
  if (!fetched.ok) return fetched
  const commit = fetched.value
  const entries = new Map<string, Result<Entry, DeliveryFailure>>()
  for (const path of paths) entries.set(path, await entryOf(git, repository, commit, path))
  await prefetch(
    git,
    repository,
    [...entries.values()].flatMap((entry) => (entry.ok ? entry.value.id : [])),
  )
  const files = new Map<string, Result<LookedFile, DeliveryFailure>>()
  for (const [path, entry] of entries)
    files.set(path, entry.ok ? await fileOf(git, repository, path, entry.value) : entry)
  return ok({ repository, commit, files })
}

type Entry = { readonly mode: FileMode; readonly id: string }

async function entryOf(git: Git, repository: Repository, commit: string, path: string): Answer<Entry> {
  const entries = await entriesOf(git, repository, commit, path)
  const mode = checkModes(path, new Map([...entries].map(([each, entry]) => [each, entry.mode])))
  return mode.ok ? ok({ mode: mode.value, id: entries.get(path)?.id ?? '' }) : mode
}

/** Of many files, the contents in one answer; a server that does not give them so gives them one by one. */
async function prefetch(git: Git, { remote, gitDir }: Repository, ids: readonly string[]): Promise<void> {
  if (ids.length < 2) return
  await git.run({
    args: ['fetch', '--quiet', '--depth=1', '--filter=blob:none', '--no-tags', '--no-write-fetch-head'].concat([
      '--no-auto-maintenance',
      '--stdin',
      'origin',
    ]),
    input: [...new Set(ids)].map((id) => `${id}\n`).join(''),
    gitDir,
    remote,
    timeoutMs: FETCH_TIMEOUT_MS,
  })
}

async function fileOf(git: Git, repository: Repository, path: string, { mode, id }: Entry): Answer<LookedFile> {
  const bytes = await git.run({
    args: ['cat-file', 'blob', id],
    gitDir: repository.gitDir,
    // The content is fetched by this very call where the server left it out of the answers before.
    remote: repository.remote,
    outputBytesMax: FILE_BYTES_MAX,
    timeoutMs: FETCH_TIMEOUT_MS,
  })
  if (bytes.tooLarge) {
    return err({ reason: 'unsafe-edit', detail: `${path} is larger than ${FILE_BYTES_MAX} bytes` })
  }
  if (bytes.code !== 0) throw new RetryLater(`${path} could not be read: ${bytes.problem}`)
  return ok({ mode, bytes: bytes.output })
}

async function fetchBase(git: Git, { base, remote, gitDir }: Repository): Answer<string> {
  const reference = `refs/heads/${base}`
  const answer = await git.run({
    args: ['fetch', '--quiet', '--depth=1', '--filter=blob:none', '--no-tags', '--no-write-fetch-head'].concat([
      '--no-auto-maintenance',
      '--end-of-options',
      'origin',
      `+${reference}:${reference}`,
    ]),
    gitDir,
    remote,
    timeoutMs: FETCH_TIMEOUT_MS,
  })
  if (answer.code === 0) {
    const commit = await git.read({
      args: ['rev-parse', '--verify', '--end-of-options', `${reference}^{commit}`],
      gitDir,
    })
    return ok(objectId(commit))
  }
  if (/couldn't find remote ref/u.test(answer.problem)) {
    return err({ reason: 'target-missing', detail: `branch ${base} is not there: check "base" of the repository` })
  }
  return remoteFailure(answer.problem)
}

type TreeEntry = { readonly mode: string; readonly id: string }

async function entriesOf(
  git: Git,
  { gitDir }: Repository,
  commit: string,
  file: string,
): Promise<ReadonlyMap<string, TreeEntry>> {
  const listing = await git.read({
    args: ['ls-tree', '-z', '-t', '--full-tree', commit, '--', ...foldersAbove(file), file],
    gitDir,
  })
  const entries = listing.split('\0').flatMap((line): [string, TreeEntry][] => {
    const match = /^(?<mode>[0-7]{6}) \w+ (?<id>[0-9a-f]+)\t(?<path>[^]*)$/u.exec(line)?.groups
    return match === undefined ? [] : [[match['path'] ?? '', { mode: match['mode'] ?? '', id: match['id'] ?? '' }]]
  })
  return new Map(entries)
}

/** Base plus the changes: through an index file of its own, so no content but the changed is needed. */
async function commitFiles(
  git: Git,
  { repository: { gitDir }, commit, files }: Look,
  orders: Brought,
  changes: readonly FileChange[],
  settings: GitDeliverySettings,
): Promise<string> {
  const variables = { GIT_INDEX_FILE: `${gitDir}/drayage-index`, ...signature(settings) }
  const call = (args: readonly string[], input = ''): Promise<string> => git.read({ args, gitDir, variables, input })
  await call(['read-tree', commit])
  for (const { file, text } of changes) {
    const blob = objectId(await call(['hash-object', '-w', '--stdin'], text))
    const before = files.get(file)
    const mode = before?.ok === true ? before.value.mode : '100644'
    await call(['update-index', '--cacheinfo', `${mode},${blob},${file}`])
  }
  // The contents of other files are not here, and need not be: the server has them.
  const tree = objectId(await call(['write-tree', '--missing-ok']))
  return objectId(await call(['commit-tree', '-p', commit, '-F', '-', tree], commitMessage(orders)))
}

function signature(settings: GitDeliverySettings): Record<string, string> {
  const { name, email } = settings.author ?? AUTHOR
  const date = `@${Math.floor(settings.now() / 1000)} +0000`
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  }
}

/** A fast-forward that the server accepts only while its branch is where we read it. */
async function push(git: Git, { repository, commit: was }: Look, commit: string): Promise<Pushed> {
  const { base, gitDir, remote } = repository
  const reference = `refs/heads/${base}`
  const answer = await git.run({
    args: ['push', '--porcelain', '--no-verify', `--force-with-lease=${reference}:${was}`].concat([
      '--end-of-options',
      'origin',
      `${commit}:${reference}`,
    ]),
    gitDir,
    remote,
    timeoutMs: PUSH_TIMEOUT_MS,
  })
  if (answer.code === 0) return ok(commit)
  const report = new TextDecoder().decode(answer.output)
  const rejection = /^!\t[^\t]*\t\[(?<by>[^\]]*)\](?: \((?<why>.*)\))?$/mu.exec(report)?.groups
  if (rejection === undefined) return remoteFailure(answer.problem)
  const why = rejection['why'] ?? ''
  // The lease was stale, or another push took the lock or the branch between our two looks at it.
  const raced = /stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|incorrect old value/u
  if (raced.test(why)) return CONTENDED
  const detail = `${base} refused our commit: ${why === '' ? rejection['by'] : why}. ${answer.problem}`
  return err({ reason: 'refused-by-target', detail })
}

/** A host that says no is an answer; one that says nothing is asked again later, by throwing. */
function remoteFailure(problem: string): Result<never, DeliveryFailure> {
  if (
    /Authentication failed|could not read (?:Username|Password)|returned error: 40[13]|Permission denied/u.test(problem)
  ) {
    return err({ reason: 'forbidden', detail: `the repository refused us; check username and password. ${problem}` })
  }
  if (/dubious ownership/u.test(problem)) {
    return err({ reason: 'forbidden', detail: `the repository belongs to another user of this machine. ${problem}` })
  }
  if (/not found|does not appear to be a git repository|returned error: 404/u.test(problem)) {
    return err({ reason: 'target-missing', detail: `there is no repository at "url". ${problem}` })
  }
  throw new RetryLater(`the repository could not be reached: ${problem}`)
}

function objectId(output: string): string {
  const id = output.trim()
  if (!OBJECT_ID.test(id))
    throw new RetryLater(`git answered ${JSON.stringify(id.slice(0, 80))}, expected an object id`)
  return id
}
