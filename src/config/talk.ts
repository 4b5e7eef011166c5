/** Chats and channels as the rest of the configuration names them: nobody is asked where there is no way to ask. */

import type { Config } from '../domain/config.ts'
import { didYouMean, problemAt, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { entriesOf, keyPlaceOf, treeAt, type Tree } from './tree.ts'

type Reader = { readonly root: Tree; readonly report: Report }
type Whole = Pick<Config, 'slack' | 'people' | 'notifications' | 'subscriptions'>

export function checkTalk(reader: Reader, config: Whole): void {
  if (config.slack === undefined) refuseAsking(reader)
  checkPeople(reader, config)
  checkChannels(reader, config)
}

/** A gate that asks in a chat that is not configured would wait for ever. */
function refuseAsking(reader: Reader): void {
  const shared = pathsOfStages(reader.root, ['stages'])
  const own = namesAt(reader.root, ['subscriptions']).flatMap((name) => {
    return pathsOfStages(reader.root, ['subscriptions', name, 'stages'])
  })
  for (const path of [...shared, ...own]) {
    const gates = treeAt(reader.root, [...path, 'gates'])
    const items = gates?.kind === 'list' ? gates.items : []
    items.forEach((_, index) => {
      const at = [...path, 'gates', index, 'approval', 'slack']
      if (treeAt(reader.root, at) === undefined) return
      const what = 'asks in Slack, and there is no slack: with its token and signing secret'
      refuse(reader, at, 'missing', what)
    })
  }
}

/** The same id for two persons would make two votes of one. */
function checkPeople(reader: Reader, { people }: Whole): void {
  const seen = new Map<string, string>()
  for (const [name, person] of Object.entries(people)) {
    for (const id of [person.slack, person.github, person.pusher].flat()) {
      if (id === undefined) continue
      const other = seen.get(id.toLowerCase())
      if (other !== undefined && other !== name) {
        refuse(reader, ['people', name], 'conflict', `${id} is ${other} already: each person has ids of their own`)
      }
      seen.set(id.toLowerCase(), name)
    }
  }
}

function checkChannels(reader: Reader, { notifications, subscriptions }: Whole): void {
  const names = subscriptions.map(({ name }) => name)
  const stages = subscriptions.flatMap((one) => one.stages.map(({ name }) => name))
  for (const [name, channel] of Object.entries(notifications)) {
    checkNames(reader, ['notifications', name, 'subscriptions'], channel.subscriptions ?? [], names)
    checkNames(reader, ['notifications', name, 'stages'], channel.stages ?? [], stages)
  }
}

function checkNames(reader: Reader, path: Path, given: readonly string[], known: readonly string[]): void {
  given.forEach((name, index) => {
    if (known.includes(name)) return
    refuse(reader, [...path, index], 'unknown-name', `there is no ${name}`, didYouMean(name, known))
  })
}

function pathsOfStages(root: Tree, path: Path): readonly Path[] {
  return namesAt(root, path).map((name) => [...path, name])
}

function namesAt(root: Tree, path: Path): readonly string[] {
  return entriesOf(treeAt(root, path)).map(([name]) => name)
}

function refuse(
  { root, report }: Reader,
  path: Path,
  reason: 'missing' | 'conflict' | 'unknown-name',
  what: string,
  hint?: string,
): void {
  report(problemAt(keyPlaceOf(root, path), { reason, path, what, hint }), path)
}
