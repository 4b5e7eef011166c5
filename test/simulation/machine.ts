/** A machine that runs Drayage: polls the store, handles events, works on documents, dies, comes back. */

import type { LoadedConfig } from '../../src/domain/config.ts'
import type { Document, DocumentId } from '../../src/domain/document.ts'
import type { Log } from '../../src/domain/log.ts'
import { reconsider, work, type Ports } from '../../src/pipeline.ts'
import { handleRow } from '../../src/settle.ts'
import type { State } from '../../src/state/state.ts'
import type { Chaos } from './chaos.ts'
import type { Chronicle } from './chronicle.ts'
import type { Clock } from './clock.ts'
import type { Inspector } from './inspector.ts'
import type { Ledger } from './ledger.ts'
import { createLife, type Life } from './life.ts'
import type { Random } from './random.ts'
import { registriesOf } from './registry.ts'
import type { World } from './world.ts'

const EVENT_LEASE_MS = 2 * 60_000
const POLL_MAX_MS = 5 * 60_000
const silent = (): void => {}
const log: Log = { debug: silent, info: silent, warn: silent, error: silent }

export type Machine = {
  /** Something may be due now. */
  poke(): void
  /** Takes up another configuration: at its own time. */
  configure(loaded: LoadedConfig, writtenAt: number): void
  /** Calls the pipeline as the API does. */
  run(what: (ports: Ports) => Promise<unknown>): void
  /** How many tasks are under way. */
  busy(): number
}

export type MachineOptions = {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly chaos: Chaos
  readonly chronicle: Chronicle
  readonly ledger: Ledger
  readonly world: World
  readonly state: State
  readonly inspector: Inspector
  readonly isWild: () => boolean
  readonly loaded: LoadedConfig
  /** Plants a fault between the pipeline and its ports. */
  readonly plant: (ports: Ports) => Ports
}

