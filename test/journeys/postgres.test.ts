/** Two processes on one database, and what goes wrong there: afterwards every push was delivered once, or superseded. */

import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { findBreak } from '../../src/domain/chain.ts'
import { migrate } from '../../src/state/postgres/schema.ts'
import { startBalancer } from '../helpers/balancer.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { type Postgres, postgresBinaries, startPostgres, withoutPostgres } from '../helpers/postgres.ts'
import { eventually, type Service, startService } from '../helpers/service.ts'

const SECRET = 'Bearer sesame'
const APPS = ['app-a', 'app-b', 'app-c'] as const
const KILLS = 6
const OUTAGE_MS = 10_000
const CASE_TIMEOUT_MS = 240_000

describe.skipIf(postgresBinaries === null)(`two processes on one database${withoutPostgres}`, () => {
  let postgres: Postgres
  let count = 0
  const cleanup: (() => Promise<void> | void)[] = []
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.close())
  afterEach(async () => {
    for (const step of cleanup.splice(0).toReversed()) await step()
  })

  /** Each app has its own repository; the registry tells whichever process takes the connection. */
  async function startFleet({ isTold = true } = {}) {
    const name = `fleet_${(count += 1)}`
    const database = await postgres.create(name)
    const members: Service[] = []
    const hooks = await startBalancer(() => members.map((member) => member.hooks))
    const notify = { url: `${hooks.url}/hooks/local`, headers: { authorization: SECRET } }
    const registry = await startRegistry(isTold ? { notify } : {})
    const image = (app: string): string => `${registry.host}/acme/${app}`
    const repositories = new Map(
      APPS.map((app) => [app, createRepository({ 'app.yaml': `image: ${image(app)}:0.0.1\n` })] as const),
    )
    const yaml = yamlOf(
      registry.host,
      [...repositories].map(([app, { path }]) => ({ app, path })),
    )
    const options = { yaml, env: { HOOK: SECRET }, database }
    members.push(...(await Promise.all([startService(options), startService(options)])))
    cleanup.push(async () => {
      await Promise.all([registry.close(), hooks.close(), ...members.map((member) => member.remove())])
      for (const repository of repositories.values()) repository.close()
    })
    return {
      name,
      database,
      members,
      registry,
      image,
      hooks: hooks.url,
      repositories,
      pushed: new Map<string, string[]>(),
    }
  }
  type Fleet = Awaited<ReturnType<typeof startFleet>>

  /** Pushes to all apps in turn until told to stop. */
  async function pushUntil(fleet: Fleet, isEnough: () => boolean, pauseMs = 60): Promise<number> {
    let pushes = 0
    for (let number = 1; !isEnough(); number += 1) {
      for (const app of APPS) {
        const tag = `1.${number}.0`
        const digest = await fleet.registry.pushImage(`acme/${app}`, tag, { content: `${app} ${tag}` })
        fleet.pushed.set(app, [...(fleet.pushed.get(app) ?? []), `${fleet.image(app)}:${tag}@${digest}`])
        pushes += 1
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    return pushes
  }

  /** Waits until nothing is left to do, then counts. */
  async function ledger(fleet: Fleet, pushes: number) {
    const client = () => fleet.members[0]?.client ?? fail()
    await eventually(
      'every event is settled, every promotion has its end, and the newest is everywhere',
      async () => {
        const { waiting, subscriptions } = await client().status({})
        const [row] = await postgres.query('SELECT count(*)::int AS events FROM drayage.inbox', fleet.name)
        const isThere = subscriptions.every(({ subscription, stages }) => {
          return stages[0]?.promotion === null && stages[0].current === fleet.pushed.get(subscription)?.at(-1)
        })
        return row?.['events'] === pushes && waiting === 0 && subscriptions.length === APPS.length && isThere
      },
      120_000,
    )
    let commits = 0
    for (const [app, repository] of fleet.repositories) {
      expect(repository.file('app.yaml')).toBe(`image: ${fleet.pushed.get(app)?.at(-1)}\n`)
      const promotions = repository
        .git(['log', '--format=%(trailers:key=Drayage-Promotion,valueonly,separator=)', 'main'])
        .split('\n')
        .filter((line) => line !== '')
      expect(new Set(promotions).size).toBe(promotions.length)
      const versions = repository
        .git(['log', '--reverse', '--format=%s', 'main'])
        .split('\n')
        .flatMap((subject) => /:1\.(\d+)\.0 /u.exec(subject)?.[1] ?? [])
      expect(versions.map(Number)).toEqual(versions.map(Number).toSorted((a, b) => a - b))
      const { entries } = await client().history({ subscription: app, limit: '500' })
      if (entries.at(-1)?.seq === 1) expect(await findBreak(entries.toReversed())).toBeNull()
      commits += promotions.length
    }
    expect(commits).toBeGreaterThan(APPS.length)
    return `${pushes} pushes: ${commits} commits, the others superseded; 0 lost, 0 doubled`
  }

  it(
    `lose and double nothing while one or the other is killed, ${KILLS} times`,
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      const fleet = await startFleet()
      let isEnough = false
      const pushing = pushUntil(fleet, () => isEnough)
      for (let kill = 0; kill < KILLS; kill += 1) {
        await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 1_200))
        const member = fleet.members[kill % fleet.members.length] ?? fail()
        await member.kill()
        await member.start()
      }
      isEnough = true
      const figures = await ledger(fleet, await pushing)
      console.log(`SIGKILL, ${KILLS} times: ${figures}`)
    },
  )

  it('leave to the other what one had claimed when it died', { timeout: CASE_TIMEOUT_MS }, async () => {
    const fleet = await startFleet()
    let isEnough = false
    const pushing = pushUntil(fleet, () => isEnough, 10)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await fleet.members[1]?.kill()
    const died = Date.now()
    isEnough = true
    const figures = await ledger(fleet, await pushing)
    console.log(`one of two killed for good: ${figures}, all done ${((Date.now() - died) / 1_000).toFixed(1)} s later`)
  })

  it('lose and double nothing while the database is away for ten seconds', { timeout: CASE_TIMEOUT_MS }, async () => {
    const fleet = await startFleet()
    let isEnough = false
    const pushing = pushUntil(fleet, () => isEnough, 200)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await postgres.crash()
    await eventually('they say that they are not ready', () => isUnready(fleet))
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS))
    await postgres.start()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    isEnough = true
    const figures = await ledger(fleet, await pushing)
    console.log(`database crashed, back after ${OUTAGE_MS / 1_000} s: ${figures}`)
  })

  it(
    'lose and double nothing while their connections are cut again and again for ten seconds',
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      const fleet = await startFleet()
      let isEnough = false
      const pushing = pushUntil(fleet, () => isEnough)
      let cuts = 0
      for (const end = Date.now() + OUTAGE_MS; Date.now() < end;) {
        const cut = await postgres.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'drayage' AND datname = '${fleet.name}'`,
        )
        cuts += cut.length
        await new Promise((resolve) => setTimeout(resolve, 150))
      }
      isEnough = true
      const figures = await ledger(fleet, await pushing)
      expect(cuts).toBeGreaterThan(50)
      console.log(`${cuts} connections cut in ${OUTAGE_MS / 1_000} s: ${figures}`)
    },
  )

  it('do once what comes twice and in reverse', { timeout: CASE_TIMEOUT_MS }, async () => {
    const fleet = await startFleet({ isTold: false })
    let rounds = 0
    const pushes = await pushUntil(fleet, () => (rounds += 1) > 20, 0)
    const newestFirst = [...fleet.pushed.values()].flat().toReversed()
    const answers: number[] = []
    for (const reference of newestFirst) {
      const id = randomUUID()
      // To both at once: each has it as its first.
      answers.push(...(await Promise.all(fleet.members.map(({ hooks }) => tell(hooks, id, reference)))))
    }
    expect([200, 202].map((status) => answers.filter((answer) => answer === status).length)).toEqual([pushes, pushes])
    await eventually('all is settled', async () => (await fleet.members[0]?.client.status({}))?.waiting === 0)
    await eventually('the newest is everywhere', async () =>
      [...fleet.repositories].every(
        ([app, git]) => git.file('app.yaml') === `image: ${fleet.pushed.get(app)?.at(-1)}\n`,
      ),
    )
    const commits = [...fleet.repositories.values()].map((git) => git.count() - 1)
    console.log(`${pushes} pushes told twice, newest first: ${commits.join(' + ')} commits; 0 lost, 0 doubled`)
    expect(commits).toEqual([1, 1, 1])
  })

  it(
    'go on while a newer release migrates, and an older one may still start',
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      const fleet = await startFleet()
      let isEnough = false
      const pushing = pushUntil(fleet, () => isEnough)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      const added = { oldest: 1, statements: ['ALTER TABLE drayage.document ADD COLUMN note text'] }
      const url = async () => [fleet.database] as const
      await migrate({ url, connections: 1 }, [{ oldest: 1, statements: [] }, added])
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(await fleet.members[1]?.stop()).toBe(0)
      await fleet.members[1]?.start()
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      isEnough = true
      const figures = await ledger(fleet, await pushing)
      expect(await postgres.query('SELECT version FROM drayage.schema', fleet.name)).toEqual([{ version: 2 }])
      console.log(`migrated under way: ${figures}`)
    },
  )

  it('show the password of the database to nobody', { timeout: CASE_TIMEOUT_MS }, async () => {
    const fleet = await startFleet()
    let isEnough = false
    const pushing = pushUntil(fleet, () => isEnough)
    await postgres.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'drayage' AND datname = '${fleet.name}'`,
    )
    await new Promise((resolve) => setTimeout(resolve, 500))
    isEnough = true
    await ledger(fleet, await pushing)
    const shown = fleet.members.map((member) => member.log()).join('')
    expect(shown).toContain('"serving"')
    expect(shown).not.toContain('CANARY')
  })
})

