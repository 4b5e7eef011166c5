/** Where a peer's expectation is a defect or means something else than we do: each rule with its reason. Our own expectations have none. */

import type { EditCase } from './edits.ts'

type Rule<Case> = { readonly reason: string; applies(row: Case): boolean }

/** These peers write the whole file anew (four spaces for each level): their answer is compared without regard to indentation. */
export const reencoded: ReadonlySet<EditCase['kind']> = new Set(['yaml-path-update', 'image-leave'])

export const editExceptions: readonly Rule<EditCase>[] = [
  {
    reason: 'overwrites an alias: a person wrote it so that one value rules both places, so we never do',
    applies: (row) => row.kind === 'yaml-path-update' && endsAtAlias(row.input, row.path),
  },
]

function endsAtAlias(text: string, path: string): boolean {
  const key = path.slice(path.lastIndexOf('.') + 1)
  return text.split('\n').some((line) => line.trim().startsWith(`${key}: *`))
}
