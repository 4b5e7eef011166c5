/** Claims are not keys of ours: one that begins with `x-` would be passed over like a comment, and a person be proven by the rest. */

import { problemAt } from './problem.ts'
import type { Report } from './shape.ts'
import { isExtension, keyPlaceOf, treeAt, type Tree } from './tree.ts'

export function checkClaims(root: Tree, report: Report): void {
  const path = ['server', 'api', 'oidc']
  for (const [issuer] of itemsOf(treeAt(root, path)).entries()) {
    const people = [...path, issuer, 'people']
    for (const [person] of itemsOf(treeAt(root, people)).entries()) {
      const claims = [...people, person, 'claims']
      const tree = treeAt(root, claims)
      for (const name of tree?.kind === 'map' ? tree.entries.keys() : []) {
        if (!isExtension(name)) continue
        const at = [...claims, name]
        const what = 'expected a claim whose name does not begin with x-, which is for comments'
        report(problemAt(keyPlaceOf(root, at), { reason: 'malformed', path: at, what }), at)
      }
    }
  }
}

function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : []
}
