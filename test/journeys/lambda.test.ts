/** Lambda functions, and what goes wrong around them: afterwards every push was delivered once, or superseded. */

import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { findBreak } from '../../src/domain/chain.ts'
import { AWS_ENV } from '../helpers/dynalite.ts'
import { type Lambdas, startLambdas, type LambdaOptions } from '../helpers/lambda.ts'
import { eventually } from '../helpers/service.ts'
import { eventOf, manifest, startWorld, type World } from './platform/world.ts'

Object.assign(process.env, AWS_ENV)

const APPS = { 'app-a': itself(), 'app-b': itself(), 'app-c': itself() }
const VERSIONS = 8
const KILLS = 6
const REFUSED_PERCENT = 30
const CASE_TIMEOUT_MS = 240_000
const TOLD_AGAIN_MAX = 50

describe('Lambda functions', () => {
  let world: World
  let lambdas: Lambdas
  afterEach(() => world.stop())

  async function start(options: Pick<LambdaOptions, 'deliver'> = {}): Promise<void> {
    world = await startWorld(async ({ config, secrets }) => {
      lambdas = await startLambdas({ config, secrets, ...options })
      const { hooks, api, stop } = lambdas
      return { hooks, api, stop, restart: async () => void (await lambdas.restart()) }
    }, APPS)
  }

  /** As a CI system does: the same message again until it hears 2xx. */
  async function tell(app: string, tag: string): Promise<string> {
    const id = randomUUID()
    for (let attempt = 0; attempt < TOLD_AGAIN_MAX; attempt += 1) {
      const told = await world
        .scene(app)
        .tell(tag, { id })
        .catch(() => null)
      if (told !== null && told.status < 300) return told.ids[0] ?? ''
      await pause(50)
    }
    throw new Error(`nobody took ${app}:${tag}`)
  }

  /** Pushes to all apps in turn; gives the events. */
  async function pushAll(): Promise<readonly string[]> {
    const events: string[] = []
    for (let version = 1; version <= VERSIONS; version += 1) {
      for (const app of Object.keys(APPS)) {
        const tag = `1.${version}.0`
        await world.scene(app).push(tag)
        events.push(await tell(app, tag))
      }
      await pause(150)
    }
    return events
  }

  /** Waits until nothing is left to do, then counts. */
  async function ledger(events: readonly string[]): Promise<string> {
    const newest = `1.${VERSIONS}.0`
    await eventually(
      'every event is settled, and the newest is everywhere',
      async () => {
        const found = await Promise.all(events.map((id) => eventOf(world.scene('app-a').client(), id)))
        const { subscriptions } = await world.scene('app-a').client().status({})
        const isThere = subscriptions.map(({ stages }) => stages[0]?.current?.includes(`:${newest}@`) === true)
        return (
          found.every((row) => row?.state === 'done') && isThere.filter(Boolean).length === Object.keys(APPS).length
        )
      },
      CASE_TIMEOUT_MS / 2,
    )
    let merges = 0
    for (const app of Object.keys(APPS)) merges += await checkApp(app)
    expect(world.github.violations).toEqual([])
    return `${events.length} pushes: ${merges} merged, the others superseded; 0 lost, 0 doubled`
  }

  async function checkApp(app: string): Promise<number> {
    const scene = world.scene(app)
    const history = await scene.history()
    if (history.at(-1)?.seq === 1) expect(await findBreak(history.toReversed())).toBeNull()
    const delivered = history.filter(({ kind }) => kind === 'delivered').toReversed()
    const versions = delivered.map(({ image = '' }) => Number(/:1\.(?<minor>\d+)\.0@/u.exec(image)?.groups?.['minor']))
    // Each once, none backwards; and in Git exactly what history says.
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b))
    expect(scene.pulls.filter(({ state }) => state === 'MERGED')).toHaveLength(delivered.length)
    const digest = delivered.at(-1)?.image?.split('@')[1] ?? ''
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, `1.${VERSIONS}.0`, digest))
    return delivered.length
  }

  it(
    `lose and double nothing while their processes are killed, ${KILLS} times`,
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      await start()
      const pushing = pushAll()
      let atWork = 0
      for (let kill = 0; kill < KILLS; kill += 1) {
        await pause(300 + Math.random() * 900)
        atWork += await lambdas.restart()
      }
      console.log(`SIGKILL, ${KILLS} times, ${atWork} of them at work: ${await ledger(await pushing)}`)
    },
  )

  it(
    'lose and double nothing where each message comes twice and in reverse',
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      let given = 0
      await start({
        deliver: (messages) => {
          given += 2 * messages.length
          return [messages.toReversed(), messages.toReversed()]
        },
      })
      const figures = await ledger(await pushAll())
      console.log(`${given} messages, each twice and in reverse: ${figures}`)
    },
  )

  it('lose and double nothing while DynamoDB throttles', { timeout: CASE_TIMEOUT_MS }, async () => {
    await start()
    lambdas.dynamo.refuse(REFUSED_PERCENT)
    const events = await pushAll()
    await pause(5_000)
    const { passed, refused } = lambdas.dynamo.counts
    lambdas.dynamo.refuse(0)
    expect(refused).toBeGreaterThan(0)
    console.log(`${refused} of ${passed + refused} calls throttled: ${await ledger(events)}`)
  })
})

function itself() {
  return { prod: { merge: 'when-approved' } } as const
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