function yamlOf(host: string, apps: readonly { readonly app: string; readonly path: string }[]): string {
  const git = apps.map(({ app, path }) => `  ${app}: { url: ${path}, base: main }\n`).join('')
  const subscriptions = apps
    .map(
      ({ app }) =>
        `  ${app}: { image: "${host}/acme/${app}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: ${app}, file: app.yaml } } }\n`,
    )
    .join('')
  return `registries:
  local: { host: "${host}", insecure: true, sweep: none, events: { type: distribution, secret: env:HOOK } }
git:
${git}subscriptions:
${subscriptions}`
}

/** As CNCF Distribution tells of a push. */
async function tell(hooks: string, id: string, reference: string): Promise<number> {
  const groups = /^(?<host>[^/]+)\/(?<repository>[^:]+):(?<tag>[^@]+)@(?<digest>.+)$/u.exec(reference)?.groups ?? {}
  const { host, repository, tag, digest } = groups
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const event = {
    id,
    timestamp: new Date().toISOString(),
    action: 'push',
    target: { mediaType, digest, repository, tag },
    request: { host },
  }
  const response = await fetch(`${hooks}/hooks/local`, {
    method: 'POST',
    headers: { authorization: SECRET, 'content-type': 'application/vnd.docker.distribution.events.v2+json' },
    body: JSON.stringify({ events: [event] }),
  })
  return response.status
}

async function isUnready({ members }: { readonly members: readonly Service[] }): Promise<boolean> {
  const answers = await Promise.all(members.map(({ hooks }) => fetch(`${hooks}/readyz`)))
  return answers.every(({ status }) => status === 503)
}

function fail(): never {
  throw new Error('there is no such process')
}
