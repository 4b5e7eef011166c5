/** A repository's branch by GitHub's API, for platforms without a git program: the branch, then trees and blobs by their ids. */

import * as z from 'zod'
import type { GitHub, GitHubProblem } from '../clients/github.ts'
import { err, ok } from '../domain/result.ts'
import { kindOf } from './git-mode.ts'
import type { Snapshot, Source } from './source.ts'

const ObjectId = z.string().regex(/^[0-9a-f]{40}$/u)
const Branch = z.object({
  protected: z.boolean(),
  commit: z.object({ sha: ObjectId, commit: z.object({ tree: z.object({ sha: ObjectId }) }) }),
})
const Tree = z.object({
  tree: z.array(z.object({ path: z.string(), mode: z.string(), sha: z.string(), size: z.number().optional() })),
  truncated: z.boolean(),
})
const Blob = z.object({ content: z.string(), encoding: z.literal('base64'), size: z.number() })

/** `branch` may have slashes. */
export function createGitHubSource(github: GitHub, branch: string): Source {
  const get = async <T>(route: string, parameters: Record<string, unknown>, shape: z.ZodType<T>): Promise<T> => {
    const answer = await github.rest(route, parameters)
    if (!answer.ok) throw new Refused(describe(answer.error))
    return shape.parse(answer.value)
  }
  const snapshot = async (): Promise<Snapshot> => {
    const at = await get('GET /repos/{owner}/{repo}/branches/{branch}', { branch }, Branch)
    return {
      commit: at.commit.sha,
      isProtected: at.protected,
      root: at.commit.commit.tree.sha,
      async folder(tree) {
        const { tree: entries, truncated } = await get('GET /repos/{owner}/{repo}/git/trees/{tree}', { tree }, Tree)
        if (truncated) throw new Refused('a folder of the repository has too many entries')
        return entries.map(({ path, mode, sha }) => ({ name: path, kind: kindOf(mode), id: sha }))
      },
      async file(blob, bytesMax) {
        const { content, size } = await get('GET /repos/{owner}/{repo}/git/blobs/{blob}', { blob }, Blob)
        return size > bytesMax ? err(`is larger than ${bytesMax / 1024} KiB`) : ok(bytesOf(content))
      },
    }
  }
  return {
    async read(use) {
      try {
        return ok(await use(await snapshot()))
      } catch (error) {
        if (error instanceof Refused) return err(error.message)
        throw error
      }
    },
    close: async () => {},
  }
}

/** Inside of this file alone: a no that comes while somebody reads. */
class Refused extends Error {}

function describe({ status, message }: GitHubProblem): string {
  if (status === 404) return `GitHub knows no such branch, or does not show it to us: ${message}`
  return `GitHub refuses: ${message}`
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.replaceAll('\n', '')), (character) => character.charCodeAt(0))
}
