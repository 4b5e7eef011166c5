/** What people and machines around us do: push, move tags, change targets by hand, merge, close, commit, lift, retry, replay. */

import { AcceptedEvent } from '../../src/domain/event.ts'
import type { Line } from '../../src/domain/line.ts'
import { advance } from '../../src/pipeline.ts'
import type { State } from '../../src/state/state.ts'
import type { Chaos } from './chaos.ts'
import type { Chronicle } from './chronicle.ts'
import type { Clock } from './clock.ts'
import type { Inspector } from './inspector.ts'
import type { Grounds } from './grounds.ts'
import type { Ledger } from './ledger.ts'
import type { Machine } from './machine.ts'
import { isForeign, mergePull } from './pull-requests.ts'
import type { Random } from './random.ts'
import { pushAgain, pushCompanion, pushTag } from './registry.ts'
import { COMPANION, PAYMENTS, type Shape } from './shape.ts'
import type { World } from './world.ts'

export type Scene = {
  readonly clock: Clock
  readonly random: Random
  readonly chaos: Chaos
  readonly chronicle: Chronicle
  /** For what is demanded alone. */
  readonly dice: Random
  readonly ledger: Ledger
  readonly grounds: Grounds
  /** Promotions that somebody voted on. */
  readonly seen: string[]
  readonly world: World
  readonly state: State
  readonly inspector: Inspector
  readonly machines: readonly [Machine, ...Machine[]]
  readonly shape: Shape
  readonly accepted: string[]
  /** By digest: when the first event told of it. */
  readonly told: Map<string, number>
  /** Whether somebody did what may keep a newer image from arriving. */
  readonly did: { interfered: boolean; lifted: boolean; movedTag: boolean; unfollowed: boolean; resumed?: boolean }
}

/** Even numbers are pushed; odd ones are what people write by hand. */
export function schedulePushes(scene: Scene): void {
  const { clock, random, chaos, shape } = scene
  const start = clock.now()
  for (let index = 1; index <= chaos.pushes; index += 1) {
    const at = start + random.between(0, chaos.spanMs)
    clock.at(at, () => pushOne(scene, shape.isOrdered ? String(100 + 2 * index) : '100'))
  }
}

function pushOne(scene: Scene, tag: string): void {
  const { clock, random, chaos, chronicle, world } = scene
  const isMove = world.registry.tags.has(tag) && scene.shape.isOrdered
  if (isMove) chronicle.fault('moved tag')
  const { contents } = world.registry
  const isBack = chaos.returns > 0 && !scene.shape.isOrdered && contents > 1 && random.chance(chaos.returns)
  const back = isBack ? pushAgain(world.registry, tag, random.between(1, contents)) : null
  if (back !== null) chronicle.fault('pushed again')
  const digest = back ?? pushTag(world.registry, tag)
  scene.grounds.push(digest)
  chronicle.say(() => `PUSH ${tag} is #${digest.slice(-4).replace(/^0+/u, '')}`)
  scene.told.delete(digest)
  if (scene.shape.isReleased === true) companionOf(scene, tag, digest)
  if (chaos.lostEvents > 0 && random.chance(chaos.lostEvents)) return chronicle.fault('lost webhook')
  const tellings = 1 + (random.chance(chaos.duplicates) ? random.between(1, 3) : 0)
  const id = `hub/${digest.slice(-6)}/${clock.now()}`
  for (let telling = 0; telling < tellings; telling += 1) {
    if (telling > 0) chronicle.fault('event told again')
    const isRenamed = telling > 0 && random.chance(0.5)
    const delayMs = random.chance(0.5) ? random.between(0, 500) : random.between(0, 120_000)
    clock.at(clock.now() + delayMs, () => void tell(scene, isRenamed ? `${id}-${telling}` : id, { tag, digest }))
  }
}

