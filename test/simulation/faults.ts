/** Mistakes that we could have made, planted between the core and its ports: the simulation has to find each. */

import type { Conversation } from '../../src/conversations/conversation.ts'
import type { Document } from '../../src/domain/document.ts'
import { formatImage } from '../../src/domain/image.ts'
import type { Gate } from '../../src/domain/gate.ts'
import { lineId, type Line, type StageState } from '../../src/domain/line.ts'
import type { Promotion } from '../../src/domain/promotion.ts'
import type { Stage, Subscription } from '../../src/domain/subscription.ts'
import type { Train } from '../../src/domain/train.ts'
import { ok } from '../../src/domain/result.ts'
import type { Verdict } from '../../src/domain/verdict.ts'
import type { Order } from '../../src/delivery/delivery.ts'
import type { InboxRow } from '../../src/domain/walk.ts'
import type { Ports } from '../../src/pipeline.ts'
import { MEMBERS } from './chat.ts'
import type { Random } from './random.ts'
import type { Kind } from './simulate.ts'
import type { World } from './world.ts'

export type Fault = {
  readonly name: string
  /** The schedules that can show it. */
  readonly kind: Kind
  /** Where it was found last: tests look there first, and everywhere where it is not found there any more. */
  readonly near?: number
  readonly plant?: (ports: Ports, random: Random) => Ports
  /** A mistake of the world's half of the bargain. */
  readonly bend?: (world: World) => void
}

type Planted = Omit<Fault, 'kind'>

const PLAIN: readonly Planted[] = [
  { name: 'targets do not test the fence', near: 2150, bend: ({ cluster }) => (cluster.ignoresFences = true) },
  { name: 'a lease that ran out is still used', plant: onOrder((order) => ({ ...order, stillHeld: () => true })) },
  { name: 'whatever stands at the target is overwritten', plant: onOrder((order) => ({ ...order, expected: null })) },
  { name: 'the digest is left out', plant: onOrder(withoutDigest) },
  { name: 'a document counts as saved before it is', plant: savedTooSoon },
  { name: 'claims are not saved', plant: onSave(withoutClaims) },
  { name: 'leases are not saved', plant: onSave(withoutLeases) },
  { name: 'two savers do not notice each other', plant: lastSaverWins },
  { name: 'refusals are forgotten', plant: onStage((stage) => ({ ...stage, refused: [] })) },
  { name: 'what waits is forgotten', plant: onStage(({ next: _next, ...stage }) => stage) },
  { name: 'what was begun is forgotten', plant: onStage(holdingOnlyTheLast) },
  { name: 'what was not well counts as well', plant: onStage(lookingWell) },
  { name: 'messages count in any order', plant: onTrain((train) => ({ ...train, orders: {} })) },
  { name: 'a branch is always ours', near: 253, bend: ({ host }) => (host.ignoresForeignCommits = true) },
  { name: 'entries leave the tail before they are in the journal', plant: onSave((one) => ({ ...one, tail: [] })) },
  { name: 'events are settled before they are handled', plant: settledAtClaim },
  { name: 'the registry is asked once per tag', plant: askedOnce },
  { name: 'older counts as newer', plant: inverted },
  { name: 'a pull request is opened without a look', bend: ({ host }) => (host.opensBlindly = true) },
  { name: 'no stage waits for another', plant: onConfig((stage) => ({ ...stage, after: [] })) },
  { name: 'the chain of the history begins anew', plant: onSave((document) => ({ ...document, hash: '' })) },
  { name: 'some of the history is not kept', plant: forgettingSome },
  { name: 'observe mode acts', plant: alwaysActing },
]

/** Found where stages demand something. */
const DEMANDING: readonly Planted[] = [
  { name: 'any head is merged', near: 1495, bend: ({ host }) => (host.mergesAnyHead = true) },
  {
    name: 'what is undecided counts as trusted',
    plant: onVerdict((state) => (state === 'undecided' ? 'trusted' : state)),
  },
  {
    name: 'what is distrusted counts as trusted',
    plant: onVerdict((state) => (state === 'distrusted' ? 'trusted' : state)),
  },
  { name: 'a proof never grows old', plant: onPromotion(provenForEver) },
  { name: 'votes outlive their promotion', plant: onSave(withOldVotes) },
  { name: 'everybody may approve', plant: onConfig((stage) => ({ ...stage, gates: stage.gates.map(withStrangers) })) },
  { name: 'gates are not asked', plant: onConfig((stage) => ({ ...stage, gates: [] })) },
  { name: 'nothing is verified', plant: onConfig((stage) => ({ ...stage, verify: 'none' })) },
  { name: 'a soak is not waited for', plant: onConfig((stage) => ({ ...stage, gates: stage.gates.map(withoutSoak) })) },
  { name: 'the switch is read once', plant: switchReadOnce },
  { name: 'windows are not asked', plant: onConfig(withoutWindows) },
  { name: 'a soak counts from long ago', plant: onStage(wellForLong) },
  { name: 'a click counts for whatever is asked now', plant: clickedNow },
  { name: 'everybody is in every group', plant: onConversation(withEverybody) },
  { name: 'a message keeps its buttons', plant: onConversation(neverChanged) },
]

