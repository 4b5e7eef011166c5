/** One consistent read of a GitHub repository: the base, the files in it, our branch and its pull request, by one request. */

import * as z from 'zod'
import type { GitHub } from '../clients/github.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { DeliveryFailure } from './delivery.ts'
import { commitDocument, foldersDocument, lookDocument } from './github-documents.ts'
import { refusedBy } from './github-failure.ts'
import type { ReadFiles } from './joint-plan.ts'
import { checkModes, FILE_BYTES_MAX, foldersAbove, type FileMode } from './plan.ts'

const ObjectId = z.string().regex(/^[0-9a-f]{40}$/u)
const Entry = z.object({
  /** A number, as git's octal one: 33188 is 100644. */
  mode: z
    .number()
    .int()
    .transform((mode) => mode.toString(8).padStart(6, '0')),
  object: z
    .object({
      oid: ObjectId,
      byteSize: z.number().optional(),
      isBinary: z.boolean().nullish(),
      isTruncated: z.boolean().optional(),
      text: z.string().nullish(),
    })
    .nullish(),
})
type Entry = z.infer<typeof Entry>

const Commit = z.object({ oid: ObjectId, tree: z.object({ oid: ObjectId }) }).and(z.record(z.string(), z.unknown()))
const Branch = z.object({
  oid: ObjectId,
  message: z.string(),
  tree: z.object({ oid: ObjectId }),
  parents: z.object({ nodes: z.array(z.object({ oid: ObjectId })) }),
})
const PullRequest = z.object({
  number: z.number().int(),
  url: z.string(),
  title: z.string(),
  body: z.string(),
  state: z.enum(['OPEN', 'CLOSED', 'MERGED']),
  headRefOid: ObjectId,
  isCrossRepository: z.boolean(),
})
export type PullRequest = z.infer<typeof PullRequest>
const Answer = z.object({
  repository: z.object({
    id: z.string(),
    base: z.object({ target: Commit, compare: z.object({ aheadBy: z.number() }).nullish() }).nullable(),
    branch: z.object({ target: Branch }).nullish(),
    pullRequests: z.object({ nodes: z.array(PullRequest) }).optional(),
  }),
})

export type BranchHead = {
  readonly oid: string
  readonly message: string
  readonly tree: string
  readonly parents: readonly string[]
}
export type LookedFile = { readonly mode: FileMode; readonly bytes: Uint8Array }
export type Look = {
  readonly repositoryId: string
  readonly base: { readonly oid: string; readonly tree: string }
  readonly files: ReadonlyMap<string, LookedFile>
  /** Files that cannot be had, where that is not the end of it. */
  readonly faults: ReadonlyMap<string, DeliveryFailure>
  readonly branch: BranchHead | null
  /** Open or closed ones of our branch into this base, newest first; never a fork's of the same name. */
  readonly pullRequests: readonly PullRequest[]
}
type Answered<T> = Promise<Result<T, DeliveryFailure>>

type LookWish = {
  readonly base: string
  readonly paths: readonly string[]
  readonly branch?: string
  /** A file that cannot be had is told of among `faults`, beside the others. */
  readonly isPatient?: boolean
}

/** Reads `base` and the files; with `branch`, our branch and its pull requests too. */
export async function lookAtRepository(
  github: GitHub,
  { base, paths, branch, isPatient = false }: LookWish,
): Answered<Look> {
  const answer = await github.graphql(lookDocument(paths.length, branch !== undefined), {
    owner: github.owner,
    name: github.name,
    base: `refs/heads/${base}`,
    ...(branch === undefined ? {} : { branch: `refs/heads/${branch}`, head: branch, into: base }),
    ...pathVariables(paths),
  })
  if (!answer.ok) return refusedBy(answer.error, `reading ${github.owner}/${github.name}`)
  const { repository } = Answer.parse(answer.value)
  if (repository.base === null) {
    return err({ reason: 'target-missing', detail: `branch ${base} is not there: check "base" of the repository` })
  }
  const commit = repository.base.target
  const { files, faults } = await filesOf(github, commit, paths)
  const [fault] = faults.values()
  if (fault !== undefined && !isPatient) return err(fault)
  const head = repository.branch?.target
  return ok({
    repositoryId: repository.id,
    base: { oid: commit.oid, tree: commit.tree.oid },
    files,
    faults,
    branch:
      head === undefined
        ? null
        : {
            oid: head.oid,
            message: head.message,
            tree: head.tree.oid,
            parents: head.parents.nodes.map(({ oid }) => oid),
          },
    pullRequests: (repository.pullRequests?.nodes ?? []).filter((one) => !one.isCrossRepository),
  })
}

const AtCommit = z.object({
  repository: z.object({
    commit: Commit.nullable(),
    base: z.object({ compare: z.object({ aheadBy: z.number() }).nullable() }).nullable(),
  }),
})
export type PastCommit = {
  readonly tree: string
  readonly files: ReadonlyMap<string, LookedFile>
  readonly faults: ReadonlyMap<string, DeliveryFailure>
  /** By how many commits our branch is ahead of the base now. */
  readonly aheadBy: number | null
}

