import { describe, expect, it } from 'vitest'
import { targetId } from '../../../src/domain/target.ts'
import { loaded, problems, problemsOf, SMALLEST } from '../../helpers/config.ts'

const API = 'localhost:5000/acme/api'
const WORKER = 'localhost:5000/acme/worker'
const TWO = `images: [${API}, ${WORKER}]`
const KUBERNETES = 'clusters:\n  dev: { inCluster: true }\nsubscriptions:'

/** The smallest configuration with other images, and other targets at its one stage. */
function withImages(images: string, stage = '{ git: repo, file: app.yaml }'): string {
  return SMALLEST.replace('image: localhost:5000/shop', images)
    .replace('subscriptions:', KUBERNETES)
    .replace('{ git: repo, file: app.yaml }', stage)
}

function aWorkload(more: string): string {
  return `{ cluster: dev, namespace: shop, workload: deployment/shop, container: app${more} }`
}

async function targetsOf(text: string): Promise<readonly string[]> {
  const { config } = (await loaded(text)).loaded
  return config.subscriptions.flatMap(({ stages }) => stages.flatMap(({ targets }) => targets.map(targetId)))
}

describe('the images of a subscription', () => {
  it.each([
    ['one', `images: [${API}]`, ['git/repo/app.yaml']],
    [
      'one, and the target says so too',
      `images: [${API}]`,
      ['git/repo/app.yaml'],
      `{ git: repo, file: app.yaml, image: ${API} }`,
    ],
    ['two that a file has by name', TWO, [`git/repo/app.yaml=${API}`, `git/repo/app.yaml=${WORKER}`]],
    [
      'two, each in its own place',
      TWO,
      [`git/repo/app.yaml#api.image=${API}`, `workload/dev/shop/deployment/shop/app=${WORKER}`],
      `{ targets: [{ git: repo, file: app.yaml, field: api.image, image: ${API} }, ${aWorkload(`, image: ${WORKER}`)}] }`,
    ],
  ])('may be %s', async (_what, images, targets, stage = '{ git: repo, file: app.yaml }') => {
    expect(await targetsOf(withImages(images, stage))).toEqual(targets)
  })

  it.each([
    ['neither form', 'owners: [anna]', 'missing subscriptions.shop.image'],
    ['both forms', `image: ${API}\n    ${TWO}`, 'conflict subscriptions.shop.images'],
    ['one twice', `images: [${API}, ${API}]`, 'conflict subscriptions.shop.images[1]'],
    ['one with a tag', `images: [${API}, "${WORKER}:1.0"]`, 'malformed subscriptions.shop.images[1]'],
    ['none', 'images: []', 'malformed subscriptions.shop.images'],
    ['a word', `images: ${API}`, 'malformed subscriptions.shop.images'],
    [
      'more than are shown and verified at once',
      `images: [${Array.from({ length: 9 }, (_, n) => `localhost:5000/i${n}`).join(', ')}]`,
      'malformed subscriptions.shop.images',
    ],
    [
      'names that no index takes',
      `images: [${API}, localhost:5000/${'a'.repeat(230)}, localhost:5000/${'b'.repeat(230)}]`,
      'too-large subscriptions.shop.images',
    ],
  ])('are refused: %s', async (_what, images, problem) => {
    expect(await problemsOf(withImages(images))).toEqual([expect.stringContaining(problem)])
  })

  it('as many as there may be are taken', async () => {
    const images = `images: [${Array.from({ length: 8 }, (_, n) => `localhost:5000/i${n}`).join(', ')}]`
    expect(await targetsOf(withImages(images))).toHaveLength(8)
  })

  it.each([
    ['a container without its image', aWorkload(''), 'missing subscriptions.shop.stages.prod.image'],
    [
      'a field without its image',
      `{ targets: [{ git: repo, file: app.yaml, field: a }, ${aWorkload(`, image: ${WORKER}`)}] }`,
      'missing subscriptions.shop.stages.prod.targets[0].image',
    ],
    [
      'an image that is not released here',
      `{ git: repo, file: app.yaml, image: localhost:5000/acme/apo }`,
      'unknown-name subscriptions.shop.stages.prod.image',
    ],
    ['an image that nobody takes', aWorkload(`, image: ${API}`), 'missing subscriptions.shop.stages.prod'],
    [
      'one field for two images',
      `{ targets: [{ git: repo, file: app.yaml, field: a, image: ${API} }, { git: repo, file: app.yaml, field: a, image: ${WORKER} }] }`,
      'conflict subscriptions.shop.stages.prod',
    ],
  ])('need a place each: %s', async (_what, stage, problem) => {
    expect(await problemsOf(withImages(TWO, stage))).toEqual([expect.stringContaining(problem)])
  })

  it('says which images there are', async () => {
    const [missing] = await problems(withImages(TWO, aWorkload('')))
    expect(missing?.message).toContain(`${API} or ${WORKER}`)
    const [strange] = await problems(withImages(TWO, `{ git: repo, file: app.yaml, image: localhost:5000/acme/apo }`))
    expect(strange?.hint).toContain(API)
    const [untaken] = await problems(withImages(TWO, `{ git: repo, file: app.yaml, image: ${API} }`))
    expect(untaken?.message).toContain(WORKER)
  })

  it('of a registry without events are warned of, each', async () => {
    const warned = await problemsOf(withImages(`images: [${API}, other.example.com/acme/worker]`))
    expect(warned).toEqual([expect.stringContaining('no-events subscriptions.shop.images[1]')])
  })
})
