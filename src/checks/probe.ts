/** The port of checks: something outside is asked whether a promotion may go on, and whose work it is. */

import type { CheckGate } from '../domain/gate.ts'
import type { PinnedImage } from '../domain/image.ts'
import type { Result } from '../domain/result.ts'
import type { Commit, Source } from '../domain/source.ts'

/** `waiting`: there is no answer yet, or none that says anything; an empty result is no yes. */
export type Probed = { readonly state: 'held' | 'waiting' | 'failed'; readonly detail: string }

export type Asked = {
  readonly image: PinnedImage
  /** What verified provenance says that it was built from. Null: nothing does. */
  readonly commit: Commit | null
  readonly source: Source | undefined
}

export type Probe = {
  /** Throws where it was not there: later may help. */
  ask(gate: CheckGate, asked: Asked): Promise<Probed>
  /** The logins of who wrote a commit, in lower case; an error says why nobody knows. Throws where later may help. */
  authorsOf(commit: Commit, source: Source): Promise<Result<readonly string[], { readonly detail: string }>>
}
