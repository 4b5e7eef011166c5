/**
 * What could be wrong in a file: each mutant is one small change of its text, made by its syntax; types and imports are left alone.
 * `withSwitches` writes all of them into one text, each behind a question of its own, so that a process tries one after the other.
 */

import { parseSync } from 'oxc-parser'

type Range = { readonly start: number; readonly end: number }
export type Mutant = Range & {
  readonly file: string
  readonly line: number
  /** The line as it stands, without the blanks around it. */
  readonly code: string
  readonly text: string
  readonly was: string
  /** The smallest part around it in whose place another expression may stand. */
  readonly site: Range & { readonly as: 'expression' | 'statement' | 'key' }
}

/** Whether this mutant is the one that is tried now. */
export const SWITCH = '__drayageMutant'
/** What a module keeps between calls: forgotten between two mutants. */
export const KEPT = '__drayageKept'

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
const METHODS = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
  ['startsWith', 'endsWith'],
  ['endsWith', 'startsWith'],
])
/** A limit that is one larger is a limit: whether it holds is for tests of its own. */
const LIMIT = /_(?:MAX|MS|BYTES)$|^LIMITS$/u
/** Taken away: `list.filter(…)` becomes `list`. */
const REMOVED = new Set(['filter', 'slice', 'trim', 'toLowerCase', 'toSorted', 'subarray'])
const STATES = new Map([
  ['held', 'failed'],
  ['failed', 'waiting'],
  ['waiting', 'held'],
])
/** Only what is inside of these is a value. */
const TYPED = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'])

/** `z.string().max(64)` */
function isBound(node: Node, parent: Node | undefined): boolean {
  if (parent?.type !== 'CallExpression' || !(parent['arguments'] as readonly Node[]).includes(node)) return false
  const property = (parent['callee'] as Node)['property'] as Node | undefined
  return property?.['name'] === 'max' || property?.['name'] === 'min'
}

type Node = Range & { readonly type: string; readonly [key: string]: unknown }
type Visit = (node: Node, above: readonly Node[]) => void

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function walk(node: Node, above: readonly Node[], visit: Visit): void {
  if (node.type.startsWith('Import') || (node.type.startsWith('TS') && !TYPED.has(node.type))) return
  if (node.type === 'VariableDeclarator' && LIMIT.test(String((node['id'] as Node)['name']))) return
  visit(node, above)
  for (const child of Object.values(node).flat()) if (isNode(child)) walk(child, [...above, node], visit)
}

/** With `?.` in it, the chain is one: a part of it that stands in parentheses would no longer end with it. */
function siteOf(node: Node, above: readonly Node[]): Node {
  let inner = node
  for (const outer of above.toReversed()) {
    if (outer.type === 'ChainExpression') return outer
    if (outer['object'] !== inner && outer['callee'] !== inner) return node
    inner = outer
  }
  return node
}