export const FAULTS: readonly Fault[] = [
  ...PLAIN.map((fault) => ({ ...fault, kind: 'plain' as const })),
  ...DEMANDING.map((fault) => ({ ...fault, kind: 'demands' as const })),
]

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name)
  if (fault === undefined) throw new Error(`there is no planted fault ${JSON.stringify(name)}`)
  return fault
}

function onVerdict(change: (state: Verdict['state']) => Verdict['state']) {
  return (ports: Ports): Ports => ({
    ...ports,
    verifier: {
      async verify(question) {
        const verified = await ports.verifier.verify(question)
        return { ...verified, verdict: { ...verified.verdict, state: change(verified.verdict.state) } }
      },
    },
  })
}

function onPromotion(change: (promotion: Promotion) => Promotion) {
  return onStage((stage) => (stage.promotion === undefined ? stage : { ...stage, promotion: change(stage.promotion) }))
}

function provenForEver(promotion: Promotion): Promotion {
  const { proof } = promotion
  return proof?.state === 'trusted' ? { ...promotion, proof: { ...proof, at: proof.at + 1_000_000_000 } } : promotion
}

function withOldVotes(document: Document, before: Document | undefined): Document {
  if (document.kind !== 'line' || before?.kind !== 'line') return document
  const stages = Object.entries(document.stages).map(([name, stage]) => {
    const old = before.stages[name]?.promotion
    const isNew = stage.promotion !== undefined && old !== undefined && old.id !== stage.promotion.id
    return [name, isNew ? { ...stage, promotion: { ...stage.promotion, votes: old.votes } } : stage] as const
  })
  return { ...document, stages: Object.fromEntries(stages) as Line['stages'] }
}

function onConfig(change: (stage: Stage) => Stage) {
  return (ports: Ports): Ports => ({
    ...ports,
    config() {
      const loaded = ports.config()
      const subscriptions = loaded.config.subscriptions.map((subscription) => {
        const [first, ...others] = subscription.stages
        return { ...subscription, stages: [change(first), ...others.map(change)] as Subscription['stages'] }
      })
      return { ...loaded, config: { ...loaded.config, subscriptions } }
    },
  })
}

function withStrangers(gate: Gate): Gate {
  return gate.kind === 'approval' ? { ...gate, from: [...gate.from, 'mallory'] } : gate
}

function withoutSoak(gate: Gate): Gate {
  return gate.kind === 'soak' ? { ...gate, ms: 1 } : gate
}

function withoutWindows(stage: Stage): Stage {
  return { ...stage, gates: stage.gates.filter(({ kind }) => kind !== 'window') }
}

function wellForLong(stage: StageState): StageState {
  const { current } = stage
  if (current.state !== 'candidate') return stage
  return { ...stage, current: { ...current, healthySince: current.candidate.since - 3_600_000 } }
}

/** Whatever stood on the button. */
function clickedNow(ports: Ports): Ports {
  const { inbox } = ports
  const askedNow = async (ask: string): Promise<string> => {
    const [subscription = '', stage = ''] = ask.split('/')
    const document = (await ports.documents.load(lineId(subscription)))?.document
    return (document?.kind === 'line' ? document.stages[stage]?.promotion?.id : undefined) ?? ask
  }
  const changed = async (row: InboxRow): Promise<InboxRow> => {
    const { event } = row.accepted
    if (event.ballot === undefined) return row
    const ballot = { ...event.ballot, ask: await askedNow(event.ballot.ask) }
    return { ...row, accepted: { ...row.accepted, event: { ...event, ballot } } }
  }
  return {
    ...ports,
    inbox: {
      ...inbox,
      claim: async (limit, leaseMs, now) => Promise.all((await inbox.claim(limit, leaseMs, now)).map(changed)),
    },
  }
}

function onConversation(change: (conversation: Conversation) => Conversation) {
  return (ports: Ports): Ports => ({
    ...ports,
    conversation: ports.conversation === null ? null : change(ports.conversation),
  })
}

function withEverybody(conversation: Conversation): Conversation {
  return { ...conversation, membersOf: async () => ok(new Set(Object.values(MEMBERS))) }
}

function neverChanged(conversation: Conversation): Conversation {
  return {
    ...conversation,
    show: async (card, channel, known) => (known === null ? conversation.show(card, channel, known) : ok(known)),
  }
}

function forgettingSome(ports: Ports): Ports {
  const { journal } = ports
  const append: typeof journal.append = (entries) => journal.append(entries.filter(({ kind }) => kind !== 'delivered'))
  return { ...ports, journal: { ...journal, append } }
}

