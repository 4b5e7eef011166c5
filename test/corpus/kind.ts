/** What a kind of corpus is: a function from a folder of cases to what passed, what did not, and what has no equivalent here. */

export type CorpusResult = {
  readonly passed: number
  /** Each disagreement, in words. */
  readonly failures: readonly string[]
  /** Cases that an exception rule takes out, by its reason; counted, never hidden. */
  readonly excepted: Readonly<Record<string, number>>
}

export type CorpusKind = (directory: string) => Promise<CorpusResult>
