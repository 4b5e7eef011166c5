/** Every way to damage one place of a JSON text: what unauthenticated crashes of other webhook receivers were made of. */

type Path = readonly (string | number)[]
export type Mutation = { readonly name: string; readonly text: string }

const DEEP = 200
const MARK = '@mutation@'

/** As JSON text, so that numbers beyond a double and `__proto__` reach the parser as they are. */
export const HOSTILE: readonly string[] = [
  'null',
  'true',
  '0',
  '-1',
  '1e400',
  '""',
  '[]',
  '{}',
  '[null]',
  '['.repeat(DEEP) + ']'.repeat(DEEP),
  JSON.stringify('x'.repeat(65_536)),
  '{"__proto__":{"polluted":true}}',
]

/** Around each limit that a receiver may have, and far beyond. */
const LENGTHS: readonly number[] = [0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 640, 641, 1024, 65_536]

export function replaceEachNode(json: unknown, values: readonly string[] = HOSTILE): readonly Mutation[] {
  return pathsOf(json).flatMap((path) =>
    values.map((value) => ({
      name: `${describe(path)} = ${value.slice(0, 20)}`,
      text: JSON.stringify(edit(json, path, () => MARK)).replace(JSON.stringify(MARK), () => value),
    })),
  )
}

/** Several places at once, each chosen by a number: what the place is called depends on the changes before it. */
export function replaceNodes(json: unknown, changes: readonly (readonly [at: number, value: string])[]): string {
  const marked = changes.reduce<unknown>((tree, [nth], index) => {
    const paths = pathsOf(tree)
    return edit(tree, paths[nth % paths.length] ?? [], () => `${MARK}${index}`)
  }, json)
  return changes.reduce(
    (text, [, value], index) => text.replace(JSON.stringify(`${MARK}${index}`), () => value),
    JSON.stringify(marked),
  )
}

export function lengthenEachString(json: unknown): readonly Mutation[] {
  return pathsOf(json)
    .filter((path) => typeof at(json, path) === 'string')
    .flatMap((path) =>
      LENGTHS.map((length) => ({
        name: `${describe(path)} of ${length} characters`,
        text: JSON.stringify(edit(json, path, () => 'a'.repeat(length))),
      })),
    )
}

/** What makes an expression that can be matched in several ways try them all. */
const TANGLED: readonly string[] = [
  'a',
  'a-',
  'a/',
  'a.',
  '_',
  '-',
  '/',
  ' ',
  '0',
  '0.',
  ':',
  '@',
  '%2',
  'a:a@',
  'v1.',
  '\t\n',
]

/** All strings at once, so that the cost adds up; what follows the repetition keeps it from matching. */
export function tangleAllStrings(json: unknown, length: number): readonly Mutation[] {
  return TANGLED.map((part) => {
    const text = `${part.repeat(Math.floor(length / part.length))}!`
    const mutated = JSON.stringify(json, (_key, value: unknown) => (typeof value === 'string' ? text : value))
    return { name: `all strings ${JSON.stringify(part)} again and again`, text: mutated }
  })
}

export function deleteEachKey(json: unknown): readonly Mutation[] {
  return pathsOf(json)
    .filter((path) => path.length > 0)
    .map((path) => ({ name: `without ${describe(path)}`, text: JSON.stringify(edit(json, path, () => undefined)) }))
}

export function emptyEachArray(json: unknown): readonly Mutation[] {
  return pathsOf(json)
    .filter((path) => Array.isArray(at(json, path)))
    .map((path) => ({ name: `${describe(path)} emptied`, text: JSON.stringify(edit(json, path, () => [])) }))
}

function describe(path: Path): string {
  return path.length === 0 ? 'the body' : path.join('.')
}

function pathsOf(node: unknown, path: Path = []): readonly Path[] {
  if (typeof node !== 'object' || node === null) return [path]
  const children = Array.isArray(node) ? [...node.entries()] : Object.entries(node)
  return [path, ...children.flatMap(([key, child]) => pathsOf(child, [...path, key]))]
}

function at(node: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], node)
}

/** A copy with one place changed; `undefined` takes it out. */
function edit(node: unknown, [key, ...rest]: Path, change: () => unknown): unknown {
  if (key === undefined) return change()
  if (Array.isArray(node)) {
    const items = node.map((item, index) => (index === key ? edit(item, rest, change) : item))
    return items.filter((item) => item !== undefined)
  }
  return { ...(node as object), [key]: edit((node as Record<string, unknown>)[key], rest, change) }
}
