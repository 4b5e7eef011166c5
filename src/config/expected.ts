/** The words for what was expected and what was found. What may be a secret is never repeated. */

import type * as z from 'zod'
import type { Path } from './problem.ts'
import type { Tree } from './tree.ts'

const FOUND_LENGTH_MAX = 60
/** A value under such a key may be the secret itself, written where its reference belongs. */
const SECRET_KEY = /secret|password|passphrase|tokens?$|keys?$|credential/iu
/** `https://name:password@host` under one of these. */
const URL_KEY = /^(?:host|tokenHost|url|api|listen|state)$/u

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
  tuple: 'a list',
}

const STRUCTURES = new Set(['object', 'record', 'array', 'tuple'])

/** Our own schemas say `expected …` themselves; for the rest zod's codes are put into words. */
export function expectedOf(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith('expected ')) return issue.message.slice('expected '.length)
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected
    case 'invalid_value':
      return issue.values.map(String).join(' or ')
    case 'too_big':
      return `at most ${issue.maximum} ${unitOf(issue.origin)}`.trim()
    case 'too_small':
      return `at least ${issue.minimum} ${unitOf(issue.origin)}`.trim()
    case 'invalid_format':
      return issue.format === 'url'
        ? 'a URL, such as https://example.com'
        : `text in the form ${issue.pattern ?? issue.format}`
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return issue.message
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return 'characters'
  return origin === 'array' ? 'entries' : ''
}

/** A kind alone where the value may be a secret, or where another kind belongs. */
export function foundOf(issue: z.core.$ZodIssue, tree: Tree, path: Path, isSecret: boolean): string {
  if (tree.kind !== 'scalar') return tree.kind === 'map' ? 'a map' : 'a list'
  if (tree.value === null) return 'nothing'
  if (issue.code === 'invalid_type' && STRUCTURES.has(issue.expected)) return KINDS[typeof tree.value] ?? 'a value'
  const key = path.findLast((part) => typeof part === 'string') ?? ''
  if (isSecret || SECRET_KEY.test(key)) return 'a value that is not repeated here'
  const text = URL_KEY.test(key) ? tree.source.replace(/[^\s/]*@/u, '…@') : tree.source
  if (typeof tree.value !== 'string') return `the ${typeof tree.value === 'number' ? 'number' : 'truth value'} ${text}`
  return quoted(text)
}

/** One line, bounded. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > FOUND_LENGTH_MAX ? `${text.slice(0, FOUND_LENGTH_MAX - 1)}…` : text)
}

/** `1.10` is a number in YAML, and loses its zero. */
export function quotesHint(issue: z.core.$ZodIssue, tree: Tree): string | undefined {
  const wantsText =
    issue.code === 'invalid_type' && issue.expected === 'string' && !issue.message.startsWith('expected ')
  if (!wantsText || tree.kind !== 'scalar' || tree.value === null) return undefined
  return `Put it in quotes: "${tree.source.slice(0, FOUND_LENGTH_MAX)}"`
}
