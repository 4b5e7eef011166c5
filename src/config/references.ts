/** Names that stand for something elsewhere in the configuration. Reads the tree, so that a mistake in a part hides no other one. */

import { didYouMean, formatPlace, problemAt, type Path } from './problem.ts'
import { SECTIONS } from './schema.ts'
import { stageOrder, type Waits } from './stage-order.ts'
import { entriesOf, isExtension, keyPlaceOf, textOf, treeAt, type Tree } from './tree.ts'
import type { Report } from './shape.ts'

type Reader = { readonly root: Tree; readonly report: Report }

/** False where there is so much of it that looking further would take too long. */
export function checkReferences(root: Tree, report: Report): boolean {
  const reader = { root, report }
  checkIgnoredNames(reader)
  if (!checkStageCounts(reader)) return false
  const shared = waitsAt(root, ['stages'])
  checkAfter(reader, ['stages'], shared)
  for (const name of namesAt(root, ['stages'])) checkHealth(reader, ['stages', name])
  const circle = stageOrder(shared)
  if (!circle.ok) refuseCircle(reader, ['stages'], circle.error)
  for (const name of namesAt(root, ['subscriptions'])) {
    const path = ['subscriptions', name, 'stages']
    checkTargets(reader, path)
    checkStageNames(reader, path, [...shared.keys()])
    const own = waitsAt(root, path)
    checkAfter(reader, path, own)
    checkSharedAfter(reader, path, own, shared)
    const order = stageOrder(merged(own, shared))
    if (circle.ok && !order.ok) refuseCircle(reader, path, order.error)
  }
  return true
}

/** A way to production has a handful of stages; what follows takes time by their square. */
const STAGES_MAX = 100

function checkStageCounts({ root, report }: Reader): boolean {
  const paths = [['stages'], ...namesAt(root, ['subscriptions']).map((name) => ['subscriptions', name, 'stages'])]
  const tooMany = paths.filter((path) => namesAt(root, path).length > STAGES_MAX)
  for (const path of tooMany) {
    const found = String(namesAt(root, path).length)
    const hint =
      'All stages of a subscription are one document, which is saved with each step: make several subscriptions of them'
    const parts = { reason: 'too-large', path, expected: `at most ${STAGES_MAX} stages`, found, hint } as const
    report(problemAt(keyPlaceOf(root, path), parts), path)
  }
  return tooMany.length === 0
}

/** What a stage waits for: what the shared one says and what the subscription adds. */
export function merged(own: Waits, shared: Waits): Waits {
  const ranks = new Map([...shared.keys()].map((name, index) => [name, index]))
  const rank = (name: string): number => ranks.get(name) ?? shared.size
  const names = [...own.keys()].toSorted((a, b) => rank(a) - rank(b))
  return new Map(names.map((name) => [name, [...new Set([...(shared.get(name) ?? []), ...(own.get(name) ?? [])])]]))
}

function waitsAt(root: Tree, path: Path): Waits {
  return new Map(entriesOf(treeAt(root, path)).map(([name, { tree }]) => [name, afterOf(tree)]))
}

function afterOf(stage: Tree): readonly string[] {
  const after = treeAt(stage, ['after'])
  const list = treeAt(after, ['any']) ?? treeAt(after, ['all']) ?? after
  const items = list?.kind === 'list' ? list.items : [list]
  return items.flatMap((item) => textOf(item) ?? [])
}

function namesAt(root: Tree, path: Path): readonly string[] {
  return entriesOf(treeAt(root, path)).map(([name]) => name)
}

/** A subscription called `x-ray` would silently do nothing. */
function checkIgnoredNames({ root, report }: Reader): void {
  const paths: Path[] = [
    ...Object.keys(SECTIONS).map((section) => [section]),
    ...namesAt(root, ['subscriptions']).map((name) => ['subscriptions', name, 'stages']),
  ]
  for (const path of paths) {
    const tree = treeAt(root, path)
    for (const [name, { place }] of tree?.kind === 'map' ? tree.entries : []) {
      if (!isExtension(name)) continue
      const at = [...path, name]
      const what = 'ignored, as all names are that begin with x-'
      report(problemAt(place, { severity: 'warning', reason: 'ignored-name', path: at, what }), at)
    }
  }
}

