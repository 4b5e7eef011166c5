/** Parts that have their shape → the configuration as the rest of the program sees it: short forms and shared stages worked in. */

import type { ServerConfig } from '../domain/config.ts'
import { parseFieldPath } from '../domain/field-path.ts'
import { Source } from '../domain/source.ts'
import type { Stage, Subscription } from '../domain/subscription.ts'
import { TagFilter } from '../domain/tag-filter.ts'
import type { Signers } from '../domain/signer.ts'
import type { Target } from '../domain/target.ts'
import type { VerificationPolicy } from '../domain/verification-policy.ts'
import { quoted } from './expected.ts'
import { problemAt, type Path } from './problem.ts'
import { resolveBatch } from './batches.ts'
import { resolveBreakGlass } from './break-glass.ts'
import { resolveGates } from './gates.ts'
import { resolveHealth } from './health.ts'
import { checkAllTaken, readImagesAt, withImages, type Images } from './images.ts'
import { resolveVerify } from './policies.ts'
import type { Reading } from './reading.ts'
import { merged } from './references.ts'
import { resolveRollback } from './rollback.ts'
import type { RawVerify } from './verification-schema.ts'
import type { RawServer, RawSharedStage, RawStage, RawSubscription, RawTarget } from './schema.ts'
import type { Report } from './shape.ts'
import { stageOrder, type Waits } from './stage-order.ts'
import { entriesOf, placeOf, plainOf, treeAt, type Tree } from './tree.ts'

const LISTEN = '127.0.0.1:8080'
const API_LISTEN = '127.0.0.1:8081'
const STATE = '.drayage/state.db'

/** `at`: the member of the filter, such as `semver` or `allow[0]`. */
export type CheckFilter = (
  filter: TagFilter,
) => { readonly at: string; readonly expected: string; readonly found: string } | null

export type Resolving = {
  readonly root: Tree
  readonly report: Report
  readonly checkFilter: CheckFilter
  readonly reading: Reading
  readonly signers: Signers
}

export function resolveServer(server: RawServer | undefined): ServerConfig {
  return {
    listen: server?.listen ?? LISTEN,
    apiListen: server?.api?.listen ?? API_LISTEN,
    state: server?.state ?? STATE,
    tokens: server?.api?.tokens ?? [],
    ...(server?.api?.oidc === undefined ? {} : { oidc: server.api.oidc }),
    ...(server?.config === undefined ? {} : { config: server.config }),
  }
}

/** The images of all subscriptions, and a look at their tag filters, whatever else is wrong with them; problems are reported. */
export function readImages(resolving: Resolving): ReadonlyMap<string, Images> {
  const images = entriesOf(treeAt(resolving.root, ['subscriptions'])).flatMap(([name]) => {
    const path = ['subscriptions', name]
    checkTags(resolving, [...path, 'tags'])
    const images = readImagesAt(resolving, path)
    return images === undefined ? [] : [[name, images] as const]
  })
  return new Map(images)
}

type Parts = { readonly images: Images | undefined; readonly shared: Readonly<Record<string, RawSharedStage>> }

/** Undefined where a part does not hold. */
export function resolveSubscription(
  resolving: Resolving,
  name: string,
  raw: RawSubscription,
  parts: Parts,
): Subscription | undefined {
  const path = ['subscriptions', name, 'stages']
  if (Object.keys(raw.stages).length === 0) refuse(resolving, path, 'missing', 'expected at least one stage')
  const [first, ...others] = resolveStages(resolving, path, raw, parts)
  if (parts.images === undefined || first === undefined) return undefined
  return {
    name,
    images: [...parts.images],
    tags: raw.tags,
    ...(raw.assurance && { assurance: raw.assurance }),
    ...(raw.pushers && { pushers: raw.pushers }),
    ...(raw.owners && { owners: raw.owners }),
    ...(raw.source !== undefined && { source: sourceOf(raw.source) }),
    stages: [first, ...others],
  }
}

function sourceOf(raw: NonNullable<RawSubscription['source']>): Source {
  return typeof raw === 'string' ? Source.parse({ github: raw }) : raw
}

function checkTags(resolving: Resolving, path: Path): void {
  const tree = treeAt(resolving.root, path)
  const filter = TagFilter.safeParse(tree && plainOf(tree))
  const fault = filter.success ? resolving.checkFilter(filter.data) : null
  if (fault === null) return
  const steps = parseFieldPath(fault.at)
  refuse(
    resolving,
    [...path, ...(steps.ok ? steps.value : [])],
    'bad-filter',
    `expected ${fault.expected}, found ${quoted(fault.found)}`,
  )
}

