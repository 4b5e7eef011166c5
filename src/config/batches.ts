/** What goes to Git together: which window a stage has, and which batches could not be one commit or one document. */

import type { Config, GitConfig } from '../domain/config.ts'
import type { Stage, Subscription } from '../domain/subscription.ts'
import { targetId, type GitTarget } from '../domain/target.ts'
import { formatPlace, problemAt, type Path } from './problem.ts'
import type { RawSharedStage, RawStage, RawSubscription } from './schema.ts'
import type { Report } from './shape.ts'
import { keyPlaceOf, treeAt, type Tree } from './tree.ts'

/** Of one batch: a pull request that a person can still read. */
const PROMOTIONS_MAX = 100
/** Read by one query. */
const TARGETS_MAX = 300
/** Of what a store takes (1 MiB), less what a train has beside what it carries. */
const BYTES_MAX = (1024 - 128) * 1024
/** Of each promotion: on its way, as it is shown, and what its line is told. */
const PROMOTION_BYTES = 5_000
const IMAGE_BYTES = 1_000
/** Of each target: what it may hold. */
const TARGET_BYTES = 800
/** So many times stands its name in it. */
const NAMES_PER_TARGET = 6

type Raw = {
  readonly subscription: RawSubscription
  readonly stage: RawStage
  readonly shared: RawSharedStage | undefined
}

/** The stage's own word, else its subscription's, else that of the shared stage. Undefined: each goes alone. */
export function resolveBatch({ subscription, stage, shared }: Raw, targets: Stage['targets']): number | undefined {
  const written = stage.batch ?? subscription.batch ?? shared?.batch
  return written === undefined || written === 'none' || targets.every(({ kind }) => kind !== 'git')
    ? undefined
    : written
}

type Reader = { readonly root: Tree; readonly report: Report }
type Member = { readonly subscription: Subscription; readonly stage: Stage; readonly targets: readonly GitTarget[] }

/** Reports batches that are too large, or whose members do not agree how they are merged. */
export function checkBatches(reader: Reader, config: Pick<Config, 'subscriptions' | 'git'>): void {
  for (const [id, members] of batchesOf(config.subscriptions)) {
    checkSize(reader, members)
    checkMerges(reader, members, config.git[id.split('/')[0] ?? ''])
  }
  for (const { name, stages } of config.subscriptions) {
    for (const stage of stages) checkUse(reader, ['subscriptions', name, 'stages', stage.name, 'batch'], stage)
  }
}

/** By repository and stage. */
function batchesOf(subscriptions: readonly Subscription[]): ReadonlyMap<string, readonly Member[]> {
  const batches = new Map<string, Member[]>()
  for (const subscription of subscriptions) {
    for (const stage of subscription.stages.filter(({ batchMs }) => batchMs !== undefined)) {
      const inGit = stage.targets.filter((target) => target.kind === 'git')
      for (const git of new Set(inGit.map((target) => target.git))) {
        const id = `${git}/${stage.name}`
        const member = { subscription, stage, targets: inGit.filter((target) => target.git === git) }
        batches.set(id, [...(batches.get(id) ?? []), member])
      }
    }
  }
  return batches
}

function checkSize(reader: Reader, members: readonly Member[]): void {
  let targets = 0
  let bytes = 0
  for (const [index, member] of members.entries()) {
    targets += member.targets.length
    bytes += PROMOTION_BYTES + IMAGE_BYTES * member.subscription.images.length
    for (const target of member.targets) bytes += TARGET_BYTES + NAMES_PER_TARGET * bytesOf(targetId(target))
    const what = tooMuch(index + 1, targets, bytes)
    if (what === null) continue
    const path = pathOf(member)
    const hint = 'Take some of them out: batch: none, or another entry of git: for the same repository'
    return reader.report(problemAt(keyPlaceOf(reader.root, path), { reason: 'too-large', path, what, hint }), path)
  }
}

function tooMuch(promotions: number, targets: number, bytes: number): string | null {
  if (promotions > PROMOTIONS_MAX) return `more than ${PROMOTIONS_MAX} subscriptions go to this repository together`
  if (targets > TARGETS_MAX) return `more than ${TARGETS_MAX} targets in this repository would be one commit`
  if (bytes > BYTES_MAX) return `what would be one commit is more than one document takes (${BYTES_MAX / 1024} KiB)`
  return null
}

/** One pull request is merged in one way. */
function checkMerges(reader: Reader, members: readonly Member[], git: GitConfig | undefined): void {
  const [first] = members
  if (first === undefined || git === undefined || !('github' in git)) return
  const rule = first.targets[0]?.merge
  for (const member of members) {
    const other = member.targets.find(({ merge }) => merge !== rule)
    if (other === undefined) continue
    const path = pathOf(member)
    const at = formatPlace(keyPlaceOf(reader.root, pathOf(first)))
    const what = `is merged ${other.merge}, and what goes together with it ${rule} (${at}): one pull request has one rule`
    reader.report(problemAt(keyPlaceOf(reader.root, path), { reason: 'conflict', path, what }), path)
  }
}

/** What is written here and does nothing is refused. */
function checkUse(reader: Reader, path: Path, { targets }: Stage): void {
  if (treeAt(reader.root, path) === undefined || targets.some(({ kind }) => kind === 'git')) return
  const what = 'only what goes to Git can be one commit with others, and this stage has no target there'
  reader.report(problemAt(keyPlaceOf(reader.root, path), { reason: 'conflict', path, what }), path)
}

function pathOf({ subscription, stage }: Member): Path {
  return ['subscriptions', subscription.name, 'stages', stage.name]
}

function bytesOf(id: string): number {
  return new TextEncoder().encode(JSON.stringify(id)).length
}
