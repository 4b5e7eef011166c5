/** One bare repository per remote, kept between uses so that a fetch brings only what is new; used by one at a time. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git, Remote } from './git.ts'

/** After so many uses a cache is thrown away, so that nothing grows for ever. */
const CACHE_USES_MAX = 500

/** Bare repositories on this machine's disk, for as long as the process lives. */
export type GitCaches = {
  /** Runs `work` with the cache of `key`, alone; a cache whose use failed is thrown away. */
  use<T>(key: string, remote: Remote, work: (gitDir: string) => Promise<T>): Promise<T>
  close(): Promise<void>
}
type Cache = { queue: Promise<unknown>; gitDir: string | null; uses: number }

/** Caches below `tempDir`, in a folder that no other process shares. */
export function createGitCaches(git: Git, tempDir: string): GitCaches {
  const caches = new Map<string, Cache>()
  let root: Promise<string> | null = null
  const makeRoot = async (): Promise<string> => {
    await mkdir(tempDir, { recursive: true })
    return mkdtemp(join(tempDir, 'drayage-git-'))
  }
  const drop = async (cache: Cache): Promise<void> => {
    if (cache.gitDir !== null) await rm(cache.gitDir, { recursive: true, force: true })
    cache.gitDir = null
  }
  const open = async (cache: Cache, remote: Remote): Promise<string> => {
    if (cache.uses % CACHE_USES_MAX === 0) await drop(cache)
    cache.uses += 1
    if (cache.gitDir !== null) return cache.gitDir
    root ??= makeRoot()
    const gitDir = await mkdtemp(join(await root, 'r-'))
    await git.read({ args: ['init', '--quiet', '--bare', '--template=', '--', gitDir] })
    await git.read({ args: ['config', 'remote.origin.url', remote.url], gitDir })
    cache.gitDir = gitDir
    return gitDir
  }
  return {
    use(key, remote, work) {
      const cache = caches.get(key) ?? { queue: Promise.resolve(), gitDir: null, uses: 0 }
      caches.set(key, cache)
      const run = cache.queue.then(async () => {
        try {
          return await work(await open(cache, remote))
        } catch (error) {
          await drop(cache)
          throw error
        }
      })
      cache.queue = run.catch(() => {})
      return run
    },
    async close() {
      await Promise.all([...caches.values()].map((cache) => cache.queue))
      if (root !== null) await rm(await root, { recursive: true, force: true })
      root = null
      caches.clear()
    },
  }
}