function resolveStages(
  resolving: Resolving,
  path: Path,
  raw: RawSubscription,
  { images, shared }: Parts,
): readonly Stage[] {
  const waits = merged(waitsOf(raw.stages), waitsOf(shared))
  const order = stageOrder(waits)
  if (!order.ok) return []
  const demanded = { path: [...path.slice(0, -1), 'verify'], raw: raw.verify }
  return order.value.flatMap((name) => {
    const stage = raw.stages[name]
    if (stage === undefined) return []
    checkPlaces(resolving, [...path, name], stage)
    const floor = shared[name]
    const verify = verifyOf(resolving, demanded, { path: [...path, name], stage }, floor && { name, floor })
    const gates = resolveGates(resolving.reading, [
      { path: ['stages', name, 'gates'], raw: floor?.gates },
      { path: [...path, name, 'gates'], raw: stage.gates },
    ])
    const after = [...(waits.get(name) ?? [])]
    const needs = needsOf(floor?.after, stage.after)
    const health = resolveHealth(floor?.health, stage.health)
    const breakGlass = resolveBreakGlass(
      resolving.reading,
      { path: [...path, name, 'breakGlass'], raw: stage.breakGlass },
      floor && { path: ['stages', name, 'breakGlass'], raw: floor.breakGlass },
    )
    const rollback = resolveRollback(floor?.rollback, stage.rollback)
    const emergency = { ...(breakGlass && { breakGlass }), ...(rollback && { rollback }) }
    const [first, ...others] = targetsOf(resolving, [...path, name], stage, images)
    if (verify === undefined || first === undefined) return []
    const targets: Stage['targets'] = [first, ...others]
    const batchMs = resolveBatch({ subscription: raw, stage, shared: floor }, targets)
    const batch = batchMs === undefined ? {} : { batchMs }
    return [{ name, after, needs, verify, gates, ...(health && { health }), ...emergency, targets, ...batch }]
  })
}

/** What the subscription demands of all its stages, what this one adds, and the floor of the shared one. */
function verifyOf(
  { reading, signers }: Resolving,
  whole: { readonly path: Path; readonly raw: RawVerify },
  own: { readonly path: Path; readonly stage: RawStage },
  shared: { readonly name: string; readonly floor: RawSharedStage } | undefined,
): VerificationPolicy | undefined {
  const { verify } = own.stage
  const written = verify === undefined ? [whole] : [whole, { path: [...own.path, 'verify'], raw: verify }]
  const floor = shared?.floor.verify
  const demanded =
    shared === undefined || floor === undefined ? undefined : { path: ['stages', shared.name, 'verify'], raw: floor }
  return resolveVerify(reading, signers, written, demanded)
}

type After = RawSharedStage['after']

/** Where either says all, all are needed: `any` is the weaker word. */
function needsOf(...written: readonly After[]): 'all' | 'any' {
  const said = written.filter((after) => after !== undefined)
  return said.length > 0 && said.every((after) => typeof after === 'object' && 'any' in after) ? 'any' : 'all'
}

function waitsOf(stages: Readonly<Record<string, { readonly after?: After }>>): Waits {
  return new Map(Object.entries(stages).map(([name, { after }]) => [name, namesOf(after)]))
}

function namesOf(after: After): readonly string[] {
  if (after === undefined) return []
  if (typeof after === 'string') return [after]
  return 'any' in after ? after.any : 'all' in after ? after.all : after
}

/** What was not said of the images is told already. */
function targetsOf(resolving: Resolving, path: Path, raw: RawStage, images: Images | undefined): readonly Target[] {
  const {
    after: _after,
    verify: _verify,
    gates: _gates,
    health: _health,
    batch: _batch,
    breakGlass: _breakGlass,
    rollback: _rollback,
    ...stage
  } = raw
  const written = 'targets' in stage ? stage.targets : [stage]
  const all = written.map(({ image, ...rest }, index) => {
    const target = targetOf(rest)
    const at = 'targets' in stage ? [...path, 'targets', index] : path
    return images === undefined ? [target] : withImages(resolving, images, { path: at, image, target })
  })
  if (images !== undefined && all.every(({ length }) => length > 0)) checkAllTaken(resolving, path, images, all.flat())
  return all.flat()
}

type WithoutImage<T> = T extends unknown ? Omit<T, 'image'> : never

function targetOf(raw: WithoutImage<RawTarget>): Target {
  return 'git' in raw
    ? { kind: 'git', ...raw, merge: raw.merge ?? 'by-person' }
    : { kind: 'workload', ...raw, takeover: raw.takeover ?? false }
}

function checkPlaces(resolving: Resolving, path: Path, stage: RawStage): void {
  if (!('targets' in stage)) return checkPlace(resolving, path, stage)
  stage.targets.forEach((target, index) => checkPlace(resolving, [...path, 'targets', index], target))
}

/** Where in the file or workload the image stands. */
function checkPlace(resolving: Resolving, path: Path, stage: RawTarget): void {
  if (stage.field !== undefined) {
    const field = parseFieldPath(stage.field)
    if (field.ok) return
    const what = `expected ${field.error.expected}, found ${quoted(stage.field)}`
    return refuse(resolving, [...path, 'field'], 'malformed', what)
  }
  if ('git' in stage || stage.container !== undefined) return
  const what = 'missing: expected the name of a container, or field: with the path of the image in a custom resource'
  refuse(resolving, [...path, 'container'], 'missing', what)
}

function refuse(
  { root, report }: Resolving,
  path: Path,
  reason: 'bad-filter' | 'malformed' | 'missing',
  what: string,
): void {
  report(problemAt(placeOf(root, path), { reason, path, what }), path)
}
