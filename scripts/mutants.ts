/** What could be wrong in a file: each mutant is one small change of its text, made by its syntax. Types and imports are left alone. */

import { parseSync, Visitor } from 'oxc-parser'

export type Mutant = {
  readonly file: string
  readonly line: number
  readonly start: number
  readonly end: number
  readonly text: string
  readonly was: string
}

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '&': ['|'],
  '|': ['&'],
  '&&': ['||'],
  '||': ['&&'],
}
const METHODS: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
}
/** Taken away: `list.filter(…)` becomes `list`. */
const REMOVED = new Set(['filter', 'slice', 'trim', 'toLowerCase', 'toSorted', 'subarray'])
const STATES: Readonly<Record<string, string>> = { held: 'failed', failed: 'waiting', waiting: 'held' }

type Node = { readonly start: number; readonly end: number }

export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const found: Mutant[] = []
  const replace = ({ start, end }: Node, text: string): void => {
    const line = source.slice(0, start).split('\n').length
    found.push({ file, line, start, end, text, was: source.slice(start, end) })
  }
  const textOf = ({ start, end }: Node): string => source.slice(start, end)
  /** The operator between two operands; comments between them are not expected here. */
  const swap = (left: Node, right: Node, operator: string): void => {
    const start = source.indexOf(operator, left.end)
    if (start < 0 || start >= right.start) return
    for (const other of OPERATORS[operator] ?? []) replace({ start, end: start + operator.length }, other)
  }
  const decide = (test: Node): void => {
    replace(test, 'true')
    replace(test, 'false')
  }
  new Visitor({
    BinaryExpression: ({ left, right, operator }) => swap(left, right, operator),
    LogicalExpression({ left, right, operator }) {
      swap(left, right, operator)
      if (operator === '??') replace({ start: left.start, end: right.end }, textOf(left))
    },
    IfStatement: ({ test }) => decide(test),
    ConditionalExpression: ({ test }) => decide(test),
    UnaryExpression(node) {
      if (node.operator === '!') replace(node, textOf(node.argument))
    },
    Literal(node) {
      const { value } = node
      if (typeof value === 'boolean') replace(node, String(!value))
      if (typeof value === 'number') replace(node, String(value + 1))
      if (!('regex' in node)) return
      const { pattern, flags } = node.regex
      if (pattern.startsWith('^')) replace(node, `/${pattern.slice(1)}/${flags}`)
      if (pattern.endsWith('$')) replace(node, `/${pattern.slice(0, -1)}/${flags}`)
    },
    Property({ key, value }) {
      if (key.type !== 'Identifier' || key.name !== 'state' || value.type !== 'Literal') return
      const other = STATES[String(value.value)]
      if (other !== undefined) replace(value, `'${other}'`)
    },
    CallExpression(node) {
      const { callee } = node
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return
      const other = METHODS[callee.property.name]
      if (other !== undefined) replace(callee.property, other)
      if (REMOVED.has(callee.property.name)) replace(node, textOf(callee.object))
    },
    ExpressionStatement: (node) => replace(node, ';'),
  }).visit(parseSync(file, source).program)
  return found
}
