/** The journeys that every platform makes, unchanged and seen only from outside: over HTTP, in Git, at the registry. */

import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { proofOf, pushOf, REGISTRY_ID, send, SENDER_TYPES } from '../../helpers/senders.ts'
import type { Entry } from '../../../src/domain/history.ts'
import { afterVoteCases, judgementCases, startJudges, voteOnce, type Judges } from './judgement.ts'
import type { StartPlatform } from './platform.ts'
import { REVIEWED, reviewCases } from './review.ts'
import { createProofs, proofCases, type Proofs } from './proof.ts'
import { eventually } from '../../helpers/service.ts'
import { eventOf, manifest, OLD, OPERATOR, SENDERS_HOOK, startWorld, type Scene, type World } from './world.ts'

const START_TIMEOUT_MS = 120_000
const CASE_TIMEOUT_MS = 120_000
/** What somebody had claimed who died is free again after its lease. */
const RESTART_TIMEOUT_MS = 360_000

const one = { prod: {} } as const
const itself = { prod: { merge: 'when-approved' } } as const

/** One service has them all, as in life; each case has its own subscription, and all run at once. */
const SUBSCRIPTIONS = {
  carried: { dev: {}, prod: { after: 'dev' } },
  paired: itself,
  automatic: { dev: { merge: 'when-approved' }, prod: { after: 'dev', merge: 'when-approved' } },
  superseded: one,
  refused: one,
  moved: itself,
  unwanted: one,
  reversed: itself,
  forged: one,
  replayed: itself,
  retried: { prod: { merge: 'when-approved', file: 'later.yaml' } },
  explained: itself,
  asked: one,
  azure: itself,
  grid: itself,
  ...REVIEWED,
} as const

export function describePlatform(name: string, start: StartPlatform): void {
  describe(name, () => {
    describe('a running service', { concurrent: true }, () => {
      let world: World
      let judges: Judges
      let proofs: Proofs
      beforeAll(async () => {
        judges = await startJudges()
        proofs = createProofs()
        const subscriptions = { ...SUBSCRIPTIONS, ...judges.subscriptions, ...proofs.subscriptions }
        const signers = { ...judges.more.signers, ...proofs.signers }
        const verify = { ...judges.verify, ...proofs.verify }
        const more = { ...judges.more, signers, trust: proofs.trust }
        const companions = { paired: 'companion' }
        world = await startWorld(start, subscriptions, () => more, { ...judges, ...proofs, verify, companions })
      }, START_TIMEOUT_MS)
      afterAll(async () => {
        const seen = (await world.seen()) + judges.heard()
        await world.stop()
        await judges.close()
        expect(world.github.violations).toEqual([])
        expect(seen).toContain('request refused')
        expect(seen).toMatch(/effect waits.*the webhook answered 503/u)
        // GHSA-6w87-g839-9wv7: whatever all of these did, no secret of theirs is anywhere.
        expect(world.hidden.filter((secret) => secret === '' || seen.includes(secret))).toEqual([])
      })
      runningCases(() => world)
      reviewCases(() => world)
      judgementCases(
        () => world,
        () => judges,
      )
      proofCases(
        () => world,
        () => proofs,
      )
    })

    describe('a service that was killed, and started again', { concurrent: true }, () => {
      let world: World
      let judges: Judges
      let digest = ''
      beforeAll(async () => {
        judges = await startJudges()
        const subscriptions = { between: SUBSCRIPTIONS.carried, accepted: itself, ...judges.subscriptions }
        world = await startWorld(start, subscriptions, () => judges.more, judges)
        const between = world.scene('between')
        await between.push('1.1.0')
        await between.tell('1.1.0')
        await between.recorded('dev is proposed', ({ kind, stage }) => kind === 'proposed' && stage === 'dev')
        await voteOnce(world, judges)
        const accepted = world.scene('accepted')
        digest = await accepted.push('1.1.0')
        expect(await accepted.tell('1.1.0')).toMatchObject({ outcome: 'stored' })
        await world.platform.restart()
      }, START_TIMEOUT_MS)
      afterAll(async () => {
        await world.stop()
        await judges.close()
      })
      restartCases(() => ({ world, digest }))
      afterVoteCases(
        () => world,
        () => judges,
      )
    })

    describe('a service that nobody tells anything', () => {
      let world: World
      beforeAll(async () => {
        world = await startWorld(start, { untold: itself }, untold)
      }, START_TIMEOUT_MS)
      afterAll(() => world.stop())
      sweepCases(() => world)
    })

    describe('a service in mode: observe', () => {
      let world: World
      beforeAll(async () => {
        world = await startWorld(start, { watched: SUBSCRIPTIONS.carried }, () => ({ mode: 'observe' }))
      }, START_TIMEOUT_MS)
      afterAll(() => world.stop())
      observeCases(() => world)
    })
  })
}