export function createMachine(options: MachineOptions): Machine {
  const { name, clock, random, chaos, chronicle, state, inspector, isWild } = options
  let { loaded } = options
  let configuredAt = 0
  let life: Life
  let ports: Ports
  let tasks = new Set<object>()
  let running = new Set<DocumentId>()
  let resting = new Map<DocumentId, number>()
  let outdated = new Set<DocumentId>()
  let pollAt = Number.POSITIVE_INFINITY

  const start = (): void => {
    life = createLife({ name, clock, random, chaos, chronicle, isWild, onCrash: restart })
    ports = portsOf(life)
    tasks = new Set()
    running = new Set()
    resting = new Map()
    outdated = new Set()
    pollAt = Number.POSITIVE_INFINITY
    consider()
  }

  const consider = (): void => {
    const mine = outdated
    spawn(async () => {
      for (const id of await reconsider(ports)) mine.add(id)
    })
    poll(clock.now())
  }

  const restart = (): void => {
    tasks = new Set()
    clock.at(clock.now() + random.between(100, 30_000), start)
  }

  const portsOf = (mine: Life): Ports => {
    const outbound = inspector.watchOutbound(options.world.outboundOf(mine), () => loaded)
    const base: Ports = {
      ...outbound,
      documents: documentsOf(mine),
      inbox: inboxOf(mine),
      journal: journalOf(mine),
      keep: keepOf(mine),
      wake: async (_id, at) => {
        if (!isWild() || !random.chance(chaos.lostWake)) poll(at)
      },
      registries: registriesOf(options.world.registry, mine, options.ledger),
      config: () => loaded,
      now: clock.now,
      log,
      measure: silent,
    }
    return options.plant(base)
  }

  const documentsOf = (mine: Life): Ports['documents'] => ({
    ...state.documents,
    async load(id) {
      await mine.send()
      return state.documents.load(id)
    },
    async save(document, was, now) {
      await mine.send()
      const saved = await state.documents.save(document, was, now)
      if (saved === 'saved') inspector.saved(document)
      chronicle.say(() => `${name} saves ${document.id}: ${saved} (${describeEffects(document)})`)
      await mine.receive()
      return saved
    },
  })

  const inboxOf = (mine: Life): Ports['inbox'] => ({
    ...state.inbox,
    async claim(limit, leaseMs, now) {
      await mine.send()
      const rows = await state.inbox.claim(limit, leaseMs, now)
      await mine.receive()
      return rows
    },
    async settle(id, settlement, walk, now) {
      await mine.send()
      await state.inbox.settle(id, settlement, walk, now)
      chronicle.say(() => `${name} settles ${id}: ${settlement.state} (${walk.at(-1)?.reason})`)
      await mine.receive()
    },
  })

  const journalOf = (mine: Life): Ports['journal'] => ({
    ...state.journal,
    async append(entries) {
      await mine.send()
      await state.journal.append(entries)
      for (const entry of entries) {
        chronicle.say(
          () => `  ${entry.document} #${entry.seq} ${entry.kind} ${entry.reason}: ${entry.detail.slice(0, 120)}`,
        )
      }
      await mine.receive()
    },
  })

  const keepOf = (mine: Life): Ports['keep'] => ({
    async load(id) {
      await mine.send()
      return state.keep.load(id)
    },
    async save(id, text, wasVersion) {
      await mine.send()
      const saved = await state.keep.save(id, text, wasVersion)
      await mine.receive()
      return saved
    },
  })

  /** What throws comes again; what is wrong with us is no reason to try again. */
  const spawn = (what: () => Promise<unknown>, onEnd: (failed: boolean) => void = silent): void => {
    const mine = tasks
    const task = {}
    mine.add(task)
    const end = (failed: boolean): void => {
      mine.delete(task)
      if (mine === tasks) onEnd(failed)
    }
    what().then(
      () => end(false),
      (error: unknown) => {
        const isOurs = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
        chronicle.check(!isOurs, () => `a task died: ${error instanceof Error ? error.stack : String(error)}`)
        end(true)
      },
    )
  }

  const poll = (at: number): void => {
    if (at >= pollAt) return
    pollAt = at
    const mine = life
    clock.at(at, () => {
      if (pollAt !== at || mine !== life || !mine.isAlive()) return
      pollAt = Number.POSITIVE_INFINITY
      spawn(turn, (failed) => failed && poll(clock.now() + 1_000))
    })
  }

  const turn = async (): Promise<void> => {
    for (const row of await ports.inbox.claim(8, EVENT_LEASE_MS, clock.now())) {
      spawn(
        () => handleRow(row, ports),
        () => poll(clock.now()),
      )
    }
    const now = clock.now()
    const due = await state.documents.due(now, 50)
    for (const id of [...new Set([...outdated, ...due])].filter(
      (one) => !running.has(one) && (resting.get(one) ?? 0) <= now,
    )) {
      running.add(id)
      spawn(
        () => work(id, ports),
        (failed) => {
          running.delete(id)
          if (failed) resting.set(id, clock.now() + 1_000)
          else outdated.delete(id)
          poll(clock.now())
        },
      )
    }
    const later = Math.min((await state.inbox.nextDue()) ?? Number.POSITIVE_INFINITY, inspector.nextWake(running))
    poll(Math.min(Math.max(later, now + random.between(100, 1_500)), now + POLL_MAX_MS))
  }

  start()
  return {
    poke: () => poll(clock.now()),
    configure(changed, writtenAt) {
      if (writtenAt < configuredAt) return
      configuredAt = writtenAt
      loaded = changed
      consider()
    },
    run: (what) =>
      spawn(
        () => what(ports),
        () => poll(clock.now()),
      ),
    busy: () => tasks.size,
  }
}

function describeEffects(document: Document): string {
  return document.effects
    .map(({ id, fence, lease, dead }) => {
      const state = dead === undefined ? (lease === undefined ? '' : ' leased') : ` dead: ${dead.reason}`
      return `${id.replace(/sha256:0*(?=[0-9a-f])/u, '#')}@${fence}${state}`
    })
    .join(', ')
}
