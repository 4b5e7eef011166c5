import fc from 'fast-check'
import { expect, it } from 'vitest'
import { diffOf } from '../../../../src/delivery/edit/edit.ts'

it.each([
  ['nothing', 'a\n', 'a\n', ''],
  ['one line', 'a\nb\nc\n', 'a\nB\nc\n', '@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n'],
  ['an added line', 'a\nb\n', 'a\nx\nb\n', '@@ -1,2 +1,3 @@\n a\n+x\n b\n'],
  ['a removed line', 'a\nx\nb\n', 'a\nb\n', '@@ -1,3 +1,2 @@\n a\n-x\n b\n'],
  ['a first text', '', 'a\n', '@@ -0,0 +1 @@\n+a\n'],
  [
    'a last line without an end',
    'a',
    'b',
    '@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n',
  ],
  ['an end for the last line', 'a', 'a\n', '@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n'],
  ['CRLF as it is', 'a\r\nb\r\n', 'a\r\nc\r\n', '@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n'],
  [
    'changes far apart in hunks of their own',
    '1\n2\n3\n4\n5\n6\n7\n8\n9\n',
    'x\n2\n3\n4\n5\n6\n7\n8\ny\n',
    '@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n',
  ],
  [
    'changes near each other in one',
    '1\n2\n3\n4\n5\n6\n7\n8\n',
    'x\n2\n3\n4\n5\n6\n7\ny\n',
    '@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n',
  ],
])('shows %s', (_, before, after, hunks) => {
  expect(diffOf('f.yaml', before, after)).toBe(hunks === '' ? '' : `--- a/f.yaml\n+++ b/f.yaml\n${hunks}`)
})

it('quotes a path that would break its line', () => {
  expect(diffOf('a\n+++ b/x', '', 'a\n')).toMatch(/^--- "a\/a\\n\+\+\+ b\/x"\n\+\+\+ "b\/a\\n/u)
})

it('gives the text after when it is applied to the text before', () => {
  const text = fc
    .array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'd'), { maxLength: 40 })
    .map((lines) => lines.join(''))
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(apply(before, diffOf('f', before, after))).toBe(after)
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 1000) },
  )
})

it('shows a text that changed throughout as a whole', () => {
  const [before, after] = ['a', 'b'].map((letter) =>
    Array.from({ length: 600 }, (_, line) => `${letter}${line}\n`).join(''),
  )
  expect(apply(before ?? '', diffOf('f', before ?? '', after ?? ''))).toBe(after)
})

/** A small `patch`, as strict as git's: every context line must be where the hunk says. */
function apply(before: string, diff: string): string {
  if (diff === '') return before
  const lines = before === '' ? [] : before.split(/(?<=\n)/u)
  const out: string[] = []
  let at = 0
  for (const line of diff
    .replaceAll('\n\\ No newline at end of file\n', '\u0000\n')
    .split(/(?<=\n)/u)
    .slice(2)) {
    const text = line.endsWith('\u0000\n') ? line.slice(1, -2) : line.slice(1)
    const hunk = /^@@ -(?<start>\d+)(?:,(?<count>\d+))?/u.exec(line)?.groups
    if (hunk !== undefined) {
      const start = Number(hunk['start']) - (hunk['count'] === '0' ? 0 : 1)
      out.push(...lines.slice(at, start))
      at = start
    } else if (line.startsWith('+')) {
      out.push(text)
    } else {
      expect(lines[at]).toBe(text)
      at += 1
      if (line.startsWith(' ')) out.push(text)
    }
  }
  return [...out, ...lines.slice(at)].join('')
}
