/** A repository manager names its own repository and the image in it; what people pull by, only the configuration knows. */

import * as z from 'zod'
import { Repository, type ClaimedRepository } from '../domain/image.ts'

const KEY_LENGTH_MAX = 128

/** By the manager's name of a repository: what stands before the image, empty where nothing does. */
export const RepositoryPaths = z
  .record(z.string().min(1).max(KEY_LENGTH_MAX), z.literal('').or(Repository), {
    error: 'expected the path before the image for each repository, such as { docker-local: docker }; empty for none',
  })
  .describe(
    'What stands before the image where people pull it, by the name of the repository there. Others are ignored.',
  )
export type RepositoryPaths = z.infer<typeof RepositoryPaths>

/** Null where the configuration names others and not this one. */
export function pathOf(paths: RepositoryPaths | undefined, key: string, usual: string): string | null {
  if (paths === undefined) return usual
  return Object.hasOwn(paths, key) ? (paths[key] ?? null) : null
}

/** `docker-local` and `acme/payments` give `docker-local/acme/payments`. */
export function joinPath(path: string, image: string): ClaimedRepository {
  return path === '' ? image : `${path}/${image}`
}
