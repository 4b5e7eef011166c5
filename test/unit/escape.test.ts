/** Text from outside does nothing but stand where it is shown. */

import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  escapeForBranchName,
  escapeForCommitMessage,
  escapeForHtml,
  escapeForLogField,
  escapeForMarkdown,
  escapeForSlack,
  escapeForTerminal,
} from '../../src/escape.ts'

const RUNS = 2_000
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(
      '`',
      '@',
      '#',
      '[',
      '\n',
      '\r',
      '.',
      '/',
      '-',
      'lock',
      '~',
      '\\',
      ' ',
      'a',
      '{',
      '\u202e',
      '\0',
    ),
    maxLength: 60,
  }),
)

describe('escapeForTerminal', () => {
  it.each([
    ['a control sequence', '\u001b[31mred', '\\u{1b}[31mred'],
    ['a line break', 'a\nb', 'a\\u{a}b'],
    ['an 8-bit control sequence', '\u009b31m', '\\u{9b}31m'],
    ['text that reorders itself', 'a\u202eb', 'a\\u{202e}b'],
    ['half of a pair', 'a\ud800b', 'a\\u{d800}b'],
    ['letters of any language', 'größe 漢字 😀', 'größe 漢字 😀'],
  ])('shows %s', (_title, given, expected) => {
    expect(escapeForTerminal(given)).toBe(expected)
  })

  it('never lets a control character through', () => {
    fc.assert(
      fc.property(anyText, (text) => !/[\u0000-\u001f\u007f-\u009f]/u.test(escapeForTerminal(text))),
      { numRuns: RUNS },
    )
  })
})

it.each([
  ['below', 2047, 2047],
  ['at', 2048, 2048],
  ['above', 2049, 2048],
])('keeps a log field %s its limit', (_title, given, expected) => {
  expect(escapeForLogField('x'.repeat(given))).toHaveLength(expected)
})

describe('escapeForMarkdown', () => {
  it.each([
    ['a mention', '@acme/everyone', '`@acme/everyone`'],
    ['a closing reference', 'fixes #1', '`fixes #1`'],
    ['backticks', 'a``b', '```a``b```'],
    ['a leading backtick', '`a', '`` `a ``'],
    ['a line break', 'a\n\n# b', '`a  # b`'],
    ['an image beacon', '![x](https://evil.example/x.png)', '`![x](https://evil.example/x.png)`'],
    ['a hidden comment', '<!-- x -->', '`<!-- x -->`'],
    ['nothing', '', '`  `'],
  ])('puts %s into a code span', (_title, given, expected) => {
    expect(escapeForMarkdown(given)).toBe(expected)
  })

  it('closes its span only at its end', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const span = escapeForMarkdown(text)
        const fence = /^`+/u.exec(span)?.[0] ?? ''
        const inner = span.slice(fence.length, -fence.length)
        const runs = [...inner.matchAll(/`+/gu)].map(([run]) => run.length)
        expect(span.endsWith(fence)).toBe(true)
        expect(inner.startsWith('`') || inner.endsWith('`')).toBe(false)
        expect(runs).not.toContain(fence.length)
        expect(span).not.toMatch(/[\r\n]/u)
      }),
      { numRuns: RUNS },
    )
  })
})

it.each([
  ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  [`" onload='x'`, '&quot; onload=&#39;x&#39;'],
  ['a&b', 'a&amp;b'],
])('escapes %s for HTML', (given, expected) => {
  expect(escapeForHtml(given)).toBe(expected)
})

describe('escapeForCommitMessage', () => {
  it.each([
    ['a forged trailer', 'x\n\nSigned-off-by: a <a@b>', /\n/u],
    ['a mention', 'thanks @acme/everyone', /@acme/u],
    ['a closing reference', 'fixes #12', /#12/u],
    ['a closing reference of the old kind', 'fixes GH-12', /GH-12/u],
    ['a closing link', 'fixes https://github.com/a/b/issues/1', /:\/\//u],
    ['a switch for checks', 'x [skip ci]', /\[skip/u],
    ['a switch for checks of another host', '***NO_CI***', /\*\*\*/u],
    ['a carriage return', 'a\rb', /\r/u],
  ])('disarms %s', (_title, given, armed) => {
    expect(given).toMatch(armed)
    expect(escapeForCommitMessage(given)).not.toMatch(armed)
  })

  it('leaves an image readable', () => {
    const image = `docker.io/acme/app:1.2.3@sha256:${'a'.repeat(64)}`
    expect(escapeForCommitMessage(image)).toBe(image)
  })

  it('lets nobody forge a trailer', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const message = `Subject\n\nReason: ${escapeForCommitMessage(`${text}\n\nCo-authored-by: a <a@b>`)}\n\nOurs: yes\n`
        const trailers = execFileSync('git', ['interpret-trailers', '--parse'], { input: message, encoding: 'utf8' })
        expect(trailers).toBe('Ours: yes\n')
      }),
      { numRuns: 50 },
    )
  })
})

describe('escapeForSlack', () => {
  it.each([
    ['1.4.2', '1.4.2'],
    ['my_app_v1.0', 'my_app_v1.0'],
    ['a & b', 'a &amp; b'],
    ['<!channel>', '&lt;!channel&gt;'],
    ['_1.0_', '_\u200b1.0_\u200b'],
    ['*bold*', '*\u200bbold*\u200b'],
    [':smile:', ':\u200bsmile:'],
    ['@here', '@\u200bhere'],
    ['a\nb', 'a b'],
    ['\u202etxt', ' txt'],
  ])('%j is %j', (text, escaped) => {
    expect(escapeForSlack(text)).toBe(escaped)
  })

  it('is bounded', () => {
    expect(escapeForSlack('x'.repeat(5_000))).toHaveLength(1_024)
  })
})

describe('escapeForBranchName', () => {
  it.each([
    'payments',
    'payments-eu',
    '1..2',
    'x.lock',
    '-x',
    '.x',
    'x.',
    'a@{b',
    'a/b',
    '',
    '..',
    'x.lock.lock',
    '~^:?*[\\',
    '漢字',
  ])('makes of %j what git takes', (text) => {
    expect(gitTakes(escapeForBranchName(text))).toBe(true)
  })

  it('leaves a name of ours as it is', () => {
    expect(escapeForBranchName('payments-2')).toBe('payments-2')
  })

  it('makes of any text what git takes, with git as the judge', () => {
    fc.assert(
      fc.property(anyText, (text) => gitTakes(escapeForBranchName(text))),
      { numRuns: 200 },
    )
  })
})

function gitTakes(part: string): boolean {
  return spawnSync('git', ['check-ref-format', '--branch', `drayage/${part}/prod`]).status === 0
}