/** Built after the other; now and then nobody tells of it. */
function companionOf(scene: Scene, tag: string, digest: string): void {
  const { clock, dice, chronicle, world } = scene
  clock.at(clock.now() + dice.between(0, 120_000), () => {
    // Of several pushes under one tag, the last stays.
    if (world.registry.tags.get(tag) !== digest) return
    pushCompanion(world.registry, tag, digest)
    chronicle.fault('companion pushed later')
    const id = `hub/companion/${digest.slice(-6)}/${clock.now()}`
    if (dice.chance(0.8)) void tell(scene, id, { tag, digest, repository: COMPANION.repository })
  })
}

type Told = { readonly tag: string; readonly digest: string; readonly repository?: string }

async function tell(scene: Scene, id: string, { tag, digest, repository = PAYMENTS.repository }: Told): Promise<void> {
  const { clock, random, state, accepted, machines } = scene
  const unsaid = { digest: null, mediaType: null, subject: null, pusher: null, occurredAt: null }
  const event = { kind: 'push', id, registry: 'docker.io', repository, tag, ...unsaid }
  const row = AcceptedEvent.parse({ id, source: 'hub', assurance: 'url-secret', receivedAt: clock.now(), event })
  const [stored] = await state.inbox.put([row])
  if (stored === 'stored') accepted.push(id)
  if (!scene.told.has(digest)) scene.told.set(digest, clock.now())
  if (random.chance(0.9)) random.pick(machines).poke()
}

export function scheduleActs(scene: Scene): void {
  const { clock, random, chaos } = scene
  const start = clock.now()
  for (let index = 0; index < chaos.acts; index += 1) {
    clock.at(start + random.between(0, chaos.spanMs + 120_000), () => act(scene, index))
  }
  for (let index = 0; index < chaos.outages; index += 1) outage(scene, start + random.between(0, chaos.spanMs))
}

function outage({ clock, random, chronicle, world }: Scene, at: number): void {
  const victim: { isDown: boolean } = random.pick<{ isDown: boolean }>([
    world.registry,
    world.cluster,
    world.plain,
    world.host.repository,
  ])
  chronicle.fault('outage')
  clock.at(at, () => (victim.isDown = true))
  clock.at(at + random.between(1_000, 600_000), () => (victim.isDown = false))
}

function act(scene: Scene, index: number): void {
  const { random, chronicle } = scene
  const kind = random.pick(['hand', 'hand', 'close', 'commit', 'move tag', 'lift', 'retry', 'replay', 'merge', 'merge'])
  chronicle.fault(`person: ${kind}`)
  switch (kind) {
    case 'hand':
      return changeSomething(scene)
    case 'close':
      return closePull(scene)
    case 'commit':
      return commitToBranch(scene, index)
    case 'move tag': {
      const tag = [...scene.world.registry.tags.keys()][0]
      scene.did.movedTag = true
      if (tag !== undefined) pushOne(scene, tag)
      return
    }
    case 'lift':
      return liftOne(scene)
    case 'retry':
      return retryAll(scene)
    case 'replay':
      return replayOne(scene)
    case 'merge':
      return mergeOne(scene)
  }
}

function targetsOf(scene: Scene): string[] {
  const { workloads } = scene.world.cluster
  const inCluster = [...workloads.values()].flatMap(({ images }) => [...images.keys()])
  const inGit = [scene.world.plain, scene.world.host.repository].flatMap(({ base }) => [...base.images.keys()])
  return [...inCluster, ...inGit]
}

/** Something of their own, or a version that counts: every hand is another image, so that it can be told from ours. */
export function changeByHand(scene: Scene, target: string): void {
  const { random, world, ledger, did } = scene
  const tag = random.chance(0.5) ? `hand-${ledger.hands.size}` : String(91 + 2 * random.between(0, 12))
  const { repository } = target.endsWith(COMPANION.repository) ? COMPANION : PAYMENTS
  const image = `docker.io/${repository}:${tag}`
  if (ledger.hands.has(image)) return
  did.interfered = true
  ledger.hand(target, image)
  world.put(target, image)
}

function changeSomething(scene: Scene): void {
  const [first, ...others] = targetsOf(scene)
  if (first !== undefined) changeByHand(scene, scene.random.pick([first, ...others]))
}

