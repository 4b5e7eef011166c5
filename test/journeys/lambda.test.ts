/** Lambda functions, and what goes wrong around them: afterwards every push was delivered once, or superseded. */

import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { findBreak } from '../../src/domain/chain.ts'
import { AWS_ENV } from '../helpers/dynalite.ts'
import { FUNCTIONS, type Lambdas, startLambdas, type LambdaOptions } from '../helpers/lambda.ts'
import { rolesOf } from '../helpers/lambda-roles.ts'
import { eventually } from '../helpers/service.ts'
import { eventOf, startWorld, type World } from './platform/world.ts'

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
      const { hooks, api, stop, log } = lambdas
      return { hooks, api, stop, log, restart: async () => void (await lambdas.restart()) }
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
    const told = new Set(history.filter(({ kind }) => kind === 'delivered').map(({ image = '' }) => minorOf(image)))
    const commits = scene.git.git(['log', '--first-parent', '--reverse', '--format=%H', 'main']).trim().split('\n')
    // What stood there from commit to commit: each version once, none backwards, and history knows them all.
    const stood = commits.map((commit) => minorOf(scene.git.file('prod.yaml', commit)))
    expect(stood).toEqual([...new Set(stood)].toSorted((a, b) => a - b))
    expect(stood.at(-1)).toBe(VERSIONS)
    expect(told).toEqual(new Set(stood.slice(1)))
    return stood.length - 1
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
    const proxies = Object.values(lambdas.proxies)
    for (const proxy of proxies) proxy.refuse(REFUSED_PERCENT)
    const events = await pushAll()
    await pause(5_000)
    for (const proxy of proxies) proxy.refuse(0)
    const refused = proxies.reduce((sum, { counts }) => sum + counts.refused, 0)
    const passed = proxies.reduce((sum, { counts }) => sum + counts.passed, 0)
    expect(refused).toBeGreaterThan(0)
    console.log(`${refused} of ${passed + refused} calls throttled: ${await ledger(events)}`)
  })

  it('ask of DynamoDB only what their roles allow', { timeout: CASE_TIMEOUT_MS }, async () => {
    await start()
    const events = await pushAll()
    await ledger(events)
    const scene = world.scene('app-a')
    const client = scene.client()
    for (const state of ['waiting', 'done', 'dead', undefined])
      await client.events(state === undefined ? {} : { state })
    for (const query of [{}, { promotion: 'none' }, { image: 'acme/app-a' }]) await client.history(query)
    await client.explain(events[0] ?? '')
    await client.act('replay', { event: events[0] ?? '', reason: 'try' })
    await scene.settled(events[0] ?? '')
    for (const name of FUNCTIONS) {
      const { tables, proxies } = lambdas
      const names = Object.entries(tables).map(([table, stored]) => [stored, table] as const)
      const asked = [...proxies[name].asked].map((call) =>
        names.reduce((text, [stored, table]) => text.replace(` ${stored}`, ` ${table}`), call),
      )
      const allowed = rolesOf('infra/aws/roles.yml')[name]
      expect(
        asked.filter((call) => allowed?.has(call) !== true),
        `${name} may not`,
      ).toEqual([])
    }
  })
})

/** Of `1.6.0@sha256…`; 0 of what stood there first. */
function minorOf(text: string): number {
  return Number(/:1\.(?<minor>\d+)\.0/u.exec(text)?.groups?.['minor'])
}

function itself() {
  return { prod: { merge: 'when-approved' } } as const
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
