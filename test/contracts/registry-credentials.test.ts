/** Every source of a registry's credentials, by one table: what is true of one is true of all. */

import { describe, expect, it } from 'vitest'
import { createSignedEcr, type CreateEcr } from '../../src/clients/aws/ecr.ts'
import { createEcr as createSdkEcr } from '../../src/clients/aws/ecr-lazy.ts'
import { createRegistries } from '../../src/clients/registry/registries.ts'
import { Registry } from '../../src/domain/image.ts'
import {
  byContainerIdentity,
  byEnvironment,
  byFederation,
  byKeys,
  byManagedIdentity,
  byMetadata,
  byRole,
  byServiceAccount,
  byServicePrincipal,
  byWorkloadIdentity,
  type Account,
} from '../helpers/cloud-accounts.ts'
import { anImage, aWorld, CANARY, hostsWithCredentials, type World } from '../helpers/hostile-registry.ts'

const HOUR_MS = 3_600_000

type Subject = {
  readonly name: string
  readonly account: (now: () => number) => Account
  /** When a new one is fetched, and when the old one is of no use any more. */
  readonly lifetimeMs: number
  readonly createEcr?: CreateEcr
}
const ecr = { lifetimeMs: 12 * HOUR_MS }
const google = { lifetimeMs: HOUR_MS }
const azure = { lifetimeMs: 3 * HOUR_MS }

const subjects: readonly Subject[] = [
  { name: 'ECR by keys, with AWS’s client', account: byKeys, ...ecr, createEcr: createSdkEcr },
  { name: 'ECR by keys, signed', account: byKeys, ...ecr },
  { name: 'ECR by the environment, with AWS’s client', account: byEnvironment, ...ecr, createEcr: createSdkEcr },
  { name: 'ECR by the environment, signed', account: byEnvironment, ...ecr },
  { name: 'ECR by a role, with AWS’s client', account: byRole, ...ecr, createEcr: createSdkEcr },
  { name: 'ECR by a role, signed', account: byRole, ...ecr },
  { name: 'Google by a service account’s key', account: byServiceAccount, ...google },
  { name: 'Google by the metadata server', account: byMetadata, ...google },
  { name: 'Google by federation', account: byFederation, ...google },
  { name: 'ACR by a service principal', account: byServicePrincipal, ...azure },
  { name: 'ACR by a managed identity', account: byManagedIdentity, ...azure },
  { name: 'ACR by the identity of a container app', account: byContainerIdentity, ...azure },
  { name: 'ACR by workload identity', account: byWorkloadIdentity, ...azure },
]

/** `skewMs`: how far the cloud's clock is ahead of ours. */
function start({ account: accountBy, createEcr = createSignedEcr }: Subject, skewMs = 0) {
  const clock: { world?: World } = {}
  const account = accountBy(() => (clock.world?.now ?? 0) + skewMs)
  const world = aWorld(account.hosts)
  clock.world = world
  const { env = {}, files = {}, secrets = {} } = account
  const client = createRegistries({
    http: world.http,
    registries: { main: { host: Registry.parse(account.host), insecure: false, pull: account.pull } },
    secretOf: (reference) => async () => [secrets[reference] ?? missing()],
    now: () => world.now,
    platform: { env, readFile: async (path) => files[path] ?? missing(), createEcr },
  })
  const image = anImage(account.host)
  return { account, world, resolve: async () => client.resolve(image) }
}

function missing(): never {
  throw new Error('not there')
}

