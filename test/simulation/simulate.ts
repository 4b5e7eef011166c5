/** One schedule: the real decisions, pipeline and effects over the memory store, in a simulated world, from one seed. */

import { NOW } from '../helpers/build.ts'
import { drawChaos, withLosses } from './chaos.ts'
import { checkMessages, scheduleClicks } from './chat.ts'
import { createChronicle } from './chronicle.ts'
import { createClock } from './clock.ts'
import { createInspector } from './inspector.ts'
import type { Fault } from './faults.ts'
import { createLedger, numberOf } from './ledger.ts'
import { createMachine, type Machine } from './machine.ts'
import {
  changeByHand,
  decideOnPull,
  endOutages,
  repair,
  retryAll,
  scheduleActs,
  schedulePushes,
  type Scene,
} from './people.ts'
import { sayYes, scheduleVoices, takeBack } from './voices.ts'
import { createRandom } from './random.ts'
import { createGrounds } from './grounds.ts'
import { changeShape, configOf, drawShape, withBatches, withDemands, type Shape } from './shape.ts'
import { createSimulatedState } from './store.ts'
import { FOUND_WITHIN_MS, scheduleSweeps } from './sweeps.ts'
import { withSyncDigest } from './sync-digest.ts'
import { formatImage } from '../../src/domain/image.ts'
import { nameAt } from '../../src/domain/release.ts'
import { targetId } from '../../src/domain/target.ts'
import { checkCalm, checkEnd } from './verdict.ts'
import { createWorld, type World } from './world.ts'

/** Of three subscriptions on two machines. */
const STEPS_MAX = 100_000
const QUIET_AFTER_MS = 20 * 60_000
const REPAIRS_MAX = 8
const EVERY_KIND = ['workload', 'second-workload', 'commit', 'pull-request'] as const

export type Outcome = {
  readonly seed: number
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  readonly faults: ReadonlyMap<string, number>
  readonly checks: number
  readonly steps: number
  readonly simulatedMs: number
  readonly writes: number
}

/**
 * `releases`: two images are one release, the second pushed a little later; of no seed by itself.
 * `batches`: several subscriptions go to Git together, and every other of these schedules has demands too.
 * `losses`: webhooks get lost, and our own looks find what they were about. `demands`: stages demand signatures and have gates;
 * people vote, and throw the switch.
 */
export type Kind = 'plain' | 'demands' | 'losses' | 'batches' | 'releases'

/** Of ten in a row: what each seed is about, where nobody says so. */
const KINDS = [
  'plain',
  'plain',
  'plain',
  'plain',
  'batches',
  'demands',
  'demands',
  'demands',
  'losses',
  'losses',
] as const

export function kindOf(seed: number): Kind {
  return KINDS[seed % KINDS.length] ?? 'plain'
}

export type SimulateOptions = {
  readonly isTraced?: boolean
  readonly kind?: Kind
  /** Plants a fault between the pipeline and its ports, to see that it is found. */
  readonly fault?: Fault
}

export function simulate(seed: number, options: SimulateOptions = {}): Promise<Outcome> {
  return withSyncDigest(() => run(seed, options))
}

