/** A configuration text as values that know where they stand; null-prototype objects come out of it. */

import type { Path, Place } from './problem.ts'

export type Scalar = string | number | boolean | null

/** `size` and `depth` count with aliases expanded, and so bound what comes out. */
type Extent = { readonly place: Place; readonly size: number; readonly depth: number }
export type ScalarTree = Extent & { readonly kind: 'scalar'; readonly value: Scalar; readonly source: string }
export type ListTree = Extent & { readonly kind: 'list'; readonly items: readonly Tree[] }
export type MapTree = Extent & { readonly kind: 'map'; readonly entries: ReadonlyMap<string, TreeEntry> }
export type Tree = ScalarTree | ListTree | MapTree
/** `place` is the key's. */
export type TreeEntry = { readonly place: Place; readonly tree: Tree }

export function scalarTree(place: Place, value: Scalar, source: string): ScalarTree {
  return { kind: 'scalar', place, value, source, size: 1, depth: 1 }
}

export function listTree(place: Place, items: readonly Tree[]): ListTree {
  return { kind: 'list', place, items, ...extentOf(items) }
}

export function mapTree(place: Place, entries: ReadonlyMap<string, TreeEntry>): MapTree {
  return { kind: 'map', place, entries, ...extentOf([...entries.values()].map(({ tree }) => tree)) }
}

function extentOf(trees: readonly Tree[]): { size: number; depth: number } {
  let size = 1
  let depth = 0
  for (const tree of trees) {
    size += tree.size
    depth = Math.max(depth, tree.depth)
  }
  return { size, depth: depth + 1 }
}

/** Keys that begin with `x-` are for people and for anchors: they are kept out. */
export function isExtension(key: string): boolean {
  return key.startsWith('x-')
}

/** The value without places and extensions. No object has a prototype, so `__proto__` is a key like any other. */
export function plainOf(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(plainOf)
  const plain: Record<string, unknown> = Object.create(null)
  for (const [key, entry] of entriesOf(tree)) plain[key] = plainOf(entry.tree)
  return plain
}

/** A map's entries without extensions; nothing of anything else. */
export function entriesOf(tree: Tree | undefined): readonly (readonly [string, TreeEntry])[] {
  return tree?.kind === 'map' ? [...tree.entries].filter(([key]) => !isExtension(key)) : []
}

export function treeAt(tree: Tree | undefined, path: Path): Tree | undefined {
  return path.reduce<Tree | undefined>((at, part) => (at === undefined ? undefined : childOf(at, part)), tree)
}

function childOf(tree: Tree, part: string | number): Tree | undefined {
  if (tree.kind === 'map') return tree.entries.get(String(part))?.tree
  return tree.kind === 'list' ? tree.items[Number(part)] : undefined
}

/** Where the value at a path stands; if there is none, where the innermost map around it begins (its key). */
export function placeOf(root: Tree, path: Path): Place {
  const found = treeAt(root, path)
  return found === undefined ? keyPlaceOf(root, path.slice(0, -1)) : found.place
}

/** Where the key at the end of a path stands; failing that, the nearest key around it. */
export function keyPlaceOf(root: Tree, path: Path): Place {
  const last = path.at(-1)
  if (last === undefined) return root.place
  const parent = treeAt(root, path.slice(0, -1))
  if (parent === undefined) return keyPlaceOf(root, path.slice(0, -1))
  if (parent.kind === 'map') return parent.entries.get(String(last))?.place ?? keyPlaceOf(root, path.slice(0, -1))
  return childOf(parent, last)?.place ?? parent.place
}

/** The text of a scalar that is text. */
export function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : undefined
}