function switchReadOnce(ports: Ports): Ports {
  const { keep } = ports
  const known = new Map<string, Awaited<ReturnType<typeof keep.load>>>()
  return {
    ...ports,
    keep: {
      ...keep,
      async load(name) {
        const answer = known.has(name) ? (known.get(name) ?? null) : await keep.load(name)
        if (name === 'pauses') known.set(name, answer)
        return answer
      },
    },
  }
}

function onSave(change: (document: Document, before: Document | undefined) => Document) {
  return (ports: Ports): Ports => {
    const { documents } = ports
    return {
      ...ports,
      documents: {
        ...documents,
        async save(document, was, now) {
          const before = was === 0 ? undefined : (await documents.load(document.id))?.document
          return documents.save(change(document, before), was, now)
        },
      },
    }
  }
}

function onStage(change: (stage: StageState) => StageState) {
  return onSave((document) => {
    if (document.kind !== 'line') return document
    const stages = Object.entries(document.stages).map(([name, stage]) => [name, change(stage)] as const)
    return { ...document, stages: Object.fromEntries(stages) } satisfies Line
  })
}

function onTrain(change: (train: Train) => Train) {
  return onSave((document) => (document.kind === 'train' ? change(document) : document))
}

function onOrder(change: <O extends Omit<Order, 'target'>>(order: O) => O) {
  return (ports: Ports): Ports => ({
    ...ports,
    delivery(target) {
      const delivery = ports.delivery(target)
      return { ...delivery, deliver: (order) => delivery.deliver(change(order)) }
    },
    proposals(git) {
      const proposals = ports.proposals(git)
      return {
        ...proposals,
        propose: ([first, ...rest], known) => proposals.propose([change(first), ...rest.map(change)], known),
      }
    },
    commits(git) {
      const commits = ports.commits(git)
      return { ...commits, commit: ([first, ...rest]) => commits.commit([change(first), ...rest.map(change)]) }
    },
  })
}

function withoutDigest<O extends Omit<Order, 'target'>>(order: O): O {
  const { wish } = order
  if (wish.kind !== 'pinned') return order
  const image = formatImage({ ...wish.image, digest: null })
  return { ...order, wish: { kind: 'restore', name: wish.image, image } }
}

function savedTooSoon(ports: Ports, random: Random): Ports {
  const { documents } = ports
  const save: typeof documents.save = async (document, was, now) =>
    random.chance(0.02) ? 'saved' : documents.save(document, was, now)
  return { ...ports, documents: { ...documents, save } }
}

/** The number of the claim is given out, and not kept. */
function withoutClaims(document: Document, before: Document | undefined): Document {
  return before === undefined || document.effects.every(({ lease }) => lease === undefined)
    ? document
    : { ...document, fence: before.fence }
}

function withoutLeases(document: Document): Document {
  return { ...document, effects: document.effects.map(({ lease: _lease, ...effect }) => effect) }
}

function lastSaverWins(ports: Ports): Ports {
  const { documents } = ports
  return {
    ...ports,
    documents: {
      ...documents,
      async save(document, was, now) {
        const saved = await documents.save(document, was, now)
        if (saved === 'saved') return saved
        return documents.save(document, (await documents.load(document.id))?.version ?? 0, now)
      },
    },
  }
}

function holdingOnlyTheLast(stage: StageState): StageState {
  const holds = Object.entries(stage.holds).map(([target, held]) => [target, held.slice(-1)] as const)
  return { ...stage, holds: Object.fromEntries(holds) }
}

function lookingWell(stage: StageState): StageState {
  const looks = Object.entries(stage.looks).map(([target, look]) => [target, { ...look, running: 'well' as const }])
  return { ...stage, looks: Object.fromEntries(looks) }
}

function settledAtClaim(ports: Ports): Ports {
  const { inbox } = ports
  return {
    ...ports,
    inbox: {
      ...inbox,
      async claim(limit, leaseMs, now) {
        const rows = await inbox.claim(limit, leaseMs, now)
        for (const { accepted } of rows) await inbox.settle(accepted.id, { state: 'done' }, [], now)
        return rows
      },
    },
  }
}

function askedOnce(ports: Ports): Ports {
  const { registries } = ports
  const known = new Map<string, Awaited<ReturnType<typeof registries.resolve>>>()
  return {
    ...ports,
    registries: {
      ...registries,
      async resolve(image) {
        const answer = known.get(image.tag) ?? (await registries.resolve(image))
        if (answer.ok) known.set(image.tag, answer)
        return answer
      },
    },
  }
}

function inverted(ports: Ports): Ports {
  const { config, hash } = ports.config()
  const subscriptions = config.subscriptions.map((subscription) =>
    'numerical' in subscription.tags
      ? { ...subscription, tags: { ...subscription.tags, numerical: 'desc' as const } }
      : subscription,
  )
  return { ...ports, config: () => ({ hash, config: { ...config, subscriptions } }) }
}

function alwaysActing(ports: Ports): Ports {
  return {
    ...ports,
    config() {
      const { config, hash } = ports.config()
      return { hash, config: { ...config, mode: 'act' } }
    },
  }
}