async function run(seed: number, { isTraced = false, kind = kindOf(seed), fault }: SimulateOptions): Promise<Outcome> {
  const losesWebhooks = kind === 'losses'
  const demands = kind === 'demands' || (kind === 'batches' && Math.floor(seed / KINDS.length) % 2 === 0)
  const random = createRandom(seed)
  const clock = createClock(NOW, random)
  const chronicle = createChronicle(() => clock, isTraced)
  const drawn = { chaos: drawChaos(random), shape: drawShape(random) }
  const chaos = losesWebhooks ? withLosses(drawn.chaos, random) : drawn.chaos
  // Its own dice, so that a schedule without demands takes the course that it always took.
  const dice = createRandom(seed + 1_000_003)
  const joined = kind === 'batches' ? withBatches(drawn.shape, dice) : drawn.shape
  const together = kind === 'releases' ? { ...joined, isReleased: true } : joined
  const asked = demands ? withDemands(together, dice) : together
  const shape = losesWebhooks ? { ...asked, settles: random.chance(0.3) } : asked
  const { now } = clock
  // The one change of a filter that is made here ignores those that end in 4.
  const isBound = (image: string): boolean => chaos.changes === 0 || (numberOf(image) ?? 0) % 10 !== 4
  const did = { interfered: false, lifted: false, movedTag: false, unfollowed: false }
  const wasLifted = (): boolean => did.lifted
  const ledger = createLedger({ chronicle, isOrdered: shape.isOrdered, isBound, now, wasLifted })
  let meddle = (_act: (scene: Scene) => void): void => {}
  const onUnwell = (target: string): void => meddle((on) => changeByHand(on, target))
  const onPropose = (branch: string): void => meddle((on) => decideOnPull(on, branch))
  const grounds = createGrounds({ random: dice, chronicle, now })
  const world = createWorld({ random, ledger, grounds, now, unwell: chaos.unwell, onUnwell, onPropose })
  const state = createSimulatedState(chronicle)
  const hadForeignCommit = (branch: string): boolean => world.host.foreign.has(branch)
  const inspector = createInspector({ chronicle, ledger, grounds, now, hadForeignCommit })
  let isWild = true
  const common = { clock, random, dice, chaos, chronicle, ledger, grounds, world, state, inspector }
  furnish(world, shape, random)
  fault?.bend?.(world)
  const machine = (name: string): Machine =>
    createMachine({
      ...common,
      name,
      isWild: () => isWild,
      loaded: configOf(shape),
      plant: (ports) => fault?.plant?.(ports, random) ?? ports,
    })
  const machines: [Machine, ...Machine[]] = [machine('one')]
  if (chaos.processes > 1) machines.push(machine('two'))
  const accepted: string[] = []
  const scene: Scene = { ...common, machines, shape, accepted, told: new Map(), seen: [], did }
  meddle = (act) => {
    if (isWild && random.chance(chaos.meddling)) act(scene)
  }
  chronicle.say(() => `seed ${seed}, ${kind}: ${JSON.stringify(shape)} ${JSON.stringify(chaos)}`)
  schedulePushes(scene)
  scheduleActs(scene)
  scheduleSweeps(scene)
  if (demands) scheduleVoices(scene)
  if (demands) scheduleClicks(scene)
  const quietMs = chaos.lostEvents > 0 ? FOUND_WITHIN_MS : QUIET_AFTER_MS
  const shapes = scheduleChanges(scene)
  let steps = 0
  const runUntil = async (end: number): Promise<void> => {
    clock.at(end, () => {})
    while (now() < end && chronicle.violations.length === 0) {
      steps += 1
      chronicle.check(steps < STEPS_MAX, () => `not quiet after ${steps} steps`)
      await clock.step()
    }
  }
  await runUntil(now() + chaos.spanMs + QUIET_AFTER_MS)
  isWild = false
  endOutages(scene)
  // One that was lost on its way is taken back again.
  if (demands) takeBack(scene)
  await runUntil(now() + quietMs)
  if (chronicle.violations.length === 0) checkCalm(scene, shapes.last())
  for (let repairs = 0; repairs < REPAIRS_MAX && chronicle.violations.length === 0; repairs += 1) {
    repair(scene)
    if (demands) sayYes(scene)
    retryAll(scene)
    await runUntil(now() + quietMs)
    if (isQuiet(scene) && (await state.inbox.depth()) === 0) break
  }
  if (chronicle.violations.length === 0) await checkEnd(scene, shapes.last())
  if (chronicle.violations.length === 0) checkMessages(scene)
  const { violations, trace, faults, checks } = chronicle
  return {
    seed,
    violations,
    trace,
    faults,
    checks: checks(),
    steps,
    simulatedMs: now() - NOW,
    writes: ledger.writes.length,
  }
}

/** What stands at the targets before we came: something that counts, or not, or nothing pinned. */
function furnish(world: World, shape: Shape, random: ReturnType<typeof createRandom>): void {
  const stages = shape.stages.map(({ name, after }) => ({
    name,
    after,
    targets: EVERY_KIND,
    isVerified: false,
    gates: [],
  }))
  const [first, ...others] = stages
  if (first === undefined) return
  const everything: Shape = { ...shape, stages: [first, ...others] }
  for (const subscription of configOf(everything).config.subscriptions) {
    for (const target of subscription.stages.flatMap(({ targets }) => targets)) {
      const tag = random.pick(['100', '100', 'latest'])
      world.put(targetId(target), `${formatImage(nameAt(subscription, target))}:${tag}`)
    }
  }
  world.cluster.running = random.pick(['well', 'well', 'not-well', 'not-observed'])
}

function scheduleChanges(scene: Scene): { last(): Shape } {
  const { clock, random, chaos, chronicle, machines, shape, did } = scene
  let current = shape
  const start = clock.now()
  for (let index = 0; index < chaos.changes; index += 1) {
    clock.at(start + random.between(0, chaos.spanMs), () => {
      const before = current
      current = changeShape(current, shape, random)
      const isFollowed = before.ignore === current.ignore && before.subscriptions === current.subscriptions
      did.unfollowed ||= !isFollowed
      const loaded = configOf(current)
      chronicle.fault('configuration changed')
      chronicle.say(() => `CONFIG ${loaded.hash}`)
      // Not all machines hear of it at once.
      for (const machine of machines) {
        const lag = random.chance(0.5) ? 0 : random.between(0, 10_000)
        clock.at(clock.now() + lag, () => machine.configure(loaded, clock.now() - lag))
      }
    })
  }
  return { last: () => current }
}

function isQuiet({ inspector, machines, world }: Scene): boolean {
  const documents = [...inspector.documents.values()]
  const waits = documents.some(
    (document) =>
      document.kind === 'line' &&
      Object.values(document.stages).some(({ promotion }) => ['verifying', 'gated'].includes(promotion?.phase ?? '')),
  )
  const isDone =
    !waits && documents.every(({ effects }) => effects.every(({ dead }) => dead?.reason === 'observe-mode'))
  const isIdle = machines.every((machine) => machine.busy() === 0)
  return isDone && isIdle && world.host.pulls.every(({ state }) => state !== 'open')
}
