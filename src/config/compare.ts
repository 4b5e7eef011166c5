/** What a change of the configuration does to what runs and waits, and where it weakens what protects a stage. Pure. */

import type { Config } from '../domain/config.ts'
import { isAssured } from '../domain/event.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage, Subscription } from '../domain/subscription.ts'
import { compareDemands, compareTrust } from './compare-demands.ts'
import { targetId, type Target } from '../domain/target.ts'

export type Change = {
  readonly kind: 'added' | 'removed' | 'changed'
  /** `mode`, `payments`, `payments/prod` … */
  readonly where: string
  readonly detail: string
  /** Less is demanded than before: a person should look twice. */
  readonly weakens: boolean
}

export function compareConfigs(before: Config, after: Config): readonly Change[] {
  const changes: Change[] = []
  if (before.mode !== after.mode) {
    const detail =
      after.mode === 'act'
        ? 'from observe to act: what is decided is delivered from now on'
        : 'from act to observe: nothing is delivered any more'
    changes.push({ kind: 'changed', where: 'mode', detail, weakens: false })
  }
  const [was, is] = [byName(before.subscriptions), byName(after.subscriptions)]
  for (const [name, subscription] of was) {
    const next = is.get(name)
    if (next === undefined)
      changes.push(removed(name, 'nothing is delivered any more; what waits is withdrawn, what runs stays'))
    else changes.push(...compareSubscriptions(subscription, next))
  }
  for (const [name, subscription] of is) {
    if (!was.has(name))
      changes.push(
        added(name, `follows ${formatImages(subscription)}; each target is looked at before anything is offered to it`),
      )
  }
  return [...changes, ...compareTrust(before, after), ...compareSources(before, after)]
}

function compareSubscriptions(before: Subscription, after: Subscription): readonly Change[] {
  const changes: Change[] = []
  if (formatImages(before) !== formatImages(after)) {
    const detail = `from ${formatImages(before)} to ${formatImages(after)}`
    changes.push({ kind: 'changed', where: after.name, detail, weakens: true })
  }
  const [tagsBefore, tagsAfter] = [JSON.stringify(before.tags), JSON.stringify(after.tags)]
  if (tagsBefore !== tagsAfter) {
    const detail = `tags from ${tagsBefore} to ${tagsAfter}: what waits is judged anew`
    changes.push({ kind: 'changed', where: after.name, detail, weakens: false })
  }
  changes.push(...compareSenders(before, after))
  const [was, is] = [byName(before.stages), byName(after.stages)]
  for (const [name, stage] of was) {
    const next = is.get(name)
    const where = `${after.name}/${name}`
    if (next === undefined) changes.push(removed(where, 'what waits there is withdrawn, what runs stays'))
    else changes.push(...compareStages(where, stage, next))
  }
  for (const name of is.keys()) {
    if (!was.has(name))
      changes.push(
        added(`${after.name}/${name}`, 'it is looked at first; then it gets what the stages before it have proven'),
      )
  }
  return changes
}

/** Whose word is taken: less proof, or more people, is a weakening. */
function compareSenders(before: Subscription, after: Subscription): readonly Change[] {
  const changes: Change[] = []
  const [was = 'none', is = 'none'] = [before.assurance, after.assurance]
  if (was !== is) {
    const detail = `assurance of events from ${was} to ${is}`
    changes.push({ kind: 'changed', where: after.name, detail, weakens: !isAssured(is, was) })
  }
  if (JSON.stringify(before.pushers) === JSON.stringify(after.pushers)) return changes
  const more = after.pushers?.filter((pusher) => before.pushers?.includes(pusher) === false)
  const weakens = before.pushers !== undefined && (more === undefined || more.length > 0)
  const detail =
    after.pushers === undefined ? 'takes pushes of everybody' : `takes pushes of ${after.pushers.join(', ')}`
  return [...changes, { kind: 'changed', where: after.name, detail, weakens }]
}

function compareStages(where: string, before: Stage, after: Stage): readonly Change[] {
  const changes: Change[] = []
  const dropped = before.after.filter((name) => !after.after.includes(name))
  const gained = after.after.filter((name) => !before.after.includes(name))
  if (dropped.length > 0) {
    const detail = `no longer waits for ${dropped.join(', ')}`
    changes.push({ kind: 'changed', where, detail, weakens: true })
  }
  if (gained.length > 0)
    changes.push({ kind: 'changed', where, detail: `waits for ${gained.join(', ')} too`, weakens: false })
  return [...changes, ...compareDemands(where, before, after), ...compareTargets(where, before, after)]
}

function compareTargets(where: string, before: Stage, after: Stage): readonly Change[] {
  const was = new Map(before.targets.map((target) => [targetId(target), target]))
  const is = new Map(after.targets.map((target) => [targetId(target), target]))
  const changes: Change[] = []
  for (const id of was.keys()) {
    if (!is.has(id)) changes.push({ ...removed(where, `no longer delivers to ${id}`), weakens: false })
  }
  for (const [id, target] of is) {
    const old = was.get(id)
    if (old === undefined) changes.push(added(where, `delivers to ${id}, which is looked at first`))
    else changes.push(...compareRules(where, old, target))
  }
  return changes
}

/** Who merges, and whether another owner of the field is overruled. */
function compareRules(where: string, before: Target, after: Target): readonly Change[] {
  if (before.kind === 'git' && after.kind === 'git' && before.merge !== after.merge) {
    const detail = `merge from ${before.merge} to ${after.merge}`
    return [{ kind: 'changed', where, detail, weakens: after.merge === 'when-approved' }]
  }
  if (before.kind === 'workload' && after.kind === 'workload' && before.takeover !== after.takeover) {
    const detail = after.takeover ? 'takes the field over from its owner' : 'no longer takes the field over'
    return [{ kind: 'changed', where, detail, weakens: after.takeover }]
  }
  return []
}

/** Who may tell us of pushes. */
function compareSources(before: Config, after: Config): readonly Change[] {
  const changes: Change[] = []
  for (const [name, registry] of Object.entries(after.registries)) {
    const where = `registries.${name}`
    const old = before.registries[name]
    const [was, is] = [isOpen(old?.events), isOpen(registry.events)]
    if (is && !was)
      changes.push({ kind: 'changed', where, detail: 'takes events without any proof (auth: none)', weakens: true })
    if (old !== undefined && JSON.stringify(old) !== JSON.stringify(registry) && is === was) {
      changes.push({ kind: 'changed', where, detail: 'is reached or proven in another way', weakens: false })
    }
    if (old === undefined) changes.push(added(where, `events for ${registry.host ?? 'many hosts'}`))
  }
  for (const name of Object.keys(before.registries)) {
    if (after.registries[name] === undefined) changes.push(removed(`registries.${name}`, 'its events are refused'))
  }
  return changes
}

function isOpen(events: object | undefined): boolean {
  return events !== undefined && 'auth' in events && events.auth === 'none'
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name, item]))
}

function added(where: string, detail: string): Change {
  return { kind: 'added', where, detail, weakens: false }
}

function removed(where: string, detail: string): Change {
  return { kind: 'removed', where, detail, weakens: false }
}
