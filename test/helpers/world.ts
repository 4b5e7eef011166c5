/** A small world behind the ports: a registry, targets that check expectation and fence as real ones do, pull requests, a clock. */

import type { Fate } from '../../src/domain/answer.ts'
import type {
  Cargos,
  Commits,
  Delivered,
  Delivery,
  DeliveryFailure,
  Order,
  Proposals,
  Wish,
} from '../../src/delivery/delivery.ts'
import type { Card, CardList } from '../../src/domain/card.ts'
import { Config, type LoadedConfig } from '../../src/domain/config.ts'
import type { DocumentId } from '../../src/domain/document.ts'
import type { Entry } from '../../src/domain/history.ts'
import { formatImage, isSameReference, type Digest } from '../../src/domain/image.ts'
import { lineId, type Line } from '../../src/domain/line.ts'
import { err, ok, type Result } from '../../src/domain/result.ts'
import type { Notice } from '../../src/domain/notice.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { imageAt } from '../../src/domain/release.ts'
import { targetId, type Target } from '../../src/domain/target.ts'
import type { Vote } from '../../src/domain/vote.ts'
import type { Verdict } from '../../src/domain/verdict.ts'
import type { Telling } from '../../src/notifications/teller.ts'
import type { Probed } from '../../src/checks/probe.ts'
import type { Health } from '../../src/health/health.ts'
import { handleRow } from '../../src/settle.ts'
import { advance, work, type Ports } from '../../src/pipeline.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { aDigest, anAcceptedEvent, NOW } from './build.ts'

const WAKES_MAX = 2_000

type At = { image: string; fence: number; writes: string[] }
type PullRequest = {
  state: 'open' | 'merged' | 'closed'
  readonly branch: string
  head: string
  promotions: readonly string[]
  /** The first of those that it brings. */
  image: string
  writes: ReadonlyMap<string, string>
  by: string | null
}

export type WorldOptions = {
  readonly tags?: object
  readonly stages?: readonly object[]
  readonly mode?: 'act' | 'observe'
  readonly github?: boolean
  /** More about the subscription, and about the registry `hub`. */
  readonly subscription?: object
  readonly registry?: object
  readonly notifications?: object
  readonly people?: object
  /** `payments`, unless told: none of them is configured any more. */
  readonly subscriptions?: readonly object[]
  readonly slack?: object
}

const outcomes = {
  trusted: { rule: 'signature: ci', state: 'held', detail: 'signed by ci' },
  distrusted: { rule: 'scan', state: 'failed', detail: '3 critical, at most 0' },
  undecided: { rule: 'signature: ci', state: 'waiting', detail: 'no signature was found' },
} as const

const gitTarget = (file: string): object => ({ kind: 'git', git: 'gitops', file, merge: 'by-person' })

/** A stage whose target is one file in Git. */
export function aGitStage(name: string, after: readonly string[] = [], merge = 'by-person'): object {
  return { name, after, verify: 'none', targets: [{ ...gitTarget(`${name}.yaml`), merge }] }
}

/** A stage whose target is one workload. */
export function aWorkloadStage(name: string, after: readonly string[] = []): object {
  const target = {
    kind: 'workload',
    cluster: 'dev',
    namespace: name,
    workload: 'deployment/app',
    container: 'app',
    takeover: false,
  }
  return { name, after, verify: 'none', targets: [target] }
}

export function aLoadedConfig(options: WorldOptions = {}, hash = 'c0ffee'): LoadedConfig {
  const config = Config.parse({
    version: 1,
    mode: options.mode ?? 'act',
    registries: { hub: { host: 'docker.io', insecure: false, ...options.registry } },
    clusters: { dev: { inCluster: true } },
    git: { gitops: options.github === true ? { github: 'acme/gitops' } : { url: '/srv/gitops.git' } },
    notifications: options.notifications ?? {},
    people: options.people ?? {},
    ...(options.slack && { slack: { token: 'env:T', signingSecret: 'env:S', ...options.slack } }),
    subscriptions: options.subscriptions ?? [
      {
        name: 'payments',
        images: [{ registry: 'docker.io', repository: 'acme/payments' }],
        tags: options.tags ?? { semver: '>=1' },
        stages: options.stages ?? [aWorkloadStage('dev')],
        ...options.subscription,
      },
    ],
    server: { listen: '127.0.0.1:0', apiListen: '127.0.0.1:0', state: ':memory:', tokens: [] },
  })
  return { config, hash }
}