export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const found: Mutant[] = []
  const textOf = ({ start, end }: Range): string => source.slice(start, end)
  const add = (at: Range, text: string, site: Range, as: Mutant['site']['as'] = 'expression'): void => {
    const line = source.slice(0, at.start).split('\n').length
    const code = source.split('\n')[line - 1]?.trim() ?? ''
    const { start, end } = site
    found.push({ file, line, code, start: at.start, end: at.end, text, was: textOf(at), site: { start, end, as } })
  }
  const visitors: Readonly<Record<string, Visit>> = {
    BinaryExpression: operatorOf,
    LogicalExpression(node) {
      operatorOf(node)
      if (node['operator'] === '??') add(node, textOf(node['left'] as Node), node)
    },
    IfStatement: decide,
    ConditionalExpression: decide,
    UnaryExpression(node) {
      if (node['operator'] === '!') add(node, textOf(node['argument'] as Node), node)
    },
    Literal(node, above) {
      const [value, regex, parent] = [node['value'], node['regex'], above.at(-1)]
      const isKey = parent?.type === 'Property' && parent['key'] === node && parent['computed'] !== true
      if (typeof value === 'boolean') add(node, String(!value), node)
      if (typeof value === 'number' && !isBound(node, parent))
        add(node, String(value + 1), node, isKey ? 'key' : 'expression')
      if (typeof regex !== 'object' || regex === null) return
      const { pattern, flags } = regex as { pattern: string; flags: string }
      if (pattern.startsWith('^')) add(node, `/${pattern.slice(1)}/${flags}`, node)
      if (pattern.endsWith('$')) add(node, `/${pattern.slice(0, -1)}/${flags}`, node)
    },
    Property(node) {
      const [key, value] = [node['key'] as Node, node['value'] as Node]
      if (key['name'] !== 'state' || value.type !== 'Literal') return
      const other = STATES.get(String(value['value']))
      if (other !== undefined) add(value, `'${other}'`, value)
    },
    CallExpression(node, above) {
      const callee = node['callee'] as Node
      if (callee.type !== 'MemberExpression' || callee['computed'] === true) return
      const [property, object] = [callee['property'] as Node, callee['object'] as Node]
      const name = String(property['name'])
      const other = METHODS.get(name)
      const isOfSchema = /^(?:min|max)$/u.test(name) && object['name'] !== 'Math'
      if (other !== undefined && !isOfSchema) add(property, other, siteOf(node, above))
      if (REMOVED.has(name)) add(node, textOf(object), siteOf(node, above))
    },
    ExpressionStatement: (node) => add(node, ';', node, 'statement'),
  }
  walk(parseSync(file, source).program as unknown as Node, [], (node, above) => visitors[node.type]?.(node, above))
  return found

  function decide(node: Node): void {
    const test = node['test'] as Node
    add(test, 'true', test)
    add(test, 'false', test)
  }

  /** Comments between two operands are not expected here. */
  function operatorOf(node: Node): void {
    const [left, right, operator] = [node['left'] as Node, node['right'] as Node, String(node['operator'])]
    const start = source.indexOf(operator, left.end)
    if (start < 0 || start >= right.start) return
    for (const other of OPERATORS[operator] ?? []) add({ start, end: start + operator.length }, other, node)
  }
}

export type Numbered = { readonly mutant: Mutant; readonly id: number }

/** The file with all of these in it; lines stay where they are. */
export function withSwitches(source: string, mutants: readonly Numbered[]): string {
  const sites = new Map<string, Numbered[]>()
  for (const one of mutants) {
    const { start, end, as } = one.mutant.site
    const key = `${start} ${end} ${as}`
    sites.set(key, [...(sites.get(key) ?? []), one])
  }
  // The outer ones first; a statement around the expression that it is.
  const order = [...sites.values()].toSorted(
    ([a], [b]) => startOf(a) - startOf(b) || endOf(b) - endOf(a) || Number(isStatement(b)) - Number(isStatement(a)),
  )
  let next = 0
  const render = ({ start, end }: Range): string => {
    let [text, at] = ['', start]
    while (next < order.length && startOf(order[next]?.[0]) < end) {
      const group = order[next] ?? []
      next += 1
      const [from, to] = [startOf(group[0]), endOf(group[0])]
      text += source.slice(at, from) + switched(source, group, render({ start: from, end: to }))
      at = to
    }
    return text + source.slice(at, end)
  }
  const body = render({ start: 0, end: source.length })
  const kept = body.replaceAll(/^(const \w+ = )new (?:Weak)?Map(<.*>)?\(\)$/gmu, `$1globalThis.${KEPT}()`)
  return `const ${SWITCH} = globalThis.${SWITCH};${kept}`
}

const startOf = (one: Numbered | undefined): number => one?.mutant.site.start ?? Number.POSITIVE_INFINITY
const endOf = (one: Numbered | undefined): number => one?.mutant.site.end ?? Number.POSITIVE_INFINITY
const isStatement = (one: Numbered | undefined): boolean => one?.mutant.site.as === 'statement'

function switched(source: string, group: readonly Numbered[], original: string): string {
  const [first] = group
  if (first === undefined) return original
  const { start, end, as } = first.mutant.site
  // In braces of its own, or an `else` that follows would be this one's.
  if (as === 'statement') return `{if(!${SWITCH}(${first.id})){${original}}}`
  const others = group.map(
    ({ mutant, id }) =>
      `${SWITCH}(${id})?(${source.slice(start, mutant.start)}${mutant.text}${source.slice(mutant.end, end)}):`,
  )
  const value = `(${others.join('')}(${original}))`
  return as === 'key' ? `[${value}]` : value
}
