import { describe, expect, it } from 'vitest'
import { releaseOf } from '../../src/domain/candidate.ts'
import { aDigest, aPinnedImage, NOW } from '../helpers/build.ts'
import { aWorkloadStage, createWorld, type WorldOptions } from '../helpers/world.ts'

const HOUR = 60 * 60_000
const api = { registry: 'docker.io', repository: 'acme/api' }
const worker = { registry: 'docker.io', repository: 'acme/worker' }
const written = (repository: string, tag: string, content: number): string =>
  `docker.io/acme/${repository}:${tag}@${aDigest(content)}`

function aWorkload(stage: string, image: typeof api): object {
  const place = { cluster: 'dev', namespace: stage, workload: 'deployment/app' }
  return {
    kind: 'workload',
    ...place,
    container: image.repository.slice('acme/'.length),
    takeover: false,
    image,
  }
}

function aFile(image: typeof api): object {
  return { kind: 'git', git: 'gitops', file: 'apps/dev.yaml', merge: 'by-person', image }
}

function aStage(name: string, targets: readonly object[], more: object = {}): object {
  return { name, after: [], verify: 'none', targets, ...more }
}

/** Two images that are one release. */
function aReleaseWorld(options: WorldOptions = {}, targets = [aWorkload('dev', api), aWorkload('dev', worker)]) {
  const stages = options.stages ?? [aStage('dev', targets)]
  const world = createWorld({ ...options, stages, subscription: { images: [api, worker], ...options.subscription } })
  const push = (repository: 'api' | 'worker', tag: string, content: number): Promise<string> =>
    world.push(tag, content, { repository: `acme/${repository}` })
  const [first] = targets
  const isFile = first !== undefined && 'file' in first
  const at = (repository: string) =>
    world.target(
      `${isFile ? 'git/gitops/apps/dev.yaml' : `workload/dev/dev/deployment/app/${repository}`}=docker.io/acme/${repository}`,
    )
  const walkOf = async (id: string) => (await world.state.inbox.get(id))?.walk ?? []
  return { world, push, at, walkOf }
}