/** The files as they are at a commit of our branch, and how far the branch is from the base. */
export async function lookAtCommit(
  github: GitHub,
  { oid, base, branch, paths }: { oid: string; base: string; branch: string; paths: readonly string[] },
): Answered<PastCommit> {
  const variables = { oid, base: `refs/heads/${base}`, branch: `refs/heads/${branch}`, ...pathVariables(paths) }
  const { owner, name } = github
  const answer = await github.graphql(commitDocument(paths.length), { owner, name, ...variables })
  if (!answer.ok) return refusedBy(answer.error, `reading ${owner}/${name}`)
  const { commit, base: now } = AtCommit.parse(answer.value).repository
  if (commit === null) return err({ reason: 'target-missing', detail: `commit ${oid} is not there` })
  const { files, faults } = await filesOf(github, commit, paths)
  return ok({ tree: commit.tree.oid, files, faults, aheadBy: now?.compare?.aheadBy ?? null })
}

async function filesOf(
  github: GitHub,
  commit: z.infer<typeof Commit>,
  paths: readonly string[],
): Promise<Pick<Look, 'files' | 'faults'>> {
  const files = new Map<string, LookedFile>()
  const faults = new Map<string, DeliveryFailure>()
  for (const [index, path] of paths.entries()) {
    const file = await fileOf(github, commit.oid, path, Entry.nullable().parse(commit[`file${index}`]))
    if (file.ok) files.set(path, file.value)
    else faults.set(path, file.error)
  }
  return { files, faults }
}

async function fileOf(github: GitHub, oid: string, path: string, entry: Entry | null): Answered<LookedFile> {
  if (entry === null) return whyMissing(github, oid, path)
  // Git finds no file behind a link, so the folders above this one are folders.
  const modes = new Map([
    ...foldersAbove(path).map((folder) => [folder, '040000'] as const),
    [path, entry.mode] as const,
  ])
  const mode = checkModes(path, modes)
  if (!mode.ok) return mode
  const bytes = await readBlob(github, path, entry)
  return bytes.ok ? ok({ mode: mode.value, bytes: bytes.value }) : bytes
}

/** The text as GitHub shows it, if its hash says that these are the file's bytes; else the bytes themselves. */
async function readBlob(github: GitHub, path: string, { object }: Entry): Answered<Uint8Array> {
  if (object === null || object === undefined) throw new RetryLater(`GitHub left out the content of ${path}`)
  if ((object.byteSize ?? 0) > FILE_BYTES_MAX) {
    return err({ reason: 'unsafe-edit', detail: `${path} is larger than ${FILE_BYTES_MAX} bytes` })
  }
  if (object.isBinary === true) return err({ reason: 'unparsable', detail: `${path} is binary, expected text` })
  const shown = new TextEncoder().encode(object.text ?? '')
  if (object.isTruncated !== true && (await blobId(shown)) === object.oid) return ok(shown)
  const answer = await github.rest('GET /repos/{owner}/{repo}/git/blobs/{file_sha}', { file_sha: object.oid })
  if (!answer.ok) return refusedBy(answer.error, `reading ${path}`)
  const blob = z.object({ content: z.string(), encoding: z.literal('base64') }).parse(answer.value)
  const bytes = Uint8Array.from(atob(blob.content.replaceAll(/\s/gu, '')), (character) => character.codePointAt(0) ?? 0)
  if ((await blobId(bytes)) === object.oid) return ok(bytes)
  throw new RetryLater(`GitHub sent other bytes than ${path} has`)
}

/** Git's name for these bytes. */
async function blobId(bytes: Uint8Array): Promise<string> {
  const head = new TextEncoder().encode(`blob ${bytes.length}\0`)
  const whole = new Uint8Array(head.length + bytes.length)
  whole.set(head)
  whole.set(bytes, head.length)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', whole))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Not there, or behind a link? Only asked when there is something to explain. */
async function whyMissing(github: GitHub, oid: string, path: string): Answered<never> {
  const folders = foldersAbove(path)
  const missing = err({ reason: 'target-missing', detail: `${path} is not there` } as const)
  // GraphQL has no empty selection.
  if (folders.length === 0) return missing
  const { owner, name } = github
  const answer = await github.graphql(foldersDocument(folders.length), { owner, name, oid, ...pathVariables(folders) })
  if (!answer.ok) return refusedBy(answer.error, `reading ${owner}/${name}`)
  const Folder = z.object({ mode: Entry.shape.mode }).nullable()
  const Folders = z.object({ repository: z.object({ commit: z.record(z.string(), z.unknown()).nullable() }) })
  const { commit } = Folders.parse(answer.value).repository
  const modes = folders.flatMap((folder, index): [string, string][] => {
    const found = Folder.parse(commit?.[`file${index}`] ?? null)
    return found === null ? [] : [[folder, found.mode]]
  })
  const checked = checkModes(path, new Map(modes))
  return checked.ok ? missing : checked
}

/** The looked-at files as the editor takes them. */
export function bytesOf(files: ReadonlyMap<string, LookedFile>): ReadonlyMap<string, Uint8Array> {
  return new Map([...files].map(([path, { bytes }]) => [path, bytes]))
}

/** The same with those that cannot be had. */
export function filesReadOf({ files, faults }: Pick<Look, 'files' | 'faults'>): ReadFiles {
  const read = new Map<string, Result<Uint8Array, DeliveryFailure>>()
  for (const [path, { bytes }] of files) read.set(path, ok(bytes))
  for (const [path, fault] of faults) read.set(path, err(fault))
  return read
}

function pathVariables(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path, index) => [`path${index}`, path]))
}
