/** What the configuration says about each document: the rules by which it is decided. Pure, but for what it has compiled before. */

import { newBulletin } from './domain/bulletin.ts'
import type { Config, LoadedConfig } from './domain/config.ts'
import type { Document, DocumentId } from './domain/document.ts'
import { lineId, newLine, type Line } from './domain/line.ts'
import { NOTICE_KINDS_DEFAULT } from './domain/notice.ts'
import { windowOf } from './domain/quiet.ts'
import { isSameRepository, type Source } from './domain/source.ts'
import type { Subscription } from './domain/subscription.ts'
import type { Target } from './domain/target.ts'
import { newTrain, trainId, type Train, type TrainAddress } from './domain/train.ts'
import type { ChannelRule, RuleBook, Rules, TrainRules } from './decide/index.ts'
import { compileFilter, type CompiledFilter } from './filter.ts'

export function rulesOf({ config, hash }: LoadedConfig): RuleBook {
  return {
    hash,
    line: (line) => lineRules(line, config, hash),
    train: (train) => trainRules(train, config, hash),
  }
}

/** For whoever asks what a subscription's line would make of something. */
export function lineRulesOf({ name }: Subscription, loaded: LoadedConfig): Rules {
  const rules = lineRules({ subscription: name }, loaded.config, loaded.hash)
  if (rules === null) throw new Error(`${name} is in no configuration`)
  return rules
}

function lineRules({ subscription: name }: Pick<Line, 'subscription'>, config: Config, hash: string): Rules | null {
  const subscription = subscriptionNamed(name, config)
  if (subscription === undefined) return null
  const filter = filterOf(subscription)
  return {
    subscription,
    mode: config.mode,
    hash,
    compare: (a, b) => filter.compare(a, b),
    ordered: filter.ordered,
    trainOf: (stage, target) => trainOf(name, stage, target, config),
    personOf: (text) => personOf(text, config),
    personOfGitHub: (login) => personOfGitHub(login, config),
    knowsAuthors: subscription.source !== undefined && hasWayIn(subscription.source, config),
    channels: channelsOf(name, config),
    quiet: config.slack?.quiet === undefined ? null : windowOf(config.slack.quiet),
  }
}

/** Somebody whom the configuration does not know is who they say they are: a member's id, a registry's name. */
function personOf(text: string, { people }: Config): string {
  const is = (one: string | readonly string[] | undefined): boolean => [one].flat().some((name) => name === text)
  const known = Object.entries(people).find(([, { slack, pusher, github }]) => is(slack) || is(pusher) || is(github))
  return known?.[0] ?? text
}

/** Logins come in any case. */
function personOfGitHub(login: string, { people }: Config): string {
  const name = login.toLowerCase()
  const known = Object.entries(people).find(([, { github }]) => github?.toLowerCase() === name)
  return known?.[0] ?? `github:${name}`
}

/** Its own credential, or that of the entry of `git:` for the same repository. */
function hasWayIn({ app, token, github }: Source, { git }: Config): boolean {
  if (app !== undefined || token !== undefined) return true
  return Object.values(git).some((entry) => 'github' in entry && isSameRepository(entry.github, github))
}

/** Those that want to hear of this subscription. */
function channelsOf(subscription: string, { notifications }: Config): readonly ChannelRule[] {
  return Object.entries(notifications).flatMap(([name, { on, stages, subscriptions, quiet }]) => {
    if (subscriptions !== undefined && !subscriptions.includes(subscription)) return []
    return [
      {
        name,
        kinds: on ?? NOTICE_KINDS_DEFAULT,
        stages: stages ?? null,
        quiet: quiet === undefined ? null : windowOf(quiet),
      },
    ]
  })
}

function trainRules({ id }: Train, config: Config, hash: string): TrainRules {
  const { subscription, stage } = addressOf(id)
  const stages = subscriptionNamed(subscription, config)?.stages ?? []
  const targets = stages.find(({ name }) => name === stage)?.targets ?? []
  const carried = targets.filter((target) => {
    const train = trainOf(subscription, stage, target, config)
    return train !== null && trainId(train) === id
  })
  const mergesItself = carried.some((target) => target.kind === 'git' && target.merge === 'when-approved')
  return { hash, isWanted: carried.length > 0, mergesItself }
}

/** The subscription that a document is about. */
export function subscriptionOf(document: Document, { config }: LoadedConfig): Subscription | undefined {
  return subscriptionNamed(subscriptionNameOf(document), config)
}

/** A list is about many: it has the empty name. */
export function subscriptionNameOf(document: Document): string {
  if (document.kind === 'bulletin') return ''
  return document.kind === 'line' ? document.subscription : addressOf(document.id).subscription
}

function subscriptionNamed(name: string, config: Config): Subscription | undefined {
  return config.subscriptions.find((subscription) => subscription.name === name)
}

/** Git hosts with pull requests are reached by train; plain Git is pushed to. */
function trainOf(subscription: string, stage: string, target: Target, config: Config): TrainAddress | null {
  if (target.kind !== 'git') return null
  const git = config.git[target.git]
  return git !== undefined && 'github' in git ? { git: target.git, base: git.base, subscription, stage } : null
}

/** The trains that own a branch of a repository. */
export function trainsOn(git: string, branch: string, { config }: LoadedConfig): readonly DocumentId[] {
  const ids = config.subscriptions.flatMap(({ name, stages }) =>
    stages.flatMap((stage) => stage.targets.flatMap((target) => trainOf(name, stage.name, target, config) ?? [])),
  )
  const trains = ids.filter((address) => address.git === git && newTrain(address).branch === branch)
  return [...new Set(trains.map(trainId))]
}

export function newDocument(id: DocumentId): Document {
  if (id.startsWith('bulletin/')) return newBulletin(id)
  return id.startsWith('train/') ? newTrain(addressOf(id)) : newLine(id.slice(lineId('').length))
}

/** A base branch may have slashes; the other parts have none. */
function addressOf(id: DocumentId): TrainAddress {
  const [, git = '', ...rest] = id.split('/')
  const [subscription = '', stage = ''] = rest.slice(-2)
  const address = { git, base: rest.slice(0, -2).join('/'), subscription, stage }
  if (trainId(address) !== id) throw new Error(`${id} is no train's id`)
  return address
}

const compiled = new WeakMap<Subscription, CompiledFilter>()

/** Compiled once per loaded configuration, which checked it. */
export function filterOf(subscription: Subscription): CompiledFilter {
  const known = compiled.get(subscription)
  if (known !== undefined) return known
  const filter = compileFilter(subscription.tags)
  if (!filter.ok)
    throw new Error(
      `the tag filter of ${subscription.name} was accepted but does not compile: ${filter.error.expected}`,
    )
  compiled.set(subscription, filter.value)
  return filter.value
}
