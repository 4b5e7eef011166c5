/** How often something can be done in a second. */

const ROUNDS = 5
const ROUND_MS = 400

export type Measure = { readonly name: string; readonly perSecond: () => Promise<number> }

export async function rate(writers: number, write: (writer: number) => Promise<unknown>): Promise<number> {
  let done = 0
  const started = performance.now()
  const until = started + ROUND_MS
  async function writeOn(writer: number): Promise<void> {
    for (; performance.now() < until; done += 1) await write(writer)
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => writeOn(writer)))
  return (done * 1000) / (performance.now() - started)
}

/** Of interleaved rounds, so that a busy moment of the machine meets all alike. */
export async function medians(measures: readonly Measure[]): Promise<(name: string) => number> {
  const rates = new Map<string, number[]>(measures.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, perSecond } of measures) rates.get(name)?.push(await perSecond())
  }
  return (name) => rates.get(name)?.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
}
