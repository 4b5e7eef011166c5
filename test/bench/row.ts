/** One line of the speed table: a ratio of one run, never an absolute time. */

export type BenchRow = {
  readonly name: string
  readonly ratio: number
  /** What we hope for, as shown: `≤ 0.05`. */
  readonly aim: string
  /** The figures behind the ratio. */
  readonly detail: string
}

export type Bench = () => Promise<readonly BenchRow[]>