describe('a release of two images', () => {
  it('waits for the second, with the reason, and is made by its push', async () => {
    const { world, push, at, walkOf } = aReleaseWorld()
    const first = await push('api', '1.1.0', 1)
    expect(await world.state.documents.load('line/payments')).toBeNull()
    expect((await world.state.inbox.get(first))?.state).toBe('waiting')
    expect((await walkOf(first)).at(-1)).toMatchObject({
      step: 'wait',
      reason: 'release-incomplete',
      subscription: 'payments',
      detail: expect.stringContaining('docker.io/acme/worker:1.1.0'),
    })
    await push('worker', '1.1.0', 2)
    expect(at('api').writes).toEqual([written('api', '1.1.0', 1)])
    expect(at('worker').writes).toEqual([written('worker', '1.1.0', 2)])
    expect((await world.stage('dev')).current).toMatchObject({ state: 'candidate' })
    await world.pass(HOUR)
    expect((await world.state.inbox.get(first))?.state).toBe('done')
    expect(at('api').writes).toHaveLength(1)
  })

  it('is found by looking where the push of the second was lost', async () => {
    const { world, push, at } = aReleaseWorld()
    await push('api', '1.1.0', 1)
    world.tags.set('acme/worker:1.1.0', aDigest(2))
    await world.pass(10 * 60_000)
    expect(at('worker').writes).toEqual([written('worker', '1.1.0', 2)])
  })

  it('is given up with a reason in the history, and made by a push that comes later', async () => {
    const { world, push, at, walkOf } = aReleaseWorld()
    const first = await push('api', '1.1.0', 1)
    for (let waited = 0; waited < 7; waited += 1) await world.pass(10 * 60_000)
    expect((await world.state.inbox.get(first))?.state).toBe('done')
    expect((await walkOf(first)).at(-1)).toMatchObject({ outcome: 'settled', reason: 'release-incomplete' })
    expect((await world.history())[0]).toMatchObject({ kind: 'noticed', reason: 'release-incomplete', cause: first })
    await push('worker', '1.1.0', 2)
    expect(at('api').writes).toEqual([written('api', '1.1.0', 1)])
  })

  it('tells of its wait once, however often it looks', async () => {
    const { world, push, walkOf } = aReleaseWorld()
    const first = await push('api', '1.1.0', 1)
    const steps = (await walkOf(first)).length
    for (let waited = 0; waited < 5; waited += 1) await world.pass(10 * 60_000)
    const more = (await walkOf(first)).slice(steps)
    expect(more).toEqual([])
  })

  it('needs the same tag of each', async () => {
    const { push, at } = aReleaseWorld()
    await push('api', '1.1.0', 1)
    await push('worker', '1.2.0', 2)
    expect(at('api').writes).toEqual([])
    await push('api', '1.2.0', 3)
    expect(at('api').writes).toEqual([written('api', '1.2.0', 3)])
    expect(at('worker').writes).toEqual([written('worker', '1.2.0', 2)])
  })

  it('that moves is another release where tags may move', async () => {
    const { push, at } = aReleaseWorld({ tags: { digestOf: 'main' } })
    await push('api', 'main', 1)
    await push('worker', 'main', 2)
    await push('worker', 'main', 3)
    expect(at('worker').writes).toEqual([written('worker', 'main', 2), written('worker', 'main', 3)])
    expect(at('api').writes).toEqual([written('api', 'main', 1)])
  })

  it('is refused under a tag that was moved, and says of which image', async () => {
    const { world, push, at } = aReleaseWorld()
    await push('api', '1.1.0', 1)
    await push('worker', '1.1.0', 2)
    await push('worker', '1.1.0', 3)
    expect(at('worker').writes).toEqual([written('worker', '1.1.0', 2)])
    expect((await world.history()).at(-1)).toMatchObject({
      reason: 'moved-tag',
      detail: expect.stringContaining('acme/worker:1.1.0'),
    })
  })

  it('is trusted only if all its images are, and says which is not', async () => {
    const verify = {
      require: [{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }],
      wait: HOUR,
      fresh: HOUR,
      reconsider: false,
    }
    const stages = [aStage('dev', [aWorkload('dev', api), aWorkload('dev', worker)], { verify })]
    const { world, push, at } = aReleaseWorld({ stages })
    world.verdicts.set(aDigest(1), { state: 'trusted' })
    world.verdicts.set(aDigest(2), { state: 'distrusted' })
    await push('api', '1.1.0', 1)
    await push('worker', '1.1.0', 2)
    expect(at('api').writes).toEqual([])
    const refused = (await world.history()).findLast(({ kind }) => kind === 'distrusted')
    expect(refused?.detail).toContain('acme/worker')
    world.verdicts.set(aDigest(4), { state: 'trusted' })
    await push('api', '1.2.0', 1)
    await push('worker', '1.2.0', 4)
    expect(at('worker').writes).toEqual([written('worker', '1.2.0', 4)])
  })

  it('goes back as a whole where one of its images is not well', async () => {
    const { world, push, at } = aReleaseWorld()
    await push('api', '1.1.0', 1)
    await push('worker', '1.1.0', 2)
    world.health.set(aDigest(4), { state: 'failed', reason: 'CrashLoopBackOff', detail: 'it crashes' })
    await push('api', '1.2.0', 3)
    await push('worker', '1.2.0', 4)
    expect(at('api').image).toBe(written('api', '1.1.0', 1))
    expect(at('worker').image).toBe(written('worker', '1.1.0', 2))
    const { refused } = await world.stage('dev')
    expect(refused[0]?.image).toBe(`${written('api', '1.2.0', 3)}, ${written('worker', '1.2.0', 4)}`)
  })

  it('comes to a repository by one write, and goes back by one', async () => {
    const { world, push, at } = aReleaseWorld({}, [aFile(api), aFile(worker)])
    await push('api', '1.1.0', 1)
    await push('worker', '1.1.0', 2)
    const delivered = (await world.history()).filter(({ kind }) => kind === 'delivered')
    expect(delivered.map(({ image }) => image)).toEqual([written('api', '1.1.0', 1), written('worker', '1.1.0', 2)])
    expect(new Set(delivered.map(({ reference }) => reference)).size).toBe(1)
    world.health.set(aDigest(3), { state: 'failed', reason: 'CrashLoopBackOff', detail: 'it crashes' })
    await push('api', '1.2.0', 3)
    await push('worker', '1.2.0', 4)
    expect(at('api').image).toBe(written('api', '1.1.0', 1))
    expect(at('worker').image).toBe(written('worker', '1.1.0', 2))
    const back = (await world.history()).filter(({ reason }) => reason === 'restored')
    expect(back.map(({ reference }) => reference)).toEqual([back[0]?.reference, back[0]?.reference])
  })

  it('is one pull request with all its edits', async () => {
    const { world, push, at } = aReleaseWorld({ github: true }, [aFile(api), aFile(worker)])
    await push('api', '1.1.0', 1)
    await push('worker', '1.1.0', 2)
    expect(world.pulls).toHaveLength(1)
    world.merge(1, 'anna')
    await world.pass(60_000)
    expect(at('api').image).toBe(written('api', '1.1.0', 1))
    expect(at('worker').image).toBe(written('worker', '1.1.0', 2))
    expect((await world.stage('dev')).current).toMatchObject({ state: 'candidate' })
  })

  it('is taken where one of its images runs already, and sets no other back', async () => {
    const { world, push, at } = aReleaseWorld()
    at('api').image = 'docker.io/acme/api:1.1.0'
    at('worker').image = 'docker.io/acme/worker:1.0.0'
    await push('api', '1.1.0', 1)
    await push('worker', '1.1.0', 2)
    expect(at('worker').writes).toEqual([written('worker', '1.1.0', 2)])
    expect((await world.stage('dev')).current).toMatchObject({ state: 'candidate' })
  })

  it('is offered to those at once who follow its first image alone', async () => {
    const alone = {
      name: 'alone',
      images: [api],
      tags: { semver: '>=1' },
      stages: [aWorkloadStage('solo')],
    }
    const together = {
      name: 'payments',
      images: [api, worker],
      tags: { semver: '>=1' },
      stages: [aStage('dev', [aWorkload('dev', api), aWorkload('dev', worker)])],
    }
    const { world, push, at } = aReleaseWorld({ subscriptions: [alone, together] })
    await push('api', '1.1.0', 1)
    expect(world.target('workload/dev/solo/deployment/app/app').writes).toEqual([written('api', '1.1.0', 1)])
    expect(at('api').writes).toEqual([])
    await push('worker', '1.1.0', 2)
    expect(at('api').writes).toEqual([written('api', '1.1.0', 1)])
    await world.pass(HOUR)
    expect(world.target('workload/dev/solo/deployment/app/app').writes).toHaveLength(1)
  })
})