/** Merges or closes what is open just now. */
export function decideOnPull(scene: Scene, branch: string): void {
  const open = scene.world.host.pulls.find((pull) => pull.branch === branch && pull.state === 'open')
  if (open === undefined) return
  scene.chronicle.fault('person: in between')
  if (scene.random.chance(0.7)) mergeOne(scene)
  else closePull(scene)
}

function closePull({ world, did, chronicle }: Scene): void {
  const pull = world.host.pulls.find(({ state }) => state === 'open')
  if (pull === undefined) return
  did.interfered = true
  chronicle.say(() => `CLOSE ${pull.number}`)
  Object.assign(pull, { state: 'closed', by: 'ann' })
}

/** A person's commit on our branch: we stop, until it is gone. */
function commitToBranch({ world, did, chronicle }: Scene, index: number): void {
  const [first] = world.host.branches
  if (first === undefined) return
  const [name, branch] = first
  did.interfered = true
  chronicle.say(() => `COMMIT on ${name}`)
  world.host.foreign.add(name)
  world.host.branches.set(name, { ...branch, head: `${branch.head}-${index}+` })
}

function lines(scene: Scene): Line[] {
  return [...scene.inspector.documents.values()].filter((document) => document.kind === 'line')
}

function liftOne(scene: Scene): void {
  for (const line of lines(scene)) {
    for (const [stage, { refused }] of Object.entries(line.stages)) {
      const [first] = refused
      if (first === undefined) continue
      scene.did.lifted = true
      const lift = { kind: 'lift', by: 'ann', reason: 'again', stage, candidate: first.candidate } as const
      scene.random.pick(scene.machines).run((ports) => advance(line.id, lift, ports))
      return
    }
  }
}

export function retryAll(scene: Scene): void {
  for (const id of scene.inspector.documents.keys()) {
    const retry = { kind: 'retry', by: 'ann', reason: 'repaired', stage: null } as const
    scene.random.pick(scene.machines).run((ports) => advance(id, retry, ports))
  }
}

function replayOne(scene: Scene): void {
  const [first, ...others] = scene.accepted
  if (first === undefined) return
  const id = scene.random.pick([first, ...others])
  const at = scene.clock.now()
  const note = { step: 'replay', at, outcome: 'pass', reason: 'replay', detail: 'by ann' } as const
  void scene.state.inbox.reopen(id, note, at)
}

export function mergeOne({ world, ledger, clock, chronicle }: Scene): void {
  const pull = world.host.pulls.find(({ state }) => state === 'open')
  if (pull === undefined) return
  const commit = mergePull(world.host, pull, 'ann', ledger, clock.now())
  if (commit !== null) chronicle.say(() => `MERGE ${pull.number} as ${commit}`)
}

export function endOutages({ world }: Scene): void {
  for (const victim of [world.registry, world.cluster, world.plain, world.host.repository, world.chat])
    victim.isDown = false
}

/** A head whose writing was never answered, and then forgotten for another reason: the dead letter asks to delete the branch. */
function isTakenForForeign({ inspector, chronicle }: Scene, branch: string): boolean {
  const trains = [...inspector.documents.values()].filter((document) => document.kind === 'train')
  const isForeign = trains.some(
    (train) => train.branch === branch && train.effects.some(({ dead }) => dead?.reason === 'foreign-commits'),
  )
  if (isForeign) chronicle.fault('forgotten head')
  return isForeign
}

/** What people do once all is quiet again: branches freed of what is not ours, conflicts closed, all else merged. */
export function repair(scene: Scene): void {
  const { world, ledger, clock, did } = scene
  for (const [name, { head }] of world.host.branches) {
    if (!isForeign(head) && !isTakenForForeign(scene, name)) continue
    world.host.branches.delete(name)
    for (const pull of world.host.pulls.filter((one) => one.branch === name && one.state === 'open'))
      Object.assign(pull, { state: 'closed', by: 'ann' })
    did.interfered = true
  }
  for (const pull of world.host.pulls.filter(({ state }) => state === 'open')) {
    if (mergePull(world.host, pull, 'ann', ledger, clock.now()) !== null) continue
    did.interfered = true
    Object.assign(pull, { state: 'closed', by: 'ann' })
  }
}
