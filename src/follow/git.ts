/** A repository's branch by the git program: one commit deep, and of the files only those that are asked for. */

import { createGitCaches } from '../clients/git-cache.ts'
import { remoteOf } from '../clients/git-remote.ts'
import { createGit, type Git, type Remote } from '../clients/git.ts'
import type { PlainRepository } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Secret, SecretReferences } from '../domain/secret.ts'
import { kindOf } from './git-mode.ts'
import type { Entry, Snapshot, Source } from './source.ts'

const FETCH_TIMEOUT_MS = 60_000
const LISTING_BYTES_MAX = 1024 * 1024
/** What git says where asking again changes nothing until somebody does something. */
const NO =
  /Authentication failed|could not read (?:Username|Password)|returned error: 40[134]|Permission denied|dubious ownership|not found|does not appear to be a git repository/u

export type GitSourceOptions = {
  readonly entry: PlainRepository
  readonly branch: string
  readonly secretOf: (reference: SecretReferences) => Secret
  readonly tempDir: string
  readonly environment?: Readonly<Record<string, string | undefined>>
}

export function createGitSource({ entry, branch, secretOf, tempDir, environment }: GitSourceOptions): Source {
  const git = createGit(environment)
  const caches = createGitCaches(git, tempDir)
  return {
    async read(use) {
      const remote = await remoteOf(entry, secretOf)
      if (!remote.ok) return err(remote.error.detail)
      return caches.use(entry.url, remote.value, async (gitDir) => {
        const place = { git, gitDir, remote: remote.value }
        const commit = await fetchBranch(place, branch)
        return commit.ok ? ok(await use(snapshotOf(place, commit.value))) : commit
      })
    },
    close: () => caches.close(),
  }
}

type Place = { readonly git: Git; readonly gitDir: string; readonly remote: Remote }

async function fetchBranch({ git, gitDir, remote }: Place, branch: string): Promise<Result<string, string>> {
  const reference = `refs/heads/${branch}`
  const options = ['--quiet', '--depth=1', '--filter=blob:none', '--no-tags', '--no-write-fetch-head']
  const args = [
    'fetch',
    ...options,
    '--no-auto-maintenance',
    '--end-of-options',
    'origin',
    `+${reference}:${reference}`,
  ]
  const fetched = await git.run({ args, gitDir, remote, timeoutMs: FETCH_TIMEOUT_MS })
  if (fetched.code === 0) {
    const commit = await git.read({
      args: ['rev-parse', '--verify', '--end-of-options', `${reference}^{commit}`],
      gitDir,
    })
    return ok(commit.trim())
  }
  if (/couldn't find remote ref/u.test(fetched.problem)) return err(`the branch ${branch} is not there`)
  if (NO.test(fetched.problem)) return err(`the repository cannot be read: ${fetched.problem}`)
  throw new RetryLater(`the repository could not be reached: ${fetched.problem}`)
}

function snapshotOf({ git, gitDir, remote }: Place, commit: string): Snapshot {
  return {
    commit,
    isProtected: null,
    root: commit,
    async folder(id) {
      const args = ['ls-tree', '-z', '--full-tree', '--end-of-options', id]
      const listing = await git.run({ args, gitDir, outputBytesMax: LISTING_BYTES_MAX })
      if (listing.tooLarge) throw new Error('a folder of the repository has too many entries')
      if (listing.code !== 0) throw new RetryLater(`a folder could not be read: ${listing.problem}`)
      return new TextDecoder().decode(listing.output).split('\0').flatMap(entryOf)
    },
    async file(id, bytesMax) {
      // The content is fetched by this very call where the server left it out of the first answer.
      const args = ['cat-file', 'blob', id]
      const bytes = await git.run({ args, gitDir, remote, outputBytesMax: bytesMax, timeoutMs: FETCH_TIMEOUT_MS })
      if (bytes.tooLarge) return err(`is larger than ${bytesMax / 1024} KiB`)
      if (bytes.code !== 0) throw new RetryLater(`a file could not be read: ${bytes.problem}`)
      return ok(bytes.output)
    },
  }
}

function entryOf(line: string): readonly Entry[] {
  const match = /^(?<mode>[0-7]{6}) \w+ (?<id>[0-9a-f]+)\t(?<name>[^]*)$/u.exec(line)?.groups
  if (match === undefined) return []
  return [{ name: match['name'] ?? '', kind: kindOf(match['mode'] ?? ''), id: match['id'] ?? '' }]
}