function checkTargets(reader: Reader, path: Path): void {
  for (const stage of namesAt(reader.root, path)) {
    const many = treeAt(reader.root, [...path, stage, 'targets'])
    const places = many?.kind === 'list' ? many.items.map((_, index) => ['targets', index]) : [[]]
    for (const place of places) {
      checkName(reader, [...path, stage, ...place, 'cluster'], 'clusters')
      checkName(reader, [...path, stage, ...place, 'git'], 'git')
    }
    checkHealth(reader, [...path, stage])
  }
}

function checkHealth(reader: Reader, path: Path): void {
  const checks = treeAt(reader.root, [...path, 'health', 'checks'])
  const items = checks?.kind === 'list' ? checks.items : []
  items.forEach((_, index) => {
    for (const kind of ['argocd', 'flux', 'workload']) {
      checkName(reader, [...path, 'health', 'checks', index, kind, 'cluster'], 'clusters')
    }
  })
}

function checkName({ root, report }: Reader, path: Path, section: 'clusters' | 'git'): void {
  const tree = treeAt(root, path)
  const name = textOf(tree)
  const known = namesAt(root, [section])
  if (tree === undefined || name === undefined || known.includes(name)) return
  const hint = didYouMean(name, known) ?? `Describe it under ${section}:`
  const what = `${section}: has no entry ${JSON.stringify(name.slice(0, 64))}`
  report(problemAt(tree.place, { reason: 'unknown-name', path, what, hint }), path)
}

/** A mistyped name would leave the stage that it means, and with it the floor. */
function checkStageNames({ root, report }: Reader, path: Path, shared: readonly string[]): void {
  if (shared.length === 0) return
  for (const name of namesAt(root, path)) {
    if (shared.includes(name)) continue
    const at = [...path, name]
    const what = 'not among the shared stages: nothing of theirs holds here'
    const parts = { severity: 'warning', reason: 'no-floor', path: at, what, hint: didYouMean(name, shared) } as const
    report(problemAt(keyPlaceOf(root, at), parts), at)
  }
}

function checkAfter({ root, report }: Reader, path: Path, waits: Waits): void {
  for (const [stage, befores] of waits) {
    for (const before of befores) {
      if (waits.has(before)) continue
      const at = [...path, stage, 'after']
      const others = [...waits.keys()].filter((name) => name !== stage)
      const what = `there is no stage ${JSON.stringify(before.slice(0, 64))} ${path.length === 1 ? 'here' : 'in this subscription'}`
      const place = treeAt(root, at)?.place ?? keyPlaceOf(root, at)
      report(problemAt(place, { reason: 'unknown-name', path: at, what, hint: didYouMean(before, others) }), at)
    }
  }
}

function checkSharedAfter({ root, report }: Reader, path: Path, own: Waits, shared: Waits): void {
  for (const stage of own.keys()) {
    for (const before of shared.get(stage) ?? []) {
      if (own.has(before) || !shared.has(before)) continue
      const at = [...path, stage]
      const rule = formatPlace(keyPlaceOf(root, ['stages', stage, 'after']))
      const what = `waits for the stage ${before} (${rule}), which this subscription does not have`
      const hint = `Add ${before}: with a target of its own, or give this one a stage with another name`
      report(problemAt(keyPlaceOf(root, at), { reason: 'unknown-name', path: at, what, hint }), at)
    }
  }
}

function refuseCircle({ root, report }: Reader, path: Path, circle: readonly string[]): void {
  const at = [...path, circle[0] ?? '', 'after']
  const what = `the stages wait for each other: ${circle.join(' → ')}`
  report(problemAt(keyPlaceOf(root, at), { reason: 'cycle', path: at, what, hint: 'Take one after: away' }), at)
}