describe("a release's identity", () => {
  const seen = { observedAt: NOW, cause: 'hub/1', since: NOW }
  const one = aPinnedImage({ repository: 'acme/api', digest: aDigest(1) })
  const two = aPinnedImage({ repository: 'acme/worker', digest: aDigest(2) })

  it('is the same in any order', async () => {
    const [a, b] = [await releaseOf([one, two], seen), await releaseOf([two, one], seen)]
    expect(a.id).toBe(b.id)
    expect(a.id).toMatch(/^release:[0-9a-f]{64}$/u)
  })

  it.each([
    ['another content', { ...two, digest: aPinnedImage({ digest: aDigest(3) }).digest }],
    ['another repository', aPinnedImage({ repository: 'acme/other', digest: aDigest(2) })],
  ])('is another with %s', async (_what, other) => {
    expect((await releaseOf([one, other], seen)).id).not.toBe((await releaseOf([one, two], seen)).id)
  })

  it('of one image is its digest', async () => {
    expect((await releaseOf([one], seen)).id).toBe(one.digest)
  })
})

describe('whatever the order of the pushes', () => {
  const pushes = [
    ['api', '1.1.0', 1],
    ['worker', '1.1.0', 2],
    ['api', '1.2.0', 3],
    ['worker', '1.2.0', 4],
  ] as const
  const ordersOf = <T>(items: readonly T[]): readonly (readonly T[])[] =>
    items.length === 0
      ? [[]]
      : items.flatMap((first) => ordersOf(items.filter((one) => one !== first)).map((rest) => [first, ...rest]))

  it.each(ordersOf(pushes).map((order) => ({ order, title: order.map(([name, tag]) => `${name} ${tag}`).join(', ') })))(
    '$title: the newest runs, and never one image without the other',
    async ({ order }) => {
      const { world, push, at } = aReleaseWorld({}, [aFile(api), aFile(worker)])
      for (const [name, tag, content] of order) {
        await push(name, tag, content)
        await push(name, tag, content)
        const [one, other] = [at('api').writes, at('worker').writes]
        expect(one.map((text) => text.split(/[:@]/u)[1])).toEqual(other.map((text) => text.split(/[:@]/u)[1]))
      }
      expect(at('api').image).toBe(written('api', '1.2.0', 3))
      expect(at('worker').image).toBe(written('worker', '1.2.0', 4))
      await world.pass(HOUR)
      await world.pass(HOUR)
      const open = await world.state.inbox.list({ state: 'waiting', limit: 10 })
      expect(open).toEqual([])
    },
  )
})
