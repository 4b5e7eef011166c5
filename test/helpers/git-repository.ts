/** A real bare repository in a temporary folder: what somebody else did there, and what stands there now. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
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

  const bytes = (args: readonly string[]): Buffer =>
    execFileSync('git', ['--git-dir', path, ...args], {
      env: ENVIRONMENT,
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: OUTPUT_BYTES_MAX,
    })

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
    const stream = [
      `commit refs/heads/${branch}`,
      `committer Somebody <somebody@example.com> ${Math.floor(Date.now() / 1000)} +0000`,
      data(message),
      ...(parent === null ? [] : [`from ${parent}`]),
      ...Object.entries(changes).map(([file, entry]) => {
        const { mode, content } = typeof entry === 'string' ? { mode: '100644', content: entry } : entry
        return mode === '160000' ? `M ${mode} ${content} ${file}` : `M ${mode} inline ${file}\n${data(content)}`
      }),
      '',
    ].join('\n')
    // One process instead of five: tests make many repositories.
    git(['fast-import', '--quiet', '--force', '--date-format=raw'], stream)
    return head(branch) ?? ''
  }

  commit(files)
  return {
    path,
    git,
    bytes,
    head,
    commit,
    file: (file: string, branch = 'main'): string => bytes(['cat-file', 'blob', `${branch}:${file}`]).toString('utf8'),
    mode: (file: string, branch = 'main'): string => git(['ls-tree', branch, '--', file]).slice(0, 6),
    /** How many commits a branch is ahead of another, or has. */
    count: (range = 'main'): number => Number(git(['rev-list', '--count', range])),
    changedFiles: (commitId: string): string[] =>
      git(['diff-tree', '--no-commit-id', '--name-only', '-r', commitId]).split('\n'),
    message: (branch = 'main'): string => git(['log', '-1', '--format=%B', branch]),
    close: (): void => rmSync(folder, { recursive: true, force: true }),
  }
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`
}
