/** The port of verification: what is found about an image, and what that comes to under a policy. */

import type { Evidence } from '../domain/evidence.ts'
import type { Digest, PinnedImage } from '../domain/image.ts'
import type { RunsAs } from '../domain/runs-as.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { Policy } from '../domain/verification-policy.ts'

export type Question = {
  readonly image: PinnedImage
  readonly policy: Policy
  /** What runs there now, where we know it. */
  readonly running: PinnedImage | null
  /** When what runs there was built, from its own verified evidence; null: nothing that was verified runs there. */
  readonly runningBuiltAt: number | null
  /** As whom each target of the stage has it run. Absent: no target is known, so the image is judged alone. */
  readonly runsAs?: readonly RunsAs[]
  /** When we first knew that the tag points at this content. */
  readonly since: number
}

export type Verified = {
  readonly verdict: Verdict
  /** The earliest verified time of what proves its source; null: nothing says when. */
  readonly builtAt: number | null
  readonly evidence: readonly Evidence[]
  /** The manifests that an index stands for, where they were read. */
  readonly platforms?: readonly Digest[]
}

export type Verifier = {
  /** Throws where the registry, a log or a scanner was not there: later may help. */
  verify(question: Question): Promise<Verified>
}
