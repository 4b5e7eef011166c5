/** A unified diff of two texts, as `patch` and `git apply` take it. */

const CONTEXT_LINES = 3
/** Beyond so many changed lines the differing middle is shown as a whole. */
const CHANGES_MAX = 500

type Line = { readonly kind: ' ' | '-' | '+'; readonly text: string }

export function diffOf(path: string, before: string, after: string): string {
  if (before === after) return ''
  const lines = compareLines(linesOf(before), linesOf(after))
  const name = nameOf(path)
  return [`--- ${name('a/')}\n+++ ${name('b/')}\n`, ...hunksOf(lines)].join('')
}

/** With their line ends; a last line without one says so in the diff. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.split(/(?<=\n)/u)
}

function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0
  while (head < before.length && before[head] === after[head]) head += 1
  let tail = 0
  const tailMax = Math.min(before.length, after.length) - head
  while (tail < tailMax && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1
  const same = (text: string): Line => ({ kind: ' ', text })
  return [
    ...before.slice(0, head).map(same),
    ...compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ]
}

/** Myers' greedy algorithm: the fewest lines removed and added. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const traces: Map<number, number>[] = []
  let reach = new Map<number, number>([[1, 0]])
  for (let changes = 0; changes <= Math.min(before.length + after.length, CHANGES_MAX); changes += 1) {
    const next = new Map<number, number>()
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const isDown =
        diagonal === -changes || (diagonal !== changes && at(reach, diagonal - 1) < at(reach, diagonal + 1))
      let x = isDown ? at(reach, diagonal + 1) : at(reach, diagonal - 1) + 1
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1
      next.set(diagonal, x)
      if (x >= before.length && x - diagonal >= after.length) return walkBack(before, after, [...traces, reach])
    }
    traces.push(reach)
    reach = next
  }
  return [...before.map((text): Line => ({ kind: '-', text })), ...after.map((text): Line => ({ kind: '+', text }))]
}

function walkBack(before: readonly string[], after: readonly string[], traces: readonly Map<number, number>[]): Line[] {
  const lines: Line[] = []
  let [x, y] = [before.length, after.length]
  for (let changes = traces.length - 1; changes >= 0; changes -= 1) {
    const reach = traces[changes] ?? new Map<number, number>()
    const diagonal = x - y
    const isDown = diagonal === -changes || (diagonal !== changes && at(reach, diagonal - 1) < at(reach, diagonal + 1))
    const fromX = at(reach, isDown ? diagonal + 1 : diagonal - 1)
    const fromY = fromX - (isDown ? diagonal + 1 : diagonal - 1)
    while (x > fromX && y > fromY) {
      x -= 1
      y -= 1
      lines.push({ kind: ' ', text: before[x] ?? '' })
    }
    if (changes > 0)
      lines.push(isDown ? { kind: '+', text: after[fromY] ?? '' } : { kind: '-', text: before[fromX] ?? '' })
    x = fromX
    y = fromY
  }
  return lines.toReversed()
}

function at(reach: ReadonlyMap<number, number>, diagonal: number): number {
  return reach.get(diagonal) ?? -1
}

function hunksOf(lines: readonly Line[]): string[] {
  const hunks: string[] = []
  let start = nextChange(lines, 0)
  while (start < lines.length) {
    let end = start
    // Changes closer than their contexts share a hunk.
    for (
      let next = start;
      next < lines.length && next - end <= 2 * CONTEXT_LINES + 1;
      next = nextChange(lines, next + 1)
    ) {
      end = next
    }
    hunks.push(hunkOf(lines, Math.max(0, start - CONTEXT_LINES), Math.min(lines.length, end + 1 + CONTEXT_LINES)))
    start = nextChange(lines, end + 1)
  }
  return hunks
}

function nextChange(lines: readonly Line[], from: number): number {
  const found = lines.findIndex(({ kind }, index) => index >= from && kind !== ' ')
  return found < 0 ? lines.length : found
}

function hunkOf(lines: readonly Line[], start: number, end: number): string {
  const shown = lines.slice(start, end)
  const range = (kind: '-' | '+'): string => {
    const count = shown.filter((line) => line.kind === ' ' || line.kind === kind).length
    const first = lines.slice(0, start).filter((line) => line.kind === ' ' || line.kind === kind).length
    return `${kind}${count === 0 ? first : first + 1}${count === 1 ? '' : `,${count}`}`
  }
  const body = shown.map(
    ({ kind, text }) => `${kind}${text.endsWith('\n') ? text : `${text}\n\\ No newline at end of file\n`}`,
  )
  return `@@ ${range('-')} ${range('+')} @@\n${body.join('')}`
}

/** As git writes it: below `a/` and `b/`, and quoted where a name would break the line. */
function nameOf(path: string): (prefix: string) => string {
  const name = path.replace(/^(?:\.?\/)+/u, '')
  return (prefix) => (/[\u0000-\u001f\u007f"\\]/u.test(name) ? JSON.stringify(prefix + name) : prefix + name)
}