describe.each(subjects)('$name', (subject) => {
  it('reads the registry, and fetches nothing before it is asked', async () => {
    const { account, world, resolve } = start(subject)
    expect(world.seen).toEqual([])
    expect(await resolve()).toMatchObject({ ok: true })
    expect(account.given()).toBe(1)
  })

  it('fetches once however many ask at the same time', async () => {
    const { account, resolve } = start(subject)
    const all = await Promise.all(Array.from({ length: 25 }, resolve))
    expect(all.every(({ ok }) => ok)).toBe(true)
    expect(account.given()).toBe(1)
  })

  it('keeps it, and fetches the next one before it ends', async () => {
    const { account, world, resolve } = start(subject)
    await resolve()
    world.now += subject.lifetimeMs / 2 - 1
    expect(await resolve()).toMatchObject({ ok: true })
    expect(account.given()).toBe(1)
    world.now += subject.lifetimeMs / 2 - 60_000
    await Promise.all(Array.from({ length: 10 }, resolve))
    expect(account.given()).toBe(2)
  })

  it('uses what it has as long as that lasts where no new one can be had', async () => {
    const { account, world, resolve } = start(subject)
    await resolve()
    account.fault = 'down'
    world.now += subject.lifetimeMs - 60_000
    expect(await resolve()).toMatchObject({ ok: true })
    world.now += 60_000
    await expect(resolve()).rejects.toMatchObject({ name: 'RetryLater' })
    account.fault = null
    expect(await resolve()).toMatchObject({ ok: true })
  })

  it.each([-13 * HOUR_MS, -60_000, 60_000, 13 * HOUR_MS])(
    'reads the registry where our clock is %i ms off',
    async (skewMs) => {
      const { account, world, resolve } = start(subject, skewMs)
      // Google takes no assertion that has ended by its own clock: that is said.
      if (subject.name.includes('account’s key') && skewMs > HOUR_MS) {
        return expect(resolve()).rejects.toThrow(/invalid_grant.*clock/u)
      }
      expect(await resolve()).toMatchObject({ ok: true })
      world.now += 5_000
      expect(await resolve()).toMatchObject({ ok: true })
      // One whose end is in our past is used, and not kept.
      expect(account.given()).toBeLessThanOrEqual(2)
    },
  )

  it('fetches another one where the registry refuses the one it has, and not again and again', async () => {
    const { account, world, resolve } = start(subject)
    await resolve()
    world.now += 30 * 60_000
    account.revoke()
    expect(await resolve()).toMatchObject({ ok: true })
    expect(account.given()).toBe(2)
    account.revoke()
    expect(await resolve()).toMatchObject({ ok: false, error: { reason: 'unauthorized' } })
    expect(account.given()).toBe(2)
  })

  it.each([
    ['wrong', /no credentials for .*: .*\. .*(?:need|must)/u],
    ['down', /no credentials for /u],
    ['throttled', /no credentials for /u],
  ] as const)('says what is wrong and what to do where the answer is: %s', async (fault, message) => {
    const { account, resolve } = start(subject)
    account.fault = fault
    const error: unknown = await resolve().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'RetryLater' })
    expect(String(error)).toMatch(message)
    if (fault === 'throttled') expect(error).toMatchObject({ retryAfterMs: expect.any(Number) })
    account.fault = null
    expect(await resolve()).toMatchObject({ ok: true })
  })

  it('tells nobody else: not another host, not an error', async () => {
    const { account, world, resolve } = start(subject)
    await resolve()
    account.fault = 'wrong'
    world.now += 2 * subject.lifetimeMs
    const error: unknown = await resolve().catch((thrown: unknown) => thrown)
    expect(hostsWithCredentials(world.seen).filter((host) => account.hosts[host] === undefined)).toEqual([])
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(CANARY)
  })
})

describe('a registry that sends us elsewhere for a token', () => {
  it.each(subjects.filter(({ name }) => !name.startsWith('ECR')))('gets nothing of $name', async (subject) => {
    const { account, world } = start(subject)
    const evil = `Bearer realm="https://evil.example/token",service="${account.host}"`
    const lying = aWorld({
      ...account.hosts,
      [account.host]: () => new Response('{}', { status: 401, headers: { 'www-authenticate': evil } }),
    })
    const { env = {}, files = {}, secrets = {} } = account
    const client = createRegistries({
      http: lying.http,
      registries: { main: { host: Registry.parse(account.host), insecure: false, pull: account.pull } },
      secretOf: (reference) => async () => [secrets[reference] ?? missing()],
      now: () => world.now,
      platform: { env, readFile: async (path) => files[path] ?? missing(), createEcr: createSignedEcr },
    })
    expect(await client.resolve(anImage(account.host))).toMatchObject({ error: { reason: 'realm-not-allowed' } })
    expect(lying.seen.map(({ url }) => url.host)).toEqual([account.host])
  })
})