/** Its registry could tell of pushes, and never does. */
function untold({ host }: { readonly host: string }) {
  const target = { git: 'untold', file: 'prod.yaml', merge: 'when-approved' }
  const subscription = { image: `${host}/acme/untold`, tags: { digestOf: 'stable' }, verify: 'none' }
  return {
    registries: { local: { host, insecure: true, sweep: '10s', events: { type: 'distribution', auth: 'none' } } },
    subscriptions: { untold: { ...subscription, stages: { prod: target } } },
  }
}

function sweepCases(world: () => World): void {
  it(
    'finds a push by itself, and says so of the next one that its webhook was lost',
    { timeout: 240_000 },
    async () => {
      const scene = world().scene('untold')
      const noticed = async (): Promise<readonly string[]> =>
        (await scene.history()).filter(({ kind }) => kind === 'noticed').map(({ reason }) => reason)
      const arrives = async (digest: string): Promise<void> => {
        const isNew = ({ kind, image }: Entry): boolean => kind === 'healthy' && image?.endsWith(digest) === true
        await scene.recorded('it is delivered', isNew, CASE_TIMEOUT_MS)
        expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, 'stable', digest))
      }
      await arrives(await scene.push('stable', 'one'))
      expect(await noticed()).toEqual(['found-by-sweep'])
      await arrives(await scene.push('stable', 'two'))
      expect(await noticed()).toEqual(['webhook-lost', 'found-by-sweep'])
    },
  )
}

