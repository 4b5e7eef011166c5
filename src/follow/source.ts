/** The port for a repository that holds configuration: what stands at the followed branch, as one consistent look. */

import type { Result } from '../domain/result.ts'

export type Entry = { readonly name: string; readonly kind: 'file' | 'folder' | 'other'; readonly id: string }

export type Snapshot = {
  readonly commit: string
  /** Whether the host guards the branch; null where nobody can say. */
  readonly isProtected: boolean | null
  /** The id of the topmost folder. */
  readonly root: string
  folder(id: string): Promise<readonly Entry[]>
  /** At most `bytesMax`; else why not. */
  file(id: string, bytesMax: number): Promise<Result<Uint8Array, string>>
}

export type Source = {
  /** An error is the host's no: the branch is not there, we may not read it. Throws where later may help. */
  read<T>(use: (snapshot: Snapshot) => Promise<T>): Promise<Result<T, string>>
  close(): Promise<void>
}
