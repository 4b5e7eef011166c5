/** A Worker on a bad day: objects that end in the midst of their work, every message twice and in reverse, D1 down for seconds. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/domain/history.ts'
import * as z from 'zod'
import { startWorker, type Worker } from '../../helpers/worker.ts'
import { startWorld, type Scene, type World } from './world.ts'

const TIMEOUT_MS = 120_000
const SUBSCRIPTIONS = ['a', 'b', 'c', 'd']
const PUSHES = 10
const CRASHES = 8
const CRASH_MS = 700
const D1_DOWN_MS = 3_000
const ENTRY = new URL('../../helpers/faulty-worker.ts', import.meta.url).pathname
/** What may become of a promotion. Withdrawn: an earlier pull request was merged late; its candidate comes again, or a newer one. */
const ENDS = new Set(['healthy', 'superseded', 'withdrawn'])

let worker: Worker
let world: World
let isDown = false
const faults = createServer((_, response) => response.end(isDown ? 'down' : 'up'))

beforeAll(async () => {
  faults.listen(0, '127.0.0.1')
  await once(faults, 'listening')
  const address = faults.address()
  const FAULTS = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const stages = { dev: { merge: 'when-approved' }, prod: { after: 'dev', merge: 'when-approved' } } as const
  world = await startWorld(
    async ({ config, secrets }) => {
      worker = await startWorker({ config, secrets: { ...secrets, FAULTS }, entry: ENTRY })
      return {
        hooks: worker.url,
        api: worker.url,
        restart: worker.restart,
        log: () => worker.logs().join('\n'),
        stop: worker.stop,
      }
    },
    Object.fromEntries(SUBSCRIPTIONS.map((name) => [name, stages])),
  )
}, TIMEOUT_MS)
afterAll(async () => {
  await world.stop()
  faults.close()
})

describe('pushes on a bad day', () => {
  it('are each delivered once, or superseded by a newer one', { timeout: TIMEOUT_MS }, async () => {
    const scenes = SUBSCRIPTIONS.map((name) => world.scene(name))
    const crashing = crashAgainAndAgain()
    const told = await Promise.all(scenes.map(pushAll))
    const newest = `:1.${PUSHES}.0@`
    await Promise.all(
      scenes.map((scene) =>
        scene.recorded(
          'the newest runs in prod',
          ({ kind, stage, image }) => kind === 'healthy' && stage === 'prod' && image?.includes(newest) === true,
          TIMEOUT_MS,
        ),
      ),
    )
    const [first = world.scene('a')] = scenes
    await Promise.all(told.flat().map((event) => first.settled(event)))
    const crashed = await crashing
    const figures = await Promise.all(scenes.map(figuresOf))
    const sum = (pick: (one: Figures) => number): number => figures.reduce((all, one) => all + pick(one), 0)
    console.log(
      `${told.flat().length} pushes, ${crashed} crashes of objects, D1 down for ${D1_DOWN_MS / 1000} s: ` +
        `${sum(({ delivered }) => delivered)} delivered, ${sum(({ superseded }) => superseded)} superseded, ` +
        `${sum(({ lost }) => lost)} lost, ${sum(({ doubled }) => doubled)} doubled`,
    )
    expect(crashed).toBeGreaterThan(0)
    expect(figures.map(({ lost, doubled }) => ({ lost, doubled }))).toEqual(
      figures.map(() => ({ lost: 0, doubled: 0 })),
    )
    // What history says was delivered is what was merged: nothing happened twice, nothing unseen.
    expect(figures.map(({ delivered }) => delivered)).toEqual(
      scenes.map(({ pulls }) => pulls.filter(({ state }) => state === 'MERGED').length),
    )
    expect(world.github.violations).toEqual([])
  })
})

/** The ids of its events. D1 goes down in the middle: the sender hears 503 and tries again, as senders do. */
async function pushAll(scene: Scene): Promise<readonly string[]> {
  const events: string[] = []
  for (let minor = 1; minor <= PUSHES; minor += 1) {
    const tag = `1.${minor}.0`
    await scene.push(tag)
    if (minor === PUSHES / 2) goDown()
    events.push(...(await tellUntilTaken(scene, tag)))
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return events
}

async function tellUntilTaken(scene: Scene, tag: string): Promise<readonly string[]> {
  for (const id = crypto.randomUUID(); ;) {
    const { status, ids } = await scene.tell(tag, { id })
    if (status === 200 || status === 202) return ids
    expect(status).toBe(503)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

function goDown(): void {
  isDown = true
  setTimeout(() => (isDown = false), D1_DOWN_MS)
}

/** How many objects ended so, each in the midst of whatever it did. */
async function crashAgainAndAgain(): Promise<number> {
  let crashed = 0
  for (let time = 0; time < CRASHES; time += 1) {
    await new Promise((resolve) => setTimeout(resolve, CRASH_MS))
    crashed += z.number().parse(await (await fetch(`${worker.url}/crash`)).json())
  }
  return crashed
}

type Figures = Record<'delivered' | 'superseded' | 'lost' | 'doubled', number>

async function figuresOf(scene: Scene): Promise<Figures> {
  const entries = await scene.history()
  const of = (kind: Entry['kind']): readonly Entry[] => entries.filter((entry) => entry.kind === kind)
  const opened = of('promotion-opened').map(({ promotion }) => promotion)
  const ended = new Set(entries.filter(({ kind }) => ENDS.has(kind)).map(({ promotion }) => promotion))
  const delivered = of('delivered').map(({ promotion }) => promotion)
  return {
    delivered: delivered.length,
    superseded: of('superseded').length,
    lost: opened.filter((promotion) => !ended.has(promotion)).length,
    doubled: delivered.length - new Set(delivered).size,
  }
}
