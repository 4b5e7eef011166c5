/** What the configuration says about each document: the rules by which it is decided. Pure, but for what it has compiled before. */

import { newBulletin } from './domain/bulletin.ts'
import type { Config, LoadedConfig } from './domain/config.ts'
import type { Document, DocumentId } from './domain/document.ts'
import { lineId, newLine, type Line } from './domain/line.ts'
import { NOTICE_KINDS_DEFAULT } from './domain/notice.ts'
import { windowOf } from './domain/quiet.ts'
import { isSameRepository, type Source } from './domain/source.ts'
import type { Stage, Subscription } from './domain/subscription.ts'
import type { Target } from './domain/target.ts'
import { EVERYBODY, newTrain, trainId, type Train, type TrainAddress } from './domain/train.ts'
import type { ChannelRule, RuleBook, Rules, TrainRules } from './decide/index.ts'
import { termsOf } from './decide/terms.ts'
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
    trainOf: (stage, target) => {
      const found = subscription.stages.find((one) => one.name === stage)
      return found === undefined ? null : trainOf(name, found, target, config)
    },
    commits: (target) => commits(target, config),
    personOf: (text) => personOf(text, config),
    personOfGitHub: (login) => personOfGitHub(login, config),
    actorOfGitHub: (login) => actorOfGitHub(login, config),
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

function actorOfGitHub(login: string, config: Config): string {
  const person = personOfGitHub(login, config)
  const names = [...Object.keys(config.people), ...config.server.tokens.map((token) => token.person)]
  const isSomebody = names.some((name) => name.toLowerCase() === login.toLowerCase())
  return person.startsWith('github:') && !isSomebody ? login : person
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
  const address = addressOf(id)
  const carried = (address.subscription === null ? config.subscriptions : named(address.subscription, config)).flatMap(
    (subscription) => carriedOf(subscription, id, address.stage, config),
  )
  const terms = new Map(carried.map((one) => [one.line, one.terms]))
  const windows = carried.flatMap(({ batchMs }) => batchMs ?? [])
  return {
    hash,
    isWanted: (line) => terms.has(line),
    termsOf: (line) => terms.get(line) ?? null,
    mergesItself: carried.some(({ target }) => target.kind === 'git' && target.merge === 'when-approved'),
    way: carried.some(({ target }) => commits(target, config)) ? 'commit' : 'pull-request',
    batchMs: address.subscription === null ? Math.min(...windows) : null,
  }
}

/** The targets of a subscription's stage that this train reaches. */
function carriedOf({ name, stages }: Subscription, id: DocumentId, stage: string, config: Config) {
  const found = stages.find((one) => one.name === stage)
  if (found === undefined) return []
  const reached = found.targets.filter((target) => {
    const train = trainOf(name, found, target, config)
    return train !== null && trainId(train) === id
  })
  return reached.map((target) => ({ line: lineId(name), target, batchMs: found.batchMs, terms: termsOf(found) }))
}

/** The subscription of a line. */
export function subscriptionOf(line: DocumentId, { config }: LoadedConfig): Subscription | undefined {
  return subscriptionNamed(line.slice(lineId('').length), config)
}

/** Whom a document is about; of a batch, nobody alone. A list is about many: it has the empty name. */
export function subscriptionNameOf(document: Document): string {
  if (document.kind === 'bulletin') return ''
  return document.kind === 'line' ? document.subscription : (addressOf(document.id).subscription ?? EVERYBODY)
}

function subscriptionNamed(name: string, config: Config): Subscription | undefined {
  return config.subscriptions.find((subscription) => subscription.name === name)
}

function named(name: string, config: Config): readonly Subscription[] {
  const subscription = subscriptionNamed(name, config)
  return subscription === undefined ? [] : [subscription]
}

/** Git hosts with pull requests are reached by train; plain Git is pushed to, and by train where many go together. */
function trainOf(
  subscription: string,
  { name: stage, batchMs }: Pick<Stage, 'name' | 'batchMs'>,
  target: Target,
  config: Config,
): TrainAddress | null {
  if (target.kind !== 'git') return null
  const git = config.git[target.git]
  if (git === undefined || (commits(target, config) && batchMs === undefined)) return null
  return { git: target.git, base: git.base, subscription: batchMs === undefined ? subscription : null, stage }
}

/** Without pull requests. */
function commits(target: Target, config: Config): boolean {
  const git = target.kind === 'git' ? config.git[target.git] : undefined
  return git !== undefined && !('github' in git)
}

/** The trains that own a branch of a repository. */
export function trainsOn(git: string, branch: string, { config }: LoadedConfig): readonly DocumentId[] {
  const ids = config.subscriptions.flatMap(({ name, stages }) =>
    stages.flatMap((stage) => stage.targets.flatMap((target) => trainOf(name, stage, target, config) ?? [])),
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
  const [name = '', stage = ''] = rest.slice(-2)
  const subscription = name === EVERYBODY ? null : name
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
