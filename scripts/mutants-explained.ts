/** Mutants that no test can notice, or need not: each with its reason. Read by `mutate.ts`. */

type Explained = {
  readonly file: string
  /** The line, without the blanks around it. */
  readonly code: string
  /** `was → text`. */
  readonly changes: readonly string[]
  readonly why: string
}

export const EXPLAINED: readonly Explained[] = []
