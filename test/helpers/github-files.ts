/** GitHub's branches, trees and blobs, from a bare repository. https://docs.github.com/en/rest/git/trees */

import type { GitRepository } from './git-repository.ts'

export function serveGitHubFiles({ git, bytes, head }: GitRepository, path: string): readonly [number, object] {
  const groups = /^\/repos\/[^/]+\/[^/]+\/(?<kind>branches|git\/trees|git\/blobs)\/(?<name>[^?]+)$/u.exec(path)?.groups
  const { kind = '', name = '' } = groups ?? {}
  try {
    if (kind === 'branches') {
      const sha = head(name)
      if (sha === null) return [404, { message: 'Branch not found' }]
      const tree = git(['rev-parse', `${sha}^{tree}`])
      return [200, { name, protected: true, commit: { sha, commit: { tree: { sha: tree } } } }]
    }
    if (kind === 'git/trees') {
      const lines = git(['ls-tree', name]).split('\n').filter(Boolean)
      const tree = lines.map((line) => {
        const [about = '', file = ''] = line.split('\t')
        const [mode = '', type = '', sha = ''] = about.split(' ')
        return { path: file, mode, type, sha }
      })
      return [200, { sha: name, tree, truncated: false }]
    }
    if (kind === 'git/blobs') {
      const content = bytes(['cat-file', 'blob', name])
      const text = content.toString('base64').replaceAll(/.{60}/gu, '$&\n')
      return [200, { sha: name, size: content.length, encoding: 'base64', content: text }]
    }
  } catch {
    // Whatever git does not know.
  }
  return [404, { message: 'Not Found' }]
}
