/** A real bare repository in a temporary folder: what somebody else did there, and what stands there now. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Somebody',
  GIT_AUTHOR_EMAIL: 'somebody@example.com',
  GIT_COMMITTER_NAME: 'Somebody',
  GIT_COMMITTER_EMAIL: 'somebody@example.com',
}

/** Content, or another kind of entry than a plain file. */
export type Entry = string | { readonly mode: '100755' | '120000' | '160000'; readonly content: string }

export type GitRepository = ReturnType<typeof createRepository>

/** With `main` holding `files`. */
export function createRepository(files: Readonly<Record<string, Entry>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-test-'))
  const path = join(folder, 'repository.git')
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', path], { env: ENVIRONMENT })

  const git = (args: readonly string[], input?: string, env: Record<string, string> = {}): string =>
    execFileSync('git', ['--git-dir', path, ...args], {
      env: { ...ENVIRONMENT, ...env },
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    }).trimEnd()

  const head = (branch = 'main'): string | null => {
    try {
      return git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`])
    } catch {
      return null
    }
  }

  /** Somebody's commit on a branch; the branch is made where it is not there. */
  const commit = (changes: Readonly<Record<string, Entry>>, branch = 'main', message = 'a change'): string => {
    const parent = head(branch) ?? (branch === 'main' ? null : head())
    const index = { GIT_INDEX_FILE: join(folder, `index-${process.hrtime.bigint()}`) }
    if (parent !== null) git(['read-tree', parent], undefined, index)
    for (const [file, entry] of Object.entries(changes)) {
      const { mode, content } = typeof entry === 'string' ? { mode: '100644', content: entry } : entry
      const id = mode === '160000' ? content : git(['hash-object', '-w', '--stdin'], content)
      git(['update-index', '--add', '--cacheinfo', `${mode},${id},${file}`], undefined, index)
    }
    const tree = git(['write-tree'], undefined, index)
    const id = git(['commit-tree', ...(parent === null ? [] : ['-p', parent]), '-m', message, tree])
    git(['update-ref', `refs/heads/${branch}`, id])
    return id
  }

  commit(files)
  return {
    path,
    git,
    head,
    commit,
    file: (file: string, branch = 'main'): string =>
      execFileSync('git', ['--git-dir', path, 'cat-file', 'blob', `${branch}:${file}`], { encoding: 'utf8' }),
    mode: (file: string, branch = 'main'): string => git(['ls-tree', branch, '--', file]).slice(0, 6),
    /** How many commits a branch is ahead of another, or has. */
    count: (range = 'main'): number => Number(git(['rev-list', '--count', range])),
    changedFiles: (commitId: string): string[] =>
      git(['diff-tree', '--no-commit-id', '--name-only', '-r', commitId]).split('\n'),
    message: (branch = 'main'): string => git(['log', '-1', '--format=%B', branch]),
    close: (): void => rmSync(folder, { recursive: true, force: true }),
  }
}