function runningCases(world: () => World): void {
  it.each(SENDER_TYPES)(
    'takes a push as %s sends it, once, and from nobody else',
    { timeout: CASE_TIMEOUT_MS },
    async (type) => {
      const { platform } = world()
      const body = pushOf(type)
      const tell = async (secret: string): Promise<unknown> => {
        const response = await send(platform.hooks, type, proofOf(type, secret, body), body)
        return { status: response.status, ...((await response.json()) as object) }
      }
      expect(await tell('another secret')).toEqual({ status: 401, outcome: 'refused' })
      expect(await tell(SENDERS_HOOK)).toMatchObject({ status: 202, outcome: 'stored' })
      // Where a sender gives neither id nor time, the minute of arrival is in the event's name, and may end between two of these.
      const again = [await tell(SENDERS_HOOK), await tell(SENDERS_HOOK)]
      expect(again).toContainEqual(expect.objectContaining({ status: 200, outcome: 'duplicate' }))
    },
  )

  it.each(['azure', 'grid'] as const)(
    'carries what Azure tells by %s to a delivery',
    { timeout: CASE_TIMEOUT_MS },
    async (name) => {
      const scene = world().scene(name)
      const type = name === 'azure' ? 'acr' : 'acr-event-grid'
      const digest = await scene.push('1.1.0')
      const [host = '', repository = ''] = scene.image.split(/\/(.*)/su)
      const body = Buffer.from(
        pushOf(type)
          .toString()
          .replaceAll('acme.azurecr.io', host)
          .replaceAll('team/payments', repository)
          .replaceAll('1.4.2', '1.1.0'),
      )
      const response = await send(world().platform.hooks, name, proofOf(type, SENDERS_HOOK, body), body)
      expect(response.status).toBe(202)
      await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy')
      expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
    },
  )

  it('proves itself to Event Grid in both of its ways', { timeout: CASE_TIMEOUT_MS }, async () => {
    const { platform } = world()
    const code = '512d38b6-c7b8-40c8-89fe-f46f9e9622b6'
    const asked = {
      id: 'v',
      topic: REGISTRY_ID,
      eventTime: '2026-03-09T13:44:26Z',
      eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
      data: { validationCode: code },
    }
    const body = Buffer.from(JSON.stringify([asked]))
    const proof = proofOf('acr-event-grid', SENDERS_HOOK, body)
    const validation = await send(platform.hooks, 'grid', proof, body)
    expect([validation.status, await validation.json()]).toEqual([200, { validationResponse: code }])
    expect((await send(platform.hooks, 'grid', {}, body)).status).toBe(401)
    const headers = { ...(proof.headers as Record<string, string>), 'webhook-request-origin': 'eventgrid.azure.net' }
    const allowed = await fetch(`${platform.hooks}/hooks/grid`, { method: 'OPTIONS', headers })
    expect([allowed.status, allowed.headers.get('webhook-allowed-origin')]).toEqual([200, 'eventgrid.azure.net'])
  })

  const journey = (title: string, subscription: keyof typeof SUBSCRIPTIONS, walk: (scene: Scene) => Promise<void>) =>
    it(title, { timeout: CASE_TIMEOUT_MS }, () => walk(world().scene(subscription)))

  journey(
    'carries a signed push to a pull request, and after its merge to the next stage',
    'carried',
    async (scene) => {
      const digest = await scene.push('1.1.0')
      expect(await scene.tell('1.1.0')).toMatchObject({ status: 202, outcome: 'stored' })
      await scene.until('the pull request of dev', () => scene.pulls.length === 1)
      expect(scene.git.file('dev.yaml')).toBe(manifest(scene.image, OLD))
      scene.merge()
      expect(scene.git.file('dev.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
      await scene.until('the pull request of prod', () => scene.pulls.length === 2)
      scene.merge()
      await scene.recorded('prod is delivered', ({ kind, stage }) => kind === 'healthy' && stage === 'prod')
      expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
      const delivered = (await scene.history()).filter(({ kind }) => kind === 'delivered')
      expect(delivered.map(({ stage, by }) => [stage, by])).toEqual([
        ['prod', 'maintainer'],
        ['dev', 'maintainer'],
      ])
    },
  )

  journey('merges itself where the configuration says so, stage after stage', 'automatic', async (scene) => {
    const digest = await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await scene.recorded('prod is healthy', ({ kind, stage }) => kind === 'healthy' && stage === 'prod')
    expect(scene.git.file('dev.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
    expect(scene.pulls.map(({ state }) => state)).toEqual(['MERGED', 'MERGED'])
  })

  journey('waits for both images of a release, and brings them by one pull request', 'paired', async (scene) => {
    const digest = await scene.push('1.1.0')
    const [id = ''] = (await scene.tell('1.1.0')).ids
    await eventually('it waits, and says for what', async () => {
      const last = (await eventOf(scene.client(), id))?.walk.at(-1)
      return last?.reason === 'release-incomplete' && last.detail.includes(`${scene.companion}:1.1.0`)
    })
    expect(scene.pulls).toEqual([])
    const other = await scene.pushCompanion('1.1.0')
    await scene.tell('1.1.0', { of: scene.companion })
    await scene.recorded('both run', ({ kind }) => kind === 'healthy')
    const both = [manifest(scene.image, '1.1.0', digest), manifest(scene.companion, '1.1.0', other)]
    expect(scene.git.file('prod.yaml')).toBe(both.join('---\n'))
    expect(scene.pulls.map(({ state, title }) => [state, title])).toEqual([
      ['MERGED', 'Deliver acme/paired:1.1.0 and acme/companion:1.1.0 to prod'],
    ])
  })

  journey('replaces a waiting candidate by a newer one, on the same pull request', 'superseded', async (scene) => {
    await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await scene.recorded('1.1.0 is proposed', ({ kind }) => kind === 'proposed')
    const digest = await scene.push('1.2.0')
    await scene.tell('1.2.0')
    await scene.recorded(
      '1.2.0 is proposed',
      ({ kind, image }) => kind === 'proposed' && image?.includes(':1.2.0@') === true,
    )
    expect(scene.pulls).toMatchObject([{ number: 1, state: 'OPEN', title: 'Deliver acme/superseded:1.2.0 to prod' }])
    expect(scene.git.file('prod.yaml', scene.pulls[0]?.head)).toBe(manifest(scene.image, '1.2.0', digest))
    expect((await scene.history()).filter(({ kind }) => kind === 'superseded')).toHaveLength(1)
  })

  journey('remembers what a person rejected, until a person lifts it', 'refused', async (scene) => {
    const digest = await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await scene.until('the pull request', () => scene.pulls.length === 1)
    scene.close()
    await scene.recorded('it is rejected', ({ kind }) => kind === 'rejected')
    await walked(scene, (await scene.tell('1.1.0')).ids[0] ?? '')
    expect(scene.pulls.map(({ state }) => state)).toEqual(['CLOSED'])
    await scene.client().act('lift', { subscription: 'refused', stage: 'prod', candidate: digest, reason: 'a mistake' })
    await scene.tell('1.1.0')
    await scene.until('a new pull request', () => scene.pulls.length === 2)
    expect(await scene.history()).toContainEqual(
      expect.objectContaining({ kind: 'operator', reason: 'lift', by: OPERATOR }),
    )
  })

  journey('refuses a version whose tag moved to other content', 'moved', async (scene) => {
    const digest = await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await scene.recorded('1.1.0 runs', ({ kind }) => kind === 'healthy')
    await scene.push('1.1.0', 'other content')
    const walk = await walked(scene, (await scene.tell('1.1.0')).ids[0] ?? '')
    expect(walk.at(-1)).toMatchObject({ step: 'offer', outcome: 'settled' })
    expect(await scene.history()).toContainEqual(expect.objectContaining({ kind: 'refused', reason: 'moved-tag' }))
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
  })

  journey('asks the registry nothing for a tag that nobody wants', 'unwanted', async (scene) => {
    const walk = await walked(scene, (await scene.tell('nightly')).ids[0] ?? '')
    expect(walk.at(-1)).toMatchObject({ step: 'filter', outcome: 'settled' })
    expect(scene.requests()).toBe(0)
  })

  journey('ends with the newest where events come twice and in reverse', 'reversed', async (scene) => {
    const tags = ['1.3.0', '1.2.0', '1.1.0']
    for (const tag of tags) await scene.push(tag)
    const outcomes = []
    const events: string[] = []
    for (const tag of tags) {
      const id = randomUUID()
      const told = await scene.tell(tag, { id })
      events.push(...told.ids)
      outcomes.push(told.outcome, (await scene.tell(tag, { id })).outcome)
    }
    expect(outcomes).toEqual(['stored', 'duplicate', 'stored', 'duplicate', 'stored', 'duplicate'])
    await Promise.all(events.map((event) => scene.settled(event)))
    await scene.recorded('1.3.0 runs', ({ kind, image }) => kind === 'healthy' && image?.includes(':1.3.0@') === true)
    expect(scene.git.file('prod.yaml')).toContain(':1.3.0@sha256:')
    const delivered = (await scene.history()).filter(({ kind }) => kind === 'delivered').map(({ image }) => image)
    expect(new Set(delivered).size).toBe(delivered.length)
    expect(delivered[0]).toContain(':1.3.0@')
    // Each merge is one commit and its merge commit: nothing was merged that history does not know.
    expect(scene.pulls.filter(({ state }) => state === 'MERGED')).toHaveLength(delivered.length)
  })

  journey('writes nothing for a request with a wrong secret', 'forged', async (scene) => {
    await scene.push('1.1.0')
    expect(await scene.tell('1.1.0', { id: 'forged-1', secret: randomBytes(32) })).toMatchObject({ status: 401 })
    expect(await eventOf(scene.client(), 'ci/forged-1')).toBeNull()
    expect(scene.requests()).toBe(0)
    expect(scene.pulls).toEqual([])
  })

  journey('asks a sender to come later that sends more than it may', 'forged', async (scene) => {
    const statuses = []
    for (let sent = 0; sent < 8; sent += 1) {
      const { status } = await scene.tell('nightly', { entry: 'limited' })
      statuses.push(status)
    }
    // Two, and two more where a minute ends meanwhile.
    expect(statuses.filter((status) => status === 202).length).toBeLessThanOrEqual(4)
    expect(statuses).toContain(429)
    expect(await scene.tell('nightly', { entry: 'limited', secret: randomBytes(32) })).toMatchObject({ status: 401 })
    // What counts for all instances was there to be asked.
    expect(world().platform.log()).not.toContain('allowance unknown')
  })

  journey('takes an event up again when a person replays it', 'replayed', async (scene) => {
    const [event = ''] = (await scene.tell('1.1.0')).ids
    expect((await walked(scene, event)).at(-1)).toMatchObject({ step: 'resolve', reason: 'tag-not-found' })
    const digest = await scene.push('1.1.0')
    await scene.client().act('replay', { event, reason: 'it was pushed late' })
    await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy')
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
  })

  journey('tries again what it gave up when a person asks for it', 'retried', async (scene) => {
    const digest = await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await scene.recorded('it is given up', ({ kind }) => kind === 'effect-dead')
    scene.git.commit({ 'later.yaml': manifest(scene.image, OLD) })
    await scene.client().act('retry', { subscription: 'retried', reason: 'the file is there now' })
    await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy')
    expect(scene.git.file('later.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
  })

  journey('explains an event, an image and a subscription', 'explained', async (scene) => {
    const digest = await scene.push('1.1.0')
    const [event = ''] = (await scene.tell('1.1.0')).ids
    await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy')
    const about = await scene.client().explain(event)
    expect(about.events[0]?.walk.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['match', 'filter', 'resolve', 'inspect', 'offer']),
    )
    expect(about.entries.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['promotion-opened', 'verdict', 'delivered', 'healthy']),
    )
    expect(await scene.client().explain(`${scene.image}:1.1.0@${digest}`)).toMatchObject({ about: 'image' })
    const subscription = await scene.client().explain('explained/prod')
    expect(subscription.status[0]?.stages[0]).toMatchObject({ current: `${scene.image}:1.1.0@${digest}` })
  })

  journey('lets people ask and act as their tokens say, and nobody else', 'asked', async (scene) => {
    expect(await world().viewer().status({})).toMatchObject({ mode: 'act' })
    const replay = { event: 'ci/none', reason: 'try' }
    await expect(world().viewer().act('replay', replay)).rejects.toThrow(/viewer/u)
    await expect(scene.client('wrong').status({})).rejects.toThrow(/Bearer/u)
  })
}

function restartCases(state: () => { readonly world: World; readonly digest: string }): void {
  it('delivers what was accepted a moment before, once', { timeout: RESTART_TIMEOUT_MS }, async () => {
    const { world, digest } = state()
    const scene = world.scene('accepted')
    await scene.recorded('it is delivered', ({ kind }) => kind === 'healthy', RESTART_TIMEOUT_MS)
    expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
    expect((await scene.history()).filter(({ kind }) => kind === 'delivered')).toHaveLength(1)
    expect(scene.pulls).toHaveLength(1)
  })

  it('goes on with what it was doing', { timeout: CASE_TIMEOUT_MS }, async () => {
    const scene = state().world.scene('between')
    scene.merge()
    await scene.until('the pull request of prod', () => scene.pulls.length === 2)
    expect(scene.pulls.map(({ title }) => title)).toEqual([
      'Deliver acme/between:1.1.0 to dev',
      'Deliver acme/between:1.1.0 to prod',
    ])
  })
}

function observeCases(world: () => World): void {
  it('decides and records everything, and touches nothing', { timeout: CASE_TIMEOUT_MS }, async () => {
    const scene = world().scene('watched')
    const before = scene.git.head()
    await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await scene.recorded('prod would be delivered', ({ kind, stage }) => kind === 'would-deliver' && stage === 'prod')
    expect(scene.pulls).toEqual([])
    expect(scene.git.head()).toBe(before)
    expect(await scene.client().status({})).toMatchObject({ mode: 'observe' })
  })
}

/** The whole way of one event, once it came to its end. */
async function walked(scene: Scene, event: string) {
  await scene.settled(event)
  return (await eventOf(scene.client(), event))?.walk ?? []
}
