/** The port of answers to the developers of an image: what became of it, told at the commit that it was built from. */

import type { PinnedImage } from '../domain/image.ts'
import type { Result } from '../domain/result.ts'
import type { Commit, Source } from '../domain/source.ts'
import type { SourceNews } from '../domain/source-news.ts'

export type Telling = {
  readonly subscription: string
  readonly stage: string
  readonly promotion: string
  readonly image: PinnedImage
  /** As verified. Null: what the image claims counts, as far as it claims to come from this very repository. */
  readonly commit: Commit | null
  readonly news: SourceNews
}

export type TellFailure = { readonly reason: 'refused' | 'no-commit'; readonly detail: string }

/** The same twice changes nothing. Throws `RetryLater` where waiting may help. */
export type Teller = { tell(telling: Telling, source: Source): Promise<Result<null, TellFailure>> }
