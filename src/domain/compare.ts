/** Where the commits between two images are seen, by the way that the Git host has for it. */

import type { Commit } from './source.ts'

/** Null: they are of different repositories, or the same; or the host has another way. */
export function compareUrl(from: Commit, to: Commit): string | null {
  if (from.repository !== to.repository || from.id === to.id) return null
  const labels = new URL(to.repository).hostname.split('.')
  if (labels.includes('bitbucket') || labels.includes('azure') || labels.includes('visualstudio')) return null
  // GitHub's way is that of Gitea and Forgejo too.
  const way = labels.includes('gitlab') ? '/-/compare/' : '/compare/'
  return `${to.repository}${way}${from.id}...${to.id}`
}