/** Of the usual image, its tag alone. */
export function tagKey(repository: string, tag: string): string {
  return repository === 'acme/payments' ? tag : `${repository}:${tag}`
}

/** What a target takes of a wish. */
function takenOf(wish: Wish, target: Target): string {
  if (wish.kind === 'restore') return wish.image
  const image = imageAt({ images: [wish.image, ...(wish.others ?? [])] }, target)
  return formatImage(image ?? wish.image)
}

export function createWorld(options: WorldOptions = {}) {
  let now = NOW
  let loaded = aLoadedConfig(options)
  let events = 0
  const state = createMemoryState()
  const tags = new Map<string, Digest>()
  const targets = new Map<string, At>()
  const pulls: PullRequest[] = []
  const branches = new Map<string, string>()
  /** By commit to the base branch: the promotions that it brought. */
  const committed: (readonly string[])[] = []
  const wakes = new Map<DocumentId, number>()
  const requests = { registry: 0 }
  const down = { registry: false, targets: false, developers: false }
  /** By digest: what the health check says; healthy unless told. */
  const health = new Map<string, Health>()
  const refusals = new Map<string, DeliveryFailure>()
  /** By digest: what verification comes to; undecided unless told. */
  const verdicts = new Map<string, { readonly state: Verdict['state']; readonly builtAt?: number }>()
  const checks = new Map<string, Probed>()
  const authors = new Map<string, readonly string[]>()
  const tellings: Telling[] = []
  /** What the channels were told, and those that are down or refuse. */
  const told: { readonly channel: string; readonly notice: Notice }[] = []
  /** By the kind of check. */
  const ruleHealth = new Map<string, Health>()
  const cards: { readonly channel: string; readonly card: Card; readonly isUpdate: boolean }[] = []
  const groups = new Map<string, ReadonlySet<string>>()
  const replies: { readonly to: string; readonly texts: readonly string[] }[] = []
  const lists: { readonly channel: string; readonly list: CardList; readonly known: string | null }[] = []
  const channelsDown = new Set<string>()
  const channelsRefusing = new Set<string>()

  const at = (id: string): At => {
    const known = targets.get(id) ?? { image: 'acme/payments:1.0.0', fence: 0, writes: [] }
    targets.set(id, known)
    return known
  }
  const deliver = async (order: Order, isPreview: boolean): Promise<Result<Delivered, DeliveryFailure>> => {
    if (down.targets) throw new RetryLater('the target is down')
    const id = targetId(order.target)
    const refusal = refusals.get(id)
    if (refusal !== undefined) return err(refusal)
    const target = at(id)
    const image = takenOf(order.wish, order.target)
    const also = order.also?.map((other) => takenOf(order.wish, other))
    if (order.fence < target.fence) return err({ reason: 'fenced', detail: `has seen ${target.fence}` })
    const done = (status: 'changed' | 'unchanged', previous: string): Result<Delivered, DeliveryFailure> =>
      ok({ status, reference: `write/${target.writes.length}`, previous, now: image, ...(also && { also }) })
    if (isSameReference(target.image, image)) return done('unchanged', image)
    const isExpected = order.expected === null || order.expected.some((one) => isSameReference(one, target.image))
    if (!isExpected) return err({ reason: 'moved', detail: `found ${target.image}`, found: target.image })
    if (!order.stillHeld()) return err({ reason: 'fenced', detail: 'the lease ran out' })
    const previous = target.image
    if (isPreview)
      return ok({ status: 'changed', reference: 'preview', previous, now: image, diff: `-${previous}\n+${image}` })
    target.image = image
    target.fence = order.fence
    target.writes.push(image)
    for (const other of order.also ?? []) {
      at(targetId(other)).image = takenOf(order.wish, other)
      at(targetId(other)).writes.push(takenOf(order.wish, other))
    }
    return done('changed', previous)
  }
  const delivery: Delivery = {
    async observe(target) {
      if (down.targets) throw new RetryLater('the target is down')
      const refusal = refusals.get(targetId(target))
      if (refusal !== undefined) return err(refusal)
      return ok({ image: at(targetId(target)).image, running: target.kind === 'git' ? 'not-observed' : 'well' })
    },
    deliver: (order) => deliver(order, false),
    preview: (order) => deliver(order, true),
  }
  /** What of it can be brought, and what becomes of each. */
  const meet = (cargos: Cargos): { writes: Map<string, string>; fates: readonly Fate[] } => {
    const writes = new Map<string, string>()
    const fates = cargos.map((cargo): Fate => {
      const { promotion, wish, expected } = cargo
      if (wish.kind !== 'pinned') throw new Error('only candidates travel by train')
      const wishes = new Map(cargo.targets.map((target) => [targetId(target), takenOf(wish, target)]))
      const files = [...wishes.keys()]
      const image = [...wishes.values()].join(', ')
      if (files.every((id) => isSameReference(at(id).image, wishes.get(id) ?? ''))) return { promotion, fate: 'there' }
      const foreign = files.find(
        (id) =>
          expected !== null && ![wishes.get(id) ?? '', ...expected].some((one) => isSameReference(one, at(id).image)),
      )
      if (foreign !== undefined) {
        const found = at(foreign).image
        return { promotion, fate: 'stopped', reason: 'moved', detail: `found ${found}`, found }
      }
      for (const [file, now] of wishes) writes.set(file, now)
      return { promotion, fate: 'aboard', diff: `+${image}` }
    })
    return { writes, fates }
  }
  const commits: Commits = {
    async commit(cargos) {
      if (down.targets) throw new RetryLater('the repository is down')
      const { writes, fates } = meet(cargos)
      write(writes)
      if (writes.size > 0)
        committed.push(fates.flatMap(({ fate, promotion }) => (fate === 'aboard' ? [promotion] : [])))
      return ok({ commit: `commit/${committed.length}`, fates })
    },
  }
  const write = (writes: ReadonlyMap<string, string>): void => {
    for (const [file, image] of writes) {
      at(file).image = image
      at(file).writes.push(image)
    }
  }
  const proposals: Proposals = {
    async propose(cargos, { branch, lastHead, open: known }) {
      if (down.targets) throw new RetryLater('the Git host is down')
      const { writes, fates } = meet(cargos)
      const [stopped] = fates.filter(({ fate }) => fate === 'stopped')
      if (cargos.length === 1 && stopped?.fate === 'stopped') {
        const { detail, found = '' } = stopped
        return err({ reason: 'moved', detail, found })
      }
      if (known !== null && pulls[known - 1]?.state !== 'open')
        return err({ reason: 'closed', detail: `${known} is not open` })
      if (writes.size === 0) return ok({ unchanged: true, commit: 'base', fates })
      const index = pulls.findIndex((pull) => pull.state === 'open' && pull.branch === branch)
      const open = pulls[index]
      // The branch stays behind when its pull request was merged or closed by a person.
      const left = open?.head ?? branches.get(branch)
      const aboard = fates.flatMap(({ fate, promotion }) => (fate === 'aboard' ? [promotion] : []))
      const head = `head/${aboard.join('+')}`
      if (left !== undefined && left !== lastHead && left !== head)
        return err({ reason: 'foreign-commits', detail: `head is ${left}` })
      branches.set(branch, head)
      const [image = ''] = writes.values()
      const next: PullRequest = { state: 'open', branch, head, promotions: aboard, image, writes, by: null }
      if (open === undefined) pulls.push(next)
      else pulls[index] = next
      const number = open === undefined ? pulls.length : index + 1
      return ok({ number, url: `https://git.example/pull/${number}`, head, fates })
    },
    async look(_git, number) {
      const pull = pulls[number - 1]
      if (pull === undefined) return err({ reason: 'target-missing', detail: 'no such pull request' })
      if (pull.state === 'open') return ok({ state: 'open', head: pull.head })
      return pull.state === 'merged'
        ? ok({ state: 'merged', commit: `merge/${number}`, by: pull.by })
        : ok({ state: 'closed', by: pull.by })
    },
    async merge(_git, number, head) {
      const pull = pulls[number - 1]
      if (pull === undefined || pull.state !== 'open') return err({ reason: 'not-mergeable', detail: 'not open' })
      if (pull.head !== head) return err({ reason: 'head-moved', detail: `head is ${pull.head}` })
      merge(number, null)
      return ok({ commit: `merge/${number}` })
    },
    async withdraw(_git, number, branch) {
      const pull = pulls[number - 1]
      branches.delete(branch)
      if (pull?.state === 'open') pull.state = 'closed'
      return ok(null)
    },
  }
  const merge = (number: number, by: string | null): void => {
    const pull = pulls[number - 1]
    if (pull === undefined) throw new Error(`no pull request ${number}`)
    pull.state = 'merged'
    pull.by = by
    write(pull.writes)
  }
  const silent = (): void => {}
  const ports: Ports = {
    ...state,
    wake: async (id, instant) => void wakes.set(id, Math.min(instant, wakes.get(id) ?? Number.POSITIVE_INFINITY)),
    registries: {
      async resolve(image) {
        requests.registry += 1
        if (down.registry) throw new RetryLater('the registry is down')
        const digest = tags.get(tagKey(image.repository, image.tag))
        return digest === undefined
          ? err({ reason: 'tag-not-found', detail: image.tag })
          : ok({ digest, mediaType: 'application/vnd.oci.image.index.v1+json' })
      },
      async inspect() {
        requests.registry += 1
        return ok({ kind: 'image' })
      },
      async listTags() {
        return ok([...tags.keys()])
      },
    },
    delivery: () => delivery,
    proposals: () => proposals,
    commits: () => commits,
    verifier: {
      async verify({ image }) {
        if (down.registry) throw new RetryLater('the registry is down')
        const { state: said, builtAt = null } = verdicts.get(image.digest) ?? { state: 'undecided' as const }
        return { verdict: { state: said, outcomes: [outcomes[said]], at: now }, builtAt, evidence: [] }
      },
    },
    probe: {
      ask: async ({ name }) => checks.get(name) ?? { state: 'waiting', detail: `${name} says nothing` },
      authorsOf: async ({ id }) => ok(authors.get(id) ?? []),
    },
    teller: {
      async tell(telling) {
        if (down.developers) throw new RetryLater('the Git host is down')
        tellings.push(telling)
        return ok(null)
      },
    },
    conversation: {
      async show(card, channel, known) {
        if (channelsDown.has(channel)) throw new RetryLater('the chat is down')
        cards.push({ channel, card, isUpdate: known !== null })
        return ok(known ?? { channel, message: `m${cards.length}` })
      },
      async reply(to, lines) {
        if (channelsDown.has(to.channel)) throw new RetryLater('the chat is down')
        replies.push({ to: to.message, texts: lines.map(({ text }) => text) })
        return ok(null)
      },
      async list(list, channel, known) {
        if (channelsDown.has(channel)) throw new RetryLater('the chat is down')
        lists.push({ channel, list, known: known?.message ?? null })
        return ok(known ?? { channel, message: `l${lists.length}` })
      },
      whoAmI: async () => ok('drayage in Acme'),
      membersOf: async (group) => ok(groups.get(group) ?? new Set()),
    },
    notifier: (channel) => ({
      async notify(notice) {
        if (channelsDown.has(channel)) throw new RetryLater(`${channel} is down`)
        if (channelsRefusing.has(channel)) return err({ reason: 'refused', detail: 'its secret is not taken' })
        told.push({ channel, notice })
        return ok(null)
      },
    }),
    healthRule: { check: async (rule) => ruleHealth.get(rule.kind) ?? { state: 'healthy', detail: 'as it should be' } },
    health: () => ({
      async check(_target, image) {
        const digest = image.slice(image.indexOf('@') + 1)
        return health.get(digest) ?? { state: 'healthy', detail: 'all pods are ready' }
      },
    }),
    config: () => loaded,
    now: () => now,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    measure: silent,
  }

  /** All that is due now, until nothing is; the clock stands still. */
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < WAKES_MAX; turns += 1) {
      const rows = await state.inbox.claim(10, 60_000, now)
      for (const row of rows) await handleRow(row, ports)
      const due = await state.documents.due(now, 100)
      for (const id of due) await work(id, ports)
      if (rows.length === 0 && due.length === 0) return
    }
    throw new Error('never quiet')
  }
  return {
    ports,
    state,
    told,
    ruleHealth,
    cards,
    lists,
    replies,
    groups,
    channelsDown,
    channelsRefusing,
    verdicts,
    checks,
    authors,
    tellings,
    tags,
    pulls,
    committed,
    health,
    refusals,
    down,
    requests,
    at: (stage: string) =>
      at([...targets.keys()].find((id) => id.includes(`/${stage}/`) || id.endsWith(`/${stage}.yaml`)) ?? stage),
    /** By the target's id. */
    target: at,
    merge,
    settle,
    /** The registry takes a push and tells of it; the same number is the same digest. */
    async push(
      tag: string,
      content: number,
      how: { readonly tellOnly?: boolean; readonly id?: string; readonly repository?: string } = {},
    ): Promise<string> {
      const { repository = 'acme/payments' } = how
      if (how.tellOnly !== true) tags.set(tagKey(repository, tag), aDigest(content))
      events += 1
      const id = how.id ?? `hub/${events}`
      await state.inbox.put([anAcceptedEvent({ id, receivedAt: now, event: { id, repository, tag } })])
      await settle()
      return id
    },
    /** A voice whose owner is proven, by whatever way. */
    async vote(stage: string, promotion: string, vote: Vote): Promise<void> {
      await advance(lineId('payments'), { kind: 'vote', stage, promotion, vote }, ports)
      await settle()
    },
    /** Somebody clicks in the chat. */
    async click(ask: string, member: string, decision: 'approve' | 'reject' = 'approve', reason = ''): Promise<void> {
      events += 1
      const id = `-slack/${events}`
      const ballot = { ask, member, decision, reason }
      const event = { kind: 'ballot', id, ballot, registry: null, repository: null, tag: null, digest: null } as const
      await state.inbox.put([anAcceptedEvent({ id, source: '-slack', receivedAt: now, event })])
      await settle()
    },
    async pass(ms: number): Promise<void> {
      now += ms
      await settle()
    },
    configure(changed: WorldOptions, hash: string): void {
      loaded = aLoadedConfig(changed, hash)
    },
    async line(): Promise<Line> {
      const found = await state.documents.load(lineId('payments'))
      if (found?.document.kind !== 'line') throw new Error('there is no line')
      return found.document
    },
    async stage(name: string) {
      const found = await this.line()
      const stage = found.stages[name]
      if (stage === undefined) throw new Error(`there is no stage ${name}`)
      return stage
    },
    /** Oldest first. */
    async history(document = lineId('payments')): Promise<readonly Entry[]> {
      const page = await state.journal.query({ document, limit: 500 })
      return page.entries.toReversed()
    },
    async kinds(): Promise<readonly string[]> {
      return (await this.history()).map(({ kind }) => kind)
    },
  }
}
